"""reward-grant's budgets and audit records: exact under concurrency, through faults and kills, over each store."""

import json
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import people
import pytest
from events import Event, event_bridge, http_api, sqs
from programs import Printed, Programs, Run, bootstrap
from records import Records
from runtime_api import Runtime, RuntimeAPI
from sandbox import GRANT, Sandbox

QUEUE = "arn:aws:sqs:us-east-1:123456789012:rewards"


@pytest.fixture
def user(sandbox: Sandbox) -> str:
    return sandbox.create_user()


@pytest.fixture
def budget_env(env: dict, records: Records) -> dict[str, str]:
    """Over each store, 100 dollars a day and 60 for each user."""
    return env | records.env | {"REWARD_DAILY_LIMIT": "100.00", "REWARD_DAILY_LIMIT_PER_USER": "60"}


def order(user: str, reference: str = "order-1", amount: float = 25, **changes: Any) -> dict:
    return {"userId": user, "amount": amount, "actionCode": "purchase", "clientReference": reference} | changes


def today() -> str:
    return time.strftime("%Y-%m-%d", time.gmtime())


def spent(records: Records, user: str = "") -> int:
    """Cents of today's budget."""
    sort = f"user/{user}" if user else "all"
    partition = f"reward-budget#{today()}"
    found = dict(zip(records.keys(partition), records.of(partition)))
    return int(found[sort]["cents"]) if sort in found else 0


def audit(records: Records) -> list[dict]:
    return records.of(f"reward-audit#{today()}")


def failed(run: Run) -> list[str]:
    assert run.exit_code == 0, run.stdout
    return [failure["itemIdentifier"] for failure in run.answer["batchItemFailures"]]


def test_beyond_the_budget_a_grant_waits_for_midnight(
    programs: Programs, budget_env: dict, sandbox: Sandbox, user: str, records: Records
) -> None:
    for number in range(2):
        assert programs.run("reward-grant", order(user, f"order-{number}"), env=budget_env).exit_code == 0
    run = programs.run("reward-grant", order(user, "order-2"), env=budget_env)
    assert (run.exit_code, run.answer["errorType"]) == (1, "Function.TransientFailure")
    assert run.answer["errorMessage"].startswith("BUDGET_EXHAUSTED: ")
    event = http_api("POST", "/api/ownli/rewards/grant", order(user, "order-2"), service=people.SERVICE)
    answer = programs.run("reward-grant", event, env=budget_env).http
    assert answer.outcome == (429, "BUDGET_EXHAUSTED")
    left = 86400 - time.time() % 86400
    assert left - 5 < int(answer.headers["retry-after"]) <= left + 60
    assert failed(programs.run("reward-grant", sqs(order(user, "order-2")), env=budget_env)) == ["message-0"]
    assert len(sandbox.calls(GRANT)) == 2 and spent(records, user) == spent(records) == 5000
    # Another user has a budget of their own, and a repeat its place.
    other = sandbox.create_user(phone=people.OTHER_PHONE, email=people.OTHER_EMAIL)
    assert programs.run("reward-grant", order(other, "order-3"), env=budget_env).exit_code == 0
    again = programs.run("reward-grant", order(user, "order-0"), env=budget_env)
    assert again.exit_code == 0 and again.answer["idempotentReplay"]
    assert spent(records) == 7500 and len(audit(records)) == 3


def test_what_no_day_could_hold_is_refused_for_good(programs: Programs, budget_env: dict, user: str) -> None:
    run = programs.run("reward-grant", order(user, amount=60.01), env=budget_env)
    assert run.answer["errorType"] == "Function.PermanentFailure"
    assert run.answer["errorMessage"].startswith("AMOUNT_TOO_LARGE: ")


def test_a_batch_stays_within_the_budget_and_counts_exactly(
    programs: Programs, budget_env: dict, sandbox: Sandbox, user: str, records: Records
) -> None:
    orders = [order(user, f"order-{number}", 10 + number) for number in range(10)]
    run = programs.run("reward-grant", sqs(*orders), env=budget_env)
    back = failed(run)
    assert back == sorted(back) and back, "in the order in which they came"
    granted = [order for number, order in enumerate(orders) if f"message-{number}" not in back]
    total = sum(order["amount"] for order in granted)
    assert total <= 60 and all(total + orders[int(name[-1])]["amount"] > 60 for name in back)
    assert spent(records) == spent(records, user) == total * 100
    assert sandbox.state()["rewards"] == len(granted) == len(audit(records))
    told = {line["errorType"] for line in run.logs if "errorType" in line}
    assert told == {"BUDGET_EXHAUSTED"} and "ERROR" not in {line["level"] for line in run.logs}


def test_processes_that_grant_at_once_share_the_budget(
    programs: Programs, budget_env: dict, sandbox: Sandbox, user: str, records: Records
) -> None:
    batches = [sqs(*[order(user, f"order-{batch}-{n}", 7) for n in range(5)]) for batch in range(4)]
    with ThreadPoolExecutor(len(batches)) as threads:
        runs = list(threads.map(lambda batch: programs.run("reward-grant", batch, env=budget_env), batches))
    told = [line["errorType"] for run in runs for line in run.logs if "errorType" in line]
    assert set(told) <= {"BUDGET_EXHAUSTED", "STORE_UNAVAILABLE"}, told
    granted = sandbox.state()["rewards"]
    assert granted == 20 - sum(len(failed(run)) for run in runs) == len(audit(records))
    assert spent(records) == granted * 700 <= 6000
    # What waited, or found no turn in its time, comes again: the budget is used up to the last reward that fits.
    for batch in batches:
        programs.run("reward-grant", batch, env=budget_env)
    assert sandbox.state()["rewards"] == 8 and spent(records) == 5600


def test_a_refusal_gives_back_and_a_time_out_does_not(
    programs: Programs, budget_env: dict, sandbox: Sandbox, user: str, records: Records
) -> None:
    run = programs.run("reward-grant", order("XT_USRnobody"), env=budget_env)
    assert run.answer["errorMessage"].startswith("ERROR_USER_NOT_FOUND")
    assert spent(records) == 0 and audit(records) == []
    sandbox.answer(GRANT, 500, "", 3)
    run = programs.run("reward-grant", order(user), env=budget_env)
    assert run.answer["errorType"] == "Function.TransientFailure"
    assert spent(records) == 2500 and [entry["state"] for entry in audit(records)] == ["asked"]
    assert programs.run("reward-grant", order(user), env=budget_env).exit_code == 0
    assert spent(records) == 2500 and [entry["state"] for entry in audit(records)] == ["granted"]


def test_an_outage_of_the_token_endpoint_reserves_nothing(
    programs: Programs, budget_env: dict, sandbox: Sandbox, user: str, records: Records
) -> None:
    assert programs.run("reward-grant", order(user), env=budget_env | {"OWNLI_CLIENT_SECRET": "other"}).exit_code == 1
    assert spent(records) == 0 and audit(records) == []


def test_a_lost_answer_that_comes_as_a_replay_is_counted(
    programs: Programs, budget_env: dict, sandbox: Sandbox, user: str, records: Records
) -> None:
    sandbox.fault(GRANT, "drop", 1)
    answer = programs.run("reward-grant", order(user), env=budget_env).answer
    assert answer["id"] and spent(records) == 2500
    assert [entry["state"] for entry in audit(records)] == ["granted"]


@pytest.mark.parametrize("status", [403, 404])
def test_a_refusal_of_what_stands_before_ownli_gives_nothing_back_that_may_be_granted(
    status: int, programs: Programs, budget_env: dict, sandbox: Sandbox, user: str, records: Records
) -> None:
    """A firewall's page says nothing of a try before, whose answer was lost."""
    page = {"body": "<html>Not now</html>", "contentType": "text/html"}
    sandbox.fault(GRANT, "drop", 1)
    sandbox.fault(GRANT, "status", 1, status=status, **page)
    assert programs.run("reward-grant", order(user), env=budget_env).exit_code == 1
    assert sandbox.state()["rewards"] == 1 and spent(records) == 2500
    assert [entry["state"] for entry in audit(records)] == ["asked"]
    # Nor does it for the repeat.
    sandbox.fault(GRANT, "status", 1, status=status, **page)
    assert programs.run("reward-grant", order(user), env=budget_env).exit_code == 1
    assert spent(records) == 2500
    assert programs.run("reward-grant", order(user), env=budget_env).answer["idempotentReplay"]
    assert spent(records) == 2500 and [entry["state"] for entry in audit(records)] == ["granted"]
    # Where it met the first try, the order keeps its share as well, until Ownli itself has its say.
    sandbox.fault(GRANT, "status", 1, status=status, **page)
    assert programs.run("reward-grant", order("XT_USRnobody", "order-2"), env=budget_env).exit_code == 1
    assert spent(records) == 5000
    assert programs.run("reward-grant", order("XT_USRnobody", "order-2"), env=budget_env).exit_code == 1
    assert spent(records) == 2500 and len(audit(records)) == 1


def test_a_reward_from_before_costs_today_nothing(
    programs: Programs, budget_env: dict, sandbox: Sandbox, user: str, records: Records
) -> None:
    old = order(user) | {"id": "XT_DBR1", "status": "Confirmed", "idempotentReplay": True}
    sandbox.answer(GRANT, 200, json.dumps(old | {"dateRewarded": "2026-01-05T10:15:30Z"}))
    answer = programs.run("reward-grant", order(user), env=budget_env).answer
    assert answer["idempotentReplay"] and spent(records) == 0 and audit(records) == []


def test_a_replay_under_another_action_code_says_what_ownli_has(
    programs: Programs, budget_env: dict, sandbox: Sandbox, user: str, records: Records
) -> None:
    first = programs.run("reward-grant", order(user), env=budget_env).answer
    run = programs.run("reward-grant", order(user, actionCode="survey"), env=budget_env)
    assert run.answer["id"] == first["id"] and run.answer["idempotentReplay"]
    assert run.answer["actionCode"] == "purchase"
    (line,) = [line for line in run.logs if line["level"] == "WARN"]
    assert (line["asked"], line["granted"], line["rewardId"]) == ("survey", "purchase", first["id"])
    assert "order-1" not in run.stderr.decode(), "references are the company's own"
    assert spent(records) == 2500 and len(audit(records)) == 1


def test_a_reference_that_waits_for_its_answer_stands_for_one_amount(
    programs: Programs, budget_env: dict, sandbox: Sandbox, user: str, records: Records
) -> None:
    sandbox.answer(GRANT, 500, "", 3)
    programs.run("reward-grant", order(user), env=budget_env)
    calls = len(sandbox.calls(GRANT))
    run = programs.run("reward-grant", order(user, amount=26), env=budget_env)
    assert run.answer["errorMessage"].startswith("ERROR_REWARD_CONFLICT")
    assert len(sandbox.calls(GRANT)) == calls and spent(records) == 2500


# Who asked

WAYS: dict[str, tuple[Event, dict]] = {
    "direct": ({}, {"way": "direct"}),
    "sqs": ({}, {"way": "sqs", "originName": QUEUE, "originId": "message-0"}),
    "eventbridge": (
        {},
        {
            "way": "eventbridge",
            "originName": "com.example.shop",
            "originId": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        },
    ),
    "http": ({}, {"way": "http", "originName": people.SERVICE}),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_grant_leaves_who_asked_what_when_and_ownli_s_id(
    way: str, programs: Programs, env: dict, sandbox: Sandbox, user: str, records: Records
) -> None:
    asked = order(user, "order 1/é")
    event = {
        "direct": asked,
        "sqs": sqs(asked),
        "eventbridge": event_bridge(asked),
        "http": http_api("POST", "/api/ownli/rewards/grant", asked, service=people.SERVICE),
    }[way]
    env = env | records.env
    before = int(time.time() * 1000)
    assert programs.run("reward-grant", event, env=env).exit_code == 0
    (entry,) = audit(records)
    expected = WAYS[way][1] | {
        "userId": user,
        "cents": "2500",
        "actionCode": "purchase",
        "clientReference": "order 1/é",
        "state": "granted",
    }
    assert entry.items() >= expected.items()
    assert before <= int(entry["askedAt"]) <= time.time() * 1000 and entry["originId"] and entry["rewardId"]

    def asked_for(query: str) -> list[dict]:
        question = http_api("GET", "/api/ownli/rewards/audit", service=people.SERVICE, query=query)
        answer = programs.run("reward-grant", question, env=env).http
        assert answer.status == 200, answer.text
        return answer.json["rewards"]

    (by_day,) = asked_for(f"day={today()}")
    assert asked_for("actionCode=purchase&clientReference=order%201%2F%C3%A9") == [by_day]
    assert (by_day["rewardId"], by_day["amount"], by_day["state"]) == (entry["rewardId"], 25, "granted")
    assert by_day["askedBy"] == {
        name: value
        for name, value in [
            ("way", way),
            ("name", entry.get("originName")),
            ("id", entry["originId"]),
        ]
        if value
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", by_day["askedAt"])
    assert asked_for("day=2026-01-01") == asked_for("actionCode=other&clientReference=order-1") == []
    assert not [p for p in records.partitions() if p.startswith("reward-budget")], "no limit, no budget"


@pytest.mark.parametrize(
    "query",
    ["", "day=today", "day=2026-1-1", "day=2026-11-26&actionCode=a", "actionCode=a", "clientReference=a"]
    + ["actionCode=a%20b&clientReference=a", "actionCode=a&clientReference=", "day=2026-11-26&after="],
)
def test_a_bad_question_is_refused(query: str, programs: Programs, env: dict) -> None:
    event = http_api("GET", "/api/ownli/rewards/audit", service=people.SERVICE, query=query)
    assert programs.run("reward-grant", event, env=env).http.outcome == (400, "INVALID_PARAMETERS")


def test_the_audit_is_for_listed_services(programs: Programs, env: dict) -> None:
    for identity, outcome in [({}, (401, "UNAUTHENTICATED")), ({"claims": {"sub": people.SUBJECT}}, (403, "FORBIDDEN"))]:
        event = http_api("GET", "/api/ownli/rewards/audit", query=f"day={today()}", **identity)
        assert programs.run("reward-grant", event, env=env).http.outcome == outcome


def test_a_day_is_listed_page_by_page(programs: Programs, env: dict, records: Records, user: str) -> None:
    env = env | records.env
    for start in range(0, 120, 10):
        batch = sqs(*[order(user, f"order-{number}", 1) for number in range(start, start + 10)])
        assert failed(programs.run("reward-grant", batch, env=env)) == []
    found: list[str] = []
    query = f"day={today()}"
    for _ in range(3):
        event = http_api("GET", "/api/ownli/rewards/audit", service=people.SERVICE, query=query)
        page = programs.run("reward-grant", event, env=env).http.json
        found += [reward["clientReference"] for reward in page["rewards"]]
        if "next" not in page:
            break
        assert len(page["rewards"]) == 100
        query = f"day={today()}&after={page['next'].replace('#', '%23')}"
    assert sorted(found) == sorted(f"order-{number}" for number in range(120))


# Kills and metrics


def test_a_process_killed_before_ownli_answers_has_left_a_trace(
    programs: Programs, budget_env: dict, records: Records, user: str, sandbox: Sandbox, printed: Printed, tmp_path: Path
) -> None:
    sandbox.fault(GRANT, "delay", 1, milliseconds=1500)
    env = budget_env | {"STORE_EPHEMERAL": "allowed"}
    with RuntimeAPI() as api, Runtime("reward-grant", api, env, printed, tmp_path) as runtime:
        api.send(order(user))
        while not sandbox.calls(GRANT) and runtime.is_running():
            time.sleep(0.02)
        runtime.kill()
    assert [entry["state"] for entry in audit(records)] == ["asked"] and spent(records) == 2500
    assert programs.run("reward-grant", order(user), env=budget_env).exit_code == 0
    (entry,) = audit(records)
    assert entry["state"] == "granted" and entry["rewardId"] and spent(records) == 2500
    assert sandbox.state()["rewards"] == 1


def test_granted_cents_are_a_metric_and_a_replay_is_none(
    env: dict, user: str, printed: Printed, tmp_path: Path
) -> None:
    env = env | {"STORE_EPHEMERAL": "allowed", "REWARD_DAILY_LIMIT": "30"}
    with RuntimeAPI() as api, Runtime("reward-grant", api, env, printed, tmp_path) as runtime:
        for event in (order(user, amount=25.1), order(user, amount=25.1), order(user, "order-2", 25)):
            api.send(event).post()
        api.wait_for_pollers(1)
        lines = [line for line in runtime.metrics if "ColdStart" not in line]
    assert [line.get("GrantedCents") for line in lines] == [2510, None, None]
    assert [line.get("BudgetExhausted") for line in lines] == [None, None, 1]


@pytest.mark.parametrize(
    "settings, named",
    [
        ({"REWARD_DAILY_LIMIT": "0"}, "REWARD_DAILY_LIMIT"),
        ({"REWARD_DAILY_LIMIT": "many"}, "REWARD_DAILY_LIMIT"),
        ({"REWARD_DAILY_LIMIT_PER_USER": "5.001"}, "REWARD_DAILY_LIMIT_PER_USER"),
        ({"REWARD_DAILY_LIMIT": "5", "REWARD_DAILY_LIMIT_PER_USER": "6"}, "REWARD_DAILY_LIMIT_PER_USER"),
        ({"REWARD_ACTION_CODES": ","}, "REWARD_ACTION_CODES"),
        ({"REWARD_ALLOWED_CALLERS": "arn:aws:iam::123456789012:role/*"}, "REWARD_ALLOWED_CALLERS"),
        ({"REWARD_ALLOWED_CALLERS": "arn:aws:sts::123456789012:assumed-role/shop"}, "REWARD_ALLOWED_CALLERS"),
    ],
)
def test_a_setting_that_can_do_nothing_stops_the_start(
    settings: dict, named: str, programs: Programs, env: dict, user: str
) -> None:
    run = programs.run("reward-grant", order(user), env=env | settings)
    assert run.exit_code == 2 and f"  {named}: ".encode() in run.stderr


def test_help_names_the_limits() -> None:
    text = subprocess.run([bootstrap("reward-grant"), "--help"], capture_output=True, text=True, check=True).stdout
    assert "REWARD_DAILY_LIMIT " in text and "REWARD_DAILY_LIMIT_PER_USER " in text
