"""What a start runs lies side by side in what ships, for as long as the list of it is kept."""

import os
import sys

from programs import MACHINE, PACKAGED, RELEASE, ROOT

os.environ["PACKAGED"] = str(PACKAGED)
sys.path.insert(0, str(ROOT / "scripts" / "benchmark"))

import order  # noqa: E402
import pytest  # noqa: E402

STALE = 0.05


@pytest.mark.skipif(
    (MACHINE, RELEASE) != ("x86_64", "bookworm"), reason="the list is made on x86_64, with Debian 12's libraries"
)
def test_what_the_linker_is_to_put_together_is_there() -> None:
    kept = order.KEPT.read_text().split()
    missing = order.missing(kept)
    assert len(missing) <= STALE * len(kept), (
        f"{len(missing)} of {len(kept)} functions in {order.KEPT.name} are gone, {missing[:3]} among them:"
        " write it anew with scripts/bench --order"
    )


def test_a_name_that_no_program_has_is_found() -> None:
    kept = order.KEPT.read_text().split()[:1]
    assert order.missing([*kept, "no_function_is_called_this"]) == ["no_function_is_called_this"]
