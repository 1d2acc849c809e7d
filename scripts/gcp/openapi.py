"""The description of the API as Google's API Gateway reads it, OpenAPI 2.0, made out of the one of all routes, OpenAPI 3.1.

What a route is for, takes and answers is there. Here is what the gateway alone knows: who verifies tokens, and where the
functions are. What 2.0 has no word for is left out: error codes, alternatives, ranges of statuses.
"""

import sys
from pathlib import Path
from typing import Any, Iterator

import yaml

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "Sources" / "PartnerDev" / "API" / "openapi.yaml"

HEAD = """\
# Google API Gateway: every route of the functions, who may call it, what it takes and what it answers. Made by
# scripts/openapi out of Sources/PartnerDev/API/openapi.yaml: change that, and make this anew. scripts/deploy-gcp fills the
# addresses under `example` in.
"""

METHODS = ["get", "post", "put", "patch", "delete"]
# Keywords of JSON Schema that 2.0 has too, as they are there.
KEYWORDS = ["description", "type", "format", "pattern", "minLength", "maxLength", "minimum", "maximum", "enum", "required"]


def security_schemes(audiences: list[str]) -> dict:
    """In whose name a token comes. Tokens are not taken from the query, where they would be logged."""
    locations = [{"header": "Authorization", "value_prefix": "Bearer "}]
    people = {
        "description": "The app's users, by the tokens that they sign in with",
        "type": "oauth2",
        "flow": "implicit",
        "authorizationUrl": "https://issuer.example",
        "scopes": {},
        "x-google-issuer": "https://issuer.example",
        "x-google-jwks_uri": "https://issuer.example/keys",
        "x-google-audiences": "app.example",
        "x-google-jwt-locations": locations,
    }
    servers = {
        "description": "Service accounts of Google Cloud, by the identity tokens that Google gives them",
        "type": "oauth2",
        "flow": "implicit",
        "authorizationUrl": "https://accounts.google.com",
        "scopes": {},
        "x-google-issuer": "https://accounts.google.com",
        "x-google-jwks_uri": "https://www.googleapis.com/oauth2/v3/certs",
        "x-google-audiences": ",".join(audiences),
        "x-google-jwt-locations": locations,
    }
    return {"people": people, "servers": servers}


# Whoever is admitted by something that the gateway cannot check is let through: the function checks it.
GUARDS = {"person": "people", "serviceAccount": "servers"}


def backend(function: str) -> dict:
    """The gateway waits longer than a function takes: callers get our own answer, and not the gateway's."""
    address = f"https://{function}.example"
    return {"address": address, "path_translation": "APPEND_PATH_TO_ADDRESS", "deadline": 30.0}


class Converter:
    def __init__(self, source: dict):
        self.source = source

    def document(self) -> dict:
        operations = [each for methods in self.source["paths"].values() for each in self.operations(methods)]
        audiences = {it["x-function"]: None for _, it in operations if "servers" in self.guards(it)}
        info = self.source["info"]
        return {
            "swagger": "2.0",
            "info": {"title": info["title"], "description": info["summary"], "version": info["version"]},
            "schemes": ["https"],
            "consumes": ["application/json"],
            "produces": ["application/json"],
            # What is missing here never reaches a function.
            "x-google-allow": "configured",
            "securityDefinitions": security_schemes([f"https://{function}.example" for function in audiences]),
            "paths": dict(self.path(path, methods) for path, methods in self.source["paths"].items()),
            "responses": {name: self.response(it) for name, it in self.source["components"]["responses"].items()}
            | {"Permitted": PERMITTED},
            "definitions": {name: self.schema(it) for name, it in self.source["components"]["schemas"].items()},
        }

    def operations(self, methods: dict) -> Iterator[tuple[str, dict]]:
        for method in METHODS:
            if method in methods:
                yield method, methods[method]

    def guards(self, operation: dict) -> list[str]:
        return [GUARDS[name] for scheme in operation["security"] for name in scheme if name in GUARDS]

    def path(self, path: str, methods: dict) -> tuple[str, dict]:
        parameters = [self.resolved(each) for each in methods.get("parameters", [])]
        made = {method: self.operation(each, parameters) for method, each in self.operations(methods)}
        asked = [each for _, each in self.operations(methods) if "people" in self.guards(each)]
        if asked:
            own = [self.resolved(each) for each in asked[0].get("parameters", [])]
            made["options"] = self.preflight(asked[0], [*parameters, *(each for each in own if each["in"] == "path")])
        for each in parameters:
            if each.get("x-several-segments"):
                path = path.replace(f"{{{each['name']}}}", f"{{{each['name']}=**}}")
        return path, made

    def operation(self, operation: dict, inherited: list[dict]) -> dict:
        parameters = [*inherited, *(self.resolved(each) for each in operation.get("parameters", []))]
        made = [self.parameter(each) for each in parameters]
        if "requestBody" in operation:
            made.append(self.body(self.resolved(operation["requestBody"])))
        statuses = {status: each for status, each in operation["responses"].items() if status.isdigit()}
        types = {type for each in statuses.values() for type in self.resolved(each).get("content", {})}
        converted = {"operationId": operation["operationId"], "summary": operation["summary"]}
        converted |= {"security": [{guard: []} for guard in self.guards(operation)]}
        if types == {"text/html"}:
            converted["produces"] = ["text/html"]
        converted["x-google-backend"] = backend(operation["x-function"])
        if made:
            converted["parameters"] = made
        converted["responses"] = {status: self.response(each) for status, each in statuses.items()}
        return converted

    def preflight(self, operation: dict, parameters: list[dict]) -> dict:
        """A browser's own question carries no token."""
        made = {
            "operationId": operation["operationId"] + "Preflight",
            "summary": "A browser asks whether it may",
            "security": [],
            "x-google-backend": backend(operation["x-function"]),
        }
        if parameters:
            made["parameters"] = [self.parameter(each) for each in parameters]
        wrong = self.response(self.source["x-any-request"]["405"])
        return made | {"responses": {"204": {"$ref": "#/responses/Permitted"}, "405": wrong}}

    def parameter(self, parameter: dict) -> dict:
        made = {name: parameter[name] for name in ["name", "in", "required"] if name in parameter}
        schema = self.schema(self.resolved(parameter["schema"]))
        return made | {**schema, **{name: parameter[name] for name in ["description"] if name in parameter}}

    def body(self, body: dict) -> dict:
        made = {"name": "body", "in": "body", "required": body["required"]}
        made |= {name: body[name] for name in ["description"] if name in body}
        return made | {"schema": self.schema(body["content"]["application/json"]["schema"])}

    def response(self, response: dict) -> dict:
        if "$ref" in response:
            return {"$ref": response["$ref"].replace("#/components/responses/", "#/responses/")}
        made: dict = {"description": response["description"]}
        for content in response.get("content", {}).values():
            schema = self.schema(content["schema"])
            if schema:
                made["schema"] = schema
        headers = {name: self.header(each) for name, each in response.get("headers", {}).items()}
        return made | ({"headers": headers} if headers else {})

    def header(self, header: dict) -> dict:
        header = self.resolved(header)
        return {"description": header["description"], **self.schema(header["schema"])}

    def schema(self, schema: dict) -> dict:
        # Beside a reference 2.0 reads nothing.
        if "$ref" in schema:
            return {"$ref": schema["$ref"].replace("#/components/schemas/", "#/definitions/")}
        made = {name: schema[name] for name in KEYWORDS if name in schema}
        if isinstance(made.get("type"), list):
            types = [type for type in made["type"] if type != "null"]
            if len(types) == 1:
                made["type"] = types[0]
            else:
                del made["type"]
            if "null" in schema["type"]:
                made["x-nullable"] = True
        if "enum" in made:
            made["enum"] = [each for each in made["enum"] if each is not None]
        if "const" in schema:
            made["enum"] = [schema["const"]]
        if schema.get("contentEncoding") == "base64":
            made["format"] = "byte"
        if "additionalProperties" in schema:
            made["additionalProperties"] = schema["additionalProperties"]
        if "items" in schema:
            made["items"] = self.schema(schema["items"])
        if "properties" in schema:
            made["properties"] = {name: self.schema(each) for name, each in schema["properties"].items()}
        if "examples" in schema:
            made["example"] = schema["examples"][0]
        return made

    def resolved(self, each: dict) -> dict:
        if "$ref" not in each:
            return each
        found: Any = self.source
        for name in each["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        return self.resolved(found)


PERMITTED = {
    "description": "It may",
    "headers": {
        "Access-Control-Allow-Origin": {"type": "string"},
        "Access-Control-Allow-Methods": {"type": "string"},
    },
}


class Dumper(yaml.SafeDumper):
    """Block style without aliases, of which Google takes two hundred."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def converted(text: str) -> str:
    document = Converter(yaml.safe_load(text)).document()
    return HEAD + yaml.dump(document, Dumper=Dumper, sort_keys=False, width=120, allow_unicode=True)


if __name__ == "__main__":
    sys.stdout.write(converted(SOURCE.read_text()))
