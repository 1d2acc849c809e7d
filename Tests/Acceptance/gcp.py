"""The API Gateway's description of the API, and callers as the gateway hands them on."""

import re
from functools import cache
from typing import Iterator

import ownerrez
import people
import yaml
from api import ROOT, Operation
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


def handed_on(operation: Operation) -> dict[str, str]:
    """How the gateway hands on a caller of the kind that the operation is for. Its own token is in Authorization."""
    match operation.audience:
        case "holders":
            return {"X-Forwarded-Authorization": ownerrez.basic()}
        case "people":
            return signed_in(people.SUBJECT)
        case "services":
            return signed_in(**people.SERVER_CLAIMS)
    return {}
