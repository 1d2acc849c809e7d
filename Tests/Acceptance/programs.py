"""Running what scripts/package built, with nothing inherited, and keeping all it printed."""

import json
import os
import platform
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping, Optional, Union
from urllib.parse import quote

import api
import people
from api import ROOT
from least_privilege import with_own_identity

OWNLI_FUNCTIONS = ["token-relay", "user-opt-in", "reward-grant"]
OWNERREZ_FUNCTIONS = ["ownerrez-connect", "ownerrez-webhook", "ownerrez-api"]
THEIRS = {"ownli": OWNLI_FUNCTIONS, "ownerrez": OWNERREZ_FUNCTIONS}
FUNCTIONS = [*OWNLI_FUNCTIONS, *OWNERREZ_FUNCTIONS]
# With the operator's tool, which is built and shipped as they are.
SHIPPED = [*FUNCTIONS, "partner-admin"]

# Of the time-outs in the functions the longest is 30 s; past this a function hangs.
PATIENCE_SECONDS = 45

# This machine's processor, as AWS calls it.
MACHINE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
# Whose libraries are in what ships: `bookworm`.
RELEASE = platform.freedesktop_os_release().get("VERSION_CODENAME")
# What scripts/package built; or what stands for it, like another processor's programs under an emulator.
PACKAGED = Path(os.environ.get("PACKAGED") or ROOT / "dist" / MACHINE)

Event = Union[bytes, str, dict, list, None]


def bootstrap(function: str) -> Path:
    path = PACKAGED / function / "bootstrap"
    assert path.exists(), f"{path} is missing: run scripts/package first"
    return path


@dataclass
class Run:
    """What a program did."""

    exit_code: int
    stdout: bytes
    stderr: bytes

    @property
    def answer(self) -> Any:
        """The one JSON value on standard output."""
        assert self.stdout.endswith(b"\n") and self.stdout.count(b"\n") == 1, self.stdout
        return json.loads(self.stdout)

    @property
    def logs(self) -> list[dict]:
        return log_lines(self.stderr)

    @property
    def http(self) -> "HTTPAnswer":
        assert self.exit_code == 0, (self.exit_code, self.stdout, self.stderr)
        return HTTPAnswer(self.answer)


class HTTPAnswer:
    """An HTTP answer out of a gateway's event shape."""

    def __init__(self, shape: dict):
        self.shape = shape
        self.status: int = shape["statusCode"]
        fields = {name: [value] for name, value in (shape.get("headers") or {}).items()}
        fields |= shape.get("multiValueHeaders") or {}
        self.headers = {name.lower(): ", ".join(values) for name, values in fields.items()}
        assert not shape.get("isBase64Encoded"), "JSON needs no base64"
        self.text: str = shape.get("body") or ""

    @property
    def json(self) -> Any:
        assert self.headers["content-type"].split(";")[0] == "application/json"
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """The error's code, after a look at its whole shape."""
        error = self.json
        assert set(error) == {"error_code", "error_message", "request_id"}, error
        assert all(isinstance(value, str) and value for value in error.values()), error
        assert re.fullmatch("[A-Z][A-Z_]+", error["error_code"])
        assert self.headers["cache-control"] == "no-store"
        return error["error_code"]

    @property
    def outcome(self) -> tuple[int, str]:
        return self.status, self.code


def log_lines(text: bytes) -> list[dict]:
    """Log lines, each a JSON object of Lambda's form."""
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        assert {"timestamp", "level", "message"} <= set(line), line
        assert line["level"] in {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"}, line
    return lines


class Printed:
    """All that functions printed in one test, and what must not be in it."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, bytes]] = []
        self.answers: list[tuple[str, bytes]] = []
        self.tokens: set[str] = set()

    def add(self, what: str, text: bytes, *, may_hold_token: bool = False) -> None:
        if may_hold_token:
            # A user token is what the relay is for; anywhere else it is a leak, so it is remembered and taken out.
            found = re.findall(rb'\\?"access_token\\?":\s*\\?"([^"\\]+)', text)
            self.tokens |= {token.decode() for token in found}
            for token in found:
                text = text.replace(token, b"<the answer's token>", 1)
        self.texts.append((what, text))

    def add_answer(self, what: str, text: bytes) -> None:
        """What passes on somebody's data, as it is there for. Secrets are none of it."""
        self.answers.append((what, text))

    def check(self, upstream_tokens: set[str]) -> None:
        tokens = self.tokens | upstream_tokens
        self._check([*people.PRIVATE, *tokens], self.texts)
        self._check([*people.SECRETS, *tokens], self.answers)

    @staticmethod
    def _check(words: list[str], texts: list[tuple[str, bytes]]) -> None:
        for word in {form for word in words for form in (word, quote(word, safe=""), json.dumps(word)[1:-1])}:
            for what, text in texts:
                assert word.encode() not in text, f"{what} holds {word!r}: {text!r}"


class Programs:
    """Runs functions; one for each test."""

    def __init__(self, printed: Printed):
        self.printed = printed

    def run(
        self,
        function: Union[str, Path],
        event: Event = None,
        *arguments: str,
        env: Mapping[str, str],
        timeout: float = PATIENCE_SECONDS,
        command: Optional[list[str]] = None,
    ) -> Run:
        """Runs a function on one event. `command` is put before the program's own path."""
        path = bootstrap(function) if isinstance(function, str) else function
        done = subprocess.run(
            command or [str(path), *arguments],
            input=encoded(event),
            capture_output=True,
            env=with_own_identity(path.parent.name, env),
            timeout=timeout,
        )
        relays = not arguments and path.parent.name == "token-relay"
        if path.parent.name == "partner-admin" or not arguments and path.parent.name == "ownerrez-api":
            self.printed.add_answer("standard output", done.stdout)
        else:
            self.printed.add("standard output", done.stdout, may_hold_token=relays or "--stream" in arguments)
        self.printed.add("standard error", done.stderr)
        assert done.returncode >= 0, f"killed by signal {-done.returncode}: {done.stderr!r}"
        run = Run(done.returncode, done.stdout, done.stderr)
        # Who has closed their end of the pipe sees no answer.
        if not arguments and isinstance(event, dict) and run.exit_code == 0 and run.stdout:
            check_answer(path.parent.name, event, run)
        return run


def check_answer(function: str, event: dict, run: Run) -> None:
    """Whatever a test is about: an answer over HTTP is one that the API's description has."""
    context = event.get("requestContext") or {}
    method = context.get("http", {}).get("method") if "http" in context else event.get("httpMethod")
    path = event.get("rawPath" if "http" in context else "path")
    if not isinstance(method, str) or not isinstance(path, str) or "statusCode" not in run.answer:
        return
    stage = f"/{context.get('stage')}"
    if path.startswith(stage + "/") and not any(it.answers_to(path) for it in api.operations()):
        path = path.removeprefix(stage)
    api.check(function, method, path, run.http.status, run.http.headers, run.http.text)


def encoded(event: Event) -> bytes:
    if event is None:
        return b""
    if isinstance(event, bytes):
        return event
    return event.encode() if isinstance(event, str) else json.dumps(event).encode()
