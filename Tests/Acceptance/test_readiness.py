"""What a function makes ready while it waits for its first event, so that the first caller need not wait for it."""

import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable, Iterator, Optional

import people
import pytest
from events import http_api
from programs import Printed
from runtime_api import Runtime, RuntimeAPI
from web import Service

RELAY = http_api("POST", "/api/ownli/token", claims={"sub": people.SUBJECT})
ORDER = {"userId": "XT_USR1", "amount": 5, "actionCode": "purchase", "clientReference": "order-1"}
READY = ("HEAD", "/")
TOKEN = ("POST", "/api/auth/token")
GRANT = ("POST", "/api/rewards/grant")
ADMIN_TOKEN = "admin-token-91e3"


class Upstream:
    """Ownli, as far as it is needed here: it counts connections and requests, and answers when it is let to."""

    def __init__(self, port: int = 0) -> None:
        self.connections = 0
        self.requests: list[tuple[str, str]] = []
        self.fields: list[str] = []
        # What waits until somebody lets it go, and statuses that the next token requests are answered with.
        self.held: set[tuple[str, str]] = set()
        self.statuses: list[int] = []
        self.release = threading.Event()
        self.sockets: list[socket.socket] = []
        self._server = _Server(self, port)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> "Upstream":
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, *requests: tuple[str, str]) -> None:
        """Until it has been sent these, and nothing else."""
        wait(lambda: len(self.requests) >= len(requests), f"{requests} were not sent")
        assert self.requests == list(requests)

    def hang_up(self) -> None:
        for each in self.sockets:
            each.shutdown(socket.SHUT_RDWR)

    def answer(self, request: tuple[str, str]) -> tuple[int, dict]:
        if request in self.held:
            assert self.release.wait(60)
        if request == TOKEN:
            status = self.statuses.pop(0) if self.statuses else 200
            return status, {"access_token": ADMIN_TOKEN, "expires_in": 3600, "scope": "admin"}
        if request == GRANT:
            reward = {"id": "XT_1", "userId": "XT_USR1", "amount": 5.0}
            return 200, reward | {"clientReference": "order-1", "status": "Confirmed"}
        return 404, {}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, upstream: Upstream, port: int):
        self.upstream = upstream
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A function that was killed leaves broken connections."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def setup(self) -> None:
        super().setup()
        self.server.upstream.connections += 1
        self.server.upstream.sockets.append(self.connection)

    def do_HEAD(self) -> None:
        upstream, request = self.server.upstream, (self.command, self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        upstream.fields.append(str(self.headers))
        upstream.requests.append(request)
        status, answer = upstream.answer(request)
        if b'"scope":"user"' in body:
            answer |= {"access_token": "user-token", "scope": "user"}
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)
        self.wfile.flush()

    do_POST = do_HEAD

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def wait(condition: Callable[[], bool], otherwise: str, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, otherwise
        time.sleep(0.01)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as upstream:
        yield upstream


@pytest.fixture
def start(lambda_env: dict, printed: Printed, tmp_path: Path, upstream: Upstream) -> Callable[..., Runtime]:
    def start(function: str, api: RuntimeAPI, port: Optional[int] = None) -> Runtime:
        url = f"http://127.0.0.1:{port or upstream.port}"
        return Runtime(function, api, lambda_env | {"OWNLI_BASE_URL": url}, printed, tmp_path)

    return start


def test_the_first_event_takes_the_connection_that_was_made_ready(start: Callable, upstream: Upstream) -> None:
    with RuntimeAPI() as api, start("token-relay", api) as runtime:
        upstream.wait_for(READY)
        time.sleep(0.2)
        assert api.invoke(RELAY).http.status == 200
        assert upstream.requests == [READY, TOKEN] and upstream.connections == 1
        api.wait_for_pollers(1)
        assert [call["call"] for line in runtime.logs for call in line["upstream"]] == ["POST /api/auth/token"]


def test_what_makes_a_connection_ready_says_nothing_of_us(start: Callable, upstream: Upstream) -> None:
    with RuntimeAPI() as api, start("token-relay", api):
        upstream.wait_for(READY)
    names = {line.partition(":")[0].lower() for line in upstream.fields[0].splitlines() if line}
    assert names == {"host", "user-agent", "accept"}


def test_an_upstream_that_is_down_stops_no_start_and_no_later_call(start: Callable, upstream: Upstream) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with RuntimeAPI() as api, start("token-relay", api, port) as runtime:
        api.wait_for_pollers(1)
        assert api.invoke(RELAY).http.status == 502
        with Upstream(port):
            assert api.invoke(RELAY).http.status == 200
        assert runtime.is_running()


def test_an_upstream_that_hangs_holds_up_neither_the_start_nor_the_event(start: Callable, upstream: Upstream) -> None:
    upstream.held = {READY}
    with RuntimeAPI() as api, start("token-relay", api):
        upstream.wait_for(READY)
        api.wait_for_pollers(1)
        assert api.invoke(RELAY).http.status == 200
        assert not upstream.release.is_set() and upstream.connections == 2


def test_a_connection_that_died_meanwhile_is_made_anew(start: Callable, upstream: Upstream) -> None:
    with RuntimeAPI() as api, start("token-relay", api):
        upstream.wait_for(READY)
        time.sleep(0.2)
        upstream.hang_up()
        assert api.invoke(RELAY).http.status == 200
        assert upstream.requests == [READY, TOKEN] and upstream.connections == 2


def test_the_admin_token_is_there_before_the_first_event(start: Callable, upstream: Upstream) -> None:
    with RuntimeAPI() as api, start("reward-grant", api):
        upstream.wait_for(TOKEN)
        assert api.invoke(ORDER).json["status"] == "Confirmed"
        assert upstream.requests == [TOKEN, GRANT]


def test_an_event_waits_for_the_token_that_is_under_way(start: Callable, upstream: Upstream) -> None:
    upstream.held = {TOKEN}
    with RuntimeAPI() as api, start("reward-grant", api):
        upstream.wait_for(TOKEN)
        invocation = api.send(ORDER)
        wait(lambda: api._pollers == 0, "the event was not taken")
        upstream.release.set()
        assert invocation.post().json["status"] == "Confirmed"
        assert upstream.requests == [TOKEN, GRANT]


def test_a_token_that_could_not_be_made_ready_is_asked_for_by_the_event(start: Callable, upstream: Upstream) -> None:
    upstream.held, upstream.statuses = {TOKEN}, [500]
    with RuntimeAPI() as api, start("reward-grant", api):
        upstream.wait_for(TOKEN)
        invocation = api.send(ORDER)
        upstream.held = set()
        upstream.release.set()
        assert invocation.post().json["status"] == "Confirmed"
        assert upstream.requests == [TOKEN, TOKEN, GRANT]


def test_a_token_that_does_not_come_is_not_waited_for_without_end(start: Callable, upstream: Upstream) -> None:
    upstream.held = {TOKEN}
    with RuntimeAPI() as api, start("reward-grant", api):
        upstream.wait_for(TOKEN)
        upstream.held = set()
        assert api.invoke(ORDER).json["status"] == "Confirmed"
        assert not upstream.release.is_set() and upstream.requests == [TOKEN, TOKEN, GRANT]


def test_on_cloud_run_the_connection_is_there_before_the_port(
    env: dict, printed: Printed, tmp_path: Path, upstream: Upstream
) -> None:
    settings = {
        "OWNLI_BASE_URL": f"http://127.0.0.1:{upstream.port}",
        "AUTH_GATEWAY_HEADER": "x-apigateway-api-userinfo",
        "K_SERVICE": "token-relay",
    }
    with Service("token-relay", env | settings, printed, tmp_path):
        assert upstream.requests == [READY]


def test_on_cloud_run_an_upstream_that_hangs_does_not_keep_the_port_closed(
    env: dict, printed: Printed, tmp_path: Path, upstream: Upstream
) -> None:
    upstream.held = {READY}
    settings = {
        "OWNLI_BASE_URL": f"http://127.0.0.1:{upstream.port}",
        "AUTH_GATEWAY_HEADER": "x-apigateway-api-userinfo",
        "K_SERVICE": "token-relay",
    }
    with Service("token-relay", env | settings, printed, tmp_path):
        assert upstream.requests == [READY] and not upstream.release.is_set()
