"""When servers have done with what a process has sent that is gone."""

import re
import time
from pathlib import Path
from typing import Iterable, Mapping

# As the kernel numbers them, in tcp(7)'s states: the one that has closed waits in the first two, the server in the third.
FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT = "04", "05", "08"
PATIENCE_SECONDS = 60


def wait_until_done_with(env: Mapping[str, str]) -> None:
    """Waits until each server on loopback that an environment names has closed what a process has left that was killed.
    What that has sent lies in the server's queue, or is under way there: it may have its effect a while after the kill."""
    ports = {int(port) for value in env.values() for port in re.findall(r"127\.0\.0\.1:(\d+)", value)}
    end = time.monotonic() + PATIENCE_SECONDS
    while left := [row for row in connections() if is_left(row, ports)]:
        assert time.monotonic() < end, f"servers hold on to connections of the dead: {left}"
        time.sleep(0.005)


def connections() -> Iterable[tuple[int, int, str]]:
    """The local port, the other one's, and the state."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, state, *_ = line.split()
        yield int(local.rpartition(":")[2], 16), int(remote.rpartition(":")[2], 16), state


def is_left(connection: tuple[int, int, str], ports: set[int]) -> bool:
    local, remote, state = connection
    return (local in ports and state == CLOSE_WAIT) or (remote in ports and state in (FIN_WAIT1, FIN_WAIT2))
