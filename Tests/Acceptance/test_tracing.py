"""Traces: X-Ray's daemon on loopback, what it is told, and that nothing is done where traces are not followed."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
from collections import Counter
from pathlib import Path
from typing import Iterator

import people
import pytest
from events import http_api
from programs import Printed, bootstrap
from runtime_api import Runtime, RuntimeAPI
from test_counters import counters

ROOT_ID = "5759e988bd862e3fe1be46a994272793"
PARENT = "53995c3f42cd8ad8"
HEADER = f"Root=1-{ROOT_ID[:8]}-{ROOT_ID[8:]};Parent={PARENT};Sampled="
RELAY = http_api("POST", "/api/ownli/token", claims={"sub": people.SUBJECT})


@pytest.fixture
def daemon() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(20)
        yield daemon


@pytest.fixture
def traced(env: dict, daemon: socket.socket) -> dict[str, str]:
    return env | {"TRACING": "on", "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon.getsockname()[1]}"}


def call(env: dict, header: str, printed: Printed, directory: Path, count: int = 1) -> list:
    with RuntimeAPI() as api, Runtime("token-relay", api, env, printed, directory):
        posts = [api.invoke(RELAY, headers={"Lambda-Runtime-Trace-Id": header}) for _ in range(count)]
        # The last one's log is written before the next one is asked for.
        api.wait_for_pollers(1)
    return posts


def is_silent(daemon: socket.socket) -> bool:
    daemon.setblocking(False)
    try:
        daemon.recv(65_536)
    except BlockingIOError:
        return True
    return False


def test_x_ray_is_told_of_a_call_and_of_nobody_s_data(
    traced: dict, daemon: socket.socket, printed: Printed, tmp_path: Path
) -> None:
    (post,) = call(traced, HEADER + "1", printed, tmp_path)
    assert post.http.status == 200
    datagram = daemon.recv(65_536)
    printed.add("a segment document", datagram)
    head, _, text = datagram.partition(b"\n")
    assert head == b'{"format":"json","version":1}'
    document = json.loads(text)
    assert (document["type"], document["name"]) == ("subsegment", "token-relay")
    assert (document["trace_id"], document["parent_id"]) == (f"1-{ROOT_ID[:8]}-{ROOT_ID[8:]}", PARENT)
    assert document["http"] == {"response": {"status": 200}}
    assert document["annotations"]["requestId"] == post.request_id
    names = [each["name"] for each in document["subsegments"]]
    assert names and names[-1] == "POST /api/auth/token" and not [name for name in names if "?" in name]
    ids = [document["id"], *(each["id"] for each in document["subsegments"])]
    assert len(set(ids)) == len(ids) and all(len(each) == 16 and int(each, 16) for each in ids)
    for each in document["subsegments"]:
        assert document["start_time"] <= each["start_time"] <= each["end_time"] <= document["end_time"]
    assert is_silent(daemon)


@pytest.mark.parametrize("sampled", ["0", "?"])
def test_a_trace_that_is_not_kept_is_not_told(
    sampled: str, traced: dict, daemon: socket.socket, printed: Printed, tmp_path: Path
) -> None:
    assert call(traced, HEADER + sampled, printed, tmp_path)[0].http.status == 200
    assert is_silent(daemon)


def test_a_daemon_that_is_not_there_fails_nothing(
    traced: dict, daemon: socket.socket, printed: Printed, tmp_path: Path
) -> None:
    daemon.close()
    assert [post.http.status for post in call(traced, HEADER + "1", printed, tmp_path, count=3)] == [200] * 3


def system_calls(env: dict, header: str, directory: Path) -> list[str]:
    """Those of a warm invocation, in their order, without their arguments; and without those that chance decides on:
    whether there is something to wait for."""
    strace = shutil.which("strace")
    assert strace, "strace is missing: run scripts/setup first"
    log = directory / "calls"
    with RuntimeAPI() as api:
        command = [strace, "-f", "-qq", "-o", log, bootstrap("token-relay")]
        process = subprocess.Popen(
            command,
            env=dict(env) | {"AWS_LAMBDA_RUNTIME_API": api.address},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for _ in range(3):
            assert api.invoke(RELAY, headers={"Lambda-Runtime-Trace-Id": header}).http.status == 200
            api.wait_for_pollers(1)
        before = len(log.read_text().splitlines())
        assert api.invoke(RELAY, headers={"Lambda-Runtime-Trace-Id": header}).http.status == 200
        api.wait_for_pollers(1)
        lines = log.read_text().splitlines()[before:]
        # strace alone would wait for what it traces.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)
    # One that another thread's has come between is told twice.
    whole = [line for line in lines if "EAGAIN" not in line and "<unfinished ..." not in line]
    names = [re.match(r"\d+ +(?:<\.\.\. )?(\w+)", line)[1] for line in whole]
    return [name for name in names if name not in counters.OF_CHANCE]


def test_where_traces_are_not_followed_nothing_is_done_for_them(
    env: dict, traced: dict, daemon: socket.socket, tmp_path: Path
) -> None:
    """A warm invocation with a trace that is kept makes the calls that one without a trace makes, and no other."""
    off = traced | {"TRACING": "off"}
    kept = system_calls(off, HEADER + "1", tmp_path)
    assert kept == system_calls(env, "", tmp_path) and "socket" not in kept
    assert is_silent(daemon)
    more = Counter(system_calls(traced, HEADER + "1", tmp_path)) - Counter(kept)
    # OpenSSL looks which process it is in whenever it is asked for an id.
    assert more - Counter({"getpid": 2}) == {"write": 1}, "one datagram more, if they are followed"
