"""The functions over HTTP, asked whatever schemathesis makes of their own description: the answer is always one of
those that scripts/gcp/openapi.yaml promises, and never a 5xx."""

import base64
import json
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any, Callable, Iterator, Optional

import ownerrez
import people
import pytest
import requests
import schemathesis
from gcp import OPENAPI, description, function_of, handed_on, operations, standard
from hypothesis import HealthCheck, settings
from oauth_provider import Provider
from programs import Printed
from sandbox import Sandbox
from schemathesis import Case, CheckContext, Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from web import GATEWAY, Service


def content_type(context: CheckContext, response: Response, case: Case) -> Optional[bool]:
    """OpenAPI 2.0 has one list of types for all answers of an operation, and none of them is that of an empty one."""
    return content_type_conformance(context, response, case) if response.content else None


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type,
    response_schema_conformance,
    response_headers_conformance,
]
APP = "https://app.partner.example"

Ask = Callable[..., Response]

API = schemathesis.openapi.from_dict(standard(OPENAPI.read_text()))


@pytest.fixture
def any_env(env: dict[str, str], provider: Provider) -> dict[str, str]:
    """The environment of any function. Callers are those whom the gateway has verified."""
    ours = {"APP_URL": APP, "TOKEN_ENCRYPTION_KEYS": people.ENCRYPTION_KEYS, "CORS_ALLOWED_ORIGINS": APP}
    names = ["REWARD_ALLOWED_CALLERS", "OWNERREZ_ALLOWED_CALLERS", "OWNERREZ_SCHEDULE_CALLERS"]
    return env | ownerrez.ENV | provider.env | GATEWAY | ours | dict.fromkeys(names, people.SERVER)


@pytest.fixture
def ask(any_env: dict[str, str], printed: Printed, tmp_path: Path) -> Iterator[Ask]:
    """Sends a request to its function, which is started when it is first asked, and checks the answer."""
    with ExitStack() as stack:
        session = stack.enter_context(requests.Session())
        session.trust_env = False  # no proxy
        serving = cache(lambda function: stack.enter_context(Service(function, any_env, printed, tmp_path)))

        def ask(case: Case, **headers: str) -> Response:
            operation = case.operation.definition.raw
            service = serving(function_of(operation))
            sent = handed_on(operation) | {name.replace("_", "-"): value for name, value in headers.items()}
            return case.call_and_validate(service.url, session, headers=sent, checks=CHECKS, allow_redirects=False)

        yield ask


# The same requests every time: what fails can be repeated.
@API.parametrize()
@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_answer_is_one_that_was_promised(case: Case, ask: Ask) -> None:
    ask(case)


def request(method: str, path: str, **parts: Any) -> Case:
    """A request of the description, with the description's own example for a body."""
    operation = API[path][method]
    for parameter in operation.definition.raw.get("parameters", []):
        if parameter["in"] == "body":
            example = description()["definitions"][parameter["schema"]["$ref"].rpartition("/")[2]]["example"]
            parts["body"] = example | parts.get("body", {})
    return operation.Case(**parts)


def test_what_is_right_is_done(ask: Ask, sandbox: Sandbox, provider: Provider) -> None:
    assert ask(request("POST", "/api/ownli/token")).status_code == 200
    link = ask(request("POST", "/api/ownli/users"))
    assert link.status_code == 200
    assert ask(request("GET", "/api/ownli/users/me")).json() == link.json()

    order = {"userId": link.json()["ownliUserId"]}
    grant = request("POST", "/api/ownli/rewards/grant", body=order)
    assert ask(grant).json()["idempotentReplay"] is False
    assert ask(grant).json()["idempotentReplay"] is True
    pushed = {"messageId": "1", "data": base64.b64encode(json.dumps(grant.body).encode()).decode()}
    assert ask(request("POST", "/pubsub/rewards", body={"message": pushed})).status_code == 204
    assert len(ask(request("GET", "/api/ownli/rewards", query={"page": 0})).json()["rewards"]) == 1

    own = ask(request("GET", "/api/ownli/users/me/rewards")).json()["rewards"]
    assert [reward["status"] for reward in own] == ["Confirmed"]
    assert ask(request("POST", "/api/ownli/users/me/rewards/claim")).status_code == 200
    assert ask(request("DELETE", "/api/ownli/users/me")).status_code == 204
    assert ask(request("GET", "/api/ownli/users/me/rewards")).status_code == 404

    def begin() -> tuple[dict[str, str], str]:
        begun = ask(request("POST", "/api/ownerrez/connections"))
        assert begun.status_code == 201
        return provider.decide(begun.json()["authorization_url"]), begun.headers["set-cookie"][0].partition(";")[0]

    answer, _ = begin()
    ended = ask(request("POST", "/api/ownerrez/connections/complete", body=answer)).json()
    assert ended["ownerrez"] == "connected"
    answer, cookie = begin()
    assert ask(request("GET", "/oauth/ownerrez/callback", query=answer), Cookie=cookie).status_code == 303
    listed = ask(request("GET", "/api/ownerrez/connections", query={"check": "true"})).json()
    assert [each["status"] for each in listed["connections"]] == ["active"]
    one = {"id": ended["connection"]["id"]}
    assert ask(request("DELETE", "/api/ownerrez/connections/{id}", path_parameters=one)).status_code == 204

    assert ask(request("POST", "/webhooks/ownerrez")).json() == {"accepted": True}


@pytest.mark.parametrize("field, status", [("X-Forwarded-Authorization", 200), ("Authorization", 401)])
def test_a_webhooks_password_is_where_the_gateway_puts_it(
    field: str, status: int, any_env: dict[str, str], printed: Printed, tmp_path: Path
) -> None:
    with Service("ownerrez-webhook", any_env, printed, tmp_path) as service, requests.Session() as session:
        session.trust_env = False  # no proxy
        event = {"id": 1, "action": "webhook_test"}
        answer = session.post(service.url + ownerrez.WEBHOOK, json=event, headers={field: ownerrez.basic()})
        assert answer.status_code == status


@pytest.mark.parametrize("path", [path for method, path, _ in operations() if method == "OPTIONS"])
def test_a_browser_is_told_that_it_may(path: str, ask: Ask) -> None:
    preflight = request("OPTIONS", path, path_parameters={"id": "1"} if "{" in path else {})
    answer = ask(preflight, Origin=APP, Access_Control_Request_Method="POST")
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, [APP])
