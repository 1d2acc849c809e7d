"""token-relay: a user-scoped token for who is signed in, and whatever Ownli's token endpoint may do."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import people
import pytest
from events import http_api
from programs import Printed, Programs
from runtime_api import Runtime, RuntimeAPI
from sandbox import TOKEN, Sandbox

RELAY = http_api("POST", "/api/ownli/token", claims={"sub": people.SUBJECT})
STRAY = "stray-token-5c02a1"  # comes from upstream in answers that must not be passed on
ALWAYS = 50


def good(**changes: Any) -> str:
    answer = {"access_token": STRAY, "token_type": "Bearer", "expires_in": 3600, "partner_id": "p", "scope": "user"}
    return json.dumps({name: value for name, value in (answer | changes).items() if value is not None})


def relay(programs: Programs, env: dict) -> tuple[int, str]:
    run = programs.run("token-relay", RELAY, env=env)
    assert STRAY.encode() not in run.stdout + run.stderr
    return run.http.outcome


def test_a_fresh_token_is_handed_out(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    answer = programs.run("token-relay", RELAY, env=env).http
    assert answer.status == 200
    assert set(answer.json) == {"access_token", "expires_in", "scope"}
    assert answer.json["scope"] == "user"
    assert 3590 <= answer.json["expires_in"] <= 3600
    assert answer.headers["cache-control"] == "no-store"
    (call,) = sandbox.calls()
    assert (call["route"], call["status"]) == (TOKEN, 200)


def test_the_token_opens_what_users_may_and_nothing_more(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    token = programs.run("token-relay", RELAY, env=env).http.json["access_token"]
    answer = sandbox.http.get(f"{sandbox.url}/api/rewards", headers={"Authorization": f"Bearer {token}"}, timeout=10)
    assert (answer.status_code, answer.json()["error_code"]) == (403, "INSUFFICIENT_SCOPE")


@pytest.mark.parametrize("claims", [None, {}, {"email": people.EMAIL}, {"sub": ""}])
def test_nobody_gets_nothing(claims: Any, programs: Programs, env: dict, sandbox: Sandbox) -> None:
    event = http_api("POST", "/api/ownli/token", claims=claims)
    assert programs.run("token-relay", event, env=env).http.outcome == (401, "UNAUTHENTICATED")
    assert sandbox.calls() == []


@pytest.mark.parametrize("status", [401, 403])
def test_rejected_credentials_are_our_fault(status: int, programs: Programs, env: dict, sandbox: Sandbox) -> None:
    sandbox.fault(TOKEN, "status", ALWAYS, status=status)
    run = programs.run("token-relay", RELAY, env=env)
    assert run.http.outcome == (502, "UPSTREAM_REJECTED_CREDENTIALS")
    assert any(line["level"] == "ERROR" for line in run.logs)
    assert len(sandbox.calls(TOKEN)) == 1, "not asked again"


def test_a_wrong_secret_is_told_in_the_log(programs: Programs, env: dict) -> None:
    env["OWNLI_CLIENT_SECRET"] = "wrong-secret-77"
    run = programs.run("token-relay", RELAY, env=env)
    assert run.http.outcome == (502, "UPSTREAM_REJECTED_CREDENTIALS")
    assert b"wrong-secret-77" not in run.stdout + run.stderr


def test_a_short_wait_is_waited_for(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    sandbox.fault(TOKEN, "status", 1, status=429, headers={"Retry-After": "1"})
    assert programs.run("token-relay", RELAY, env=env).http.status == 200


def test_a_long_wait_is_handed_on(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    sandbox.fault(TOKEN, "status", ALWAYS, status=429, headers={"Retry-After": "3600"})
    answer = programs.run("token-relay", RELAY, env=env).http
    assert answer.outcome == (503, "UPSTREAM_BUSY")
    assert answer.headers["retry-after"] == "3600"
    assert len(sandbox.calls(TOKEN)) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_upstream_is_asked_three_times(status: int, programs: Programs, env: dict, sandbox: Sandbox) -> None:
    sandbox.fault(TOKEN, "status", ALWAYS, status=status)
    answer = programs.run("token-relay", RELAY, env=env).http
    assert answer.outcome == (503, "UPSTREAM_BUSY")
    assert int(answer.headers["retry-after"]) >= 1
    assert len(sandbox.calls(TOKEN)) == 3


@pytest.mark.parametrize(
    "value",
    ["soon", "-1", "10000000000000000", "99999999999999999999", "", "Fri, 31 Dec 1999 23:59:59 GMT",
     "Fri, 31 Dec 9999 23:59:59 GMT"],
)
def test_an_odd_retry_after_is_survived(value: str, programs: Programs, env: dict, sandbox: Sandbox) -> None:
    sandbox.fault(TOKEN, "status", ALWAYS, status=429, headers={"Retry-After": value})
    answer = programs.run("token-relay", RELAY, env=env).http
    assert answer.outcome == (503, "UPSTREAM_BUSY")
    assert 1 <= int(answer.headers["retry-after"]) <= 86_400


@pytest.mark.parametrize("fault", ["status", "reset", "drop"])
def test_one_failure_is_made_good_by_a_retry(fault: str, programs: Programs, env: dict, sandbox: Sandbox) -> None:
    sandbox.fault(TOKEN, fault, 1, status=500)
    assert programs.run("token-relay", RELAY, env=env).http.status == 200


@pytest.mark.parametrize("fault", ["status", "reset", "drop", "garbage"])
def test_failures_without_end_are_an_upstream_error(
    fault: str, programs: Programs, env: dict, sandbox: Sandbox
) -> None:
    sandbox.fault(TOKEN, fault, ALWAYS, status=500)
    assert relay(programs, env) == (502, "UPSTREAM_ERROR")
    assert len(sandbox.calls(TOKEN)) <= 6


@pytest.mark.parametrize("status", [400, 404, 409, 418])
def test_a_refusal_is_not_tried_again(status: int, programs: Programs, env: dict, sandbox: Sandbox) -> None:
    sandbox.answer(TOKEN, status, f'{{"error":"{STRAY}"}}', ALWAYS)
    assert relay(programs, env) == (502, "UPSTREAM_ERROR")
    assert len(sandbox.calls(TOKEN)) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(status: int, programs: Programs, env: dict, sandbox: Sandbox) -> None:
    location = {"Location": f"{sandbox.url}/api/elsewhere"}
    sandbox.answer(TOKEN, status, "", ALWAYS, headers=location)
    assert relay(programs, env) == (502, "UPSTREAM_ERROR")
    assert [call["route"] for call in sandbox.calls()] == [TOKEN]


BAD_ANSWERS = {
    "HTML": "<html>maintenance</html>",
    "nothing": "",
    "null": "null",
    "an array": "[]",
    "a string": f'"{STRAY}"',
    "half an object": good()[:-1],
    "no access_token": good(access_token=None),
    "an empty access_token": good(access_token=""),
    "access_token a number": good(access_token=1),
    "access_token with a line break": good(access_token=STRAY + "\r\nSet-Cookie: a=b"),
    "no expires_in": good(expires_in=None),
    "expires_in 0": good(expires_in=0),
    "expires_in negative": good(expires_in=-1),
    "expires_in a string": good(expires_in="3600"),
    "expires_in a fraction": good(expires_in=0.5),
    "expires_in beyond reason": good(expires_in=10**18),
    "expires_in true": good(expires_in=True),
    "no scope": good(scope=None),
    "scope null": good(scope=None)[:-1] + ',"scope":null}',
    "scope admin": good(scope="admin"),
    "scope User": good(scope="User"),
    "scope user admin": good(scope="user admin"),
    "scope a list": good(scope=["user"]),
    "an error with status 200": f'{{"error_code":"OOPS","error_message":"{STRAY}"}}',
}


@pytest.mark.parametrize("case", BAD_ANSWERS)
def test_an_answer_that_is_no_user_token_is_never_relayed(
    case: str, programs: Programs, env: dict, sandbox: Sandbox
) -> None:
    sandbox.answer(TOKEN, 200, BAD_ANSWERS[case], ALWAYS)
    assert relay(programs, env) == (502, "UPSTREAM_ERROR")


def test_members_we_do_not_know_stay_behind(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    sandbox.answer(TOKEN, 200, good(access_token="token-for-the-app", refresh_token=STRAY, id=1))
    run = programs.run("token-relay", RELAY, env=env)
    assert set(run.http.json) == {"access_token", "expires_in", "scope"}
    assert STRAY.encode() not in run.stdout


def test_a_huge_answer_is_refused(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    sandbox.fault(TOKEN, "huge", ALWAYS)
    assert relay(programs, env) == (502, "UPSTREAM_ERROR")


def test_a_slow_upstream_is_waited_for(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    sandbox.fault(TOKEN, "delay", 1, milliseconds=1500)
    assert programs.run("token-relay", RELAY, env=env).http.status == 200


def test_a_silent_upstream_is_a_time_out_before_the_platform_s_own(
    lambda_env: dict, sandbox: Sandbox, printed: Printed, tmp_path: Path
) -> None:
    sandbox.fault(TOKEN, "silence", ALWAYS)
    with RuntimeAPI() as api, Runtime("token-relay", api, lambda_env, printed, tmp_path):
        assert api.invoke(RELAY, seconds=3).http.outcome == (504, "UPSTREAM_TIMEOUT")


def test_nothing_listens_upstream(programs: Programs, env: dict) -> None:
    env["OWNLI_BASE_URL"] = "http://127.0.0.1:9"
    assert relay(programs, env) == (502, "UPSTREAM_ERROR")


def test_every_call_mints_unless_told_otherwise(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    run = programs.run("token-relay", "\n".join([json.dumps(RELAY)] * 3), "--stream", env=env)
    assert run.exit_code == 0
    assert len(sandbox.calls(TOKEN)) == 3


def test_a_shared_token_is_minted_once(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    env["OWNLI_USER_TOKEN_CACHE"] = "on"
    run = programs.run("token-relay", "\n".join([json.dumps(RELAY)] * 3), "--stream", env=env)
    bodies = [json.loads(json.loads(line)["body"]) for line in run.stdout.splitlines()]
    assert len({body["access_token"] for body in bodies}) == 1
    assert all(0 < body["expires_in"] <= 3600 for body in bodies)
    assert len(sandbox.calls(TOKEN)) == 1
    assert [line.get("tokenCacheHit") for line in run.logs] == [False, True, True]


def test_a_failed_mint_is_not_shared(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    env["OWNLI_USER_TOKEN_CACHE"] = "on"
    sandbox.answer(TOKEN, 200, "{}", 1)
    run = programs.run("token-relay", "\n".join([json.dumps(RELAY)] * 2), "--stream", env=env)
    assert [json.loads(line)["statusCode"] for line in run.stdout.splitlines()] == [502, 200]


def test_callers_at_once_wait_for_one_mint(
    lambda_env: dict, sandbox: Sandbox, printed: Printed, tmp_path: Path
) -> None:
    env = lambda_env | {"OWNLI_USER_TOKEN_CACHE": "on", "AWS_LAMBDA_MAX_CONCURRENCY": "4"}
    sandbox.fault(TOKEN, "delay", 1, milliseconds=1000)
    with RuntimeAPI() as api, Runtime("token-relay", api, env, printed, tmp_path):
        api.wait_for_pollers(4)
        with ThreadPoolExecutor(4) as pool:
            posts = list(pool.map(lambda _: api.invoke(RELAY), range(4)))
    assert [post.http.status for post in posts] == [200] * 4
    assert len({post.http.json["access_token"] for post in posts}) == 1
    assert len(sandbox.calls(TOKEN)) == 1
