"""Counts that are the same whenever a program does the same."""

import re
import subprocess
import tempfile
from pathlib import Path

from measured import ENVIRONMENT, Measured
from tools import tool
from upstream import Upstream

# Threads that wait for each other do so as often as chance has it.
OF_CHANCE = {"futex", "restart_syscall"}
CALLS = 20


def _run_under(command: str, program: Measured, upstream: Upstream, calls: int) -> str:
    """Starts the program under a tool, and returns what that wrote to `OUTPUT`."""
    with tempfile.TemporaryDirectory() as directory:
        script, output = Path(directory) / "bootstrap", Path(directory) / "output"
        script.write_text(f"#!/bin/sh\nexec {command.replace('OUTPUT', str(output))} {program.bootstrap}\n")
        script.chmod(0o755)
        settings = upstream.settings | program.settings
        arguments = [f"{name}={value}" for name, value in settings.items()]
        arguments += [program.name, str(script), str(program.event)]
        harness = [str(tool("harness")), "1", str(calls), "keep", "200", *arguments]
        subprocess.run(harness, env=ENVIRONMENT, stdout=subprocess.DEVNULL, check=True)
        return output.read_text()


def _system_calls(program: Measured, upstream: Upstream, calls: int) -> int:
    text = _run_under("strace -f -c -I2 -o OUTPUT", program, upstream, calls)
    lines = re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ )? *(\w+)$", text, re.MULTILINE)
    return sum(int(count) for count, name in lines if name not in OF_CHANCE and name != "total")


def system_calls(program: Measured, upstream: Upstream) -> tuple[float, float]:
    """Of a start, with what follows it until the first event, and of a warm call."""
    start, one, many = (_system_calls(program, upstream, calls) for calls in (0, 1, 1 + CALLS))
    return start, (many - one) / CALLS
