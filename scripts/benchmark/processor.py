"""A share of a processor, by a control group's quota."""

import contextlib
import os
from pathlib import Path
from typing import Iterator, Optional

# Lambda gives a whole one at 1,769 MB. (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html)
MEGABYTES, WHOLE = 256, 1769
PERIOD = 20_000  # microseconds
QUOTA = PERIOD * MEGABYTES // WHOLE


@contextlib.contextmanager
def share_of_processor() -> Iterator[Optional[Path]]:
    """That of a function with 256 MB. None where control groups are not ours to make."""
    name = f"partner-functions-bench-{os.getpid()}"
    groups = Path("/sys/fs/cgroup")
    has_one_tree = (groups / "cgroup.controllers").exists()
    group = (groups if has_one_tree else groups / "cpu") / name
    try:
        group.mkdir()
    except OSError:
        yield None
        return
    try:
        if has_one_tree:
            (group / "cpu.max").write_text(f"{QUOTA} {PERIOD}")
        else:
            (group / "cpu.cfs_period_us").write_text(str(PERIOD))
            (group / "cpu.cfs_quota_us").write_text(str(QUOTA))
    except OSError:
        group.rmdir()
        yield None
        return
    try:
        yield group
    finally:
        group.rmdir()
