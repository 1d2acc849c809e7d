"""What every HTTP entry has to survive, in every shape of event that carries HTTP."""

import json
from dataclasses import dataclass
from typing import Any, Callable

import people
import pytest
from events import HTTP_SHAPES, Event, http_api, load_balancer, rest_api
from programs import HTTPAnswer, Programs
from sandbox import Sandbox

PERSON = {"sub": people.SUBJECT}
MARK = "echo-7d1f"  # put into what is hostile; no answer may hold it


@dataclass
class Entry:
    """A route that takes a body, in one shape of event, with whoever may call it."""

    function: str
    path: str
    shape: Callable[..., Event]
    identity: dict[str, Any]
    good: dict

    def event(self, body: Any = None, *, method: str = "POST", path: str = "", **options: Any) -> Event:
        return self.shape(method, path or self.path, body, **self.identity, **options)


def entries() -> list:
    order = {"userId": "XT_USR1", "amount": 0.5, "actionCode": "purchase", "clientReference": "order-1"}
    found = []
    for name, shape in HTTP_SHAPES.items():
        if name != "function-url":  # it knows no people
            entry = Entry("user-opt-in", "/api/ownli/users", shape, {"claims": PERSON}, people.opt_in())
            found.append(pytest.param(entry, id=f"user-opt-in {name}"))
        entry = Entry("reward-grant", "/api/ownli/rewards/grant", shape, {"service": people.SERVICE}, order)
        found.append(pytest.param(entry, id=f"reward-grant {name}"))
    return found


each_entry = pytest.mark.parametrize("entry", entries())


def ask(programs: Programs, env: dict, function: str, event: Event) -> HTTPAnswer:
    run = programs.run(function, event, env=env)
    assert MARK.encode() not in run.stdout, "the input is echoed"
    assert MARK.encode() not in run.stderr, "the input is logged"
    return run.http


@each_entry
@pytest.mark.parametrize("method", ["PUT", "HEAD", "OPTIONS", "post", f"BREW-{MARK}", ""])
def test_another_method_is_told_which_are_answered(entry: Entry, method: str, programs: Programs, env: dict) -> None:
    answer = ask(programs, env, entry.function, entry.event(entry.good, method=method))
    assert answer.outcome == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "POST"


@each_entry
@pytest.mark.parametrize(
    "path",
    ["/", f"/{MARK}", "{path}/", "/{path}", "//{path}", "{path}/%2e%2e/x", "/x/%2e%2e{path}", "/x/..{path}"]
    + ["{path}%00", "{path};a=b", "{path}?a=b", "{path}%2f", "/%61pi/ownli/users", ""],
)
def test_another_path_is_not_found(entry: Entry, path: str, programs: Programs, env: dict) -> None:
    event = entry.event(entry.good)
    event["rawPath" if "rawPath" in event else "path"] = path.format(path=entry.path)
    assert ask(programs, env, entry.function, event).outcome == (404, "NOT_FOUND")


CONSENT = '{"consent":{"termsOfService":true,"privacyPolicy":true},'

BAD_BODIES = {
    "no body": (None, 400, "BODY_REQUIRED"),
    "an empty body": ("", 400, "BODY_REQUIRED"),
    "null": ("null", 400, "INVALID_JSON"),
    "an array": ("[]", 400, "INVALID_JSON"),
    "a string": (f'"{MARK}"', 400, "INVALID_JSON"),
    "a number": ("1", 400, "INVALID_JSON"),
    "white space": (" \n", 400, "INVALID_JSON"),
    "no JSON": (f"{MARK}=1", 400, "INVALID_JSON"),
    "half an object": (f'{{"firstName":"{MARK}"', 400, "INVALID_JSON"),
    "something after the object": (f"{{}}{MARK}", 400, "INVALID_JSON"),
    "deep nesting": ("[" * 5000 + "]" * 5000, 400, "INVALID_JSON"),
    "deep nesting of objects": ('{"a":' * 5000 + "1" + "}" * 5000, 400, "INVALID_JSON"),
    "two members of one name": (f'{{"amount":1,"amount":2,"x":"{MARK}"}}', 400, "INVALID_JSON"),
    "two members of one name inside": ('{"address":{"state":"CA","state":"NY"}}', 400, "INVALID_JSON"),
    "invalid UTF-8": (b'{"firstName":"\xff\xfe' + MARK.encode() + b'"}', 400, "INVALID_JSON"),
    "an overlong form": (b'{"firstName":"\xc0\xaf"}', 400, "INVALID_JSON"),
    "a NUL byte": (b'{"firstName":"a\x00b"}', 400, "INVALID_JSON"),
    "a byte order mark, which is passed over": ("\ufeff" + CONSENT + '"a":1}', 400, "INVALID_PARAMETERS"),
    "two byte order marks": (b"\xef\xbb\xbf\xef\xbb\xbf{}", 400, "INVALID_JSON"),
    "a byte order mark alone": (b"\xef\xbb\xbf", 400, "INVALID_JSON"),
    "a body that is half a surrogate pair": ('"\\ud800"', 400, "INVALID_JSON"),
    "half a surrogate pair": (CONSENT + '"firstName":"\\ud800","userId":"\\ud800"}', 400, "INVALID_PARAMETERS"),
    "an escaped NUL": (CONSENT + '"firstName":"a\\u0000b","userId":"a\\u0000b"}', 400, "INVALID_PARAMETERS"),
    "an escaped NUL in a name": (CONSENT + '"a\\u0000b":1}', 400, "INVALID_PARAMETERS"),
    "a number beyond doubles": (CONSENT + '"amount":1e400}', 400, "INVALID_PARAMETERS"),
    "NaN": ('{"amount":NaN}', 400, "INVALID_JSON"),
    "a body over the limit": (json.dumps({"x": MARK + "x" * 65_536}), 413, "BODY_TOO_LARGE"),
    "a body far over the limit": (json.dumps({"x": "x" * 5_000_000}), 413, "BODY_TOO_LARGE"),
}


@each_entry
@pytest.mark.parametrize("case", BAD_BODIES)
def test_a_bad_body_is_refused(entry: Entry, case: str, programs: Programs, env: dict, sandbox: Sandbox) -> None:
    body, status, code = BAD_BODIES[case]
    assert ask(programs, env, entry.function, entry.event(body)).outcome == (status, code)
    assert sandbox.calls() == [], "nothing is asked of Ownli for it"


@each_entry
@pytest.mark.parametrize("number", ["9007199254740993", "-0", "-0.0", "1e-400", "1e400", "123456789012345678901"])
def test_an_odd_number_is_survived(entry: Entry, number: str, programs: Programs, env: dict) -> None:
    text = json.dumps(entry.good)[:-1] + f', "x": {number}}}'
    answer = ask(programs, env, entry.function, entry.event(text))
    expected = (200, None) if entry.function == "user-opt-in" else (400, "INVALID_PARAMETERS")
    assert (answer.status, None if answer.status == 200 else answer.code) == expected


@each_entry
@pytest.mark.parametrize(
    "headers",
    [{}, {"content-type": "text/plain"}, {"content-type": ""}, {"content-type": "application/x-www-form-urlencoded"}]
    + [{"content-type": "application/jsonp"}, {"content-type": f"application/{MARK}"}, {"content-type": None}],
)
def test_another_content_type_is_refused(entry: Entry, headers: dict, programs: Programs, env: dict) -> None:
    answer = ask(programs, env, entry.function, entry.event(entry.good, headers=headers))
    assert answer.outcome == (415, "UNSUPPORTED_MEDIA_TYPE")


@each_entry
@pytest.mark.parametrize(
    "headers",
    [{"CONTENT-TYPE": "application/json"}, {"Content-type": "Application/JSON; charset=utf-8"}]
    + [{"content-type": "application/json;charset=us-ascii"}, {"content-type": "application/json\t; charset=x; charset="}]
    + [{"content-type": "application/json", "content-encoding": "Identity"}]
    + [{"cOnTeNt-TyPe": "application/json ; charset=UTF-8", "user-agent": "a, b; (c, d)", "date": "Fri, 25 Apr 2026"}],
)
def test_header_names_come_in_any_case(entry: Entry, headers: dict, programs: Programs, env: dict) -> None:
    answer = ask(programs, env, entry.function, entry.event(people.opt_in(phone="1"), headers=headers))
    assert answer.outcome == (400, "INVALID_PARAMETERS"), "past the content type, and on to the fields"


@each_entry
@pytest.mark.parametrize("body,code", [("\ud83d", "INVALID_BODY"), ("\0", "INVALID_JSON"), ('"\0"', "INVALID_JSON")])
def test_a_body_that_is_no_text_is_answered(
    entry: Entry, body: str, code: str, programs: Programs, env: dict
) -> None:
    assert ask(programs, env, entry.function, entry.event(body)).outcome == (400, code)


@each_entry
@pytest.mark.parametrize("value", [f"{MARK}\ud83d", f"{MARK}\0", f"a\r\nx-b: {MARK}"])
def test_a_header_that_is_none_is_answered_and_named(entry: Entry, value: str, programs: Programs, env: dict) -> None:
    headers = {"content-type": "application/json", "x-a": value}
    answer = ask(programs, env, entry.function, entry.event(entry.good, headers=headers))
    assert answer.outcome == (400, "INVALID_PARAMETERS")
    assert "headers" in answer.json["error_message"].lower()


@each_entry
@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip", ""])
def test_a_body_that_is_encoded_is_refused(entry: Entry, encoding: str, programs: Programs, env: dict) -> None:
    headers = {"content-type": "application/json", "content-encoding": encoding}
    answer = ask(programs, env, entry.function, entry.event(entry.good, headers=headers))
    assert answer.outcome == (415, "UNSUPPORTED_CONTENT_ENCODING")


@each_entry
@pytest.mark.parametrize("text", ["!", "e30", "e30=e30=", "e3\n0=x", "====", "é"])
def test_broken_base64_is_refused(entry: Entry, text: str, programs: Programs, env: dict) -> None:
    event = entry.event(entry.good) | {"body": text, "isBase64Encoded": True}
    assert ask(programs, env, entry.function, event).outcome == (400, "INVALID_BODY")


@each_entry
def test_a_body_in_base64_is_read(entry: Entry, programs: Programs, env: dict) -> None:
    event = entry.event(json.dumps(people.opt_in(phone="1")).encode())
    assert event["isBase64Encoded"]
    assert ask(programs, env, entry.function, event).outcome == (400, "INVALID_PARAMETERS")


@each_entry
def test_two_cookies_of_one_name_are_survived(entry: Entry, programs: Programs, env: dict) -> None:
    event = entry.event(people.opt_in(phone="1"), cookies=[f"a={MARK}1", f"a={MARK}2"])
    assert ask(programs, env, entry.function, event).outcome == (400, "INVALID_PARAMETERS")


@each_entry
def test_a_stage_is_no_part_of_the_path(entry: Entry, programs: Programs, env: dict) -> None:
    event = entry.event(people.opt_in(phone="1"), stage="prod")
    assert ask(programs, env, entry.function, event).outcome == (400, "INVALID_PARAMETERS")


@each_entry
@pytest.mark.parametrize("value", [None, 1, "text", [], {}])
def test_fields_of_the_event_may_be_missing_or_odd(entry: Entry, value: Any, programs: Programs, env: dict) -> None:
    for name in entry.event(entry.good):
        if name in ("requestContext", "version", "httpMethod", "rawPath", "path", "body"):
            continue
        event = entry.event(entry.good) | {name: value}
        assert ask(programs, env, entry.function, event).status in (200, 400, 404, 405, 415), name


NEXT_TO_NOTHING = [
    {"httpMethod": "GET", "path": "/nowhere"},
    {"version": "2.0", "rawPath": "/nowhere", "requestContext": {"http": {"method": "GET"}}},
    {"httpMethod": "GET", "path": "/nowhere", "requestContext": {"elb": {}}},
]


@pytest.mark.parametrize("event", NEXT_TO_NOTHING)
def test_a_method_and_a_path_are_enough(event: Event, programs: Programs, env: dict) -> None:
    assert ask(programs, env, "token-relay", event).outcome == (404, "NOT_FOUND")


@pytest.mark.parametrize("multi_value", [False, True])
def test_a_load_balancer_gets_its_form_of_answer(multi_value: bool, programs: Programs, env: dict) -> None:
    event = load_balancer("POST", "/api/ownli/token", multi_value=multi_value)
    answer = ask(programs, env, "token-relay", event)
    assert answer.outcome == (401, "UNAUTHENTICATED"), "a load balancer verifies nobody"
    assert answer.shape["statusDescription"] == "401 Unauthorized"
    assert ("multiValueHeaders" in answer.shape, "headers" in answer.shape) == (multi_value, not multi_value)


def test_the_answer_has_the_form_of_its_trigger(programs: Programs, env: dict) -> None:
    http = ask(programs, env, "token-relay", http_api("POST", "/api/ownli/token", claims=PERSON)).shape
    assert "multiValueHeaders" not in http
    rest = ask(programs, env, "token-relay", rest_api("POST", "/api/ownli/token", claims=PERSON)).shape
    assert "cookies" not in rest


AUTHORIZERS = {
    "HTTP API, JSON Web Token": (http_api, {"jwt": {"claims": {"sub": "a", "aud": "[a b]"}, "scopes": ["x"]}}, 200),
    "HTTP API, Lambda authorizer": (http_api, {"lambda": {"sub": "a", "n": 1, "b": True, "o": {"p": []}}}, 200),
    "HTTP API, IAM": (http_api, {"iam": {"userArn": people.SERVICE, "accountId": "1"}}, 401),
    "HTTP API, no sub": (http_api, {"jwt": {"claims": {"email": "a@example.com"}}}, 401),
    "HTTP API, an empty sub": (http_api, {"jwt": {"claims": {"sub": ""}}}, 401),
    "HTTP API, a sub that is a whole number": (http_api, {"lambda": {"sub": 1}}, 200),
    "HTTP API, a sub that is a fraction": (http_api, {"lambda": {"sub": 1.5}}, 401),
    "HTTP API, a sub that is true": (http_api, {"lambda": {"sub": True}}, 401),
    "HTTP API, null": (http_api, None, 401),
    "HTTP API, empty": (http_api, {}, 401),
    "HTTP API, a string": (http_api, "admin", 401),
    "HTTP API, claims null": (http_api, {"jwt": {"claims": None}}, 401),
    "HTTP API, claims an array": (http_api, {"jwt": {"claims": ["sub"]}}, 401),
    "REST API, Cognito": (rest_api, {"claims": {"sub": "a", "cognito:groups": "x,y"}}, 200),
    "REST API, Lambda authorizer": (rest_api, {"sub": "a", "principalId": "user", "integrationLatency": 5, "flag": True}, 200),
    "REST API, odd claims": (rest_api, {"sub": "a", "x": None, "y": [1], "z": {"w": 1.5}}, 200),
    "REST API, no subject": (rest_api, {"integrationLatency": 5}, 401),
    "REST API, a principal alone": (rest_api, {"principalId": "a"}, 401),
}


@pytest.mark.parametrize("name", AUTHORIZERS)
def test_the_caller_is_who_the_gateway_verified(name: str, programs: Programs, env: dict) -> None:
    shape, authorizer, status = AUTHORIZERS[name]
    event = shape("POST", "/api/ownli/token")
    event["requestContext"]["authorizer"] = authorizer
    assert ask(programs, env, "token-relay", event).status == status


@pytest.mark.parametrize("shape", HTTP_SHAPES.values(), ids=HTTP_SHAPES.keys())
def test_headers_and_bodies_make_nobody_a_caller(shape: Callable[..., Event], programs: Programs, env: dict) -> None:
    headers = {
        "authorization": f"Bearer {MARK}",
        "x-amzn-oidc-identity": "a",
        "x-apigateway-api-userinfo": "eyJzdWIiOiJhIn0",
    }
    headers["content-type"] = "application/json"
    event = shape("POST", "/api/ownli/token", {"sub": "a"}, headers=headers)
    assert ask(programs, env, "token-relay", event).outcome == (401, "UNAUTHENTICATED")
