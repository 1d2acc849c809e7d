"""The blocks of code in README and the articles, and a shell in which the commands of one only say what they were given."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from programs import ROOT, SHIPPED

PAGES = [ROOT / "README.md", *sorted((ROOT / "Sources").glob("*/*.docc/*.md"))]
TOOLS = ["aws", "curl", "docker", "gcloud", "git", "openssl", "partner-admin", "python3", "shellcheck", "swift"]


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    language: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(language: str = "") -> list[Block]:
    """Those of a language, or all."""
    found = []
    for page in PAGES:
        text = page.read_text()
        for match in re.finditer(r"^```(.*)\n((?:.*\n)*?)^```$", text, re.MULTILINE):
            found.append(Block(page, text[: match.start()].count("\n") + 1, match[1], match[2]))
    return [block for block in found if not language or block.language == language]


# Says what it was called with to the file that CALLS names.
STAND_IN = f"""#!{sys.executable}
import json, os, sys
with open(os.environ["CALLS"], "a") as calls:
    calls.write(json.dumps([os.path.relpath(sys.argv[0]), *sys.argv[1:]]) + "\\n")
"""


@dataclass(frozen=True)
class Call:
    """A command of a block."""

    program: str
    arguments: list[str]


def run(block: Block, directory: Path) -> list[Call]:
    """Runs a block of commands where there are only stand-ins.

    - Returns: what was called. A block that is no shell, or that calls anything else, fails.
    """
    programs = [directory / "bin" / tool for tool in TOOLS]
    programs += [
        directory / path.relative_to(ROOT)
        for path in (ROOT / "scripts").iterdir()
        if path.is_file() and os.access(path, os.X_OK)
    ]
    programs += [directory / "dist" / "x86_64" / name / "bootstrap" for name in SHIPPED]
    for path in programs:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(STAND_IN)
        path.chmod(0o755)
    calls = directory / "calls"
    calls.touch()
    # What a reader has of their own.
    env = {"JWT": "eyJ", "USER": "ownerrez", "PASSWORD": "secret", "TABLE": "partner-functions"}
    env |= {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key", "AWS_SESSION_TOKEN": "token"}
    env |= {"PATH": str(directory / "bin"), "CALLS": str(calls), "HOME": str(directory)}
    done = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", block.text], cwd=directory, env=env, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, ""), f"{block.name}: {done.stderr}"
    read = [json.loads(line) for line in calls.read_text().splitlines()]
    return [Call(words[0].removeprefix("bin/"), words[1:]) for words in read]
