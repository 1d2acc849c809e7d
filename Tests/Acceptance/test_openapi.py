"""Sources/PartnerDev/API/openapi.yaml beside the functions, their sources and the template: it is valid, has every route,
and every error code that a route answers."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, Iterator

import api
import pytest
from cloud import template
from openapi_spec_validator import OpenAPIV31SpecValidator
from programs import ROOT, Programs

CORE = ROOT / "Sources" / "PartnerCore"

# Refusals that no route answers.
DIRECT_ALONE = {
    # Of several connections a direct invocation has to say which.
    ("409", "CONNECTION_AMBIGUOUS"),
    # Of one connection that it wants looked after now.
    ("409", "IN_PROGRESS"),
    # The operator's tool's, which has no route.
    ("503", "QUEUE_UNAVAILABLE"),
    ("400", "OWNERREZ_NOT_CONFIGURED"),
}
# Ownli's codes that become 502 UPSTREAM_ERROR or UPSTREAM_REJECTED_CREDENTIALS.
OWNLI_S_OWN = {"INSUFFICIENT_SCOPE", "ERROR_CLAIMING_REWARDS"}
# Where a refusal is made with a code that another part has chosen.
HANDED_ON = {
    # The operator's tool alone, which has no route.
    "LongWork.swift": ["FunctionError(503, incompleteCode"],
    "OwnliError.swift": ["FunctionError(status, code.rawValue", "FunctionError(409, code.rawValue"],
    "OwnerRezConnector.swift": ["FunctionError(\n            status, code"],
    "FunctionError.swift": ["FunctionError(400, code"],
}

ACCESS = {"AppUsers": [("person",)], "AWS_IAM": [("iam", "serviceAccount")], "NONE": [("webhook",), ()]}


def test_a_validator_has_nothing_to_say() -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(api.description()).iter_errors()] == []


def test_it_has_exactly_the_routes_that_the_functions_answer_and_for_the_same_callers() -> None:
    answered = {(name, route, who) for name in api.sources() for route, who in api.routes(name).items()}
    assert answered
    assert {(it.function, it.route, it.audience) for it in api.operations()} == answered


def test_it_has_exactly_the_routes_of_the_template_and_those_that_google_cloud_calls() -> None:
    guards = {}
    for resource in template()["Resources"].values():
        for event in resource.get("Properties", {}).get("Events", {}).values():
            if event["Type"] == "HttpApi":
                route = event["Properties"]
                guards[f"{route['Method']} {route['Path']}"] = route["Auth"]["Authorizer"]
    described = {it.route: it.schemes for it in api.operations() if it.schemes != ("serviceAccount",)}
    assert set(described) == set(guards)
    assert [route for route, schemes in described.items() if schemes not in ACCESS[guards[route]]] == []


def test_every_operation_has_a_name_of_its_own_and_stands_with_those_who_call() -> None:
    assert set(Counter(it.raw["operationId"] for it in api.operations()).values()) == {1}
    tags = {("person",): "Your app", ("iam", "serviceAccount"): "Your servers", (): "A browser"}
    tags |= {("webhook",): "OwnerRez", ("serviceAccount",): "Google Cloud"}
    assert {(it.schemes, *it.raw["tags"]) for it in api.operations()} == set(tags.items())
    assert [tag["name"] for tag in api.description()["tags"]] == list(tags.values())


def made(*files: Path) -> Iterator[tuple[str, str]]:
    """The refusals that sources make: a status and a code."""
    for file in files:
        text = file.read_text()
        for start in [match.start() for match in re.finditer(r"FunctionError\((?=\s*[\w\"])", text)]:
            if found := re.match(r'FunctionError\(\s*(\d{3}), "([A-Z_]+)"', text[start:]):
                yield found[1], found[2]
            elif not re.match(r"FunctionError\([a-z]+:", text[start:]):
                known = HANDED_ON.get(file.name, [])
                assert any(text.startswith(each, start) for each in known), f"{file.name}: {text[start:start + 60]}"
        for code in re.findall(r'\.invalid\(\s*"([A-Z_]+)"', text):
            yield "400", code
        if re.search(r"\.parameter\(\s*\"", text):
            yield "400", "INVALID_PARAMETERS"


def answered(function: str = "") -> set[tuple[str, str]]:
    """The refusals that the description has, of one function's routes or of all and of any request."""
    of = [it.answers for it in api.operations() if function in ("", it.function)]
    every = [*of, api.any_request()] if function == "" else of
    return {(status, code) for answers in every for status, answer in answers.items() for code in answer.codes}


def known_codes_of_ownli() -> set[str]:
    text = (CORE / "Ownli" / "OwnliError.swift").read_text()
    return set(re.findall(r'case \w+ = "([A-Z_]+)"', text))


@pytest.mark.parametrize("function", api.sources())
def test_what_a_function_refuses_stands_with_one_of_its_routes(function: str) -> None:
    refusals = set(made(*api.sources()[function].glob("*.swift")))
    # What an event is refused with that is no HTTP request.
    refusals -= DIRECT_ALONE | {("400", "INVALID_EVENT")}
    assert refusals - answered(function) == set()


def test_what_the_core_refuses_stands_with_some_route_or_with_any_request() -> None:
    refusals = set(made(*CORE.rglob("*.swift")))
    assert len(refusals) > 30
    assert refusals - DIRECT_ALONE - answered() == set()
    codes = {code for _, code in answered()}
    assert known_codes_of_ownli() - OWNLI_S_OWN - codes == set()


def test_nothing_is_described_that_no_source_refuses() -> None:
    folders = [CORE, *api.sources().values()]
    refusals = set(made(*(file for folder in folders for file in folder.rglob("*.swift"))))
    invented = {each for each in answered() - refusals if each[1] not in known_codes_of_ownli()}
    assert invented == set()
    assert not OWNLI_S_OWN & {code for _, code in answered()}


def test_every_code_is_explained_and_no_other() -> None:
    explained = [it["const"] for it in api.description()["components"]["schemas"]["ErrorCode"]["oneOf"]]
    assert explained == sorted({code for _, code in answered()})


def test_what_holds_for_every_route_stands_with_every_route() -> None:
    for it in api.operations():
        said = {(status, code) for status, answer in it.answers.items() for code in answer.codes}
        expected = set()
        if it.audience in ("people", "services", "holders"):
            expected.add(("401", "UNAUTHENTICATED"))
        if it.audience in ("people", "services"):
            expected.add(("503", "IDENTITY_UNAVAILABLE"))
        if it.audience == "services":
            expected.add(("403", "FORBIDDEN"))
        # GET takes no body; a route that reads none takes one of the usual size.
        if it.method != "GET":
            expected.add(("413", "BODY_TOO_LARGE"))
        if it.request_schema is not None:
            expected |= {("400", "INVALID_JSON"), ("415", "UNSUPPORTED_CONTENT_ENCODING")}
            expected |= {("415", "UNSUPPORTED_MEDIA_TYPE")}
        assert expected - said == set(), it.route


def test_headers_that_clients_go_by_are_part_of_it() -> None:
    for it in [*(each for it in api.operations() for each in it.answers.values()), *api.any_request().values()]:
        headers = set(it.headers)
        if "application/json" in it.media and it.status != "405":
            assert ("WWW-Authenticate" in headers) == (it.status == "401"), it
            assert ("Retry-After" in headers) == (it.status in ("429", "503")), it
        assert ("Allow" in headers) == (it.status == "405"), it
        assert ("Location" in headers) == (it.status == "303"), it
        if it.status < "300":
            assert "Cache-Control" in headers or it.raw["description"] == "It is granted", it


def schemas() -> dict[str, dict]:
    return api.description()["components"]["schemas"]


@pytest.mark.parametrize("name", [name for name, schema in schemas().items() if "examples" in schema])
def test_an_example_fits_its_schema(name: str) -> None:
    for example in schemas()[name]["examples"]:
        assert api.problems(schemas()[name], example) == []


def test_bodies_and_answers_have_examples() -> None:
    bodies = [it.request_schema for it in api.operations() if it.request_schema]
    media = [each.media.get("application/json", {}) for it in api.operations() for each in it.answers.values()]
    schemas = [*bodies, *(each["schema"] for each in media if "schema" in each)]
    # What is OwnerRez's has OwnerRez's own description.
    foreign = ["#/components/schemas/OwnerRezAnswer", "#/components/schemas/OwnerRezRefusal"]
    ours = [each for each in schemas if each and "anyOf" not in each and each["$ref"] not in foreign]
    assert len(ours) > 30
    assert [each for each in ours if "examples" not in api.resolved(each)] == []


def test_the_example_of_a_refusal_is_what_the_function_answers(programs: Programs, env: dict[str, str]) -> None:
    event = json.loads((ROOT / "Tests" / "Fixtures" / "user-opt-in" / "opt-in-no-consent.json").read_text())
    answer = programs.run("user-opt-in", event, env=env).http
    (example,) = schemas()["Error"]["examples"]
    assert answer.status == 400
    assert answer.json | {"request_id": ""} == example | {"request_id": ""}


def without_places(schema: Any) -> Any:
    """A schema as it is wherever it stands: with what it refers to in it, and texts in one line."""
    if isinstance(schema, list):
        return [without_places(each) for each in schema]
    if not isinstance(schema, dict):
        return " ".join(schema.split()) if isinstance(schema, str) else schema
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        found = {"time": "Moment", "end": "EndOfRetention"}.get(name, name)
        schema = schemas()[found] | {key: each for key, each in schema.items() if key != "$ref"}
        return without_places(schema)
    return {key: without_places(each) for key, each in schema.items()}


def test_a_person_s_export_has_the_schema_that_is_published_for_it() -> None:
    published = json.loads((CORE / "Documentation.docc" / "person-export.schema.json").read_text())
    definitions = published.pop("$defs")
    own = ["$schema", "$id", "title", "examples"]
    alone, described = (
        without_places({name: each for name, each in schema.items() if name not in own})
        for schema in (published, schemas()["PersonExport"])
    )
    assert alone == described
    assert without_places(definitions["time"]) == without_places(schemas()["Moment"])
    assert without_places(definitions["end"]) == without_places(schemas()["EndOfRetention"])


def words(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from [each] if name in ("description", "summary") and isinstance(each, str) else words(each)
    elif isinstance(value, list):
        for each in value:
            yield from words(each)


def test_every_schema_and_answer_is_used() -> None:
    text = api.OPENAPI.read_text()
    for kind in ["schemas", "responses", "parameters", "headers", "requestBodies"]:
        for name in api.description()["components"][kind]:
            assert f'"#/components/{kind}/{name}"' in text, name


def test_what_is_written_for_people_is_written_without_marks_that_only_some_pages_know() -> None:
    assert [text for text in words(api.description()) if re.search(r"\*\*|^#|<\w|\]\(", text)] == []
