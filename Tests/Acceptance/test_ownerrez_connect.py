"""ownerrez-connect against an independent OAuth 2 provider: the story, and the hostile cases of the callback, over
SQLite and DynamoDB.
"""

import base64
import json
import re
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import people
import pytest
from connect import APP, CALLBACK, CONNECTIONS, FUNCTION, Begun, Flow, is_neutral_page, went_back
from emulator import free_port
from events import HTTP_SHAPES
from oauth_provider import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, Account, Provider
from programs import HTTPAnswer, Programs
from records import DynamoDB, Firestore, Records

EXCHANGE = "POST /oauth/access_token"
REVOKE = "DELETE /oauth/access_token"
ME = "GET /v2/users/me"
ACCOUNT = "347482730"


@pytest.fixture
def flow(programs: Programs, connect_env: dict[str, str]) -> Flow:
    return Flow(programs, connect_env)


def states(records: Records) -> int:
    return records.text().count("ownerrez-state#")


# The story


def test_a_flow_begins_with_an_address_a_state_and_a_cookie(flow: Flow, provider: Provider) -> None:
    begun = flow.begin()
    assert set(begun.answer.json) == {"authorization_url", "expires_in"}
    assert begun.answer.json["expires_in"] == 600
    assert begun.url.split("?")[0] == provider.url + "/oauth/authorize"
    assert {name: value for name, (value,) in parse_qs(urlsplit(begun.url).query).items()} == {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": REDIRECT_URI,
        "state": begun.state,
    }
    assert re.fullmatch("[A-Za-z0-9_-]{43}", begun.state), "256 random bits"
    assert re.fullmatch(
        "__Host-ownerrez-[0-9a-f]{16}=[A-Za-z0-9_-]{43}; Max-Age=600; Path=/; Secure; HttpOnly; SameSite=Lax",
        begun.set_cookie,
    )
    assert begun.answer.headers["cache-control"] == "no-store"
    assert flow.begin().state != begun.state


def test_the_state_and_the_cookie_are_not_in_the_store(flow: Flow, records: Records) -> None:
    begun = flow.begin()
    stored = records.text()
    assert "ownerrez-state#" in stored
    assert begun.state not in stored and begun.cookie.split("=")[1] not in stored


@pytest.mark.parametrize("shape", HTTP_SHAPES)
def test_a_person_connects_sees_it_and_disconnects(flow: Flow, provider: Provider, shape: str) -> None:
    if shape != "function-url":  # whose requests bring no verified person
        flow.shape = HTTP_SHAPES[shape]
    begun = flow.begin()
    approved = provider.decide(begun.url)
    flow.shape = HTTP_SHAPES[shape]
    answer = flow.callback(approved, begun.cookie)
    assert went_back(answer) == "connected"
    flow.shape = HTTP_SHAPES["http-api"]
    (connection,) = flow.connections()
    connected_at = connection.pop("connectedAt")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", connected_at)
    assert connection == {"id": ACCOUNT, "scope": "all"}
    assert flow.connections(subject=people.OTHER_SUBJECT) == []
    (call,) = [call for call in provider.books.calls if call.route == EXCHANGE]
    pair = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    assert call.headers["Authorization"] == f"Basic {pair}"
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert call.headers["User-Agent"] == f"partner-functions/0.1.0 ({CLIENT_ID})"
    assert call.form == {
        "grant_type": "authorization_code",
        "code": approved["code"],
        "redirect_uri": REDIRECT_URI,
    }
    assert flow.connections(query="check=true")[0]["status"] == "active"
    gone = flow.call("DELETE", f"{CONNECTIONS}/{ACCOUNT}")
    assert (gone.status, gone.text) == (204, "")
    assert flow.connections() == [] and provider.live_tokens() == []


def test_the_cookie_is_taken_back(flow: Flow, provider: Provider) -> None:
    begun = flow.begin()
    answer = flow.callback(provider.decide(begun.url), begun.cookie)
    (cookie,) = answer.shape["cookies"]
    assert cookie == begun.cookie.split("=")[0] + "=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax"


def test_a_native_app_completes_for_its_signed_in_user(flow: Flow, provider: Provider) -> None:
    approved = provider.decide(flow.begin().url)
    answer = flow.call("POST", CONNECTIONS + "/complete", {"code": approved["code"], "state": approved["state"]})
    assert answer.status == 200
    connection = answer.json["connection"]
    assert set(connection) == {"id", "scope", "connectedAt"} and connection["id"] == ACCOUNT
    assert answer.json["ownerrez"] == "connected"
    assert flow.connections() == [connection]


def test_a_native_app_tells_that_the_person_refused(flow: Flow, provider: Provider) -> None:
    denied = provider.decide(flow.begin().url, "deny")
    body = {"error": denied["error"], "state": denied["state"]}
    assert flow.call("POST", CONNECTIONS + "/complete", body).json == {"ownerrez": "denied"}
    assert flow.call("POST", CONNECTIONS + "/complete", body).outcome == (400, "STATE_UNKNOWN"), "once"
    assert provider.routes() == []


def test_the_user_changed_in_between(flow: Flow, provider: Provider) -> None:
    approved = provider.decide(flow.begin().url)
    body = {"code": approved["code"], "state": approved["state"]}
    answer = flow.call("POST", CONNECTIONS + "/complete", body, subject=people.OTHER_SUBJECT)
    assert answer.outcome == (400, "STATE_UNKNOWN")
    assert provider.routes() == [] and flow.connections(people.OTHER_SUBJECT) == []
    assert flow.call("POST", CONNECTIONS + "/complete", body).status == 200, "it is still the first one's"


def test_without_return_to_people_go_to_the_app_s_front(flow: Flow, provider: Provider) -> None:
    answer = flow.call("POST", CONNECTIONS, {})
    url = answer.json["authorization_url"]
    (cookie,) = answer.shape["cookies"]
    answer = flow.callback(provider.decide(url), cookie.split(";")[0])
    assert went_back(answer, "/?") == "connected"


def test_a_query_in_return_to_is_kept(flow: Flow, provider: Provider) -> None:
    begun = flow.begin("/settings?tab=partners")
    answer = flow.callback(provider.decide(begun.url), begun.cookie)
    assert went_back(answer, "/settings?tab=partners&") == "connected"


# 1. Parameters

NOBODY_S = "A" * 43

MALFORMED = {
    "none": "",
    "a code without a state": "code=tc_1",
    "a state without a code": "state={state}",
    "empty": "code=&state=",
    "an empty code": "code=&state={state}",
    "the code twice": "code=tc_1&code=tc_2&state={state}",
    "the state twice": "code=tc_1&state={state}&state={state}",
    "the error twice": "error=access_denied&error=x&state={state}",
    "a code with a control character": "code=tc%0A1&state={state}",
    "a code with a space": "code=tc+1&state={state}",
    "a code over 2 kB": "code=" + "c" * 2049 + "&state={state}",
    "a code that is no UTF-8": "code=%FF&state={state}",
    "broken percent-encoding in the description": "error=access_denied&error_description=%zz&state={state}",
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_parameters_get_a_neutral_page_and_use_nothing_up(
    flow: Flow, provider: Provider, records: Records, case: str
) -> None:
    begun = flow.begin()
    run = flow.callback_run(MALFORMED[case].format(state=begun.state), begun.cookie)
    assert is_neutral_page(run.http)
    assert provider.routes() == []
    assert states(records) == 1
    assert went_back(flow.callback(provider.decide(begun.url), begun.cookie)) == "connected", "the flow goes on"


def test_a_code_and_an_error_together_use_the_state_up_without_an_exchange(flow: Flow, provider: Provider) -> None:
    begun = flow.begin()
    query = provider.decide(begun.url) | {"error": "access_denied"}
    assert went_back(flow.callback(query, begun.cookie)) == "failed"
    assert is_neutral_page(flow.callback(query, begun.cookie))
    assert provider.routes() == []


def test_a_refusal_uses_the_state_up_without_an_exchange(flow: Flow, provider: Provider) -> None:
    begun = flow.begin()
    denied = provider.decide(begun.url, "deny")
    assert denied["error"] == "access_denied"
    assert went_back(flow.callback(denied, begun.cookie)) == "denied"
    assert is_neutral_page(flow.callback(denied, begun.cookie))
    assert provider.routes() == []


@pytest.mark.parametrize("error", ["redirect_uri_mismatch", "server_error", "of_their_own", "<script>alert(7)</script>"])
def test_another_error_uses_the_state_up_and_is_not_repeated(flow: Flow, provider: Provider, error: str) -> None:
    begun = flow.begin()
    run = flow.callback_run({"error": error, "state": begun.state}, begun.cookie)
    assert went_back(run.http) == "failed"
    assert error.encode() not in run.stdout + run.stderr
    assert is_neutral_page(flow.callback({"error": error, "state": begun.state}, begun.cookie))


DESCRIPTIONS = {
    "a script": "<script>alert('needle-77')</script>",
    "line breaks": "needle-77\r\nSet-Cookie: needle=77\r\n\r\n",
    "10 kB": "needle-77 " * 1000,
    "markup": "\"><img src=x onerror=alert('needle-77')>",
}


@pytest.mark.parametrize("description", DESCRIPTIONS)
@pytest.mark.parametrize("state", ["good", "bad"])
def test_the_description_is_neither_shown_nor_logged(
    flow: Flow, provider: Provider, description: str, state: str
) -> None:
    begun = flow.begin()
    query = {"error": "access_denied", "error_description": DESCRIPTIONS[description]}
    run = flow.callback_run(query | {"state": begun.state if state == "good" else NOBODY_S}, begun.cookie)
    if state == "good":
        assert went_back(run.http) == "denied"
    else:
        assert is_neutral_page(run.http)
    assert b"needle" not in run.stdout + run.stderr


# 2. State


def test_a_state_that_was_never_issued(flow: Flow, provider: Provider) -> None:
    begun = flow.begin()
    assert is_neutral_page(flow.callback({"code": "tc_1", "state": NOBODY_S}, begun.cookie))
    assert provider.routes() == []


ODD_STATES = {
    "one character off": lambda state: ("B" if state[0] == "A" else "A") + state[1:],
    "in another case": lambda state: state.swapcase(),
    "with a trailing space": lambda state: state + " ",
    "with a leading space": lambda state: " " + state,
    "cut short": lambda state: state[:-1],
    "padded": lambda state: state + "=",
    "with a NUL": lambda state: state + "\0",
    "10 kB long": lambda state: state + "A" * 10_000,
    "its own hash": lambda state: __import__("hashlib").sha256(state.encode()).hexdigest(),
}


@pytest.mark.parametrize("case", ODD_STATES)
def test_a_state_that_is_almost_right(
    flow: Flow, provider: Provider, records: Records, case: str
) -> None:
    begun = flow.begin()
    query = provider.decide(begun.url)
    odd = query | {"state": ODD_STATES[case](begun.state)}
    assert is_neutral_page(flow.callback(odd, begun.cookie))
    assert provider.routes() == [] and states(records) == 1


def other_flow_s_cookie(flow: Flow, begun: Begun) -> list[str]:
    return [flow.begin().cookie]


COOKIES = {
    "no cookie": lambda flow, begun: [],
    "another flow's cookie": other_flow_s_cookie,
    "another flow's value": lambda flow, begun: [
        begun.cookie.split("=")[0] + "=" + flow.begin().cookie.split("=")[1]
    ],
    "an empty value": lambda flow, begun: [begun.cookie.split("=")[0] + "="],
    "a name without a value": lambda flow, begun: [begun.cookie.split("=")[0]],
    "the name in another case": lambda flow, begun: [begun.cookie.replace("__Host", "__host")],
    "without its prefix": lambda flow, begun: [begun.cookie.removeprefix("__Host-")],
    "quoted": lambda flow, begun: ['{}="{}"'.format(*begun.cookie.split("="))],
}


@pytest.mark.parametrize("case", COOKIES)
def test_another_browser_gets_a_neutral_page_and_uses_nothing_up(flow: Flow, provider: Provider, case: str) -> None:
    begun = flow.begin()
    query = provider.decide(begun.url)
    assert is_neutral_page(flow.callback(query, *COOKIES[case](flow, begun)))
    assert provider.routes() == []
    assert went_back(flow.callback(query, begun.cookie)) == "connected", "in the right one the flow goes on"


def test_of_several_cookies_of_one_name_one_has_to_be_right(flow: Flow, provider: Provider) -> None:
    begun = flow.begin()
    name = begun.cookie.split("=")[0]
    query = provider.decide(begun.url)
    assert went_back(flow.callback(query, f"{name}=bad", "other=1", begun.cookie, f"{name}=worse")) == "connected"


def test_two_flows_in_two_tabs_do_not_get_in_each_other_s_way(flow: Flow, provider: Provider) -> None:
    first, second = flow.begin("/first"), flow.begin("/second")
    jar = [first.cookie, second.cookie]
    assert went_back(flow.callback(provider.decide(first.url), *jar), "/first?") == "connected"
    assert went_back(flow.callback(provider.decide(second.url), *jar), "/second?") == "connected"
    assert len(flow.connections()) == 1


def test_an_expired_state(flow: Flow, provider: Provider, records: Records) -> None:
    begun = flow.begin()
    now = int(time.time() * 1000)
    assert all(590_000 < expires - now <= 600_000 for expires in records.expiries())
    records.expire_all()
    assert is_neutral_page(flow.callback(provider.decide(begun.url), begun.cookie))
    assert provider.routes() == []


def test_a_replay_after_success_is_a_friendly_page_without_a_second_exchange(flow: Flow, provider: Provider) -> None:
    begun = flow.begin()
    query = provider.decide(begun.url)
    assert went_back(flow.callback(query, begun.cookie)) == "connected"
    for _ in range(2):
        answer = flow.callback(query, begun.cookie)
        assert is_neutral_page(answer) and "all is well" in " ".join(answer.text.split())
    assert provider.routes() == [EXCHANGE]
    assert len(flow.connections()) == 1


def test_a_replay_after_a_failure(flow: Flow, provider: Provider) -> None:
    begun = flow.begin()
    query = provider.decide(begun.url)
    provider.answer_instead(EXCHANGE, 500, "")
    assert went_back(flow.callback(query, begun.cookie)) == "failed"
    provider.books.hostile.clear()
    assert is_neutral_page(flow.callback(query, begun.cookie))
    assert provider.routes() == [EXCHANGE]


def test_two_callbacks_at_once_make_one_exchange(flow: Flow, provider: Provider) -> None:
    begun = flow.begin()
    query = provider.decide(begun.url)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: flow.callback(query, begun.cookie), range(8)))
    assert sorted(answer.status for answer in answers) == [303] + [400] * 7
    assert provider.routes() == [EXCHANGE]
    assert len(flow.connections()) == 1 and len(provider.live_tokens()) == 1


def test_a_callback_and_a_completion_at_once_make_one_exchange(flow: Flow, provider: Provider) -> None:
    begun = flow.begin()
    query = provider.decide(begun.url)
    with ThreadPoolExecutor(4) as pool:
        callbacks = [pool.submit(flow.callback, query, begun.cookie) for _ in range(2)]
        body = {"code": query["code"], "state": query["state"]}
        completions = [pool.submit(flow.call, "POST", CONNECTIONS + "/complete", body) for _ in range(2)]
    statuses = sorted(each.result().status for each in callbacks + completions)
    assert statuses.count(400) == 3 and statuses[0] in (200, 303)
    assert provider.routes() == [EXCHANGE]


def test_a_state_of_another_environment_in_the_same_store(
    flow: Flow, programs: Programs, provider: Provider, connect_env: dict
) -> None:
    begun = flow.begin()
    query = provider.decide(begun.url)
    other = Flow(programs, connect_env | {"OWNERREZ_CLIENT_ID": "c_another"})
    assert is_neutral_page(other.callback(query, begun.cookie))
    assert provider.routes() == []
    assert went_back(flow.callback(query, begun.cookie)) == "connected"


# 3. Method


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "OPTIONS"])
def test_no_other_method_burns_the_code(flow: Flow, provider: Provider, method: str) -> None:
    begun = flow.begin()
    query = provider.decide(begun.url)
    answer = flow.callback(query, begun.cookie, method=method)
    assert answer.outcome == (405, "METHOD_NOT_ALLOWED") and answer.headers["allow"] == "GET"
    assert provider.routes() == []
    assert went_back(flow.callback(query, begun.cookie)) == "connected"


@pytest.mark.parametrize(
    "header", [("sec-purpose", "prefetch"), ("sec-purpose", "prefetch;prerender"), ("purpose", "prefetch"), ("x-moz", "prefetch")]
)
def test_a_browser_that_looks_ahead_does_not_burn_the_code(flow: Flow, provider: Provider, header: tuple) -> None:
    begun = flow.begin()
    query = provider.decide(begun.url)
    answer = flow.callback(query, begun.cookie, headers=dict([header]))
    assert (answer.status, answer.text, answer.headers["cache-control"]) == (204, "", "no-store")
    assert provider.routes() == []
    assert went_back(flow.callback(query, begun.cookie)) == "connected"


# 4. Token endpoint

GRANT = {"access_token": "at_hostile-81", "token_type": "bearer", "scope": "all", "user_id": 7}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in GRANT.items() if key != name}


REFUSALS = {
    "400 in JSON": (400, {"error": "invalid_grant", "error_description": "It's been too long."}),
    "400 in JSON without a description": (400, {"error": "invalid_grant"}),
    "400 in HTML": (400, "<h1>Bad Request</h1>"),
    "401 invalid_client": (401, {"error": "invalid_client"}),
    "403": (403, {"code": "forbidden", "messages": ["needle-77"]}),
    "200 with an error": (200, {"error": "invalid_grant"}),
    "200 with another error": (200, {"error": "needle-77 of theirs"}),
    "200 without an access_token": (200, without("access_token")),
    "200 with an empty access_token": (200, GRANT | {"access_token": ""}),
    "200 with a number for an access_token": (200, GRANT | {"access_token": 7}),
    "200 with a line break in the access_token": (200, GRANT | {"access_token": "at_\r\nneedle: 77"}),
    "200 in HTML": (200, "<h1>needle-77</h1>"),
    "200 without a body": (200, ""),
    "200 with null": (200, "null"),
    "10 MB": (200, '{"access_token": "' + "x" * 10_000_000 + '"}'),
    "301": (301, ""),
    "302": (302, ""),
    "307": (307, ""),
    "308": (308, ""),
    "429": (429, {"code": 429, "error": "Rate limit exceeded."}),
    "500": (500, ""),
    "502 in HTML": (502, "<h1>Bad Gateway</h1>"),
    "503": (503, {"error": "temporarily_unavailable"}),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_an_exchange_that_fails_is_made_once_and_the_person_starts_again(
    flow: Flow, provider: Provider, case: str
) -> None:
    begun = flow.begin()
    query = provider.decide(begun.url)
    status, body = REFUSALS[case]
    provider.answer_instead(EXCHANGE, status, body, Location=f"{provider.url}/v2/users/me")
    run = flow.callback_run(query, begun.cookie)
    assert went_back(run.http) == "failed"
    assert provider.routes() == [EXCHANGE], "once, and no redirect followed"
    assert flow.connections() == []
    assert b"needle" not in run.stdout + run.stderr
    blamed = [log for log in run.logs if log["level"] == "ERROR"]
    assert bool(blamed) == (case not in ("400 in JSON", "400 in JSON without a description", "200 with an error"))
    if "401" in case:
        assert blamed[0]["errorType"] == "UPSTREAM_REJECTED_CREDENTIALS"


USELESS = {
    "without a user_id": without("user_id"),
    "a text for a user_id": GRANT | {"user_id": "7"},
    "a fraction for a user_id": GRANT | {"user_id": 7.5},
    "a negative user_id": GRANT | {"user_id": -7},
    "a user_id of 0": GRANT | {"user_id": 0},
    "null for a user_id": GRANT | {"user_id": None},
    "the token type mac": GRANT | {"token_type": "mac"},
    "a number for a token type": GRANT | {"token_type": 1},
}


@pytest.mark.parametrize("case", USELESS)
def test_a_token_that_came_with_a_useless_answer_is_revoked(flow: Flow, provider: Provider, case: str) -> None:
    begun = flow.begin()
    query = provider.decide(begun.url)
    provider.answer_instead(EXCHANGE, 200, USELESS[case])
    run = flow.callback_run(query, begun.cookie)
    assert went_back(run.http) == "failed"
    assert provider.routes() == [EXCHANGE, REVOKE]
    assert flow.connections() == []
    assert b"at_hostile" not in run.stdout + run.stderr


@pytest.mark.parametrize("changes", [{"token_type": "Bearer"}, {"token_type": None}, {"scope": "full"}, {"scope": None}])
def test_what_is_harmless_is_accepted(flow: Flow, provider: Provider, changes: dict) -> None:
    begun = flow.begin()
    query = provider.decide(begun.url)
    provider.answer_instead(EXCHANGE, 200, GRANT | changes)
    assert went_back(flow.callback(query, begun.cookie)) == "connected"
    assert [connection["id"] for connection in flow.connections()] == ["7"]


def test_an_exchange_whose_answer_is_lost_is_never_sent_again(flow: Flow, provider: Provider) -> None:
    begun = flow.begin()
    query = provider.decide(begun.url)
    provider.say_nothing(EXCHANGE, 12)
    assert went_back(flow.callback(query, begun.cookie)) == "failed"
    assert provider.routes() == [EXCHANGE]
    assert len(provider.live_tokens()) == 1, "which nobody but OwnerRez knows of"
    assert flow.connections() == []
    provider.books.hostile.clear()
    flow.connect(provider)


def test_a_completion_whose_exchange_fails_says_to_start_again(flow: Flow, provider: Provider) -> None:
    for status, outcome in [
        (400, (400, "CONNECTION_REFUSED")),
        (401, (502, "UPSTREAM_REJECTED_CREDENTIALS")),
        (429, (503, "UPSTREAM_BUSY")),
        (500, (502, "UPSTREAM_ERROR")),
    ]:
        query = provider.decide(flow.begin().url)
        provider.answer_instead(EXCHANGE, status, {"error": "invalid_grant"})
        body = {"code": query["code"], "state": query["state"]}
        answer = flow.call("POST", CONNECTIONS + "/complete", body)
        assert answer.outcome == outcome
        assert "start again" in answer.json["error_message"]
        assert "retry-after" not in answer.headers, "the same request is of no more use"
        provider.books.hostile.clear()


@pytest.mark.parametrize(
    "url, reason",
    [
        ("http://127.0.0.1:{port}", "no connection could be made"),
        ("https://127.0.0.1:{provider}", "TLS: "),
    ],
)
def test_a_provider_that_cannot_be_reached(
    programs: Programs, provider: Provider, connect_env: dict, url: str, reason: str
) -> None:
    address = url.format(port=free_port(), provider=provider.url.rsplit(":", 1)[1])
    flow = Flow(programs, connect_env | {"OWNERREZ_API_URL": address})
    begun = flow.begin()
    run = flow.callback_run(provider.decide(begun.url), begun.cookie)
    assert went_back(run.http) == "failed"
    assert any(reason in log.get("detail", "") for log in run.logs), run.logs


# 5. After the token


def test_tokens_are_sealed_each_time_with_another_nonce(
    flow: Flow, provider: Provider, records: Records
) -> None:
    flow.connect(provider)
    first = records.text()
    assert provider.live_tokens()[0] not in first
    (sealed,) = re.findall(r"k1\.[A-Za-z0-9_-]{40,}", first)
    flow.connect(provider)
    assert sealed not in records.text()


def read_only_for_connections(records: Records, env: dict[str, str]) -> dict[str, str]:
    """The environment of one whose store lets a state be read and deleted, and no connection be written."""
    backend = records.backend
    if isinstance(backend, DynamoDB):
        return env | backend.aws.role_env("connect", ["dynamodb:GetItem", "dynamodb:DeleteItem"])
    if isinstance(backend, Firestore):
        backend.double.fault("commit", "", "PERMISSION_DENIED")
        return env
    with sqlite3.connect(backend.path) as store:
        store.execute(
            "CREATE TRIGGER full BEFORE INSERT ON records WHEN NEW.sort = 'connection' "
            "BEGIN SELECT raise(ABORT, 'the disk is full'); END"
        )
    return env


def test_when_the_store_fails_after_the_exchange_the_token_is_revoked(
    programs: Programs, provider: Provider, records: Records, connect_env: dict
) -> None:
    flow = Flow(programs, connect_env)
    begun = flow.begin()
    env = read_only_for_connections(records, connect_env)
    run = Flow(programs, env).callback_run(provider.decide(begun.url), begun.cookie)
    assert went_back(run.http) == "failed"
    assert provider.routes() == [EXCHANGE, REVOKE] and provider.live_tokens() == []
    assert any(log["level"] == "ERROR" and log.get("errorType") == "STORE_UNAVAILABLE" for log in run.logs)
    assert flow.connections() == []


def test_when_even_the_revocation_fails_the_log_says_so(
    programs: Programs, provider: Provider, records: Records, connect_env: dict
) -> None:
    begun = Flow(programs, connect_env).begin()
    env = read_only_for_connections(records, connect_env)
    query = provider.decide(begun.url)
    provider.answer_instead(REVOKE, 500, "")
    run = Flow(programs, env).callback_run(query, begun.cookie)
    assert went_back(run.http) == "failed"
    assert provider.routes() == [EXCHANGE] + [REVOKE] * 3, "what is idempotent is tried again"
    assert any("could not be revoked" in log["message"] and log["level"] == "ERROR" for log in run.logs)


def test_an_account_of_another_user_is_refused_and_the_new_token_revoked(flow: Flow, provider: Provider) -> None:
    flow.connect(provider)
    standing = provider.live_tokens()
    begun = flow.begin(subject=people.OTHER_SUBJECT)
    run = flow.callback_run(provider.decide(begun.url), begun.cookie)
    assert went_back(run.http) == "failed"
    assert provider.live_tokens() == standing
    assert people.SUBJECT.encode() not in run.stdout + run.stderr
    assert flow.connections(people.OTHER_SUBJECT) == [] and len(flow.connections()) == 1
    query = provider.decide(flow.begin(subject=people.OTHER_SUBJECT).url)
    body = {"code": query["code"], "state": query["state"]}
    answer = flow.call("POST", CONNECTIONS + "/complete", body, subject=people.OTHER_SUBJECT)
    assert answer.outcome == (409, "ALREADY_CONNECTED")


def test_of_two_users_who_connect_one_account_at_once_one_wins(flow: Flow, provider: Provider) -> None:
    subjects = [f"person-{number}" for number in range(4)]
    flows = [flow.begin(subject=subject) for subject in subjects]
    answers = [(begun, provider.decide(begun.url)) for begun in flows]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda each: went_back(flow.callback(each[1], each[0].cookie)), answers))
    assert sorted(results) == ["connected"] + ["failed"] * 3
    owners = [subject for subject in subjects if flow.connections(subject)]
    assert owners == [subjects[results.index("connected")]]
    assert len(provider.live_tokens()) == 1


def test_the_same_user_again_the_new_token_is_stored_then_the_old_one_revoked(flow: Flow, provider: Provider) -> None:
    flow.connect(provider)
    (old,) = provider.live_tokens()
    flow.connect(provider)
    (new,) = provider.live_tokens()
    assert new != old
    assert provider.routes() == [EXCHANGE, EXCHANGE, REVOKE]
    assert len(flow.connections()) == 1
    assert flow.connections(query="check=true")[0]["status"] == "active"


def test_the_same_token_again_is_not_revoked(flow: Flow, provider: Provider) -> None:
    provider.answer_instead(EXCHANGE, 200, GRANT)
    flow.connect(provider)
    flow.connect(provider)
    assert provider.routes() == [EXCHANGE, EXCHANGE]


def test_the_old_token_cannot_be_revoked_and_the_new_connection_stands(flow: Flow, provider: Provider) -> None:
    flow.connect(provider)
    begun = flow.begin()
    query = provider.decide(begun.url)
    provider.answer_instead(REVOKE, 500, "")
    run = flow.callback_run(query, begun.cookie)
    assert went_back(run.http) == "connected"
    assert any("could not be revoked" in log["message"] for log in run.logs)


def note_revocation(records: Records, seconds: float) -> None:
    """What the webhook leaves behind: that the account was revoked, so many seconds from now."""
    now = int(time.time() * 1000)
    attributes = {"receivedAt": str(now + int(seconds * 1000))}
    records.put("ownerrez-account#" + ACCOUNT, "revoked", attributes, now + 3_600_000)


def test_a_revocation_that_races_the_save_wins(
    flow: Flow, provider: Provider, records: Records
) -> None:
    begun = flow.begin()
    query = provider.decide(begun.url)

    def revoked() -> None:
        provider.books.tokens[-1].revoked = True
        note_revocation(records, 0)

    provider.meanwhile(EXCHANGE, revoked)
    run = flow.callback_run(query, begun.cookie)
    assert went_back(run.http) == "failed"
    assert any(log.get("errorType") == "CONNECTION_REVOKED" for log in run.logs)
    assert provider.routes() == [EXCHANGE, ME, REVOKE] and flow.connections() == []


def test_a_late_word_of_an_older_revocation_does_not_end_the_new_connection(
    flow: Flow, provider: Provider, records: Records
) -> None:
    begun = flow.begin()
    query = provider.decide(begun.url)
    provider.meanwhile(EXCHANGE, lambda: note_revocation(records, 0))
    assert went_back(flow.callback(query, begun.cookie)) == "connected"
    assert provider.routes() == [EXCHANGE, ME], "OwnerRez says that the token is good"
    assert len(flow.connections()) == 1


def test_a_revocation_from_before_the_exchange_is_not_even_asked_about(
    flow: Flow, provider: Provider, records: Records
) -> None:
    begun = flow.begin()
    note_revocation(records, -1)
    assert went_back(flow.callback(provider.decide(begun.url), begun.cookie)) == "connected"
    assert provider.routes() == [EXCHANGE]


# 6. Output

EVIL_PATHS = [
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/./\\evil.example",
    "https:evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "evil",
    "",
    "/a\r\nSet-Cookie: a=b",
    "/a b",
    "/a#b",
    "/\u202eevil",
    "/" + "a" * 1024,
    "/\x00",
    7,
    ["/settings"],
]


@pytest.mark.parametrize("path", EVIL_PATHS, ids=[repr(path)[:24] for path in EVIL_PATHS])
def test_return_to_is_a_path_of_the_app_s_and_nothing_else(
    flow: Flow, records: Records, path: Any
) -> None:
    answer = flow.call("POST", CONNECTIONS, {"return_to": path})
    assert answer.status == 400 and answer.code in ("INVALID_PARAMETERS", "INVALID_JSON")
    assert states(records) == 0


def test_null_for_return_to_is_none(flow: Flow) -> None:
    assert flow.call("POST", CONNECTIONS, {"return_to": None}).status == 201


def test_the_redirect_uri_and_the_app_are_settings_whatever_the_host_says(flow: Flow, provider: Provider) -> None:
    headers = {"host": "evil.example", "x-forwarded-host": "evil.example", "content-type": "application/json"}
    answer = flow.call("POST", CONNECTIONS, {"return_to": "/settings"}, headers=headers)
    begun_url = answer.json["authorization_url"]
    assert parse_qs(urlsplit(begun_url).query)["redirect_uri"] == [REDIRECT_URI]
    (cookie,) = answer.shape["cookies"]
    back = flow.callback(provider.decide(begun_url), cookie.split(";")[0], headers=headers)
    assert went_back(back) == "connected" and "evil" not in json.dumps(back.shape)


def test_codes_and_states_are_in_no_log(flow: Flow, provider: Provider) -> None:
    begun = flow.begin()
    query = provider.decide(begun.url)
    for cookies in [(), (begun.cookie,), (begun.cookie,)]:
        run = flow.callback_run(query, *cookies)
        for secret in (query["code"], begun.state, begun.cookie.split("=")[1], provider.books.account.name):
            assert secret.encode() not in run.stderr
        assert query["code"].encode() not in run.stdout and begun.state.encode() not in run.stdout


# Connections


def test_nobody_signed_in(flow: Flow) -> None:
    for method, path, body in [
        ("POST", CONNECTIONS, {}),
        ("POST", CONNECTIONS + "/complete", {"code": "tc_1", "state": "s"}),
        ("GET", CONNECTIONS, None),
        ("DELETE", f"{CONNECTIONS}/{ACCOUNT}", None),
    ]:
        answer = flow.call(method, path, body, subject=None)
        assert answer.outcome == (401, "UNAUTHENTICATED")
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("id", ["1", "0", "-1", "x", "3474827300000000000000", "%33", "%zz", "347482730%00", " ", "+1"])
def test_a_connection_that_is_not_there(flow: Flow, provider: Provider, id: str) -> None:
    flow.connect(provider)
    assert flow.call("DELETE", f"{CONNECTIONS}/{id}").outcome == (404, "NOT_CONNECTED")
    assert len(flow.connections()) == 1


def test_another_user_s_connection_cannot_be_ended(flow: Flow, provider: Provider) -> None:
    flow.connect(provider)
    gone = flow.call("DELETE", f"{CONNECTIONS}/{ACCOUNT}", subject=people.OTHER_SUBJECT)
    assert gone.outcome == (404, "NOT_CONNECTED")
    assert len(provider.live_tokens()) == 1 and len(flow.connections()) == 1


def test_when_ownerrez_cannot_be_told_the_connection_stays(flow: Flow, provider: Provider) -> None:
    flow.connect(provider)
    for status, outcome in [(500, (502, "UPSTREAM_ERROR")), (401, (502, "UPSTREAM_REJECTED_CREDENTIALS"))]:
        provider.answer_instead(REVOKE, status, "")
        assert flow.call("DELETE", f"{CONNECTIONS}/{ACCOUNT}").outcome == outcome
        assert len(flow.connections()) == 1
    provider.books.hostile.clear()
    assert flow.call("DELETE", f"{CONNECTIONS}/{ACCOUNT}").status == 204


def test_what_ownerrez_has_ended_already_is_ended_here(flow: Flow, provider: Provider) -> None:
    flow.connect(provider)
    provider.books.tokens[0].revoked = True
    assert flow.connections(query="check=true")[0]["status"] == "revoked"
    assert flow.call("DELETE", f"{CONNECTIONS}/{ACCOUNT}").status == 204
    assert flow.connections() == []


def test_a_check_of_what_cannot_be_checked(flow: Flow, provider: Provider) -> None:
    flow.connect(provider)
    assert flow.call("GET", CONNECTIONS, query="check=maybe").outcome == (400, "INVALID_PARAMETERS")
    assert flow.call("GET", CONNECTIONS, query="check=true&check=false").outcome == (400, "INVALID_QUERY")
    provider.answer_instead(ME, 429, {"code": 429, "error": "Rate limit exceeded."})
    assert flow.call("GET", CONNECTIONS, query="check=true").outcome == (503, "UPSTREAM_BUSY")
    provider.answer_instead(ME, 401, {"code": "user_agent_required", "status_code": 401})
    assert flow.call("GET", CONNECTIONS, query="check=true").status == 502


def test_several_accounts_of_one_user(flow: Flow, provider: Provider) -> None:
    for number in (11, 9, 200):
        provider.books.account = Account(number, f"Account {number}")
        flow.connect(provider)
    assert {connection["id"] for connection in flow.connections()} == {"9", "11", "200"}
    assert flow.call("DELETE", f"{CONNECTIONS}/11").status == 204
    assert {connection["id"] for connection in flow.connections()} == {"9", "200"}


# The policy "Standard": tokens that expire


def test_tokens_that_expire_are_renewed_once_however_many_ask(flow: Flow, provider: Provider) -> None:
    provider.books.expires_in = 200  # less than the margin
    flow.connect(provider)
    (connection,) = flow.connections()
    assert connection["name"] == "Sunny Stays LLC"
    provider.books.expires_in = 2_592_000
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: flow.connections(query="check=true"), range(6)))
    assert [answer[0]["status"] for answer in answers] == ["active"] * 6
    assert provider.routes().count(EXCHANGE) == 2, "the code's and one renewal"
    forms = [call.form for call in provider.books.calls if call.route == EXCHANGE]
    assert forms[1] == {"grant_type": "refresh_token", "refresh_token": provider.books.tokens[0].refresh_token}
    assert len(provider.live_tokens()) == 1
    assert flow.connections(query="check=true")[0]["status"] == "active"
    assert provider.routes().count(EXCHANGE) == 2


def test_a_refresh_token_that_is_refused_is_the_end(flow: Flow, provider: Provider) -> None:
    provider.books.expires_in = 200
    flow.connect(provider)
    provider.books.tokens[0].revoked = True
    assert flow.connections(query="check=true")[0]["status"] == "revoked"
    assert flow.call("DELETE", f"{CONNECTIONS}/{ACCOUNT}").status == 204
    assert flow.connections() == []


@pytest.mark.parametrize("expires_in", [2_592_000, 200, 0.001])
def test_a_disconnection_leaves_neither_half_of_a_pair_alive(
    flow: Flow, provider: Provider, expires_in: float
) -> None:
    provider.books.ends_halves = True
    provider.books.expires_in = 2_592_000
    begun = flow.begin()
    query = provider.decide(begun.url)
    provider.books.expires_in = expires_in
    assert went_back(flow.callback(query, begun.cookie)) == "connected"
    provider.books.expires_in = 2_592_000
    assert flow.call("DELETE", f"{CONNECTIONS}/{ACCOUNT}").status == 204
    assert provider.live_refresh_tokens() == []
    last = provider.books.tokens[-1]
    assert {last.access_token, last.refresh_token} <= provider.books.ended
    assert flow.connections() == []


def test_a_connection_made_anew_leaves_neither_half_of_the_old_pair_alive(flow: Flow, provider: Provider) -> None:
    provider.books.ends_halves = True
    provider.books.expires_in = 2_592_000
    flow.connect(provider)
    flow.connect(provider)
    old, new = provider.books.tokens
    assert provider.books.ended == {old.access_token, old.refresh_token}
    assert provider.live_refresh_tokens() == [new.refresh_token]


def test_tokens_of_no_use_are_revoked_in_both_halves(flow: Flow, provider: Provider) -> None:
    provider.books.ends_halves = True
    provider.books.expires_in = 2_592_000
    flow.connect(provider)
    begun = flow.begin(subject=people.OTHER_SUBJECT)
    assert went_back(flow.callback(provider.decide(begun.url), begun.cookie)) == "failed"
    assert provider.live_refresh_tokens() == [provider.books.tokens[0].refresh_token]


def test_a_pair_whose_life_was_not_told_is_renewed_once_it_is_refused(flow: Flow, provider: Provider) -> None:
    provider.books.expires_in = 2_592_000
    begun = flow.begin()
    query = provider.decide(begun.url)
    told = {"access_token": "at_untold-81", "refresh_token": "rt_untold-81", "user_id": int(ACCOUNT)}
    provider.answer_instead(EXCHANGE, 200, told)
    assert went_back(flow.callback(query, begun.cookie)) == "connected"
    provider.books.hostile.clear()
    provider.books.tokens[0].refresh_token = "rt_untold-81"
    assert flow.connections(query="check=true")[0]["status"] == "active"
    assert provider.routes() == [EXCHANGE, ME, EXCHANGE, ME]
    assert flow.connections(query="check=true")[0]["status"] == "active"
    assert provider.routes().count(EXCHANGE) == 2


def test_a_renewal_whose_answer_is_lost_is_not_sent_again_at_once(flow: Flow, provider: Provider) -> None:
    provider.books.expires_in = 200
    flow.connect(provider)
    provider.say_nothing(EXCHANGE, 11)
    assert flow.call("GET", CONNECTIONS, query="check=true").outcome == (504, "UPSTREAM_TIMEOUT")
    assert provider.routes().count(EXCHANGE) == 2


# Keys


def test_keys_are_rotated(
    flow: Flow, programs: Programs, provider: Provider, connect_env: dict, records: Records
) -> None:
    flow.connect(provider)
    new = "k2:" + base64.b64encode(b"n" * 32).decode()
    both = Flow(programs, connect_env | {"TOKEN_ENCRYPTION_KEYS": f"{new},{people.ENCRYPTION_KEYS}"})
    assert both.connections(query="check=true")[0]["status"] == "active", "an old key opens"
    both.connect(provider)
    assert '"k2.' in records.text().replace("\\", ""), "the first key seals"
    only_new = Flow(programs, connect_env | {"TOKEN_ENCRYPTION_KEYS": new})
    assert only_new.connections(query="check=true")[0]["status"] == "active"
    run = flow.run("GET", CONNECTIONS, query="check=true", claims={"sub": people.SUBJECT})
    assert run.http.outcome == (500, "TOKEN_UNREADABLE"), "the old key alone does not open"
    assert any("not in TOKEN_ENCRYPTION_KEYS" in log.get("detail", "") for log in run.logs)
    assert len(flow.connections()) == 1, "and loses nothing"


@pytest.mark.parametrize(
    "keys",
    ["k1", "k1:", ":" + people.ENCRYPTION_KEY, "k1:c2hvcnQ=", f"k 1:{people.ENCRYPTION_KEY}", ",", f"k1:{people.ENCRYPTION_KEY}="]
    + [f"{people.ENCRYPTION_KEYS},{people.ENCRYPTION_KEYS}", "k1:" + people.ENCRYPTION_KEY[:-1]],
)
def test_keys_that_are_none_stop_the_start(programs: Programs, connect_env: dict, keys: str) -> None:
    run = programs.run(FUNCTION, None, "--check", env=connect_env | {"TOKEN_ENCRYPTION_KEYS": keys})
    assert run.exit_code == 2
    assert b"TOKEN_ENCRYPTION_KEYS: " in run.stderr


@pytest.mark.parametrize(
    "name, values",
    {
        "APP_URL": ["", "http://app.partner.example", "https://app.partner.example?x=1", "app.partner.example"],
        "OWNERREZ_REDIRECT_URI": ["", "http://api.partner.example/x", "https://a.example/x?y=1", "https://a.example/#x"]
        + ["javascript:alert(1)", "/oauth/callback", "data:text/html,x"],
        "OWNERREZ_CLIENT_ID": ["", "c_\r\nx: y"],
        "OWNERREZ_CLIENT_SECRET": [""],
        "OWNERREZ_API_URL": ["http://api.ownerrez.com", "ftp://x"],
        "OWNERREZ_USER_AGENT": ["a\r\nb: c"],
    }.items(),
)
def test_settings_that_are_wrong_stop_the_start(programs: Programs, connect_env: dict, name: str, values: list) -> None:
    for value in values:
        run = programs.run(FUNCTION, None, "--check", env=connect_env | {name: value})
        assert run.exit_code == 2, (name, value)
        assert f"  {name}: ".encode() in run.stderr


@pytest.mark.parametrize("uri", ["com.example.app:/oauth", "https://api.example.com/cb", "http://127.0.0.1:8080/cb"])
def test_redirect_uris_of_web_and_native_apps(programs: Programs, connect_env: dict, uri: str) -> None:
    run = programs.run(FUNCTION, None, "--check", env=connect_env | {"OWNERREZ_REDIRECT_URI": uri})
    assert run.exit_code != 2, run.stderr


def test_check_tells_good_client_credentials_from_bad_ones(programs: Programs, connect_env: dict) -> None:
    run = programs.run(FUNCTION, None, "--check", env=connect_env)
    assert run.exit_code == 0 and b"ok      OwnerRez accepts the client id and secret" in run.stdout, run.stdout
    run = programs.run(FUNCTION, None, "--check", env=connect_env | {"OWNERREZ_CLIENT_SECRET": "s_wrong-needle-77"})
    assert run.exit_code == 1 and b"UPSTREAM_REJECTED_CREDENTIALS" in run.stdout
    assert b"needle" not in run.stdout + run.stderr
