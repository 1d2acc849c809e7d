"""The functions over HTTP, asked whatever schemathesis makes of their own description, right and wrong: the answer is
always one that Sources/PartnerDev/API/openapi.yaml promises, and never a 5xx."""

import base64
import json
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any, Callable, Iterator

import api
import ownerrez
import people
import pytest
import requests
import schemathesis
from gcp import handed_on, operations
from hypothesis import HealthCheck, settings
from oauth_provider import Provider
from programs import Printed
from sandbox import Sandbox
from schemathesis import Case, Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from web import GATEWAY, Service

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
    negative_data_rejection,
]
APP = "https://app.partner.example"

Ask = Callable[..., Response]

API = schemathesis.openapi.from_dict(api.description())
# Who calls is what the gateway has verified.
API.config.generation.update(with_security_parameters=False)
ROUTES = {it.raw["operationId"]: it for it in api.operations()}


def is_any_request_s(answer: Response, route: api.Operation) -> bool:
    """Whether it is what any request may be answered, whatever its route is: a query that is too long for a header, say."""
    status = str(answer.status_code)
    if status in route.answers or status not in api.any_request():
        return False
    headers = {name.lower(): ", ".join(values) for name, values in answer.headers.items()}
    return api.problem(api.any_request()[status], headers, answer.text) is None


@pytest.fixture
def any_env(env: dict[str, str], provider: Provider) -> dict[str, str]:
    """The environment of any function. Callers are those whom the gateway has verified."""
    ours = {"APP_URL": APP, "TOKEN_ENCRYPTION_KEYS": people.ENCRYPTION_KEYS, "CORS_ALLOWED_ORIGINS": APP}
    names = ["REWARD_ALLOWED_CALLERS", "OWNERREZ_ALLOWED_CALLERS", "OWNERREZ_SCHEDULE_CALLERS"]
    return env | ownerrez.ENV | provider.env | GATEWAY | ours | dict.fromkeys(names, people.SERVER)


@pytest.fixture
def serving(any_env: dict[str, str], printed: Printed, tmp_path: Path) -> Iterator[Callable[[str], Service]]:
    """Functions, each started when it is first asked."""
    with ExitStack() as stack:
        yield cache(lambda function: stack.enter_context(Service(function, any_env, printed, tmp_path)))


@pytest.fixture
def ask(serving: Callable[[str], Service]) -> Iterator[Ask]:
    """Sends a request to its function, and checks the answer."""
    with requests.Session() as session:
        session.trust_env = False  # no proxy

        def ask(case: Case, **headers: str) -> Response:
            route = ROUTES[case.operation.definition.raw["operationId"]]
            sent = handed_on(route) | {name.replace("_", "-"): value for name, value in headers.items()}
            answer = case.call(serving(route.function).url, session, headers=sent, allow_redirects=False)
            if not is_any_request_s(answer, route):
                case.validate_response(answer, checks=CHECKS)
            return answer

        yield ask


# The same requests every time: what fails can be repeated.
@API.parametrize()
@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_answer_is_one_that_was_promised(case: Case, ask: Ask) -> None:
    ask(case)


def request(method: str, path: str, **parts: Any) -> Case:
    """A request of the description, with the description's own example for a body."""
    operation = API[path][method]
    schema = ROUTES[operation.definition.raw["operationId"]].request_schema
    if schema:
        parts["body"] = api.resolved(schema)["examples"][0] | parts.get("body", {})
        parts["media_type"] = "application/json"
    return operation.Case(**parts)


def shape(value: Any) -> Any:
    """What a value is made of: of a list, of its first element."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value[:1]]
    return type(value).__name__


@pytest.fixture
def rightly(ask: Ask) -> Ask:
    """Asks for what is done, and looks whether the description's example is of the answer's very form."""

    def rightly(method: str, path: str, sent: dict[str, str] = {}, **parts: Any) -> Response:
        case = request(method, path, **parts)
        answer = ask(case, **sent)
        assert answer.status_code < 400, answer.text
        if answer.content:
            route = ROUTES[case.operation.definition.raw["operationId"]]
            media = route.answers[str(answer.status_code)].media["application/json"]
            (example,) = api.resolved(media["schema"])["examples"]
            assert shape(answer.json()) == shape(example)
        return answer

    return rightly


def test_what_is_right_is_done_and_answered_as_in_the_examples(rightly: Ask, ask: Ask, provider: Provider) -> None:
    rightly("POST", "/api/ownli/token")
    link = rightly("POST", "/api/ownli/users").json()
    assert rightly("GET", "/api/ownli/users/me").json() == link
    # Its example has all that there can be, with receipts.
    assert ask(request("GET", "/api/ownli/users/me/export")).json()["link"] == link

    order = {"userId": link["ownliUserId"]}
    grant = request("POST", "/api/ownli/rewards/grant", body=order)
    assert rightly("POST", "/api/ownli/rewards/grant", body=order).json()["idempotentReplay"] is False
    assert rightly("POST", "/api/ownli/rewards/grant", body=order).json()["idempotentReplay"] is True
    pushed = {"messageId": "1", "data": base64.b64encode(json.dumps(grant.body).encode()).decode()}
    assert rightly("POST", "/pubsub/rewards", body={"message": pushed}).status_code == 204
    assert len(rightly("GET", "/api/ownli/rewards", query={"page": 0}).json()["rewards"]) == 1
    one = {"actionCode": grant.body["actionCode"], "clientReference": grant.body["clientReference"]}
    assert rightly("GET", "/api/ownli/rewards/audit", query=one).json()["rewards"][0]["state"] == "granted"

    own = rightly("GET", "/api/ownli/users/me/rewards").json()["rewards"]
    assert [reward["status"] for reward in own] == ["Confirmed"]
    rightly("POST", "/api/ownli/users/me/rewards/claim")
    assert rightly("DELETE", "/api/ownli/users/me").status_code == 204
    assert ask(request("GET", "/api/ownli/users/me/rewards")).status_code == 404

    def begin() -> tuple[dict[str, str], str]:
        begun = rightly("POST", "/api/ownerrez/connections")
        assert begun.status_code == 201
        return provider.decide(begun.json()["authorization_url"]), begun.headers["set-cookie"][0].partition(";")[0]

    answer, _ = begin()
    ended = rightly("POST", "/api/ownerrez/connections/complete", body=answer).json()
    assert ended["ownerrez"] == "connected"
    answer, cookie = begin()
    assert rightly("GET", "/oauth/ownerrez/callback", {"Cookie": cookie}, query=answer).status_code == 303
    listed = rightly("GET", "/api/ownerrez/connections", query={"check": "true"}).json()
    assert [each["status"] for each in listed["connections"]] == ["active"]
    assert rightly("POST", "/api/ownerrez/upkeep").json()["connections"] == 1
    one = {"id": ended["connection"]["id"]}
    assert rightly("DELETE", "/api/ownerrez/connections/{id}", path_parameters=one).status_code == 204

    assert rightly("POST", "/webhooks/ownerrez").json() == {"accepted": True}
    rightly("POST", "/api/ownerrez/leftovers")


@pytest.mark.parametrize("field, status", [("X-Forwarded-Authorization", 200), ("Authorization", 401)])
def test_a_webhooks_password_is_where_the_gateway_puts_it(
    field: str, status: int, serving: Callable[[str], Service]
) -> None:
    with requests.Session() as session:
        session.trust_env = False  # no proxy
        event = {"id": 1, "action": "webhook_test"}
        url = serving("ownerrez-webhook").url + ownerrez.WEBHOOK
        assert session.post(url, json=event, headers={field: ownerrez.basic()}).status_code == status


@pytest.mark.parametrize("path", [path for method, path, _ in operations() if method == "OPTIONS"])
def test_a_browser_is_told_that_it_may(path: str, serving: Callable[[str], Service]) -> None:
    """Google's gateway hands on a browser's own question, as its description says."""
    function = next(it.function for it in api.operations() if it.path == path)
    headers = {"Origin": APP, "Access-Control-Request-Method": "POST"}
    with requests.Session() as session:
        session.trust_env = False  # no proxy
        answer = session.options(serving(function).url + path.replace("{id}", "1"), headers=headers)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, APP)
