"""Which functions run from exec until the first calls are answered, in the order in which they are first met.

The linker puts them side by side (scripts/package), so that a start touches fewer pages. The names go stale one by one as
the code changes, and a name that is not there does no harm; Tests/Acceptance/test_first_use.py says when it is time to
write them anew.
"""

import dataclasses
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from counters import run_under
from measured import Measured, opt_in, programs
from tools import ROOT, SOURCES
from upstream import Upstream

KEPT = SOURCES.parent / "packaging" / "first-use.txt"
LINKED = ROOT / ".build-embedded"
CALLGRIND = "valgrind --tool=callgrind --demangle=no --callgrind-out-file=PROFILE --log-file=OUTPUT"


def _with_names(program: Measured, directory: Path) -> Measured:
    """The program as the linker made it: what ships has no names. Without what a debugger wants, which takes long."""
    name, place = program.bootstrap.parent.name, directory / program.bootstrap.parent.name
    if not place.exists():
        shutil.copytree(program.bootstrap.parent, place)
        linked = LINKED / "release" / name
        subprocess.run(["objcopy", "--strip-debug", linked, place / "bootstrap"], check=True)
    return dataclasses.replace(program, bootstrap=place / "bootstrap")


def _functions(program: Measured, upstream: Upstream, calls: int, directory: Path) -> list[str]:
    profile = directory / "profile"
    run_under(CALLGRIND.replace("PROFILE", str(profile)), program, upstream, calls)
    # A name is spelled out where it comes first: "fn=(12) memcpy", "cfn=(12) memcpy'2" where it calls itself.
    names = re.findall(r"^c?fn=\(\d+\) ([^\s']+)", profile.read_text(), re.MULTILINE)
    return [name for name in names if not name.startswith(("0x", "("))]


def first_use() -> list[str]:
    """Those of all starts, then those of what the programs do until they have answered."""
    order: dict[str, None] = {}
    with tempfile.TemporaryDirectory() as name, Upstream() as upstream:
        directory = Path(name)
        opt_in(upstream.settings, directory)
        ours = [_with_names(it, directory) for it in programs([], directory) if it.bootstrap.with_name("certs").exists()]
        for calls in (0, 1):
            for program in ours:
                order |= dict.fromkeys(_functions(program, upstream, calls, directory))
    return list(order)


def missing(kept: list[str]) -> list[str]:
    """Those that are in no program which scripts/package has linked here."""
    there: set[str] = set()
    for file in LINKED.glob("*.map"):
        there.update(line.rpartition(" ")[2] for line in file.read_text().splitlines())
    return [name for name in kept if name not in there]


def keep(order: list[str]) -> None:
    KEPT.write_text("".join(f"{name}\n" for name in order))
