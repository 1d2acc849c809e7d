"""Programs as Lambda runs them: one table, a column each."""

from pathlib import Path

from counters import system_calls
from measured import FLOOR, Measured, harness, opt_in, programs
from processor import share_of_processor
from table import Row, Table
from upstream import Certificate, Upstream

FIELDS = ["init", "init99", "first", "first99", "warm", "warm99", "peak", "anonymous", "faults", "failures"]
DISTANCE = 30  # milliseconds
IDLE = 300  # milliseconds

Values = dict[str, dict[str, float]]


def run(
    measured: list[Measured], upstream: Upstream, starts: int, calls: int, how: str = "keep", idle: int = 0
) -> Values:
    """What harness.c measures of each program, by its name: microseconds, KiB and counts."""
    found = harness(measured, upstream, starts, calls, how, idle)
    return {name: dict(zip(FIELDS, values)) for name, values in found.items()}


def measure(peers: list[Measured], starts: int, calls: int, directory: Path) -> Table:
    measured = programs(peers, directory)
    certificate = Certificate(directory)
    over_tls = [program for program in measured if program.speaks_tls]
    with Upstream() as upstream:
        opt_in(upstream.settings, directory)
        warm = run(measured, upstream, starts, 1 + calls)
        cold = run(measured, upstream, starts, 0, "evict")
        counts = {program.name: system_calls(program, upstream) for program in measured}
    with Upstream(certificate=certificate) as upstream:
        tls = run(over_tls, upstream, starts, 1)
    with Upstream(DISTANCE, certificate) as upstream, share_of_processor() as group:
        at_once = run(over_tls, upstream, starts, 1, str(group)) if group else {}
        later = run(over_tls, upstream, starts, 1, str(group), IDLE) if group else {}
    with Upstream(DISTANCE) as upstream:
        distant = run(measured, upstream, 3, 15)

    def row(
        label: str, values: Values, field: str, unit: float, digits: int, goal: str = "", ratios: bool = True
    ) -> Row:
        return Row(label, [values.get(it.name, {}).get(field, 0) / unit for it in measured], digits, goal, ratios)

    rows = [
        row("exec to first /next, ms", warm, "init", 1e3, 2, "1.3x"),
        row("same, page cache cold", cold, "init", 1e3, 2, "3x"),
        row("first call, ms", warm, "first", 1e3, 2, "1.7x"),
        row("first call over TLS, ms", tls, "first", 1e3, 2, "< Go"),
        row(f"same, {DISTANCE} ms away, 1/7 CPU", at_once, "first", 1e3, 1),
        row(f"same, {IDLE} ms after /next", later, "first", 1e3, 1),
        row("warm p50, ms", warm, "warm", 1e3, 3, "1.5x"),
        row("warm p99, ms", warm, "warm99", 1e3, 3),
        row(f"warm p50, {DISTANCE} ms away, ms", distant, "warm", 1e3, 1, ratios=False),
        row("peak memory, MB", warm, "peak", 1024, 2, "2.5 MB", ratios=False),
        row("anonymous memory, MB", warm, "anonymous", 1024, 2, "0.5 MB", ratios=False),
        row("page faults of a start", warm, "faults", 1, 0),
        Row("system calls of a start", [counts[it.name][0] for it in measured], 0),
        Row("system calls of a call", [counts[it.name][1] for it in measured], 1),
        Row("zip, MB", [it.zip_bytes / 1e6 for it in measured], 2, "1.9, 2.3 MB", ratios=False),
    ]
    if not at_once:
        print("no control group could be made: a first call with a share of a processor is left out")
    for it in measured:
        failures = sum(int(values.get(it.name, {}).get("failures", 0)) for values in (warm, cold, distant))
        if failures:
            print(f"{it.name}: {failures} invocations were not answered with a success")
    return Table("on Lambda", [it.name for it in measured], rows, FLOOR)
