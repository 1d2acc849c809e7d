"""Who may have a user token, which opens every Ownli user's record: people who have opted in."""

import json

import people
import pytest
from events import http_api
from programs import Programs
from records import Records
from sandbox import TOKEN, Sandbox

CLAIMS = {"sub": people.SUBJECT}
RELAY = http_api("POST", "/api/ownli/token", claims=CLAIMS)
OPT_IN = http_api("POST", "/api/ownli/users", people.opt_in(), claims=CLAIMS)


@pytest.fixture
def default_env(env: dict, records: Records) -> dict[str, str]:
    """What somebody has who says nothing of RELAY_TO."""
    return {name: value for name, value in (env | records.env).items() if name != "RELAY_TO"}


def test_who_has_not_opted_in_gets_no_token(programs: Programs, default_env: dict) -> None:
    run = programs.run("token-relay", RELAY, env=default_env)
    assert run.http.outcome == (403, "NOT_LINKED")
    assert "access_token" not in run.http.text


def test_who_has_opted_in_gets_one(programs: Programs, default_env: dict) -> None:
    assert programs.run("user-opt-in", OPT_IN, env=default_env).http.status == 200
    answer = programs.run("token-relay", RELAY, env=default_env).http
    assert (answer.status, answer.json["scope"]) == (200, "user")


def test_another_persons_link_opens_nothing(programs: Programs, default_env: dict) -> None:
    assert programs.run("user-opt-in", OPT_IN, env=default_env).http.status == 200
    for subject in (people.SUBJECT + "0", people.SUBJECT[:-1], people.SUBJECT.upper(), people.SUBJECT + "#ownli"):
        event = http_api("POST", "/api/ownli/token", claims={"sub": subject})
        assert programs.run("token-relay", event, env=default_env).http.outcome == (403, "NOT_LINKED"), subject


def test_a_shared_token_is_for_them_alone_too(programs: Programs, default_env: dict, sandbox: Sandbox) -> None:
    env = default_env | {"OWNLI_USER_TOKEN_CACHE": "on"}
    assert programs.run("user-opt-in", OPT_IN, env=env).http.status == 200
    sandbox.forget_calls()
    stranger = http_api("POST", "/api/ownli/token", claims={"sub": "stranger"})
    lines = "\n".join(json.dumps(event) for event in (RELAY, stranger, RELAY))
    answers = programs.run("token-relay", lines, "--stream", env=env).stdout.splitlines()
    assert [json.loads(answer)["statusCode"] for answer in answers] == [200, 403, 200]
    assert len(sandbox.calls(TOKEN)) == 1


def test_a_store_that_fails_gives_nothing_away(programs: Programs, dynamodb_env: dict) -> None:
    env = dynamodb_env | {"RELAY_TO": "linked", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    assert programs.run("token-relay", RELAY, env=env).http.outcome == (503, "STORE_UNAVAILABLE")


def test_ownli_failing_is_told_to_those_alone_who_may(programs: Programs, default_env: dict, sandbox: Sandbox) -> None:
    sandbox.fault(TOKEN, "status", 50, status=401)
    assert programs.run("token-relay", RELAY, env=default_env).http.outcome == (403, "NOT_LINKED")


def test_anyone_is_a_choice_that_needs_no_store(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    env = {name: value for name, value in env.items() if name != "STORE_URL"} | {"K_SERVICE": "token-relay"}
    assert programs.run("token-relay", RELAY, env=env | {"RELAY_TO": "anyone"}).http.status == 200
    run = programs.run("token-relay", RELAY, env=env | {"RELAY_TO": "linked"})
    assert run.exit_code == 2 and b"STORE_URL" in run.stderr
    run = programs.run("token-relay", RELAY, env=env | {"RELAY_TO": "all"})
    assert run.exit_code == 2 and b"RELAY_TO" in run.stderr


def test_check_tries_the_store_too(programs: Programs, default_env: dict) -> None:
    run = programs.run("token-relay", None, "--check", env=default_env)
    assert run.exit_code == 0 and b"ok      read from the store" in run.stdout
