"""reward-grant: money, so exactly once, exactly as asked, and for servers only."""

import json
import re
import time
from pathlib import Path
from typing import Any, Callable

import people
import pytest
from events import HTTP_SHAPES, Event, event_bridge, http_api, sqs
from programs import HTTPAnswer, Printed, Programs, Run
from runtime_api import Runtime, RuntimeAPI
from sandbox import GRANT, TOKEN, Sandbox

ALWAYS = 50
PATH = "/api/ownli/rewards/grant"


@pytest.fixture
def user(sandbox: Sandbox) -> str:
    return sandbox.create_user()


def order(user: str, **changes: Any) -> dict:
    body = {"userId": user, "amount": 25.1, "actionCode": "device-purchase", "clientReference": "order-12345"}
    return {name: value for name, value in (body | changes).items() if value is not None}


def grant(programs: Programs, env: dict, body: Any) -> HTTPAnswer:
    return programs.run("reward-grant", http_api("POST", PATH, body, service=people.SERVICE), env=env).http


def rewards(programs: Programs, env: dict, query: str = "") -> HTTPAnswer:
    event = http_api("GET", "/api/ownli/rewards", service=people.SERVICE, query=query)
    return programs.run("reward-grant", event, env=env).http


def granted(programs: Programs, env: dict) -> int:
    """How many rewards there are at Ownli."""
    return rewards(programs, env).json["totalItems"]


def text(call: dict) -> str:
    assert isinstance(call["body"], str), "the sandbox keeps bodies as they came"
    return call["body"]


def failure(run: Run) -> tuple[str, str]:
    assert run.exit_code == 1
    assert set(run.answer) == {"errorType", "errorMessage"}
    return run.answer["errorType"].removeprefix("Function."), run.answer["errorMessage"].split(":")[0]


# Every way in


def test_a_direct_invocation_grants(programs: Programs, env: dict, user: str) -> None:
    run = programs.run("reward-grant", order(user), env=env)
    assert run.exit_code == 0
    answer = run.answer
    assert answer.pop("id") and answer.pop("dateRewarded")
    assert answer == order(user) | {"status": "Confirmed", "idempotentReplay": False}


def test_an_event_bridge_event_grants(programs: Programs, env: dict, user: str) -> None:
    run = programs.run("reward-grant", event_bridge(order(user)), env=env)
    assert (run.exit_code, run.answer["status"]) == (0, "Confirmed")


@pytest.mark.parametrize("shape", HTTP_SHAPES.values(), ids=HTTP_SHAPES.keys())
def test_a_listed_service_grants_over_http(shape: Callable, programs: Programs, env: dict, user: str) -> None:
    run = programs.run("reward-grant", shape("POST", PATH, order(user), service=people.SERVICE), env=env)
    assert run.http.status == 200
    assert run.http.json["amount"] == 25.1


def test_a_role_stands_for_its_sessions(programs: Programs, env: dict, user: str) -> None:
    env["REWARD_ALLOWED_CALLERS"] = "arn:aws:iam::123456789012:role/teams/shop"
    assert grant(programs, env, order(user)).status == 200


NOT_ADMITTED: dict[str, tuple[dict, int, str]] = {
    "nobody": ({}, 401, "UNAUTHENTICATED"),
    "a person": ({"claims": {"sub": people.SUBJECT}}, 403, "FORBIDDEN"),
    "a subject that is the service's name": ({"claims": {"sub": people.SERVICE}}, 401, "UNAUTHENTICATED"),
    "another role": ({"service": people.SERVICE.replace("/shop/", "/shops/")}, 403, "FORBIDDEN"),
    "another account": ({"service": people.SERVICE.replace("123456789012", "210987654321")}, 403, "FORBIDDEN"),
    "a longer name": ({"service": people.SERVICE + "x"}, 403, "FORBIDDEN"),
}


@pytest.mark.parametrize("case", NOT_ADMITTED)
def test_others_are_kept_out(case: str, programs: Programs, env: dict, user: str, sandbox: Sandbox) -> None:
    identity, status, code = NOT_ADMITTED[case]
    for event in (http_api("POST", PATH, order(user), **identity), http_api("GET", "/api/ownli/rewards", **identity)):
        assert programs.run("reward-grant", event, env=env).http.outcome == (status, code)
    assert sandbox.calls() == []


def test_with_nobody_listed_nobody_is_let_in(programs: Programs, env: dict, user: str) -> None:
    del env["REWARD_ALLOWED_CALLERS"]
    assert grant(programs, env, order(user)).outcome == (403, "FORBIDDEN")


def test_our_own_user_id_is_looked_up_in_the_links(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    mine = order("", internalUserId=people.SUBJECT)
    del mine["userId"]
    assert failure(programs.run("reward-grant", mine, env=env)) == ("PermanentFailure", "NOT_LINKED")
    assert grant(programs, env, mine).outcome == (404, "NOT_LINKED")
    event = http_api("POST", "/api/ownli/users", people.opt_in(), claims={"sub": people.SUBJECT})
    linked = programs.run("user-opt-in", event, env=env).http.json["ownliUserId"]
    run = programs.run("reward-grant", mine, env=env)
    assert run.exit_code == 0 and run.answer["userId"] == linked


# Amounts


@pytest.mark.parametrize(
    "amount,wire",
    [("1", "1"), ("1.00", "1"), ("1.01", "1.01"), ("100", "100"), ("100.00", "100"), ("1e2", "100"), ("2.5e1", "25")]
    + [("25.10", "25.1"), ("25.1", "25.1"), ("33.33", "33.33"), ("99.99", "99.99"), ("1.1", "1.1"), ("64.35", "64.35")]
    + [("2.51e1", "25.1"), ("2510e-2", "25.1"), ("25.100", "25.1"), ("25.000000000000000000", "25")],
)
def test_an_amount_leaves_as_it_came(
    amount: str, wire: str, programs: Programs, env: dict, user: str, sandbox: Sandbox
) -> None:
    event = json.dumps(order(user, amount="AMOUNT")).replace('"AMOUNT"', amount)
    run = programs.run("reward-grant", event, env=env)
    assert run.exit_code == 0, run.stdout
    assert run.answer["amount"] == float(amount)
    (call,) = sandbox.calls(GRANT)
    found = re.search(r'"amount"\s*:\s*([^,}\s]+)', text(call))
    assert found
    assert found[1] in {wire, f"{float(wire):.1f}", f"{float(wire):.2f}"}


@pytest.mark.parametrize(
    "amount",
    ["0.99", "100.01", "25.001", "25.1000000001", '"25"', "-5", "0", "-0", "-25.10", "null", "true", "[25]", "{}"]
    + ["1e-2", "1e18", "9007199254740993", "9223372036854775807", "1e300", '"NaN"', '""', "0.999999999999"]
    + ["24.999999999999999999", "25.000000000000000001", "25.100000000000001", "1e400", "1e-400"],
)
def test_another_amount_is_refused(amount: str, programs: Programs, env: dict, user: str, sandbox: Sandbox) -> None:
    body = json.dumps(order(user, amount="AMOUNT")).replace('"AMOUNT"', amount)
    assert failure(programs.run("reward-grant", body, env=env)) == ("PermanentFailure", "INVALID_PARAMETERS")
    assert grant(programs, env, body).outcome == (400, "INVALID_PARAMETERS")
    assert sandbox.calls() == []


@pytest.mark.parametrize(
    "amount", ["NaN", "Infinity", "-Infinity", "025", "25.", ".5", "0x19", "+25", "25,10"]
)
def test_an_amount_that_is_no_json_is_refused(amount: str, programs: Programs, env: dict, user: str) -> None:
    body = json.dumps(order(user, amount="AMOUNT")).replace('"AMOUNT"', amount)
    run = programs.run("reward-grant", body, env=env)
    assert (run.exit_code, run.answer["errorType"]) == (1, "Runtime.InvalidEvent")
    assert grant(programs, env, body).outcome == (400, "INVALID_JSON")


# The other fields


@pytest.mark.parametrize("member", ['"x":123456789012345678901', '"x":1e400', r'"x":"\ud83d"', r'"\ud83d":"\u0000"'])
def test_a_field_that_nobody_reads_may_hold_anything(
    member: str, programs: Programs, env: dict, user: str, sandbox: Sandbox
) -> None:
    body = json.dumps(order(user))[:-1] + f", {member}}}"
    assert programs.run("reward-grant", body, env=env).exit_code == 0
    assert len(sandbox.calls(GRANT)) == 1

BAD_FIELDS: list[dict] = [
    *[{"clientReference": value} for value in ("", "x" * 129, "é" * 129, "a\nb", "a\u007fb", 5, [], True)],
    *[{"actionCode": value} for value in (None, "", "a b", "x" * 65, "é", "a/b", "a\n", 5, "device-purchase ", "*")],
    *[{"userId": value} for value in (None, "", 5, [], "x" * 1000, "a\r\nb")],
    {"internalUserId": people.SUBJECT},  # as well as userId
]


@pytest.mark.parametrize("change", BAD_FIELDS, ids=lambda change: ascii(change)[:60])
def test_a_bad_field_is_refused(change: dict, programs: Programs, env: dict, user: str, sandbox: Sandbox) -> None:
    body = order(user, **change)
    assert failure(programs.run("reward-grant", body, env=env)) == ("PermanentFailure", "INVALID_PARAMETERS")
    assert grant(programs, env, body).outcome == (400, "INVALID_PARAMETERS")
    assert sandbox.calls() == []


@pytest.mark.parametrize(
    "change", [{"clientReference": None}, {"clientReference": "x" * 128}, {"actionCode": "x" * 64}]
)
def test_the_limits_themselves_are_within(change: dict, programs: Programs, env: dict, user: str) -> None:
    answer = grant(programs, env, order(user, **change))
    if change.get("clientReference", "") is None:
        assert answer.outcome == (400, "INVALID_PARAMETERS")
    else:
        assert answer.status == 200


@pytest.mark.parametrize("reference", ["Bestellung-ü-42", "注文-1", "a b/c?d=e&f#g", '"quoted"\\', "%2e%2e"])
def test_a_reference_in_any_script_arrives_as_it_is(
    reference: str, programs: Programs, env: dict, user: str, sandbox: Sandbox
) -> None:
    run = programs.run("reward-grant", order(user, clientReference=reference), env=env)
    assert run.exit_code == 0 and run.answer["clientReference"] == reference
    assert json.loads(text(sandbox.calls(GRANT)[0]))["clientReference"] == reference


# Guards


def test_the_largest_amount_is_a_setting(programs: Programs, env: dict, user: str, sandbox: Sandbox) -> None:
    env["REWARD_MAX_AMOUNT"] = "25.00"
    assert grant(programs, env, order(user, amount=25.01)).outcome == (400, "AMOUNT_TOO_LARGE")
    assert sandbox.calls() == []
    assert grant(programs, env, order(user, amount=25)).status == 200


def test_the_action_codes_are_a_setting(programs: Programs, env: dict, user: str) -> None:
    env["REWARD_ACTION_CODES"] = "sign-up, device-purchase"
    assert grant(programs, env, order(user)).status == 200
    other = order(user, actionCode="survey", clientReference="order-2")
    assert grant(programs, env, other).outcome == (400, "ACTION_CODE_NOT_ALLOWED")


@pytest.mark.parametrize("url", ["https://api.ownli.app", "https://API.ownli.app/", "https://proxy.example.com"])
def test_production_needs_the_agreement(url: str, programs: Programs, env: dict, user: str) -> None:
    env["OWNLI_BASE_URL"] = url
    run = programs.run("reward-grant", order(user), env=env)
    assert run.exit_code == 2
    assert b"OWNLI_PRODUCTION_REWARDS" in run.stderr
    env["OWNLI_PRODUCTION_REWARDS"] = "agreed"
    assert programs.run("reward-grant", "{}", env=env).exit_code == 1, "it starts, and refuses the event only"


def test_the_vendor_s_sandbox_needs_no_agreement(programs: Programs, env: dict) -> None:
    env["OWNLI_BASE_URL"] = "https://api.sandbox.ownli.app"
    assert programs.run("reward-grant", "{}", env=env).exit_code == 1


# Exactly once


def test_the_same_reference_again_is_a_replay(programs: Programs, env: dict, user: str) -> None:
    first = programs.run("reward-grant", order(user), env=env).answer
    second = programs.run("reward-grant", order(user), env=env).answer
    assert (first["idempotentReplay"], second["idempotentReplay"]) == (False, True)
    assert first["id"] == second["id"]
    assert granted(programs, env) == 1


def test_the_same_reference_for_something_else_is_a_conflict(programs: Programs, env: dict, user: str) -> None:
    assert grant(programs, env, order(user)).status == 200
    other = order(user, amount=26)
    assert grant(programs, env, other).outcome == (409, "ERROR_REWARD_CONFLICT")
    assert failure(programs.run("reward-grant", other, env=env)) == ("PermanentFailure", "ERROR_REWARD_CONFLICT")
    assert granted(programs, env) == 1


def test_an_unknown_user_is_a_permanent_failure(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    run = programs.run("reward-grant", order("XT_USRnobody"), env=env)
    assert failure(run) == ("PermanentFailure", "ERROR_USER_NOT_FOUND")
    assert len(sandbox.calls(GRANT)) == 1
    assert grant(programs, env, order("XT_USRnobody")).outcome == (404, "ERROR_USER_NOT_FOUND")


@pytest.mark.parametrize("fault", ["drop", "reset"])
def test_a_connection_lost_is_made_good_with_one_reward(
    fault: str, programs: Programs, env: dict, user: str, sandbox: Sandbox
) -> None:
    sandbox.fault(GRANT, fault, 1)
    run = programs.run("reward-grant", order(user), env=env)
    assert run.exit_code == 0
    references = {json.loads(text(call))["clientReference"] for call in sandbox.calls(GRANT)}
    assert references == {"order-12345"}
    assert granted(programs, env) == 1


def test_a_time_out_is_transient_and_its_repeat_grants_once(
    programs: Programs, lambda_env: dict, env: dict, user: str, sandbox: Sandbox, printed: Printed, tmp_path: Path
) -> None:
    # It takes all of the time that there is, so that there is no second try.
    sandbox.fault(GRANT, "silence", 1)
    with RuntimeAPI() as api, Runtime("reward-grant", api, lambda_env, printed, tmp_path):
        post = api.invoke(order(user), seconds=3)
        assert post.kind == "error"
        assert post.json["errorType"] == "Function.TransientFailure"
        assert post.json["errorMessage"].startswith("UPSTREAM_TIMEOUT: ")
    assert len(sandbox.calls(GRANT)) == 1
    assert programs.run("reward-grant", order(user), env=env).exit_code == 0
    assert granted(programs, env) == 1


def test_a_repeat_after_a_crash_grants_once(
    programs: Programs, lambda_env: dict, env: dict, user: str, sandbox: Sandbox, printed: Printed, tmp_path: Path
) -> None:
    sandbox.fault(GRANT, "delay", 1, milliseconds=1000)
    with RuntimeAPI() as api, Runtime("reward-grant", api, lambda_env, printed, tmp_path) as runtime:
        api.send(order(user))
        while not sandbox.calls(GRANT) and runtime.is_running():
            time.sleep(0.02)
        runtime.kill()
    assert programs.run("reward-grant", order(user), env=env).exit_code == 0
    assert granted(programs, env) == 1


# What Ownli may answer

TRANSIENT, PERMANENT = "TransientFailure", "PermanentFailure"
UPSTREAM = {
    "400": (400, '{"error_code":"ERROR_INVALID_PARAMETERS"}', 400, "ERROR_INVALID_PARAMETERS", PERMANENT, 1),
    "403": (
        403,
        '{"error_code":"ERROR_NO_PERMISSIONS_TO_RESOURCE"}',
        403,
        "ERROR_NO_PERMISSIONS_TO_RESOURCE",
        PERMANENT,
        1,
    ),
    "403 for the scope": (
        403,
        '{"error_code":"INSUFFICIENT_SCOPE"}',
        502,
        "UPSTREAM_REJECTED_CREDENTIALS",
        TRANSIENT,
        1,
    ),
    "401 without end": (401, "", 502, "UPSTREAM_REJECTED_CREDENTIALS", TRANSIENT, 2),
    "500": (500, '{"error_code":"INTERNAL_SERVER_ERROR"}', 502, "UPSTREAM_ERROR", TRANSIENT, 3),
    "500 with a business code": (
        500,
        '{"error_code":"ERROR_MINIMUM_REWARD_THRESHOLD_NOT_MET"}',
        502,
        "UPSTREAM_ERROR",
        PERMANENT,
        1,
    ),
    "429": (429, "", 503, "UPSTREAM_BUSY", TRANSIENT, 3),
    "HTML": (200, "<html>", 502, "UPSTREAM_ERROR", TRANSIENT, 1),
    "no id": (200, '{"status":"Confirmed"}', 502, "UPSTREAM_ERROR", TRANSIENT, 1),
    "201": (201, "{}", 502, "UPSTREAM_ERROR", TRANSIENT, 1),
}


@pytest.mark.parametrize("case", UPSTREAM)
def test_what_ownli_may_answer(case: str, programs: Programs, env: dict, user: str, sandbox: Sandbox) -> None:
    status, body, our_status, code, kind, calls = UPSTREAM[case]
    sandbox.answer(GRANT, status, body, ALWAYS)
    assert failure(programs.run("reward-grant", order(user), env=env)) == (kind, code)
    assert len(sandbox.calls(GRANT)) == calls
    assert grant(programs, env, order(user)).outcome == (our_status, code)


@pytest.mark.parametrize(
    "change",
    [{"userId": "XT_USRother"}, {"amount": 26}, {"amount": "25.1"}, {"clientReference": "order-2"}, {"userId": None}],
)
def test_a_reward_for_another_than_asked_is_no_success(
    change: dict, programs: Programs, env: dict, user: str, sandbox: Sandbox
) -> None:
    answer = order(user, **change) | {"id": "XT_DBR1", "status": "Confirmed", "idempotentReplay": False}
    sandbox.answer(GRANT, 200, json.dumps(answer))
    assert grant(programs, env, order(user)).outcome == (502, "UPSTREAM_ERROR")


# Batches


def batch(user: str, count: int = 10, **changes: dict) -> Event:
    """Messages of one reference each; `m3={...}` changes message 3."""
    orders = [order(user, clientReference=f"order-{number}") for number in range(count)]
    return sqs(*[body | changes.get(f"m{number}", {}) for number, body in enumerate(orders)])


def failed(run: Run) -> list[str]:
    assert run.exit_code == 0, run.stdout
    assert set(run.answer) == {"batchItemFailures"}
    assert all(set(failure) == {"itemIdentifier"} for failure in run.answer["batchItemFailures"])
    return sorted(failure["itemIdentifier"] for failure in run.answer["batchItemFailures"])


def test_a_batch_is_granted_with_one_token(programs: Programs, env: dict, user: str, sandbox: Sandbox) -> None:
    assert failed(programs.run("reward-grant", batch(user), env=env)) == []
    assert len(sandbox.calls(TOKEN)) == 1
    assert len(sandbox.calls(GRANT)) == 10


def test_messages_that_fail_go_back_alone(programs: Programs, env: dict, user: str) -> None:
    event = batch(user, m2={"amount": 0.5}, m5={"userId": "XT_USRnobody"}, m7={"actionCode": "a b"})
    run = programs.run("reward-grant", event, env=env)
    assert failed(run) == ["message-2", "message-5", "message-7"]
    assert granted(programs, env) == 7
    told = [line for line in run.logs if line.get("errorType")]
    assert sorted(line["errorType"] for line in told) == ["ERROR_USER_NOT_FOUND"] + ["INVALID_PARAMETERS"] * 2
    assert {line["subject"] for line in told} == {"message-2", "message-5", "message-7"}


@pytest.mark.parametrize("body", ["", "no JSON", "null", "[]", '"text"', "{}", '{"a":1,"a":1}', "[" * 5000])
def test_a_message_that_is_no_order_fails_alone(body: str, programs: Programs, env: dict, user: str) -> None:
    event = sqs(order(user), body)
    assert failed(programs.run("reward-grant", event, env=env)) == ["message-1"]
    assert granted(programs, env) == 1


def test_two_messages_of_one_reference_are_one_reward(programs: Programs, env: dict, user: str) -> None:
    assert failed(programs.run("reward-grant", sqs(order(user), order(user)), env=env)) == []
    assert granted(programs, env) == 1


def test_a_token_that_expires_in_the_middle_is_refreshed_once(
    programs: Programs, env: dict, user: str, sandbox: Sandbox
) -> None:
    # Of one message: how many more would still go out with the first token is for the threads to say.
    sandbox.fault(GRANT, "status", 1, status=401)
    assert failed(programs.run("reward-grant", batch(user), env=env)) == []
    assert len(sandbox.calls(TOKEN)) == 2
    assert granted(programs, env) == 10


def test_tokens_that_ownli_forgets_are_replaced(
    programs: Programs, lambda_env: dict, user: str, sandbox: Sandbox, printed: Printed, tmp_path: Path
) -> None:
    with RuntimeAPI() as api, Runtime("reward-grant", api, lambda_env, printed, tmp_path):
        assert api.invoke(batch(user, 2)).json == {"batchItemFailures": []}
        sandbox.expire_tokens()
        changes = {f"m{number}": {"clientReference": f"later-{number}"} for number in range(10)}
        assert api.invoke(batch(user, 10, **changes)).json == {"batchItemFailures": []}
    assert len(sandbox.calls(TOKEN)) == 2, "one for all ten"
    assert sandbox.state()["rewards"] == 12


def test_ownli_down_fails_the_whole_batch_message_by_message(
    programs: Programs, env: dict, user: str, sandbox: Sandbox
) -> None:
    sandbox.fault(TOKEN, "status", ALWAYS, status=500)
    run = programs.run("reward-grant", batch(user, 3), env=env)
    assert failed(run) == ["message-0", "message-1", "message-2"]


def test_a_large_batch_is_worked_off(programs: Programs, env: dict, user: str, sandbox: Sandbox) -> None:
    assert failed(programs.run("reward-grant", batch(user, 100), env=env)) == []
    assert len(sandbox.calls(GRANT)) == 100


def test_a_batch_without_a_message_is_no_success(programs: Programs, env: dict) -> None:
    run = programs.run("reward-grant", sqs(), env=env)
    assert run.exit_code == 1 and run.answer["errorType"] == "Runtime.InvalidEvent"


def test_records_of_another_source_are_refused(programs: Programs, env: dict, user: str) -> None:
    event = sqs(order(user))
    event["Records"][0]["eventSource"] = "aws:sns"
    run = programs.run("reward-grant", event, env=env)
    assert (run.exit_code, run.answer["errorType"]) == (1, "Runtime.InvalidEvent")


# The list


def test_rewards_are_listed_without_names(programs: Programs, env: dict, user: str) -> None:
    for number in range(12):
        assert programs.run("reward-grant", order(user, clientReference=f"order-{number}"), env=env).exit_code == 0
    answer = rewards(programs, env, "actionCode=device-purchase&page=0")
    assert answer.status == 200
    assert (answer.json["totalItems"], len(answer.json["rewards"])) == (12, 10)
    assert len(rewards(programs, env, "actionCode=device-purchase&page=1").json["rewards"]) == 2
    assert rewards(programs, env, "actionCode=other").json["rewards"] == []
    assert people.LAST_NAME not in answer.text


@pytest.mark.parametrize(
    "query",
    ["page=-1", "page=x", "page=1.5", "page=99999999999999999999", "page=", "actionCode=a%20b", "actionCode="]
    + ["actionCode=a%26page%3D2"],
)
def test_a_bad_query_is_refused(query: str, programs: Programs, env: dict, sandbox: Sandbox) -> None:
    assert rewards(programs, env, query).outcome == (400, "INVALID_PARAMETERS")
    assert sandbox.calls() == []


@pytest.mark.parametrize("query", ["page=1&page=2", "actionCode=a&actionCode=b", "page=%31%00"])
def test_an_ambiguous_query_is_refused(query: str, programs: Programs, env: dict, sandbox: Sandbox) -> None:
    assert rewards(programs, env, query).outcome == (400, "INVALID_QUERY")
    assert sandbox.calls() == []
