"""The HTTP server under load and under attack: what ends well, what is refused politely, and what it holds on to."""

import contextlib
import json
import os
import re
import resource
import select
import selectors
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Callable, Iterator, Optional

import people
import pytest
from emulator import free_port
from programs import Printed, bootstrap
from sandbox import TOKEN, Sandbox
from web import GATEWAY, PATIENCE_SECONDS, Connection, Service, request, signed_in

HEALTH = request("GET", "/healthz")
NOTHING = request("GET", "/nothing")
# With so few descriptors there are 32 seats.
FEW_DESCRIPTORS = 128

Serve = Callable[..., Service]


@pytest.fixture
def serve(env: dict, printed: Printed, tmp_path: Path) -> Serve:
    def serve(descriptors: Optional[int] = None, function: str = "token-relay", **limits: int) -> Service:
        return Service(function, env | GATEWAY, printed, tmp_path, descriptors=descriptors, **limits)

    return serve


@pytest.fixture
def service(serve: Serve) -> Iterator[Service]:
    with serve() as service:
        yield service


def settles(figure: Callable[[], int], at_most: int) -> bool:
    """Whether a figure comes down to a value."""
    end = time.monotonic() + PATIENCE_SECONDS
    while figure() > at_most and time.monotonic() < end:
        time.sleep(0.02)
    return figure() <= at_most


def wrk(url: str, connections: int, seconds: int, *options: str) -> str:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", *options, url]
    return subprocess.run(command, capture_output=True, check=True, text=True, timeout=60).stdout


@pytest.mark.parametrize("connections", [1, 64, 500])
def test_wrk_sees_no_error(connections: int, service: Service) -> None:
    before = service.descriptors
    report = wrk(service.url + "/healthz", connections, 2)
    assert "Socket errors" not in report and "Non-2xx" not in report, report
    assert int(re.findall(r"(\d+) requests in", report)[0]) > connections
    assert settles(lambda: service.descriptors, before)


def test_wrk_that_closes_every_connection_sees_no_error(service: Service) -> None:
    before = service.descriptors
    report = wrk(service.url + "/healthz", 16, 2, "-H", "Connection: close")
    assert "Socket errors" not in report and "Non-2xx" not in report, report
    assert settles(lambda: service.descriptors, before)


class Client(threading.Thread):
    """Asks without a pause, on connections that it keeps, until nobody takes one any more."""

    def __init__(self, service: Service):
        super().__init__()
        self.service = service
        self.answered = 0
        self.failures: list[str] = []

    def run(self) -> None:
        while True:
            try:
                connection = self.service.connect()
            except OSError:
                return  # it has stopped accepting
            with connection:
                answered_here = 0
                try:
                    keeps_alive = True
                    while keeps_alive:
                        connection.send(NOTHING)
                        answer = connection.answer()
                        assert answer.status == 404, answer.status
                        answered_here += 1
                        keeps_alive = answer.keeps_alive
                except Exception as error:
                    # A connection that the kernel had taken for us and that nobody had read from is refused like a new
                    # one: the client knows that nothing was done for it.
                    if answered_here or not isinstance(error, (ConnectionResetError, BrokenPipeError)):
                        self.failures.append(repr(error))
                    return
                finally:
                    self.answered += answered_here


def test_no_request_fails_when_it_is_told_to_end_under_load(serve: Serve) -> None:
    for _ in range(5):
        service = serve()
        clients = [Client(service) for _ in range(16)]
        for client in clients:
            client.start()
        time.sleep(0.2)
        assert service.stop() == 0
        for client in clients:
            client.join(PATIENCE_SECONDS)
        assert [failure for client in clients for failure in client.failures] == []
        assert all(client.answered for client in clients)


def test_wrk_counts_nothing_but_good_answers_when_it_ends(serve: Serve) -> None:
    with serve() as service:
        load = subprocess.Popen(
            ["wrk", "-t1", "-c32", "-d2s", service.url + "/healthz"], stdout=subprocess.PIPE, text=True
        )
        time.sleep(1)
        assert service.stop(signal.SIGTERM) == 0
        report, _ = load.communicate(timeout=60)
    assert "Non-2xx" not in report and "read 0" in report and "timeout 0" in report, report


def test_more_connections_than_seats_are_all_answered(serve: Serve) -> None:
    with serve(FEW_DESCRIPTORS) as service:
        before = service.descriptors
        answers = crowd(service, 1000, stands_still=True)
        assert set(answers) <= {b"200", b"503"} and len(answers) == 1000, set(answers)
        assert settles(lambda: service.descriptors, before)
        assert service.exchange(request("GET", "/healthz", Connection="close"))[0].status == 200


def test_when_all_are_at_work_the_next_is_turned_away_politely(serve: Serve, sandbox: Sandbox) -> None:
    sandbox.fault(TOKEN, "delay", times=8, milliseconds=3000)
    with serve(8 * 4) as service, contextlib.ExitStack() as stack:
        at_work = [stack.enter_context(service.connect()) for _ in range(8)]
        for connection in at_work:
            connection.send(request("POST", "/api/ownli/token", b"", **signed_in(people.SUBJECT)))
        while len(sandbox.calls(TOKEN)) < 8:
            pass
        (refused,) = service.exchange(HEALTH)
        assert refused.outcome == (503, "TOO_MANY_CONNECTIONS")
        assert (refused.headers["retry-after"], refused.keeps_alive) == ("1", False)
        assert [connection.answer().status for connection in at_work] == [200] * 8
        assert service.exchange(request("GET", "/healthz", Connection="close"))[0].status == 200


def ask_all(service: Service, connections: list[Connection], data: bytes) -> set[int]:
    """Sends the same on all of them before any answer is read."""
    for connection in connections:
        connection.send(data)
    return {connection.answer().status for connection in connections}


def idle_threads() -> int:
    """One for each processor, one at the front door, one that waits for a signal; and one that looks after calls."""
    return len(os.sched_getaffinity(0)) + 3


def test_connections_that_wait_hold_no_thread(service: Service) -> None:
    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(service.connect()) for _ in range(300)]
        assert ask_all(service, idle, HEALTH) == {200}
        slow = [stack.enter_context(service.connect()) for _ in range(300)]
        for connection in slow[:150]:
            connection.send(HEALTH[:20])
        for connection in slow[150:]:
            connection.send(request("POST", "/api/ownli/token", b"{}", **signed_in(people.SUBJECT))[:-1])
        assert settles(lambda: service.threads, idle_threads())
        assert ask_all(service, idle, HEALTH) == {200}, "and they are heard"


def test_a_thousand_relays_at_once_wait_for_nobody(serve: Serve, sandbox: Sandbox) -> None:
    sandbox.fault(TOKEN, "delay", times=1000, milliseconds=500)
    relay = request("POST", "/api/ownli/token", b"", **signed_in(people.SUBJECT))
    with serve() as service, contextlib.ExitStack() as stack:
        callers = [stack.enter_context(service.connect()) for _ in range(1000)]
        assert ask_all(service, callers, relay) == {200}
        assert settles(lambda: service.threads, idle_threads()), "what a burst took is given back"
        assert ask_all(service, callers, HEALTH) == {200}


def test_ten_thousand_connections_at_once_leave_nothing_behind(service: Service) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(10_000, hard - 1000)
    before = service.descriptors
    answers = crowd(service, count)
    assert set(answers) <= {b"200", b"503"} and len(answers) == count, set(answers)
    assert settles(lambda: service.descriptors, before)
    assert service.exchange(request("GET", "/healthz", Connection="close"))[0].status == 200


def crowd(service: Service, count: int, stands_still: bool = False) -> list[bytes]:
    """Opens connections, each of which sends a request at once and then stays; returns each one's status.

    Of those whose request has not come yet the service would have one make room for another: with few seats it has to stand
    still meanwhile. The system keeps 4,096 for it then."""
    answers: list[bytes] = []
    selector = selectors.DefaultSelector()
    if stands_still:
        service.process.send_signal(signal.SIGSTOP)
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE_SECONDS)
        connection.sendall(HEALTH)
        selector.register(connection, selectors.EVENT_READ)
    if stands_still:
        service.process.send_signal(signal.SIGCONT)
    waiting = set(key.fileobj for key in selector.get_map().values())
    everyone = list(waiting)
    while waiting:
        ready = selector.select(PATIENCE_SECONDS)
        assert ready, f"{len(waiting)} are not answered"
        for key, _ in ready:
            try:
                answers.append(key.fileobj.recv(65_536)[9:12])
            except ConnectionResetError:
                answers.append(b"reset")
            selector.unregister(key.fileobj)
            waiting.discard(key.fileobj)
    for connection in everyone:
        connection.close()
    return answers


ATTACKS = {
    "slow headers": ["-H", "-i", "1"],
    "slow bodies": ["-B", "-i", "1", "-s", "8192"],
    "slow readers": ["-X", "-k", "10", "-w", "1", "-y", "2", "-n", "1", "-z", "1"],
}


def test_slow_clients_do_not_keep_others_out(serve: Serve, tmp_path: Path) -> None:
    with serve(FEW_DESCRIPTORS) as service:
        before = service.descriptors
        attacks = [
            subprocess.Popen(
                ["slowhttptest", *options, "-c", "200", "-r", "200", "-l", "6", "-p", "5", "-v", "1"]
                + ["-u", f"{service.url}/api/ownli/token"],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=tmp_path,
            )
            for options in ATTACKS.values()
        ]
        tries, answered = 0, 0
        while any(attack.poll() is None for attack in attacks):
            tries += 1
            with service.connect() as connection:
                connection.send(HEALTH)
                answered += connection.answer().status == 200
        # A seat is made free for each that comes, and only a machine that is very busy lets one wait too long for it.
        assert answered > tries * 0.9 > 50, (tries, answered)
        for attack in attacks:
            report = attack.communicate()[0]
            assert attack.returncode == 0, report[-2000:]
        assert settles(lambda: service.descriptors, before)


def test_silent_peers_do_not_keep_others_out_of_a_process_with_few_threads(serve: Serve) -> None:
    with serve(threads=20) as service, contextlib.ExitStack() as stack:
        silent = [stack.enter_context(service.connect()) for _ in range(60)]
        for _ in range(20):
            assert service.exchange(request("GET", "/healthz", Connection="close"))[0].status == 200
        assert service.threads <= 20
        assert len(silent) == 60


def hold(service: Service, data: bytes, count: int) -> int:
    """Sends the same on so many connections, which then stay; returns the most memory that was taken meanwhile."""
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(service.connect()) for _ in range(count)]
        for connection in connections:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.send(data)
        assert service.exchange(request("GET", "/healthz", Connection="close"))[0].status == 200
    return service.peak_memory


MEBIBYTE = 1_048_576


def test_bodies_of_nobody_take_no_memory(serve: Serve) -> None:
    with serve() as service:
        before = service.peak_memory
        data = request("POST", "/api/ownli/token", b"x" * MEBIBYTE)[:-1]
        peak = hold(service, data, 500)
        assert peak - before < 100 * MEBIBYTE, (before, peak)


def test_bodies_of_people_take_what_the_route_takes(serve: Serve) -> None:
    with serve(function="user-opt-in") as service:
        before = service.peak_memory
        data = request("POST", "/api/ownli/users", b"x" * 65_536, **signed_in(people.SUBJECT))[:-1]
        peak = hold(service, data, 500)
        assert peak - before < 200 * MEBIBYTE, (before, peak)


def test_a_log_that_nobody_reads_holds_up_nobody(env: dict, printed: Printed) -> None:
    rounds = 2000
    command = [bootstrap("token-relay")]
    settings = env | GATEWAY | {"PORT": "0"}
    with subprocess.Popen(command, env=settings, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        log = process.stdout
        lines = [log.readline()]
        port = json.loads(lines[0])["port"]
        with Connection(port) as connection:
            for _ in range(rounds):  # two lines each: far more than a pipe takes
                connection.send(NOTHING)
                assert connection.answer().status == 404
            connection.send(HEALTH)
            assert connection.answer().status == 200
            dropped = 0
            while not dropped:  # what is in the pipe, and then what comes with the next request
                if not select.select([log], [], [], 0)[0]:
                    connection.send(NOTHING)
                    rounds += 1
                    assert connection.answer().status == 404
                lines.append(log.readline())
                dropped = json.loads(lines[-1]).get("dropped", 0)
        process.send_signal(signal.SIGTERM)
        lines += log.readlines()
        assert process.wait(PATIENCE_SECONDS) == 0
    printed.add("the log", b"".join(lines))
    told = [json.loads(line) for line in lines]
    assert json.loads(lines[-1])
    (notice,) = [line for line in told if "dropped" in line]
    assert notice["level"] == "WARN" and notice["dropped"] == dropped > 0
    assert len(told) - 2 + dropped == 2 * rounds, "each line was written or is counted"


def test_a_terminal_that_nobody_reads_holds_up_nobody(env: dict, printed: Printed, tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    settings = env | GATEWAY | {"PORT": str(free_port())}
    with subprocess.Popen(
        [bootstrap("token-relay")], env=settings, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        log = os.read(ours, 65_536)
        with Connection(int(settings["PORT"])) as connection:
            for _ in range(500):
                connection.send(NOTHING)
                assert connection.answer().status == 404
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0
    printed.add("the log", log)
    os.close(ours)
