"""Every block of code in README and the articles is compiled or run: what a reader copies works."""

import contextlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Callable
from urllib.parse import urlsplit

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey
from samtranslator.yaml_helper import yaml_parse

import api
from examples import Block, Call, blocks, run
from programs import ROOT

# What stands in a terminal is held to its commands by test_documentation.py.
LANGUAGES = {"sh", "console", "json", "swift", "python", "mermaid"}


def only(page: str, language: str) -> Block:
    (block,) = [block for block in blocks(language) if block.page.name == page]
    return block


def test_every_block_says_what_it_is() -> None:
    assert [(block.name, block.language) for block in blocks() if block.language not in LANGUAGES] == []
    # GitHub draws it; docc does not.
    assert {block.page.name for block in blocks("mermaid")} == {"README.md"}


# Commands


@pytest.mark.parametrize("block", blocks("sh"), ids=lambda block: block.name)
def test_commands_are_what_their_programs_take(block: Block, tmp_path: Path) -> None:
    calls = run(block, tmp_path)
    assert calls or block.text.startswith("export "), "it calls nothing"
    for call in calls:
        CHECKS[call.program.split("/")[0]](call, tmp_path)


def check_script(call: Call, _: Path) -> None:
    text = (ROOT / call.program).read_text()
    options = [word.split("=")[0] for word in call.arguments if word.startswith("--")]
    assert [option for option in options if option not in text] == [], call
    if call.program == "scripts/in-container":
        check_script(Call(call.arguments[0], call.arguments[1:]), ROOT)
    if "scripts/deploy-" in call.program:
        resources = yaml_parse((ROOT / "template.yaml").read_text())["Parameters"]
        given = (ROOT / "scripts/gcp/parameters.sh").read_text()
        for word in call.arguments:
            name = word.partition("=")[0]
            known = name in resources if call.program.endswith("aws") else re.search(rf"\b{name}\b", given)
            assert word in ("...", "..") or word.startswith("--") or "=" not in word or known, word


def check_curl(call: Call, _: Path) -> None:
    """What is sent is a request that the API's description has."""
    words, method, body, url = iter(call.arguments), "", None, ""
    for word in words:
        if word in ("-X", "-d", "-H", "-u", "--user", "--aws-sigv4"):
            value = next(words)
            method = value if word == "-X" else method
            body = value if word == "-d" else body
        else:
            assert not url and not word.startswith("-"), word
            url = word
    path = urlsplit(url).path
    if path == "/healthz":
        return
    if path == "/_dev/sign-in":  # which test_development.py calls
        assert (method, json.loads(body or "")) == ("POST", {"user": "user-42"})
        return
    method = method or ("GET" if body is None else "POST")
    (operation,) = [it for it in api.operations() if it.method == method and it.answers_to(path)]
    if body is None:
        assert not operation.raw.get("requestBody"), f"{url} wants a body"
        return
    assert operation.request_schema
    assert api.problems(operation.request_schema, json.loads(body)) == [], call


def check_aws(call: Call, directory: Path) -> None:
    """AWS's own tool checks all that it is given, before it finds nobody to send it to."""
    for word in call.arguments:
        if word.startswith("file://"):
            (directory / word.removeprefix("file://")).write_text("{}")
    if "--payload" in call.arguments:
        json.loads(call.arguments[call.arguments.index("--payload") + 1])
    arguments = list(call.arguments)
    # The second version's way to say that a payload is text; in the first one, which is the one on PyPI, it is nothing else.
    if "--cli-binary-format" in arguments:
        index = arguments.index("--cli-binary-format")
        assert arguments[index + 1] == "raw-in-base64-out"
        del arguments[index : index + 2]
    env = {"PATH": os.environ["PATH"], "HOME": str(directory), "AWS_DEFAULT_REGION": "us-east-1"}
    env |= {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key", "AWS_MAX_ATTEMPTS": "1"}
    command = [sys.executable, "-m", "awscli", "--endpoint-url", "http://127.0.0.1:1", *arguments]
    done = subprocess.run(command, cwd=directory, env=env, capture_output=True, text=True)
    assert "Could not connect to the endpoint URL" in done.stderr, done.stderr


# (Google Cloud CLI reference.)
GCLOUD = {
    ("secrets", "create"): {"--data-file"},
    ("secrets", "versions", "add"): {"--data-file"},
    ("pubsub", "topics", "publish"): {"--message"},
}


def check_gcloud(call: Call, _: Path) -> None:
    (flags,) = [flags for words, flags in GCLOUD.items() if tuple(call.arguments[: len(words)]) == words]
    assert {word.split("=")[0] for word in call.arguments if word.startswith("--")} <= flags, call


def check_shown_elsewhere(call: Call, _: Path) -> None:
    """test_documentation.py asks the tool itself."""


CHECKS: dict[str, Callable[[Call, Path], None]] = {
    "scripts": check_script,
    "curl": check_curl,
    "aws": check_aws,
    "gcloud": check_gcloud,
    "partner-admin": check_shown_elsewhere,
    "dist": check_shown_elsewhere,
    "swift": check_shown_elsewhere,
}


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("scripts/nothing", "No such file"),
        ("curl 'http://127.0.0.1", "unexpected EOF"),
        ("rm -rf x", "command not found"),
        ("scripts/dev --prot 1", "--prot"),
        ("scripts/deploy-aws --bucket b RewardMaximum=1", "RewardMaximum"),
        ("curl -X POST https://api.example.com/api/ownli/users -d '{}'", "required property"),
        ("curl https://api.example.com/api/ownli/user", "expected 1"),
        ("aws dynamodb query --table-name partner-functions --limt 1", "--limt"),
        ("aws secretsmanager create-secret --name x --tags yes", "Error parsing parameter"),
        ("gcloud secrets create x --file=y", "--file"),
    ],
)
def test_a_wrong_command_is_noticed(text: str, complaint: str, tmp_path: Path) -> None:
    block = Block(Path("page.md"), 1, "sh", text)
    with pytest.raises((AssertionError, ValueError)) as found:
        test_commands_are_what_their_programs_take(block, tmp_path)
    assert complaint in str(found.value)


# Data


JSON = {
    "README.md": ["Error"],
    "ownerrez-connect.md": ["OwnerRezEvent"],
    # What direct invocations and receivers get is not in the description of HTTP's routes.
    "ownerrez-api.md": [None],
    "ownerrez-webhook.md": [None],
    "reward-grant.md": ["RewardOrder"],
}


@pytest.mark.parametrize("page", sorted({block.page.name for block in blocks("json")} | set(JSON)))
def test_json_is_what_the_api_takes_or_gives(page: str) -> None:
    shown = [json.loads(block.text) for block in blocks("json") if block.page.name == page]
    assert len(shown) == len(JSON[page])
    for value, schema in zip(shown, JSON[page]):
        if schema:
            assert api.problems({"$ref": f"#/components/schemas/{schema}"}, value) == [], value


# Python


def test_receipts_are_verified_as_the_article_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = OKPKey.generate_key("Ed25519")
    payload = json.dumps({"events": [{"event_state": "consent given"}]})
    receipt = jws.serialize_compact({"alg": "EdDSA"}, payload, key, algorithms=["EdDSA"])
    document = {"receiptKey": key.as_dict(private=False), "receipts": [receipt]}
    (tmp_path / "export.json").write_text(json.dumps(document))
    monkeypatch.chdir(tmp_path)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(only("user-opt-in.md", "python").text, "user-opt-in.md", "exec"), {})
    assert printed.getvalue() == "[{'event_state': 'consent given'}]\n"


def test_all_python_is_run_by_a_test() -> None:
    # The other is the receiver in test_event_receiver.py.
    assert [block.page.name for block in blocks("python")] == ["ownerrez-webhook.md", "user-opt-in.md"]


# Swift


def test_all_swift_is_compiled_by_a_test() -> None:
    named = [block.page.name for block in blocks("swift")]
    # Of InYourApp.md the first one is a manifest, and the others are OwnliClientTests/ExampleApp.swift, word for word.
    assert named == ["InYourApp.md"] * 7 + ["Contributing.md"]


def test_an_apps_manifest_finds_the_library(tmp_path: Path) -> None:
    manifest = next(block for block in blocks("swift") if block.page.name == "InYourApp.md").text
    (tmp_path / "partner-functions").symlink_to(ROOT)
    app = tmp_path / "app"
    (app / "Sources" / "Shop").mkdir(parents=True)
    (app / "Package.swift").write_text(manifest)
    (app / "Sources" / "Shop" / "Shop.swift").write_text("import OwnliClient\n")
    command = ["swift", "package", "show-dependencies", "--format", "json"]
    done = subprocess.run(command, cwd=app, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [it["name"] for it in json.loads(done.stdout)["dependencies"]] == ["partner-functions"]
    assert '.library(name: "OwnliClient"' in (ROOT / "Package.swift").read_text()


@pytest.fixture(scope="module")
def greeting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The function that Contributing.md shows, with what the tests' build has made of everything else."""
    directory = tmp_path_factory.mktemp("greeting")
    source, program = directory / "Greeting.swift", directory / "greeting"
    source.write_text(only("Contributing.md", "swift").text)
    build = ROOT / ".build" / "debug"
    # The objects of another function, without its own.
    linked = shlex.split((build / "token-relay.product" / "Objects.LinkFileList").read_text())
    objects = [path for path in linked if "/TokenRelay.build/" not in path]
    assert len(objects) < len(linked)
    headers = [ROOT / "Sources" / name for name in ("CAres", "CCurl", "COpenSSL", "CSQLite")]
    modules = [word for path in (build / "Modules", build / "CSystem.build", *headers) for word in ("-I", str(path))]
    options = ["-parse-as-library", "-swift-version", "6", "-warnings-as-errors"]
    command = ["swiftc", *options, *modules, str(source), *objects, "-o", str(program)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return program


def test_the_contributors_function_answers(greeting: Path, tmp_path: Path) -> None:
    event = json.loads((ROOT / "Tests/Fixtures/token-relay/http-api.json").read_text())
    event |= {"routeKey": "POST /api/greetings", "rawPath": "/api/greetings"}
    env = {"STORE_URL": f"sqlite:{tmp_path}/greetings.sqlite", "GREETING_SALUTATION": "Good day"}
    for times in (1, 2):
        done = subprocess.run([greeting], input=json.dumps(event), env=env, capture_output=True, text=True)
        answer = json.loads(done.stdout)
        assert json.loads(answer["body"]) == {"greeting": "Good day, user-42", "times": times}
    help = subprocess.run([greeting, "--help"], capture_output=True, text=True).stdout
    assert "GREETING_SALUTATION" in help and "STORE_URL" in help
