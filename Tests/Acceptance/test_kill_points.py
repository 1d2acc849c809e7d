"""SIGKILL before every system call by which a function touches the outside: the repeat completes what was begun, once.

strace delivers the signal at the entry of the n-th call of the kinds below, so that with n from 1 to the last one the
process dies before, between and after each step: every connect, send and receive, every write and sync of the store.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path
from typing import Any, Iterator, Union
from urllib.parse import urlencode

import people
import pytest
from aws_double import AWSDouble
from connect import CONNECTIONS, FUNCTION, Flow, is_neutral_page, went_back
from events import http_api
from oauth_provider import Provider
from ownerrez import ACCOUNT, SCHEDULED, aside, inbox, is_connected, shard, told, update, webhook
from programs import Printed, Programs, bootstrap
from quiet import wait_until_done_with
from records import Records
from sandbox import GRANT, Sandbox

OUTSIDE = ["connect", "sendto", "recvfrom", "openat", "pwrite64", "fdatasync", "ftruncate", "unlink", "write"]


def killed_everywhere(
    function: str, events: Union[dict, list[dict]], env: dict, printed: Printed, *arguments: str
) -> Iterator[tuple[str, bytes]]:
    """Runs the function again and again, and kills it one call later each time, kind by kind. Yields where it died, and
    what it had answered by then. Several events go to it as a stream; they may be changed between two runs."""
    several = isinstance(events, list)
    command = [str(bootstrap(function)), *(["--stream"] if several else []), *arguments]
    for call in OUTSIDE:
        for count in range(1, 1000):
            text = "\n".join(json.dumps(event) for event in (events if several else [events]))
            done = killed(call, count, command, env, printed, text)
            yield f"{call} {count}", done.stdout
            if done.returncode == 0:
                break
            assert done.returncode in (-9, 137), done


def killed(
    call: str, count: int, command: list[str], env: dict, printed: Printed, text: str = ""
) -> subprocess.CompletedProcess:
    """Runs a command under strace, which kills it at its so many-th call of a kind, if it comes to that. What it had sent
    by then has had its effect when this returns."""
    options = ["-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={count}"]
    done = traced(options, command, env, printed, text)
    wait_until_done_with(env)
    return done


def traced(
    options: list[str], command: list[str], env: dict, printed: Printed, text: str = ""
) -> subprocess.CompletedProcess:
    strace = shutil.which("strace")
    assert strace, "strace is missing: run scripts/setup first"
    done = subprocess.run(
        [strace, "-f", "-qq", *options, *command], input=text.encode(), capture_output=True, env=env, timeout=45
    )
    printed.add("a killed function's output", done.stdout + done.stderr)
    return done


def killed_here_and_there(function: str, env: dict, printed: Printed, *arguments: str) -> Iterator[str]:
    """Like `killed_everywhere` for work of many steps: at one call of each kind, spread over the run. With SEEDS, as
    scripts/test --long sets it, at all of them."""
    command = [str(bootstrap(function)), *arguments]
    with tempfile.NamedTemporaryFile() as trace:
        done = traced(["-o", trace.name, "-e", f"trace={','.join(OUTSIDE)}"], command, env, printed)
        assert done.returncode == 0, done
        # 4711 openat(AT_FDCWD, ..
        names = [name for line in Path(trace.name).read_text().splitlines() for name in re.findall(r"^\d+ +(\w+)\(", line)]
    yield "its end"
    for place, call in enumerate(OUTSIDE, 1):
        calls = range(1, names.count(call) + 1)
        points = calls if "SEEDS" in os.environ else calls[len(calls) * place // (len(OUTSIDE) + 1) :][:1]
        for count in points:
            # Threads make it a call more or less: then it comes to its end.
            assert killed(call, count, command, env, printed).returncode in (-9, 137, 0)
            yield f"{call} {count}"


def test_an_opt_in_killed_anywhere_is_completed_by_the_next(
    programs: Programs, env: dict, sandbox: Sandbox, printed: Printed, records: Records
) -> None:
    event = http_api("POST", "/api/ownli/users", people.opt_in(), claims={"sub": people.SUBJECT})
    env = env | records.env
    points = []
    for point, _ in killed_everywhere("user-opt-in", event, env, printed):
        points.append(point)
        answer = programs.run("user-opt-in", event, env=env).http
        assert answer.status == 200, f"killed at {point}: {answer.text}"
        assert sandbox.state()["users"] == 1, f"killed at {point}"
        kinds = sorted(partition.split("#")[0] for partition in records.partitions())
        assert kinds == ["consent", "link", "ownli-user"], f"killed at {point}: {kinds}"
        # From nothing again: the next kill meets every step once more.
        records.forget()
        sandbox.reset()
    assert len(points) > 3 * len(OUTSIDE), points
    print(f"{len(points)} runs of an opt-in")


def test_a_withdrawal_killed_anywhere_is_completed_by_the_next(
    programs: Programs, env: dict, sandbox: Sandbox, printed: Printed, records: Records
) -> None:
    env = env | records.env
    opt_in = http_api("POST", "/api/ownli/users", people.opt_in(), claims={"sub": people.SUBJECT})
    withdraw = http_api("DELETE", "/api/ownli/users/me", claims={"sub": people.SUBJECT})
    consent = f"consent#{people.SUBJECT}"
    points = []
    assert programs.run("user-opt-in", opt_in, env=env).http.status == 200
    for point, _ in killed_everywhere("user-opt-in", withdraw, env, printed):
        points.append(point)
        # All of it has happened, or nothing.
        kinds = sorted(partition.split("#")[0] for partition in records.partitions())
        assert kinds in (["consent", "link", "ownli-user"], ["consent", "consent"]), f"killed at {point}: {kinds}"
        assert programs.run("user-opt-in", withdraw, env=env).http.status == 204, f"killed at {point}"
        assert set(records.partitions()) == {consent}, f"killed at {point}"
        kept = [sorted(each) for each in records.of(consent)]
        assert len(kept) == 2 and "acceptedAt" in kept[0] and "withdrawnAt" in kept[1], f"killed at {point}: {kept}"
        assert len(records.ends()) == 2, f"killed at {point}: something stays for good"
        records.forget()
        sandbox.reset()
        assert programs.run("user-opt-in", opt_in, env=env).http.status == 200
    assert len(points) > len(OUTSIDE), points
    print(f"{len(points)} runs of a withdrawal")


def test_opting_in_again_killed_anywhere_is_completed_by_the_next(
    programs: Programs, env: dict, sandbox: Sandbox, printed: Printed, records: Records
) -> None:
    env = env | records.env
    opt_in = http_api("POST", "/api/ownli/users", people.opt_in(), claims={"sub": people.SUBJECT})
    withdraw = http_api("DELETE", "/api/ownli/users/me", claims={"sub": people.SUBJECT})

    def leave() -> None:
        records.forget()
        sandbox.reset()
        assert programs.run("user-opt-in", opt_in, env=env).http.status == 200
        assert programs.run("user-opt-in", withdraw, env=env).http.status == 204

    points = 0
    leave()
    for point, _ in killed_everywhere("user-opt-in", opt_in, env, printed):
        points += 1
        assert programs.run("user-opt-in", opt_in, env=env).http.status == 200, f"killed at {point}"
        assert sandbox.state()["users"] == 1, f"killed at {point}"
        kept = records.of(f"consent#{people.SUBJECT}")
        assert [each["period"] for each in kept] == ["0", "1", "0"], f"killed at {point}: {kept}"
        leave()
    assert points > 3 * len(OUTSIDE)
    print(f"{points} runs of an opt-in after a withdrawal")


def test_a_grant_killed_anywhere_is_completed_by_the_next(
    programs: Programs, env: dict, sandbox: Sandbox, printed: Printed, records: Records
) -> None:
    env = env | records.env | {"REWARD_DAILY_LIMIT": "30", "REWARD_DAILY_LIMIT_PER_USER": "26"}
    user = sandbox.create_user()
    points = []
    event = {"userId": user, "amount": 25.1, "actionCode": "purchase", "clientReference": "order-0"}
    for point, _ in killed_everywhere("reward-grant", event, env, printed):
        points.append(point)
        sandbox.forget_calls()
        answer = programs.run("reward-grant", event, env=env)
        assert answer.exit_code == 0, f"killed at {point}: {answer.stdout!r}"
        assert answer.answer["clientReference"] == "order-0"
        assert len(sandbox.calls(GRANT)) == 1
        assert sandbox.state()["rewards"] == 1, f"killed at {point}"
        # Counted once, for all and for the user, and complete by reference, by day and by user.
        kept = {partition.split("#")[0]: records.of(partition) for partition in records.partitions()}
        assert [budget["cents"] for budget in kept["reward-budget"]] == ["2510", "2510"], f"killed at {point}"
        entries = [entry for kind in ("reward", "reward-audit", "reward-user") for entry in kept[kind]]
        assert [entry["state"] for entry in entries] == ["granted"] * 3, f"killed at {point}"
        assert {entry["rewardId"] for entry in entries} == {answer.answer["id"]}
        records.forget()
        sandbox.reset()
        event["userId"] = sandbox.create_user()
    assert len(points) > 2 * len(OUTSIDE), points
    print(f"{len(points)} runs of a grant")


def test_a_callback_killed_anywhere_never_exchanges_a_code_twice(
    programs: Programs, connect_env: dict, provider: Provider, records: Records, printed: Printed
) -> None:
    flow = Flow(programs, connect_env)
    points = []
    begun = flow.begin()
    query = provider.decide(begun.url)
    event = http_api("GET", "/oauth/ownerrez/callback", query=urlencode(query), cookies=[begun.cookie])
    for point, _ in killed_everywhere(FUNCTION, event, connect_env, printed):
        points.append(point)
        stands = is_connected(records)
        assert told(records) == (["connected"] if stands else []), f"killed at {point}"
        # The person loads the page again: the flow goes on if it had not been used up, and is over otherwise.
        again = flow.callback(query, begun.cookie)
        stands = stands or again.status == 303
        exchanges = [call.form["code"] for call in provider.books.calls if call.route == "POST /oauth/access_token"]
        assert exchanges in ([], [query["code"]]), f"killed at {point}"
        assert is_neutral_page(again) if again.status != 303 else went_back(again) == "connected"
        # Whatever became of it, they can connect, and see and end what they have connected.
        flow.connect(provider)
        (connection,) = flow.connections(query="check=true")
        assert connection["status"] == "active", f"killed at {point}"
        assert flow.call("DELETE", f"{CONNECTIONS}/{connection['id']}").status == 204
        again_or_not = ["connected", "reconnected"] if stands else ["connected"]
        assert told(records) == again_or_not + ["disconnected"], f"killed at {point}"
        assert not is_connected(records)
        assert len(provider.live_tokens()) <= 1, "one that was given and not yet stored nobody but OwnerRez knows of"
        provider.reset()
        records.forget()
        begun = flow.begin()
        query = provider.decide(begun.url)
        event["rawQueryString"] = urlencode(query)
        event["cookies"] = [begun.cookie]
    assert len(points) > 2 * len(OUTSIDE), points
    print(f"{len(points)} runs of a callback")


def test_a_disconnection_killed_anywhere_is_completed_by_the_next_and_told_of_once(
    programs: Programs, connect_env: dict, provider: Provider, records: Records, printed: Printed
) -> None:
    flow = Flow(programs, connect_env)
    flow.connect(provider)
    event = http_api("DELETE", f"{CONNECTIONS}/{ACCOUNT}", claims={"sub": people.SUBJECT})
    points, finished = [], 0
    for point, _ in killed_everywhere(FUNCTION, event, connect_env, printed):
        points.append(point)
        stands = is_connected(records)
        assert told(records) == ["connected"] + ([] if stands else ["disconnected"]), f"killed at {point}"
        again = flow.call("DELETE", f"{CONNECTIONS}/{ACCOUNT}")
        assert again.status == (204 if stands else 404), f"killed at {point}: {again.text}"
        assert not is_connected(records) and provider.live_tokens() == [], f"killed at {point}"
        assert told(records) == ["connected", "disconnected"], f"killed at {point}"
        finished += not stands
        provider.reset()
        records.forget()
        flow.connect(provider)
    assert len(points) > 2 * len(OUTSIDE) and finished >= len(OUTSIDE), points
    print(f"{len(points)} runs of a disconnection")


def test_a_webhook_killed_anywhere_loses_no_event(
    programs: Programs, webhook_env: dict, records: Records, aws: AWSDouble, printed: Printed
) -> None:
    sqs = aws.client("sqs")
    queue = sqs.create_queue(QueueName=f"killed-{uuid.uuid4()}")["QueueUrl"]
    env = webhook_env | aws.env | {"EVENTS_TARGET": f"sqs:{queue}"}
    entities = [{"n": number, "updated_utc": f"2026-08-30T12:00:0{number}Z"} for number in range(2)]
    events = [webhook(update(7, id=f"event-{entity['n']}", entity=entity)) for entity in entities]
    points, repeated = [], 0
    for point, answers in killed_everywhere("ownerrez-webhook", events, env, printed):
        points.append(point)
        # OwnerRez sends again what it got no answer to, and nothing else.
        answered = answers.count(b'"statusCode":200')
        for event in events[answered:]:
            assert programs.run("ownerrez-webhook", event, env=env).http.status == 200, f"killed at {point}"
        # The time passes after which a lease without its holder is gone.
        records.remove("ownerrez-inbox-lease", shard())
        assert programs.run("ownerrez-webhook", SCHEDULED, env=env).exit_code == 0
        numbers = [json.loads(text)["event"]["entity"]["n"] for text in received(sqs, queue)]
        assert set(numbers) == {0, 1}, f"killed at {point}: {numbers}"
        assert numbers == sorted(numbers), f"killed at {point}, out of order: {numbers}"
        kinds = {partition.split("#")[0] for partition in records.partitions()}
        assert kinds == {"ownerrez-event", "ownerrez-told"}, f"killed at {point}: {kinds}"
        repeated += len(numbers) > 2
        records.forget()
    assert len(points) > 40, points
    print(f"{len(points)} runs of a webhook, {repeated} with an event that arrived twice")


def test_what_waits_killed_anywhere_is_passed_on_in_order(
    programs: Programs, webhook_env: dict, records: Records, aws: AWSDouble, printed: Printed
) -> None:
    sqs = aws.client("sqs")
    queue = sqs.create_queue(QueueName=f"killed-{uuid.uuid4()}")["QueueUrl"]
    env = webhook_env | aws.env | {"EVENTS_TARGET": f"sqs:{queue}"}
    # The first of an older build's, two that wait and may go on, one that has come since, and one that is none.
    texts = [json.dumps(update(7, id=f"event-{number}", entity={"n": number})) for number in range(4)]

    def lay() -> None:
        records.put("ownerrez-inbox-paused#" + shard(), "000000000000001-booking/7", {})
        records.put(aside("booking/7"), "1790000000000-00", {"event": texts[0], "attempts": "1", "pausedUntil": "1"})
        records.put(aside("booking/7"), "1790000000001-00", {"event": texts[1]})
        records.put("ownerrez-inbox", "1790000000002-00", {"event": texts[2], "receivedAt": "1790000000002"})
        records.put(inbox(), "1790000000003-00", {"event": texts[3]})
        records.put(inbox(), "1790000000004-00", {"event": "{"})

    assert programs.run("ownerrez-webhook", SCHEDULED, env=env).exit_code == 0
    lay()
    points = 0
    for point, _ in killed_everywhere("ownerrez-webhook", SCHEDULED, env, printed):
        points += 1
        # The time passes after which leases without their holder are gone.
        for sort in ("lease", shard()):
            records.remove("ownerrez-inbox-lease", sort)
        assert programs.run("ownerrez-webhook", SCHEDULED, env=env).exit_code == 0
        numbers = [json.loads(text)["event"]["entity"]["n"] for text in received(sqs, queue)]
        assert set(numbers) == {0, 1, 2, 3}, f"killed at {point}: {numbers}"
        assert numbers == sorted(numbers), f"killed at {point}, out of order: {numbers}"
        assert records.partitions() == ["ownerrez-given-up"], f"killed at {point}"
        records.forget()
        assert programs.run("ownerrez-webhook", SCHEDULED, env=env).exit_code == 0
        lay()
    assert points > 40
    print(f"{points} runs of what waits")


def received(sqs: Any, queue: str) -> list[str]:
    """All messages, oldest first; they are gone from the queue then."""
    texts: list[str] = []
    while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            texts.append(message["Body"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return texts
