"""scripts/in-container: what it asks of the container engine. A stand-in for the engine keeps its arguments."""

import os
import subprocess
from pathlib import Path
from typing import Optional

import pytest

from programs import ROOT

ENGINE = """#!/bin/sh
printf '%s|' "$@" >>"$ASKED"
echo >>"$ASKED"
case "$1 $2" in
    "container inspect") exit "$MISSING" ;;
    exec*) echo "in the container"; exit 3 ;;
esac
"""


def run(directory: Path, *command: str, engine: Optional[str] = "docker", missing: int = 1):
    """Runs it where this engine is the only one. It knows no container if something is missing."""
    tools = directory / "bin"
    tools.mkdir()
    for tool in ("bash", "dirname"):
        os.symlink(f"/usr/bin/{tool}", tools / tool)
    if engine:
        (tools / engine).write_text(ENGINE)
        (tools / engine).chmod(0o755)
    asked = directory / "asked"
    env = {"PATH": str(tools), "HOME": str(directory), "ASKED": str(asked), "MISSING": str(missing)}
    done = subprocess.run(
        [ROOT / "scripts/in-container", *command], env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    calls = asked.read_text().splitlines() if asked.exists() else []
    return done, [call.rstrip("|").split("|") for call in calls]


@pytest.mark.parametrize("engine", ["docker", "podman"])
def test_the_command_runs_in_a_container_that_is_made_first(tmp_path: Path, engine: str):
    done, (inspected, created, started, executed) = run(tmp_path, "scripts/test", "--quick", "a b", engine=engine)
    assert (done.returncode, done.stdout, done.stderr) == (3, "in the container\n", "")
    assert inspected == ["container", "inspect", "partner-functions"]
    assert created[:3] == ["create", "--name", "partner-functions"]
    volumes = [created[index + 1] for index, word in enumerate(created) if word == "--volume"]
    assert volumes == [
        f"{ROOT}:{ROOT}", f"partner-functions-build:{ROOT}/.build", "partner-functions-cache:/root/.cache"
    ]  # fmt: skip
    assert created[-3:] == ["swift:6.3-bookworm", "sleep", "infinity"]
    assert started == ["start", "partner-functions"]
    # Without a terminal, none is asked for.
    assert executed == [
        "exec", "--interactive", "--workdir", str(ROOT), "partner-functions", "scripts/test", "--quick", "a b"
    ]  # fmt: skip


def test_a_container_that_is_there_serves_again(tmp_path: Path):
    _, calls = run(tmp_path, "scripts/demo", missing=0)
    assert [call[0] for call in calls] == ["container", "start", "exec"]


def test_without_an_engine_or_a_command_it_says_so(tmp_path: Path):
    done, _ = run(tmp_path, "scripts/demo", engine=None)
    assert (done.returncode, done.stderr) == (1, "error: neither docker nor podman is here\n")
    (tmp_path / "second").mkdir()
    done, calls = run(tmp_path / "second")
    assert (done.returncode, calls) == (1, [])
    assert "usage: scripts/in-container COMMAND" in done.stderr
