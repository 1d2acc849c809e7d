"""The description of all routes, Sources/PartnerDev/API/openapi.yaml, and what the functions' own sources say of them."""

import json
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Iterator, Mapping, Optional

import yaml
from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parents[2]
OPENAPI = ROOT / "Sources" / "PartnerDev" / "API" / "openapi.yaml"
METHODS = ["get", "post", "put", "patch", "delete"]

# Who may call, by the schemes of a route's security.
AUDIENCES = {
    ("person",): "people",
    ("iam", "serviceAccount"): "services",
    # Where Google Cloud calls by itself; on AWS these routes are not there.
    ("serviceAccount",): "services",
    ("webhook",): "holders",
    (): "anyone",
}


@cache
def description() -> dict:
    return yaml.safe_load(OPENAPI.read_text())


def resolved(each: dict) -> dict:
    """What a reference leads to. Of a schema what stands beside it is left out."""
    while "$ref" in each:
        found: Any = description()
        for name in each["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        each = found
    return each


@cache
def validator(schema: str) -> Draft202012Validator:
    """Of a schema as JSON text. Its references lead to what stands beside it."""
    return Draft202012Validator(json.loads(schema) | {"components": description()["components"]})


def problems(schema: dict, value: Any) -> list[str]:
    return [error.message for error in validator(json.dumps(schema)).iter_errors(value)]


@dataclass(frozen=True)
class Answer:
    """What a route may answer with a status."""

    status: str
    raw: dict

    @property
    def media(self) -> dict:
        return self.raw.get("content", {})

    @property
    def codes(self) -> set[str]:
        return {code for media in self.media.values() for code in codes_of(media["schema"])}

    @property
    def headers(self) -> dict[str, dict]:
        return {name: resolved(each) for name, each in self.raw.get("headers", {}).items()}


def codes_of(schema: dict) -> Iterator[str]:
    """The error codes that a schema lets through: of the shape itself all would be."""
    if schema.get("$ref") == "#/components/schemas/Error":
        yield from schema["properties"]["error_code"]["enum"]
    for each in schema.get("anyOf", []):
        yield from codes_of(each)


def answers(responses: dict) -> dict[str, Answer]:
    return {status: Answer(status, resolved(each)) for status, each in responses.items()}


class Operation:
    def __init__(self, path: str, method: str, raw: dict, inherited: list[dict]):
        self.method, self.raw = method.upper(), raw
        self.parameters = [resolved(each) for each in [*inherited, *raw.get("parameters", [])]]
        for each in self.parameters:
            if each.get("x-several-segments"):
                path = path.replace(f"{{{each['name']}}}", f"{{{each['name']}+}}")
        # As the functions have it: {path+} stands for several segments.
        self.path = path
        self.function: str = raw["x-function"]
        self.schemes = tuple(name for each in raw["security"] for name in each)
        self.audience = AUDIENCES[self.schemes]
        self.answers = answers(raw["responses"])

    @property
    def route(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def request_schema(self) -> Optional[dict]:
        if "requestBody" not in self.raw:
            return None
        return resolved(self.raw["requestBody"])["content"]["application/json"]["schema"]

    def answers_to(self, path: str) -> bool:
        pattern = re.sub(r"\\\{(\w+)(\\\+)?\\\}", lambda it: ".+" if it[2] else "[^/]+", re.escape(self.path))
        return re.fullmatch(pattern, path) is not None


@cache
def operations() -> list[Operation]:
    return [
        Operation(path, method, methods[method], methods.get("parameters", []))
        for path, methods in description()["paths"].items()
        for method in METHODS
        if method in methods
    ]


@cache
def any_request() -> dict[str, Answer]:
    """What any request may be answered."""
    return answers(description()["x-any-request"])


def check(function: str, method: str, path: str, status: int, headers: Mapping[str, str], text: str) -> None:
    """Fails when a function gives an answer that the description does not have.

    - headers: their names in lower case.
    """
    routes = [it for it in operations() if it.function == function and it.method == method and it.answers_to(path)]
    # Of two the more special one, `/connections/complete` before `/connections/{id}`.
    own = min(routes, key=lambda it: it.path.count("{")).answers if routes else {}
    name, range = str(status), f"{status // 100}XX"
    possible = [each[key] for each in (own, any_request()) for key in [name] if key in each]
    if range in own and not possible:
        possible = [own[range]]
    said = f"{function} answered {method} {path} with {status}: {text}"
    assert possible, f"{said}, a status that openapi.yaml does not have there"
    found = [problem(answer, headers, text) for answer in possible]
    assert None in found, f"{said}; openapi.yaml says: {found}"


def problem(answer: Answer, headers: Mapping[str, str], text: str) -> Optional[str]:
    for name, header in answer.headers.items():
        if name.lower() in headers:
            # In one line several cookies are no value of the schema.
            value: Any = headers[name.lower()]
            if header["schema"]["type"] == "integer":
                value = int(value)
            if wrong := problems(header["schema"], value):
                return f"{name}: {wrong}"
        elif header.get("required") and name != "Set-Cookie":
            return f"{name} is missing"
    if not text:
        return None
    type = headers.get("content-type", "").split(";")[0]
    if type not in answer.media:
        return f"no body of the type {type!r}"
    if type == "application/json":
        wrong = problems(answer.media[type]["schema"], json.loads(text))
        return str(wrong) if wrong else None
    return None


@cache
def sources() -> dict[str, Path]:
    """Where each function's sources are, as Package.swift has it."""
    package = (ROOT / "Package.swift").read_text()
    products = dict(re.findall(r'\.executable\(name: "([^"]+)", targets: \["(\w+)"\]\)', package))
    command = 'source scripts/common.sh; echo "${functions[@]}"'
    names = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {name: ROOT / "Sources" / products[name] for name in names.split()}


def routes(function: str) -> dict[str, str]:
    """What the function answers, and for whom, as its source says."""
    text = "".join(file.read_text() for file in sources()[function].glob("*.swift"))
    found = re.findall(r'Route\(\s*"([A-Z]+)", "([^"]+)", (?:for: \.(\w+)[(,])?', text)
    return {f"{method} {path}": audience or "anyone" for method, path, audience in found}
