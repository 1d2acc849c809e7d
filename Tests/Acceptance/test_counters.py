"""What a start and a call cost in instructions and system calls, and what ships in bytes: a change is looked at."""

import copy
import json
import os
import sys

import pytest
from programs import MACHINE, PACKAGED, RELEASE, ROOT

os.environ["PACKAGED"] = str(PACKAGED)
sys.path.insert(0, str(ROOT / "scripts" / "benchmark"))

import counters  # noqa: E402

HOW = """
These differ by more than 3 % from scripts/benchmark/counters.json. Look where it comes from:

    valgrind --tool=callgrind dist/{machine}/token-relay/bootstrap EVENT    instructions, by callgrind_annotate
    strace -f dist/{machine}/token-relay/bootstrap EVENT                    system calls
    .build-embedded/token-relay.map                                         bytes, by what they are of

If it is meant, write the file anew with scripts/bench --counters, and say in the commit what the change is for:

    {changes}
"""


@pytest.mark.skipif(
    (MACHINE, RELEASE) != ("x86_64", "bookworm"), reason="the counters are those of x86_64, with Debian 12's libraries"
)
def test_what_ships_costs_what_it_did() -> None:
    kept = json.loads(counters.KEPT.read_text())
    changes = counters.changes(kept, counters.count())
    assert not changes, HOW.format(machine=MACHINE, changes="\n    ".join(changes))


def test_a_change_of_more_than_a_thirtieth_is_found_and_so_is_what_is_missing() -> None:
    kept = json.loads(counters.KEPT.read_text())
    assert counters.changes(kept, kept) == []
    now = copy.deepcopy(kept)
    now["token-relay"]["instructions of a call"] *= 1.02
    now["token-relay"]["bytes of the zip"] *= 0.96
    del now["reward-grant"]["system calls of a start"]
    found = counters.changes(kept, now)
    assert [line.rpartition(":")[0] for line in found] == [
        "reward-grant: system calls of a start",
        "token-relay: bytes of the zip",
    ]
