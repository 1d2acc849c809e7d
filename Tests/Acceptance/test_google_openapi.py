"""scripts/gcp/openapi.yaml, what Google's gateway reads: it is made of the description of all routes, valid, and opens no
door."""

import importlib.util
import re
from collections import Counter
from types import ModuleType

import jsonschema
import pytest
from api import OPENAPI as SOURCE
from api import ROOT, routes, sources
from gcp import OPENAPI, description, function_of, operations, standard
from openapi_spec_validator import OpenAPIV2SpecValidator

# What a person sees, as it is a browser that comes there.
PAGE = "GET /oauth/ownerrez/callback"

# The gateway knows nothing of HTTP Basic: the function itself asks its holders.
GUARDS = {"people": [{"people": []}], "services": [{"servers": []}], "anyone": [], "holders": []}


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("google_openapi", ROOT / "scripts" / "gcp" / "openapi.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_is_made_of_the_description_as_it_is_now(maker: ModuleType) -> None:
    assert maker.converted(SOURCE.read_text()) == OPENAPI.read_text(), "run scripts/openapi"


def test_a_validator_has_nothing_to_say() -> None:
    assert [error.message for error in OpenAPIV2SpecValidator(standard(OPENAPI.read_text())).iter_errors()] == []


def test_it_has_exactly_the_routes_that_the_functions_answer() -> None:
    answered = {route: function for function in sources() for route in routes(function)}
    assert answered
    described = {f"{method} {path}": function_of(each) for method, path, each in operations() if method != "OPTIONS"}
    assert described == answered


def test_a_route_is_guarded_for_those_whom_it_is_for() -> None:
    audiences = {route: audience for function in sources() for route, audience in routes(function).items()}
    for method, path, operation in operations():
        audience = "anyone" if method == "OPTIONS" else audiences[f"{method} {path}"]
        assert operation["security"] == GUARDS[audience], (method, path)


def test_tokens_are_taken_from_the_header_only_and_for_our_audience_only() -> None:
    for name, scheme in description()["securityDefinitions"].items():
        assert scheme["x-google-jwt-locations"] == [{"header": "Authorization", "value_prefix": "Bearer "}], name
        assert scheme["x-google-audiences"] and scheme["x-google-issuer"].startswith("https://"), name
        assert scheme["x-google-jwks_uri"].startswith("https://"), name


def test_servers_ask_for_a_function_that_answers_them() -> None:
    audiences = description()["securityDefinitions"]["servers"]["x-google-audiences"].split(",")
    answering = {function for function in sources() if "services" in routes(function).values()}
    assert sorted(audiences) == sorted(f"https://{function}.example" for function in answering)


def test_what_is_not_described_is_not_let_through() -> None:
    assert description()["x-google-allow"] == "configured"


def test_browsers_may_ask_first_wherever_people_call() -> None:
    asked = {path for method, path, _ in operations() if method == "OPTIONS"}
    called = {path for _, path, operation in operations() if operation["security"] == [{"people": []}]}
    assert asked == called


def test_a_path_leads_to_the_function_unchanged_and_the_function_is_waited_for() -> None:
    (timeout,) = re.findall(r"--timeout=(\d+)", (ROOT / "scripts" / "deploy-gcp").read_text())
    for _, path, operation in operations():
        backend = operation["x-google-backend"]
        assert backend["path_translation"] == "APPEND_PATH_TO_ADDRESS", path
        assert backend["deadline"] > int(timeout), path


def test_every_operation_has_a_name_of_its_own() -> None:
    names = Counter(operation["operationId"] for _, _, operation in operations())
    assert set(names.values()) == {1}


def test_every_error_has_the_one_shape_but_for_ownerrez_s_own() -> None:
    for method, path, operation in operations():
        name = f"{method} {path}"
        for status, answer in operation["responses"].items():
            if status >= "400":
                if "$ref" in answer:
                    answer = description()["responses"][answer["$ref"].removeprefix("#/responses/")]
                expected = {"type": "string"} if name == PAGE else {"$ref": "#/definitions/Error"}
                allowed = [expected, None] if "{path+}" in path else [expected]
                assert answer.get("schema") in allowed, (name, status)


@pytest.mark.parametrize("name", description()["definitions"])
def test_an_example_fits_its_schema(name: str) -> None:
    definition = description()["definitions"][name]
    jsonschema.Draft4Validator.check_schema(definition)
    if "example" in definition:
        schema = {"$ref": f"#/definitions/{name}", "definitions": description()["definitions"]}
        jsonschema.Draft4Validator(schema).validate(definition["example"])


def test_google_takes_two_hundred_aliases_at_most() -> None:
    assert not re.findall(r": [*&][a-z]", OPENAPI.read_text())
