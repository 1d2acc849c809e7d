"""partner-admin person erase: nothing of a person is left, but for what proves consent and money, however often it is
killed."""

import json
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ownerrez as ownerrez_double
import people
import pytest
from admin import Admin
from aws_double import AWSDouble
from events import http_api
from ownerrez import ACCOUNT, TOKEN, connect, update
from programs import Printed, Programs
from records import DynamoDB, Records, SQLite
from runtime_api import Runtime, RuntimeAPI
from sandbox import Sandbox
from test_kill_points import OUTSIDE, killed_everywhere
from test_ownerrez_events import pass_on

USER = "XT_USRerased1"
ERASE = ("person", "erase", people.SUBJECT)
DOCUMENTS = {"termsUrl": "https://ownli.example/terms", "privacyUrl": "https://ownli.example/privacy", "version": "1"}


@pytest.fixture
def admin(printed: Printed, programs: Programs, webhook_env: dict, records: Records) -> Admin:
    # A store in a file is made by whoever comes first, and never by the tool.
    pass_on(programs, webhook_env)
    return Admin(printed, webhook_env | {"IDENTIFIER_HASH_KEY": people.HASH_KEY, "LOGNAME": "ada"})


def lay(records: Records, ownerrez: ownerrez_double.OwnerRezAPI) -> None:
    """Something of every kind, of one person and of another."""
    ownerrez.alive.add(TOKEN)
    now = str(int(time.time() * 1000) - 60_000)
    day = time.strftime("%Y-%m-%d", time.gmtime(int(now) / 1000 - 3 * 86_400))
    theirs, another = (people.SUBJECT, USER, ACCOUNT, "order-a"), (people.OTHER_SUBJECT, "XT_USRother", 1, "order-b")
    for subject, user, account, order in theirs, another:
        consent = DOCUMENTS | {"acceptedAt": now, "period": "0", "schema": "2"}
        records.put(f"consent#{subject}", '["1","",""]', consent)
        records.put(f"link#{subject}", "ownli", {"ownliUserId": user, "linkedAt": now})
        records.put(f"ownli-user#{user}", "subject", {"subject": subject})
        records.put(f"ownli-intent#{subject}", "hash#1", {"begunAt": now})
        entry = {"userId": user, "cents": "2510", "actionCode": "purchase", "clientReference": order}
        entry |= {"way": "sqs", "originId": "m", "askedAt": str(int(now) - 86_400_000), "state": "granted"}
        records.put(f"reward#purchase#{order}", "entry", entry | {"schema": "2"})
        asked = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(int(entry["askedAt"]) // 1000))
        sort = f"{asked}.{int(now) % 1000:03}Z#purchase#{order}"
        records.put(f"reward-audit#{asked[:10]}", sort, entry | {"schema": "2"})
        records.put(f"reward-user#{user}", sort, entry | {"schema": "2"})
        records.put(f"reward-budget#{day}", f"user/{user}", {"cents": "2510"})
        event = json.dumps(update(7, user_id=account))
        records.put("ownerrez-events", f"{now}-000{account:012}", {"event": event, "subject": subject})
        records.put(f"ownerrez-told#{account}/booking/7", "latest", {"action": "entity_update", "receivedAt": now})
        records.put(f"ownerrez-account#{account}", "checkpoint#bookings", {"subject": subject, "since": now})
    connect(records, listed=True)


def keep_events(records: Records, count: int, **more: str) -> None:
    attributes = {"event": json.dumps(update(1, **more)), "subject": people.SUBJECT, "connection": str(ACCOUNT)}
    rows = [("ownerrez-events", f"{1790000000000 + number}-000aaaaaaaaaaaa", number) for number in range(count)]
    with sqlite3.connect(records.backend.path, timeout=30) as store:
        store.executemany(
            "INSERT INTO records VALUES (?, ?, ?, ?, NULL)",
            [(partition, sort, json.dumps(attributes), number) for partition, sort, number in rows],
        )


def forget(records: Records) -> None:
    for partition, sort, _ in list(records.all()):
        records.remove(partition, sort)


def others(records: Records) -> list[tuple[str, str, str]]:
    words = people.OTHER_SUBJECT, "XT_USRother", "order-b", "#1/"
    found = [(partition, sort, json.dumps(attributes)) for partition, sort, attributes in records.all()]
    return [each for each in found if any(word in "".join(each) for word in words)]


def places(records: Records) -> set[str]:
    """Where anything leads to the person."""
    words = people.SUBJECT, USER, str(ACCOUNT)
    return {
        partition.partition("#")[0]
        for partition, sort, attributes in records.all()
        if any(word in partition + sort + json.dumps(attributes) for word in words)
    }


def test_nothing_of_a_person_is_left_and_all_of_others(
    admin: Admin, records: Records, ownerrez: ownerrez_double.OwnerRezAPI
) -> None:
    lay(records, ownerrez)
    before = others(records)
    dry = admin.json(*ERASE, "--dry-run")
    assert {row["what"] for row in dry.rows} >= {"Ownli user", "OwnerRez account", "connections", "consents", "rewards"}
    assert "ownerrez-account" in places(records) and ownerrez.ended == []

    told = admin.json(*ERASE)
    # Known before anything goes, since nothing leads there afterwards.
    assert [row["id"] for row in told.rows[:2]] == [USER, str(ACCOUNT)]
    became = {row["what"]: row["became"] for row in told.rows[2:]}
    assert became["connections"] == "ended at OwnerRez, and removed" and ownerrez.ended == [TOKEN]
    assert became["consents"] == became["rewards"] == "kept as proof, without the person"
    assert places(records) == {"consent", "erasure"}, "which go within a day"
    assert others(records) == before
    (proof,) = {name for name in records.partitions() if name.startswith("erased#")}
    assert [sort.split("/")[0] for sort in records.keys(proof)] == ["consent", "withdrawal"]
    (entry,) = records.of("reward#purchase#order-a")
    assert entry["userId"] == proof.replace("#", ":") and entry["cents"] == "2510"
    day = time.strftime("%Y-%m-%d", time.gmtime())
    (audit,) = [each for each in records.of(f"admin-audit#{day}") if each["command"] == "person erase"]
    assert audit["by"] == "ada" and audit["state"] == "done" and json.loads(audit["counts"])["connections"] == 1
    assert people.SUBJECT not in json.dumps(audit)

    again = admin.json(*ERASE)
    assert [row["what"] for row in again.rows] == ["Ownli user", "OwnerRez account", "nothing"]


def test_an_erasure_killed_anywhere_is_completed_by_the_next(
    programs: Programs, printed: Printed, tmp_path: Path, ownerrez: ownerrez_double.OwnerRezAPI
) -> None:
    records = Records(SQLite(tmp_path))
    env = ownerrez_double.ENV | ownerrez.env | records.env
    pass_on(programs, env)
    admin = Admin(printed, env | {"IDENTIFIER_HASH_KEY": people.HASH_KEY, "LOGNAME": "ada"})
    lay(records, ownerrez)
    before = others(records)
    points = 0
    for point, _ in killed_everywhere("partner-admin", {}, admin.env, printed, *ERASE, "--json"):
        points += 1
        for sort in records.keys("ownerrez-connections"):
            # Its turn with the connection goes by itself.
            (entry,) = records.of("ownerrez-connections")
            records.put("ownerrez-connections", sort, {"subject": entry["subject"], "due": entry["due"]})
        admin.json(*ERASE)
        assert places(records) == {"consent", "erasure"}, f"killed at {point}"
        assert others(records) == before, f"killed at {point}"
        assert TOKEN in ownerrez.ended, f"killed at {point}"
        (proof,) = {name for name in records.partitions() if name.startswith("erased#")}
        assert len(records.keys(proof)) == 2, f"killed at {point}: nothing is doubled"
        forget(records)
        ownerrez.ended.clear()
        lay(records, ownerrez)
        before = others(records)
    assert points > 2 * len(OUTSIDE)
    print(f"{points} runs of an erasure")


def test_it_stops_where_ownerrez_cannot_be_told(
    admin: Admin, records: Records, ownerrez: ownerrez_double.OwnerRezAPI
) -> None:
    lay(records, ownerrez)
    away = {"OWNERREZ_API_URL": "http://127.0.0.1:9"}
    told = admin.run(*ERASE, "--json", env=away)
    assert told.exit_code == 4 and json.loads(told.stderr)["error_code"] == "INCOMPLETE"
    assert "ownerrez-account" in places(records) and "link" not in places(records)
    told = admin.json(*ERASE, "--even-if-not-revoked", env=away)
    assert "removed; OwnerRez could not be told" in [row["became"] for row in told.rows]
    assert places(records) == {"consent", "erasure"}


def test_an_opt_in_at_the_same_time_is_before_or_after(
    programs: Programs, env: dict, sandbox: Sandbox, printed: Printed, records: Records
) -> None:
    env = env | records.env
    opt_in = http_api("POST", "/api/ownli/users", people.opt_in(), claims={"sub": people.SUBJECT})
    assert programs.run("user-opt-in", opt_in, env=env).http.status == 200
    settings = {"IDENTIFIER_HASH_KEY": people.HASH_KEY, "LOGNAME": "ada"}
    admin = Admin(printed, {name: env[name] for name in env if not name.startswith("OWNERREZ")} | settings)
    with ThreadPoolExecutor(2) as pool:
        for _ in range(5):
            erasing = pool.submit(admin.json, *ERASE)
            answer = programs.run("user-opt-in", opt_in, env=env).http
            erasing.result()
            # Linked, refused since they have withdrawn meanwhile, or not known to be who they were.
            assert answer.status == 200 or answer.code in ("CONSENT_WITHDRAWN", "CONTACT_NOT_PROVEN")
            standing = [sort for sort in records.keys(f"consent#{people.SUBJECT}") if sort.startswith("[")]
            assert bool(standing) or not records.of(f"link#{people.SUBJECT}")
    admin.json(*ERASE)
    assert not records.of(f"link#{people.SUBJECT}")


def test_a_person_is_exported_and_erased_as_a_lambda(
    printed: Printed, aws: AWSDouble, table: str, tmp_path: Path, ownerrez: ownerrez_double.OwnerRezAPI
) -> None:
    records = Records(DynamoDB(aws, table))
    lay(records, ownerrez)
    env = ownerrez_double.ENV | ownerrez.env | records.env | {"IDENTIFIER_HASH_KEY": people.HASH_KEY}
    with RuntimeAPI() as api, Runtime("partner-admin", api, env, printed, tmp_path):
        exported = api.invoke({"command": ["person", "export", people.SUBJECT]}).json
        refused = api.invoke({"command": list(ERASE)}).json
        api.invoke({"command": list(ERASE), "by": "ada"})
        nothing = api.invoke({"command": ["person", "export", people.SUBJECT]}).json
    (document,) = exported["rows"]
    assert document["link"]["ownliUserId"] == USER and len(document["events"]) == 1
    assert refused["errorMessage"].startswith("INVALID_COMMAND: by: "), "nobody says who erases"
    (document,) = nothing["rows"]
    assert document["link"] is None and document["events"] == document["connections"] == []
    assert places(records) == {"consent", "erasure"}


def test_an_export_that_an_answer_cannot_hold_is_refused(printed: Printed, tmp_path: Path, programs: Programs) -> None:
    records = Records(SQLite(tmp_path))
    env = ownerrez_double.ENV | records.env | {"OWNERREZ_API_URL": "http://127.0.0.1:9"}
    pass_on(programs, env)
    keep_events(records, 30_000)
    with RuntimeAPI() as api, Runtime("partner-admin", api, env | {"STORE_EPHEMERAL": "allowed"}, printed, tmp_path):
        answer = api.invoke({"command": ["person", "export", people.SUBJECT]}).json
    assert answer["errorMessage"].startswith("ANSWER_TOO_LARGE: ")


def test_a_person_of_ten_thousand_events_is_exported_and_erased(
    programs: Programs, printed: Printed, tmp_path: Path, ownerrez: ownerrez_double.OwnerRezAPI
) -> None:
    records = Records(SQLite(tmp_path))
    env = ownerrez_double.ENV | ownerrez.env | records.env
    pass_on(programs, env)
    admin = Admin(printed, env | {"IDENTIFIER_HASH_KEY": people.HASH_KEY, "LOGNAME": "ada"})
    lay(records, ownerrez)
    keep_events(records, 10_000, notes="x" * 5000)
    document = json.loads(admin.run("person", "export", people.SUBJECT).stdout)
    assert len(document["events"]) == 10_001 and document["link"]["ownliUserId"] == USER
    began = time.monotonic()
    told = admin.json(*ERASE)
    print(f"10,001 events erased in {time.monotonic() - began:.1f} s")
    assert next(row["count"] for row in told.rows if row["what"] == "events") == 10_001
    assert places(records) == {"consent", "erasure"}
