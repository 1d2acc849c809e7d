"""scripts/gcp/openapi.yaml beside the functions: it is valid, opens no door, and says what they answer."""

import re
from collections import Counter

import jsonschema
import pytest
from gcp import OPENAPI, description, function_of, operations, routes, sources, standard
from openapi_spec_validator import OpenAPIV2SpecValidator
from programs import ROOT

# What a person sees, as it is a browser that comes there.
PAGE = "GET /oauth/ownerrez/callback"

# The gateway knows nothing of HTTP Basic: the function itself asks its holders.
GUARDS = {"people": [{"people": []}], "services": [{"servers": []}], "anyone": [], "holders": []}


def test_a_validator_has_nothing_to_say() -> None:
    assert [error.message for error in OpenAPIV2SpecValidator(standard(OPENAPI.read_text())).iter_errors()] == []


def test_it_has_exactly_the_routes_that_the_functions_answer() -> None:
    answered = {route: function for function in sources() for route in routes(function)}
    assert answered
    described = {f"{method} {path}": function_of(each) for method, path, each in operations() if method != "OPTIONS"}
    assert described == answered


def test_the_gateway_knows_all_functions() -> None:
    common = (ROOT / "scripts" / "common.sh").read_text()
    (names,) = re.findall(r"^functions=\((.*)\)$", common, re.MULTILINE)
    assert set(names.split()) == {function_of(each) for _, _, each in operations()}


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


def test_every_error_has_the_one_shape() -> None:
    for method, path, operation in operations():
        name = f"{method} {path}"
        for status, answer in operation["responses"].items():
            if status >= "400":
                answer = description()["responses"][answer["$ref"].removeprefix("#/responses/")]
                expected = {"type": "string"} if name == PAGE else {"$ref": "#/definitions/Error"}
                assert answer["schema"] == expected, (name, status)


@pytest.mark.parametrize("name", description()["definitions"])
def test_an_example_fits_its_schema(name: str) -> None:
    definition = description()["definitions"][name]
    jsonschema.Draft4Validator.check_schema(definition)
    if definition.get("type") == "object" and "example" in definition:
        schema = {"$ref": f"#/definitions/{name}", "definitions": description()["definitions"]}
        jsonschema.Draft4Validator(schema).validate(definition["example"])


def test_bodies_and_answers_have_examples() -> None:
    used = set(re.findall(r"schema: \{\$ref: \"#/definitions/(\w+)\"\}", OPENAPI.read_text()))
    assert [name for name in used if "example" not in description()["definitions"][name]] == []


def test_google_takes_two_hundred_aliases_at_most() -> None:
    assert len(re.findall(r": \*[a-z]", OPENAPI.read_text())) < 200
