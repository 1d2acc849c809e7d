"""What does not wobble: counts that are the same on every machine, for as long as a program does the same.

scripts/benchmark/counters.json keeps them, and Tests/Acceptance/test_counters.py compares. Instructions are valgrind's:
it shows a program one and the same processor with AVX2, whatever the machine's, so that OpenSSL and glibc take the same
paths. Page faults are no counter: how many a start has depends on what the page cache holds, and on the kernel.
"""

import dataclasses
import json
import re
import tempfile
from pathlib import Path
from typing import Callable

from measured import RELAY, Measured, harness, opt_in, programs
from tools import SOURCES
from upstream import Upstream

KEPT = SOURCES / "counters.json"
# Of one that stores nothing, one that reads, and one that writes.
COUNTED = [RELAY, "+ SQLite", "reward-grant"]
TOLERANCE = 0.03

# Whether there is something to wait for is chance.
OF_CHANCE = {"futex", "poll", "restart_syscall"}
CALLS = 20
# For what a program does before the first event comes, milliseconds.
IDLE = {"strace": 200, "valgrind": 1000}

STRACE = "strace -f -c -I2 -o OUTPUT"
VALGRIND = "valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null --log-file=OUTPUT"

Counts = dict[str, dict[str, float]]


def run_under(command: str, program: Measured, upstream: Upstream, calls: int) -> str:
    """Starts the program under a tool, and returns what that wrote to `OUTPUT`."""
    with tempfile.TemporaryDirectory() as directory:
        script, output = Path(directory) / "bootstrap", Path(directory) / "output"
        script.write_text(f"#!/bin/sh\nexec {command.replace('OUTPUT', str(output))} {program.bootstrap}\n")
        script.chmod(0o755)
        under = command.split()[0]
        watched = dataclasses.replace(program, bootstrap=script)
        failures = harness([watched], upstream, 1, calls, idle=IDLE[under])[program.name][-1]
        assert failures == 0, f"{program.name} failed under {under}"
        return output.read_text()


def _system_calls(program: Measured, upstream: Upstream, calls: int) -> int:
    text = run_under(STRACE, program, upstream, calls)
    lines = re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ )? *(\w+)$", text, re.MULTILINE)
    return sum(int(count) for count, name in lines if name not in OF_CHANCE | {"total"})


def _instructions(program: Measured, upstream: Upstream, calls: int) -> int:
    found = re.search(r"I +refs: +([\d,]+)", run_under(VALGRIND, program, upstream, calls))
    assert found, f"valgrind counted nothing of {program.name}"
    return int(found[1].replace(",", ""))


def _of_start_and_call(
    count: Callable[[Measured, Upstream, int], int], program: Measured, upstream: Upstream
) -> tuple[float, float]:
    start, one, many = (count(program, upstream, calls) for calls in (0, 1, 1 + CALLS))
    return start, (many - one) / CALLS


def system_calls(program: Measured, upstream: Upstream) -> tuple[float, float]:
    """Of a start, with what follows it until the first event, and of a warm call."""
    return _of_start_and_call(_system_calls, program, upstream)


def count() -> Counts:
    """By the programs' names."""
    counts: Counts = {}
    with tempfile.TemporaryDirectory() as directory, Upstream() as upstream:
        opt_in(upstream.settings, Path(directory))
        for program in programs([], Path(directory)):
            if program.name not in COUNTED:
                continue
            calls = _of_start_and_call(_system_calls, program, upstream)
            instructions = _of_start_and_call(_instructions, program, upstream)
            counts[program.name] = {
                "system calls of a start": calls[0],
                "system calls of a call": calls[1],
                "instructions of a start": instructions[0],
                "instructions of a call": instructions[1],
                "bytes of the bootstrap": program.bootstrap.stat().st_size,
                "bytes of the zip": program.zip_bytes,
            }
    return counts


def changes(kept: Counts, counted: Counts) -> list[str]:
    """What has changed by more than is left to chance, and what is in one of them only."""
    found = []
    for name, counter in sorted({(name, counter) for each in (kept, counted) for name in each for counter in each[name]}):
        before, now = (each.get(name, {}).get(counter) for each in (kept, counted))
        if before is None or now is None or abs(now - before) > TOLERANCE * before:
            found.append(f"{name}: {counter}: {before} before, {now} now")
    return found


def keep(counts: Counts) -> None:
    KEPT.write_text(json.dumps(counts, indent=4) + "\n")
