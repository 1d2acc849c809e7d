"""partner-admin events: finding OwnerRez's events wherever they are, and having them go on again, over each store."""

import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import people
import pytest
from admin import Admin
from aws_double import AWSDouble
from emulator import free_port
from ownerrez import ACCOUNT, ENV, aside, inbox, shard, update, waiting
from programs import Printed, Programs
from records import Records
from test_kill_points import OUTSIDE, killed_everywhere
from test_ownerrez_events import Target, make_queue, pass_on, send

GIVEN_UP = "ownerrez-given-up"
LEASES = "ownerrez-inbox-lease"


@pytest.fixture
def admin(printed: Printed, programs: Programs, webhook_env: dict, records: Records) -> Admin:
    # A store in a file is made by whoever comes first, and never by the tool.
    pass_on(programs, webhook_env)
    return Admin(printed, records.env | {"IDENTIFIER_HASH_KEY": people.HASH_KEY, "LOGNAME": "ada"})


@pytest.fixture
def queue(aws: AWSDouble) -> Target:
    url = make_queue(aws)
    return Target(aws, url, f"sqs:{url}")


def arrival(number: int) -> str:
    return f"{1790000000000 + number}-000aaaaaaaaaaaa"


def give_up(records: Records, number: int, body: Any, **more: str) -> None:
    records.put(
        GIVEN_UP,
        arrival(number),
        {"event": body if isinstance(body, str) else json.dumps(body), "attempts": "8", "reason": "refused"} | more,
    )


def test_events_are_listed_wherever_they_are_without_what_they_tell(
    programs: Programs, webhook_env: dict, records: Records, admin: Admin
) -> None:
    away = webhook_env | {"EVENTS_TARGET": f"http://127.0.0.1:{free_port()}/", "EVENTS_SIGNING_SECRET": "whsec_" + "A" * 32}
    send(programs, webhook_env | {"EVENTS_TARGET": "store:"}, update(1))
    send(programs, away, update(2))
    send(programs, away, update(2))
    give_up(records, 3, update(3), givenUpAt="1790000007200")
    records.put(inbox(8), arrival(4), {"event": json.dumps(update(4, user_id=8)), "source": "reconcile"})
    told = admin.json("events", "list")
    assert told.summary == {"events": 5}
    found = {(row["state"], row["entity"]): row for row in told.rows}
    assert sorted(found) == [
        ("given-up", "booking/3"),
        ("kept", "booking/1"),
        ("set-aside", "booking/2"),
        ("waiting", "booking/4"),
    ]
    given_up = found["given-up", "booking/3"]
    assert (given_up["arrival"], given_up["account"], given_up["attempts"]) == (arrival(3), ACCOUNT, 8)
    assert (given_up["reason"], given_up["givenUpAt"]) == ("refused", "2026-09-21T14:13:27.200Z")
    assert found["waiting", "booking/4"]["source"] == "reconcile"
    (first, second) = [row for row in told.rows if row["state"] == "set-aside"]
    assert first["attempts"] == 1 and "attempts" not in second and first["pausedUntil"] == second["pausedUntil"]
    for text in (told.stdout, admin.run("events", "list").stdout, admin.run("events", "list", "--csv").stdout):
        assert people.FIRST_NAME not in text and people.EMAIL not in text

    def states(*options: str) -> list[str]:
        return sorted(row["state"] for row in admin.json("events", "list", *options).rows)

    assert states("--account", "8") == ["waiting"]
    assert states("--entity", "booking/2") == ["set-aside", "set-aside"]
    assert states("--state", "kept") == ["kept"]
    assert states("--before", "2026-09-22") == ["given-up", "waiting"]
    assert states("--from", "2026-09-22T00:00:00Z", "--account", str(ACCOUNT)) == ["kept", "set-aside", "set-aside"]
    for row in told.rows:
        shown = admin.json("events", "show", row["arrival"]).rows
        assert [each["arrival"] for each in shown] == [row["arrival"]]


def test_an_event_is_shown_to_the_byte(records: Records, admin: Admin) -> None:
    text = json.dumps(update(7), indent=1, ensure_ascii=False) + "\n"
    give_up(records, 7, text)
    (row,) = admin.json("events", "show", arrival(7)).rows
    assert row["event"] == text and row["state"] == "given-up"
    assert people.FIRST_NAME in admin.run("events", "show", arrival(7)).stdout
    missing = admin.run("events", "show", arrival(8))
    assert missing.exit_code == 3 and missing.stdout == ""


def test_what_was_given_up_goes_on_before_what_waits_once_the_target_is_mended(
    programs: Programs, webhook_env: dict, aws: AWSDouble, records: Records, queue: Target, admin: Admin
) -> None:
    env = webhook_env | aws.env | records.env | {"EVENTS_TARGET": queue.setting}
    away = env | {"EVENTS_TARGET": queue.setting + "-gone"}
    texts = [json.dumps(update(1, n=number)) for number in range(4)]
    give_up(records, 0, texts[0])
    give_up(records, 1, texts[1])
    for text in texts[2:]:
        send(programs, away, text)
    assert pass_on(programs, env)["passedOn"] == 0, "they wait"

    dry = admin.json("events", "redrive", "--dry-run")
    assert [row["outcome"] for row in dry.rows] == ["redriven", "redriven"]
    assert records.keys(GIVEN_UP) == [arrival(0), arrival(1)]
    assert [partition for partition in records.partitions() if partition.startswith("admin-audit#")] == []

    told = admin.json("events", "redrive")
    assert [(row["outcome"], row["arrival"]) for row in told.rows] == [("redriven", arrival(0)), ("redriven", arrival(1))]
    assert records.of(GIVEN_UP) == [] and records.keys(LEASES) == []
    assert pass_on(programs, env) == {"passedOn": 4, "givenUp": 0, "waiting": 0}
    assert queue.texts() == texts
    (day,) = [partition for partition in records.partitions() if partition.startswith("admin-audit#")]
    (entry,) = records.of(day)
    assert (entry["by"], entry["command"], entry["state"]) == ("ada", "events redrive", "done")
    assert json.loads(entry["counts"]) == {"redriven": 2}
    assert admin.json("events", "redrive").rows == []


def test_what_waits_is_redriven_at_once_one_by_one_or_by_filter(
    programs: Programs, webhook_env: dict, aws: AWSDouble, records: Records, queue: Target, admin: Admin
) -> None:
    env = webhook_env | aws.env | records.env | {"EVENTS_TARGET": queue.setting}
    away = env | {"EVENTS_TARGET": queue.setting + "-gone"}
    texts = [json.dumps(update(number)) for number in (1, 1, 2)]
    for text in texts:
        send(programs, away, text)
    one, two = [[row["arrival"] for row in admin.json("events", "list", "--entity", f"booking/{n}").rows] for n in (1, 2)]
    assert (len(one), len(two)) == (2, 1)
    assert [row["outcome"] for row in admin.json("events", "redrive", "--arrival", one[1]).rows] == ["redriven"]
    assert pass_on(programs, env)["passedOn"] == 2 and queue.texts() == texts[:2]
    rows = admin.json("events", "redrive", "--state", "set-aside", "--account", str(ACCOUNT)).rows
    assert [row["arrival"] for row in rows] == two
    assert pass_on(programs, env)["passedOn"] == 1 and queue.texts() == texts[2:]
    assert waiting(records) == []


def test_what_is_no_event_is_shown_and_left(records: Records, admin: Admin) -> None:
    give_up(records, 1, '{"guest": "' + people.LAST_NAME)
    records.put(GIVEN_UP, "no-time", {})
    give_up(records, 2, update(2))
    rows = admin.json("events", "list", "--state", "given-up").rows
    assert [row.get("reason") for row in rows] == [
        "no event: an event in the inbox is no JSON",
        "refused",
        "no event: a record lacks its attribute event",
    ]
    outcomes = [row["outcome"] for row in admin.json("events", "redrive").rows]
    assert sorted(outcomes) == ["no-event", "no-event", "redriven"]
    assert records.keys(GIVEN_UP) == [arrival(1), "no-time"]


@pytest.mark.parametrize(
    "words",
    [
        ["list", "--state", "lost"],
        ["list", "--from", "yesterday"],
        ["list", "--before", "2026-11-31"],
        ["list", "--account", "x"],
        ["show"],
        ["redrive", "--state", "lost"],
    ],
)
def test_what_cannot_be_meant_is_refused(words: list, admin: Admin) -> None:
    told = admin.run("events", *words)
    assert told.exit_code == 2 and told.stdout == "" and told.stderr.startswith("partner-admin: ")


def test_without_a_name_nobody_redrives(records: Records, admin: Admin) -> None:
    give_up(records, 1, update(1))
    del admin.env["LOGNAME"]
    assert admin.run("events", "redrive").exit_code == 2
    assert records.keys(GIVEN_UP) == [arrival(1)]


def test_while_others_pass_on_it_waits_and_then_says_to_run_it_again(records: Records, admin: Admin) -> None:
    give_up(records, 1, update(1))
    records.put(LEASES, shard(), {}, int(time.time() * 1000) + 5_000)
    assert [row["outcome"] for row in admin.json("events", "redrive").rows] == ["redriven"], "the lease has expired"
    assert records.keys(inbox()) == [arrival(1)]


def test_redriving_killed_anywhere_loses_and_doubles_nothing(
    programs: Programs, webhook_env: dict, records: Records, admin: Admin, printed: Printed
) -> None:
    texts = [json.dumps(update(number % 2, n=number)) for number in range(3)]

    def lay() -> None:
        pass_on(programs, webhook_env)
        for number, text in enumerate(texts[:2]):
            give_up(records, number, text)
        records.put(aside("booking/0"), arrival(2), {"event": texts[2], "attempts": "3", "pausedUntil": "4000000000000"})
        records.put(f"ownerrez-inbox-paused#{shard()}", "004000000000000-booking/0", {})

    points = 0
    lay()
    for point, _ in killed_everywhere("partner-admin", {}, admin.env, printed, "events", "redrive", "--json"):
        points += 1
        lies = sorted([*records.of(GIVEN_UP), *waiting(records)], key=lambda event: texts.index(event["event"]))
        assert [event["event"] for event in lies] == texts, f"killed at {point}"
        for sort in records.keys(LEASES):
            records.remove(LEASES, sort)  # it goes by itself
        admin.json("events", "redrive")
        assert records.of(GIVEN_UP) == [] and [event["event"] for event in waiting(records)] == texts
        assert [sort.partition("-")[2] for sort in records.keys(f"ownerrez-inbox-paused#{shard()}")] == ["booking/0"]
        end = [sort for sort in records.keys(f"ownerrez-inbox-paused#{shard()}") if sort < "004"]
        assert end, f"killed at {point}: the pause is over"
        records.forget()
        lay()
    assert points > len(OUTSIDE)


def test_ten_thousand_events_are_listed_in_flat_memory(tmp_path: Path, printed: Printed, programs: Programs) -> None:
    env = {"STORE_URL": f"sqlite:{tmp_path}/store.sqlite", "IDENTIFIER_HASH_KEY": people.HASH_KEY, "LOGNAME": "ada"}
    admin = Admin(printed, env)

    def fill(numbers: range) -> None:
        text = json.dumps(update(1, notes="x" * 5000))
        with sqlite3.connect(tmp_path / "store.sqlite") as store:
            rows = [(GIVEN_UP, arrival(number), json.dumps({"event": text}), number, None) for number in numbers]
            store.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?)", rows)

    pass_on(programs, env | ENV | {"OWNERREZ_API_URL": "http://127.0.0.1:9"})
    fill(range(1_000))
    few = admin.weigh("events", "list", after=100)
    fill(range(1_000, 11_000))
    many = admin.weigh("events", "list", after=10_000)
    print(f"peak memory of a list: {few} kB after 100 events, {many} kB after 10,000")
    assert many < few + 2048
