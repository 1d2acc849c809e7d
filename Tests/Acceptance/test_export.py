"""Everything that is kept about a person, for themselves: one document, by its schema, with receipts that anybody verifies,
and nothing of anybody else's."""

import json
import sqlite3
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Iterator, Optional

import api
import ownerrez as doubles
import people
import pytest
from events import http_api
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from jsonschema import Draft202012Validator
from ownerrez import aside, inbox, shard, update
from programs import ROOT, HTTPAnswer, Printed, Programs, bootstrap
from records import Records

EXPORT = "/api/ownli/users/me/export"
SIGNING_KEY = "xq3ZFm0c5aWv8dRrWc1bq9u5o2T7sGq1fJ3kXhPzL0k="
CONTROLLER = "Shop & Söhne"
SCHEMA = json.loads((ROOT / "Sources/PartnerCore/Documentation.docc/person-export.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)
VERIFIED = {"phone_number_verified": "true", "email_verified": "true"}
# Each with an account of OwnerRez's and contact data of their own.
PEOPLE = {
    people.SUBJECT: (347482730, people.PHONE, people.EMAIL),
    people.OTHER_SUBJECT: (347482731, people.OTHER_PHONE, people.OTHER_EMAIL),
}


@pytest.fixture
def export_env(env: dict[str, str], records: Records, printed: Printed) -> dict[str, str]:
    """Over each store, by a company that signs receipts."""
    printed.tokens |= {SIGNING_KEY, doubles.TOKEN}
    return env | records.env | {"CONSENT_CONTROLLER": CONTROLLER, "RECEIPT_SIGNING_KEY": SIGNING_KEY}


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_description_of_the_routes_has_the_same() -> None:
    def without_references(schema: Any, root: dict) -> Any:
        if isinstance(schema, list):
            return [without_references(each, root) for each in schema]
        if not isinstance(schema, dict):
            return " ".join(schema.split()) if isinstance(schema, str) else schema
        own = {name: without_references(each, root) for name, each in schema.items() if name not in ("$ref", "examples")}
        if "$ref" not in schema:
            return own
        found: Any = root
        for name in schema["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        return without_references(found, root) | own

    description = api.description()
    described = without_references(description["components"]["schemas"]["PersonExport"], description)
    own = {name: each for name, each in SCHEMA.items() if name not in ("$schema", "$id", "title", "$defs")}
    assert described == without_references(own, SCHEMA)
    (example,) = description["components"]["schemas"]["PersonExport"]["examples"]
    VALIDATOR.validate(example)
    key = OKPKey.import_key(example["receiptKey"])
    assert [jws.deserialize_compact(receipt, key, algorithms=["EdDSA"]) for receipt in example["receipts"]]


def call(programs: Programs, env: dict, method: str, path: str, body: Any = None, **more: Any) -> HTTPAnswer:
    claims = {"sub": more.pop("subject", people.SUBJECT)} | more.pop("claims", {})
    return programs.run("user-opt-in", http_api(method, path, body, claims=claims, **more), env=env).http


def opt_in(programs: Programs, env: dict, subject: str = people.SUBJECT) -> str:
    _, phone, email = PEOPLE[subject]
    body = people.opt_in(phone=phone, email=email)
    claims = VERIFIED | {"phone_number": phone, "email": email}
    answer = call(programs, env, "POST", "/api/ownli/users", body, subject=subject, claims=claims)
    assert answer.status == 200
    return answer.json["ownliUserId"]


def withdraw(programs: Programs, env: dict, subject: str = people.SUBJECT) -> HTTPAnswer:
    return call(programs, env, "DELETE", "/api/ownli/users/me", subject=subject)


def page(programs: Programs, env: dict, path: str = EXPORT, subject: str = people.SUBJECT) -> dict:
    path, _, query = path.partition("?")
    answer = call(programs, env, "GET", path, subject=subject, query=query)
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    VALIDATOR.validate(answer.json)
    return answer.json


def pages(programs: Programs, env: dict, subject: str = people.SUBJECT) -> Iterator[dict]:
    path: Optional[str] = EXPORT
    while path:
        each = page(programs, env, path, subject)
        yield each
        path = each["next"]


def export(programs: Programs, env: dict, subject: str = people.SUBJECT) -> dict:
    first, *others = pages(programs, env, subject)
    for each in others:
        assert set(each) == {"schema", "exportedAt", "subject", "rewards", "events", "next"}
        first["rewards"] += each["rewards"]
        first["events"] += each["events"]
    first["next"] = None
    VALIDATOR.validate(first)
    return first


def leave_all(programs: Programs, env: dict, records: Records, subject: str) -> dict[str, str]:
    """Everything that can be kept about a person. Returns what is theirs alone, by what it is."""
    account = PEOPLE[subject][0]
    user = opt_in(programs, env, subject)
    assert withdraw(programs, env, subject).status == 204
    assert opt_in(programs, env, subject) == user
    order = {"userId": user, "amount": 25.1, "actionCode": "purchase", "clientReference": f"order-of-{subject}"}
    assert programs.run("reward-grant", order, env=env).exit_code == 0
    now = int(time.time() * 1000)
    shown = {"name": f"Houses of {subject}", "scope": "all", "connectedAt": str(now), "listedAt": str(now)}
    records.put(f"ownerrez-account#{account}", "connection", shown | {"subject": subject, "tokens": doubles.TOKEN})
    records.put(f"ownerrez-user#{subject}", str(account), shown)
    records.put(f"ownli-intent#{subject}", "hash#id", {"begunAt": str(now)}, now + 60_000)

    def event(partition: str, name: str, **attributes: str) -> None:
        text = json.dumps(update(entity_id=account % 1000, id=f"{name}-{account}", user_id=account))
        records.put(partition, f"{now}-{len(name):03}{account:012x}", {"event": text} | attributes)

    entity = f"booking/{account % 1000}"
    event(inbox(account), "waiting")
    records.put(f"ownerrez-inbox-paused#{shard(account)}", f"{now:015}-{entity}", {})
    event(aside(entity, account), "set-aside", attempts="1", pausedUntil=str(now))
    event("ownerrez-events", "kept", subject=subject, connection=str(account), source="webhook")
    event("ownerrez-given-up", "given-up", subject=subject, attempts="8")
    return {"subject": subject, "user": user, "account": str(account), "name": shown["name"]}


def test_it_is_all_in_one_document_and_nothing_of_anybody_else_s(
    programs: Programs, export_env: dict, records: Records
) -> None:
    words = {subject: leave_all(programs, export_env, records, subject) for subject in PEOPLE}
    for subject, own in words.items():
        document = export(programs, export_env, subject)
        assert document["subject"] == subject
        assert document["link"]["ownliUserId"] == own["user"]
        assert ["withdrawnAt" in each for each in document["consents"]] == [True, False]
        assert ["keptUntil" in each for each in document["consents"]] == [True, False]
        (withdrawal,) = document["withdrawals"]
        assert withdrawal["ownliUserId"] == own["user"] and len(withdrawal["documents"]) == 1
        assert len(document["receipts"]) == 2
        assert [each["keptUntil"] > each["begunAt"] for each in document["optInAttempts"]] == [True]
        (connection,) = document["connections"]
        assert (connection["id"], connection["name"]) == (own["account"], own["name"])
        (reward,) = document["rewards"]
        assert (reward["clientReference"], reward["amount"]) == (f"order-of-{subject}", 25.1)
        assert reward["state"] == "granted" and reward["ownliUserId"] == own["user"]
        assert [each["state"] for each in document["events"]] == ["waiting", "set-aside", "kept", "given-up"]
        for each in document["events"]:
            assert each["id"] == f"{each['state']}-{own['account']}" and each["kind"] == "booking.entity_update"
        # What events say is of guests too; and who asked for a reward is the company's affair.
        text = json.dumps(document, ensure_ascii=False)
        for secret in (doubles.TOKEN, SIGNING_KEY, "pending", people.SERVICE, people.HASH_KEY, *people.PRIVATE):
            assert secret not in text, secret
        for other, theirs in words.items():
            if other != subject:
                assert [word for word in theirs.values() if word in text] == []


def test_a_receipt_is_verified_by_another_library_and_not_with_one_byte_changed(
    programs: Programs, env: dict
) -> None:
    env = env | {"CONSENT_CONTROLLER": CONTROLLER, "RECEIPT_SIGNING_KEY": SIGNING_KEY}
    opt_in(programs, env)
    (standing,) = export(programs, env)["receipts"]
    document = export(programs, env)
    assert document["receipts"] == [standing], "and the same consent gives the same receipt"
    key = OKPKey.import_key(document["receiptKey"])
    assert key.thumbprint() == document["receiptKey"]["kid"] and not key.is_private

    verified = jws.deserialize_compact(standing, key, algorithms=["EdDSA"])
    assert verified.protected == {"typ": "consent-receipt+jws", "alg": "EdDSA", "kid": key.thumbprint()}
    receipt = json.loads(verified.payload)
    assert receipt["schema_version"] == "partner-functions/consent-receipt/1"
    assert receipt["pii_principal_id"] == people.SUBJECT
    assert [party["party_name"] for party in receipt["party_identification"]] == [CONTROLLER, "Ownli"]
    assert receipt["terms_of_service"] == {"url": "https://ownli.example/terms", "version": "2026-01-01"}
    (consent,) = document["consents"]
    (given,) = receipt["events"]
    assert (given["event_state"], given["event_type"], given["event_time"]) == ("given", "explicit", consent["acceptedAt"])

    for position, letter in enumerate(standing):
        other = standing[:position] + ("A" if letter != "A" else "B") + standing[position + 1 :]
        with pytest.raises((JoseError, ValueError)):
            jws.deserialize_compact(other, key, algorithms=["EdDSA"])
    with pytest.raises(JoseError):
        jws.deserialize_compact(standing, OKPKey.generate_key("Ed25519", private=False), algorithms=["EdDSA"])

    assert withdraw(programs, env).status == 204
    document = export(programs, env)
    (ended,) = document["receipts"]
    told = json.loads(jws.deserialize_compact(ended, key, algorithms=["EdDSA"]).payload)
    assert [event["event_state"] for event in told["events"]] == ["given", "withdrawn"]
    assert told["events"][1]["event_time"] == document["withdrawals"][0]["withdrawnAt"]
    assert told["record_id"] == receipt["record_id"] and told["receipt_id"] != receipt["receipt_id"]


def test_without_a_company_s_name_there_are_no_receipts(programs: Programs, env: dict) -> None:
    opt_in(programs, env)
    document = export(programs, env | {"RECEIPT_SIGNING_KEY": SIGNING_KEY})
    assert len(document["consents"]) == 1 and not {"receipts", "receiptKey"} & set(document)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"CONSENT_CONTROLLER": "Shop"}, "RECEIPT_SIGNING_KEY"),
        ({"CONSENT_CONTROLLER": "Shop", "RECEIPT_SIGNING_KEY": "c2hvcnQ="}, "RECEIPT_SIGNING_KEY"),
        ({"CONSENT_CONTROLLER": "a\nb", "RECEIPT_SIGNING_KEY": SIGNING_KEY}, "CONSENT_CONTROLLER"),
    ],
)
def test_receipts_are_made_with_a_name_and_a_key_or_not_at_all(
    settings: dict, named: str, programs: Programs, env: dict
) -> None:
    run = programs.run("user-opt-in", "", env=env | settings)
    assert run.exit_code == 2 and named in (run.stderr + run.stdout).decode()


def test_who_is_unknown_here_is_told_so(programs: Programs, export_env: dict, records: Records) -> None:
    """That nothing is kept is an answer to whoever asks what is."""
    document = export(programs, export_env)
    assert document.pop("receiptKey")["kid"] and document.pop("exportedAt")
    assert document == {
        "schema": "partner-functions/person-export/1",
        "subject": people.SUBJECT,
        "link": None,
        **{name: [] for name in ("consents", "withdrawals", "receipts", "optInAttempts", "connections")},
        "rewards": [],
        "events": [],
        "next": None,
    }
    assert records.partitions() == [], "and asking leaves nothing"


def test_nobody_and_no_server_is_given_a_person_s(programs: Programs, env: dict) -> None:
    for identity in ({}, {"service": people.SERVICE}, {"claims": {"email": people.EMAIL}}):
        answer = programs.run("user-opt-in", http_api("GET", EXPORT, **identity), env=env).http
        assert answer.outcome == (401, "UNAUTHENTICATED")


def fill(path: Path, count: int, account: int = 1) -> None:
    """Puts so many events of others before everything that comes from now on."""
    text = json.dumps(update(user_id=account))
    attributes = json.dumps({"event": text, "subject": people.OTHER_SUBJECT})
    rows = (("ownerrez-events", f"1500000000000-{number:015}", attributes, number, None) for number in range(count))
    with sqlite3.connect(path) as store:
        store.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?)", rows)


def test_it_comes_in_pages_however_many_events_there_are_of_others(
    programs: Programs, env: dict, tmp_path: Path, printed: Printed
) -> None:
    opt_in(programs, env)
    fill(tmp_path / "store.sqlite", 10_000)
    with sqlite3.connect(tmp_path / "store.sqlite") as store:
        for number in range(3):
            attributes = json.dumps({"event": json.dumps(update(id=f"own-{number}")), "subject": people.SUBJECT})
            row = ("ownerrez-events", f"1900000000000-{number:015}", attributes, number, None)
            store.execute("INSERT INTO records VALUES (?, ?, ?, ?, ?)", row)
    first, *others = pages(programs, env)
    assert first["next"] and len(first["consents"]) == 1 and first["events"] == []
    # 50 calls to the store of 25 events each; the first page needs 33 for what waits.
    assert len(others) == 8
    assert [event["id"] for each in others for event in each["events"]] == [f"own-{number}" for number in range(3)]
    assert len(json.dumps(others[-1])) < 2_000

    # Where a page begins is one person's, and says nothing.
    after = first["next"].partition("after=")[2]
    refused = [
        call(programs, env, "GET", EXPORT, query=f"after={after}", subject=people.OTHER_SUBJECT),
        call(programs, env, "GET", EXPORT, query=f"after={after[:-1]}"),
        call(programs, env, "GET", EXPORT, query="after="),
        call(programs, env, "GET", EXPORT, query='after={"events":{}}'),
    ]
    assert [answer.outcome for answer in refused] == [(400, "INVALID_PARAMETERS")] * 4
    twice = call(programs, env, "GET", EXPORT, query=f"after={after}&after={after}")
    assert twice.outcome == (400, "INVALID_QUERY")


@pytest.mark.native
def test_its_memory_does_not_grow_with_what_there_is(env: dict, programs: Programs, tmp_path: Path) -> None:
    opt_in(programs, env)
    event = json.dumps(http_api("GET", EXPORT, claims={"sub": people.SUBJECT}))

    def peak() -> int:
        """Of one process that gives all of it, in kB."""
        command = [str(bootstrap("user-opt-in")), "--stream"]
        with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            query: Optional[str] = ""
            while query is not None:
                asked = json.loads(event) | {"rawQueryString": query}
                process.stdin.write(json.dumps(asked).encode() + b"\n")
                process.stdin.flush()
                body = json.loads(json.loads(process.stdout.readline())["body"])
                query = body["next"] and body["next"].partition("?")[2]
            status = Path(f"/proc/{process.pid}/status").read_text()
            process.stdin.close()
        return int(status.partition("VmHWM:")[2].split()[0])

    few = peak()
    fill(tmp_path / "store.sqlite", 10_000)
    many = peak()
    print(f"peak memory of an export: {few} kB; with 10,000 events: {many} kB")
    assert many - few < 4_000


def test_beside_a_withdrawal_it_is_one_state_or_the_other(
    programs: Programs, export_env: dict, records: Records
) -> None:
    for _ in range(3):
        opt_in(programs, export_env)
        with ThreadPoolExecutor(5) as pool:
            pending = [pool.submit(page, programs, export_env) for _ in range(2)]
            done = pool.submit(withdraw, programs, export_env)
            pending += [pool.submit(page, programs, export_env) for _ in range(2)]
            assert done.result().status == 204
        for each in (future.result() for future in pending):
            standing = [consent for consent in each["consents"] if "withdrawnAt" not in consent]
            assert len(standing) == (each["link"] is not None), each
        assert page(programs, export_env)["link"] is None
