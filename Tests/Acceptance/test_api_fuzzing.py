"""The functions over HTTP, asked whatever schemathesis makes of their own description: the answer is always one of those
that scripts/gcp/openapi.yaml promises, and never a 5xx."""

from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Callable, Iterator

import ownerrez
import people
import pytest
import requests
import schemathesis
from gcp import description, function_of, handed_on
from hypothesis import HealthCheck, settings
from oauth_provider import Provider
from programs import Printed
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
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
]
APP = "https://app.partner.example"

API = schemathesis.openapi.from_dict(description())


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False  # no proxy
        yield session


@pytest.fixture
def any_env(env: dict[str, str], provider: Provider) -> dict[str, str]:
    """The environment of any function. Callers are those whom the gateway has verified."""
    ours = {"APP_URL": APP, "TOKEN_ENCRYPTION_KEYS": people.ENCRYPTION_KEYS, "CORS_ALLOWED_ORIGINS": APP}
    return env | ownerrez.ENV | provider.env | GATEWAY | ours | {"REWARD_ALLOWED_CALLERS": people.SERVER}


@pytest.fixture
def serving(any_env: dict[str, str], printed: Printed, tmp_path: Path) -> Iterator[Callable[[str], Service]]:
    """Starts a function when it is first asked for."""
    with ExitStack() as services:
        yield cache(lambda function: services.enter_context(Service(function, any_env, printed, tmp_path)))


# The same requests every time: what fails can be repeated. One service answers them all.
@API.parametrize()
@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_answer_is_one_that_was_promised(
    case: Case, serving: Callable[[str], Service], session: requests.Session
) -> None:
    operation = case.operation.definition.raw
    service = serving(function_of(operation))
    case.call_and_validate(service.url, session, headers=handed_on(operation), checks=CHECKS)
