"""The API Gateway's description of the API, and callers as the gateway hands them on."""

import re
from functools import cache
from pathlib import Path
from typing import Iterator

import ownerrez
import people
import yaml
from programs import ROOT
from web import signed_in

OPENAPI = ROOT / "scripts" / "gcp" / "openapi.yaml"


@cache
def description() -> dict:
    return yaml.safe_load(OPENAPI.read_text())


def standard(text: str) -> dict:
    """A description without what Google alone reads: a parameter that stands for several segments."""
    return yaml.safe_load(text.replace("{path=**}", "{path}"))


def operations() -> Iterator[tuple[str, str, dict]]:
    """Method, path and the operation, browsers' preflights among them."""
    for path, methods in description()["paths"].items():
        path = path.replace("{path=**}", "{path+}")
        for method, operation in methods.items():
            yield method.upper(), path, operation


def function_of(operation: dict) -> str:
    """Which function answers, by the address that stands for it."""
    (name,) = re.findall(r"^https://([a-z-]+)\.example$", operation["x-google-backend"]["address"])
    return name


@cache
def sources() -> dict[str, Path]:
    """Where each function's sources are, as Package.swift has it."""
    package = (ROOT / "Package.swift").read_text()
    products = re.findall(r'\.executable\(name: "([^"]+)", targets: \["(\w+)"\]\)', package)
    return {name: ROOT / "Sources" / target for name, target in products if name != "partner-dev"}


def routes(function: str) -> dict[str, str]:
    """What the function answers, and for whom, as its source says."""
    text = "".join(file.read_text() for file in sources()[function].glob("*.swift"))
    found = re.findall(r'Route\(\s*"([A-Z]+)", "([^"]+)", (?:for: \.(\w+)[(,])?', text)
    return {f"{method} {path}": audience or "anyone" for method, path, audience in found}


def handed_on(operation: dict) -> dict[str, str]:
    """How the gateway hands on a caller of the kind that the operation is for. Its own token is in Authorization."""
    if function_of(operation) == "ownerrez-webhook":
        return {"X-Forwarded-Authorization": ownerrez.basic()}
    if operation["security"] == [{"people": []}]:
        return signed_in(people.SUBJECT)
    return signed_in(**people.SERVER_CLAIMS) if operation["security"] else {}
