"""Running partner-admin as an operator does."""

import csv
import io
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping

import people
from programs import PATIENCE_SECONDS, Printed, bootstrap

OPERATOR = "grace"
# What every command finds that changes something.
OPERATOR_ENV = {"LOGNAME": OPERATOR, "IDENTIFIER_HASH_KEY": people.HASH_KEY}
# What it ends with.
DONE, FAILED, WRONG_USAGE, NOT_FOUND, INCOMPLETE = range(5)


@dataclass
class Told:
    """What a command said."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def rows(self) -> list[dict]:
        return [row for row in map(json.loads, self.stdout.splitlines()) if "summary" not in row]

    @property
    def summary(self) -> dict:
        return json.loads(self.stdout.splitlines()[-1])["summary"]

    @property
    def error(self) -> dict[str, str]:
        """What `--json` tells when there is no answer."""
        return json.loads(self.stderr.splitlines()[-1])

    @property
    def table(self) -> list[dict]:
        """Of CSV."""
        return list(csv.DictReader(io.StringIO(self.stdout, newline="")))


class Admin:
    def __init__(self, printed: Printed, env: Mapping[str, str]):
        self.printed, self.env = printed, dict(env)

    def run(self, *words: str, text: str = "", env: Mapping[str, str] = {}, **settings: str) -> Told:
        """Its rows hold people's data, as they are there for; nothing else does. A setting that is empty is none."""
        command = [str(bootstrap("partner-admin")), *words]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env | dict(env) | settings
        ) as process:
            stdout, stderr = process.communicate(text.encode(), timeout=PATIENCE_SECONDS * 4)
        self.printed.add_answer("standard output", stdout)
        self.printed.add("standard error", stderr)
        for name in (people.SUBJECT, people.OTHER_SUBJECT):
            assert name.encode() not in stderr, "it is for logs"
        return Told(process.returncode, stdout.decode(), stderr.decode())

    def tried(self, *words: str, **more: Any) -> Told:
        """With its rows as JSON, whatever it ends with."""
        return self.run(*words, "--json", **more)

    def trail(self) -> list[dict]:
        """What was done today, without when and by which run."""
        rows = self.json("audit", "list").rows
        return [{name: row[name] for name in row if name not in ("at", "requestId")} for row in rows]

    def json(self, *words: str, env: Mapping[str, str] = {}) -> Told:
        told = self.run(*words, "--json", env=env)
        assert told.exit_code == 0, (told.stdout, told.stderr)
        return told

    def weigh(self, *words: str, after: int) -> int:
        """The most memory that it has taken, in kB, by the time that it has told so many rows of more."""
        command = [str(bootstrap("partner-admin")), *words, "--json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=self.env) as process:
            assert process.stdout
            for _ in range(after):
                assert process.stdout.readline()
            # It cannot be done: nobody has read what it tells next.
            status = Path(f"/proc/{process.pid}/status").read_text()
            process.stdout.read()
        assert process.returncode == 0
        return int(status.partition("VmHWM:")[2].split()[0])
