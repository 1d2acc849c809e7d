"""A double of the Lambda Runtime API, for what the emulator does not do: refusals, several pollers, dying connections."""

import itertools
import json
import queue
import re
import socket
import struct
import subprocess
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal, Mapping, Optional

from least_privilege import with_own_identity
from programs import HTTPAnswer, Printed, bootstrap, encoded, log_lines

BASE = "/2018-06-01/runtime"
# How the double ends its connections after an answer: not at all, with FIN, or with RST.
Ending = Literal["keep", "close", "reset"]


@dataclass
class Post:
    """What a runtime posted."""

    kind: Literal["response", "error", "init-error"]
    request_id: Optional[str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def http(self) -> HTTPAnswer:
        assert self.kind == "response", self
        return HTTPAnswer(self.json)


@dataclass
class Invocation:
    request_id: str
    headers: dict[str, str]
    event: bytes
    posts: "queue.Queue[Post]" = field(default_factory=queue.Queue)

    def post(self, timeout: float = 20) -> Post:
        """What the runtime posts for this invocation."""
        try:
            return self.posts.get(timeout=timeout)
        except queue.Empty:
            raise AssertionError(f"nothing was posted for {self.request_id}") from None


class RuntimeAPI:
    def __init__(self, ending: Ending = "keep") -> None:
        self.ending = ending
        self.posts: list[Post] = []
        self.post_statuses: deque[int] = deque()  # of the next posts; 202 when it is empty
        self.next_statuses: deque[int] = deque()  # of the next answers to /next; 200 when it is empty
        self.connections = 0
        self.most_pollers = 0
        self._pollers = 0
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._queue: "queue.Queue[Optional[Invocation]]" = queue.Queue()
        self._open: dict[str, Invocation] = {}
        self._init_error: "queue.Queue[Post]" = queue.Queue()
        self._server = _Server(self)
        self.address = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> "RuntimeAPI":
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()
        self._server.shutdown()
        self._server.server_close()

    def send(
        self, event: Any, *, deadline: Optional[str] = None, seconds: float = 30, headers: Optional[dict] = None
    ) -> Invocation:
        """Queues an invocation. `deadline` is sent as it is; an empty one leaves the header out."""
        request_id = f"{next(self._numbers):08d}-1111-2222-3333-444444444444"
        fields = {
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:tested",
            "Content-Type": "application/json",
        }
        if deadline is None:
            fields["Lambda-Runtime-Deadline-Ms"] = str(int((time.time() + seconds) * 1000))
        elif deadline:
            fields["Lambda-Runtime-Deadline-Ms"] = deadline
        invocation = Invocation(request_id, fields | (headers or {}), encoded(event))
        self._open[request_id] = invocation
        self._queue.put(invocation)
        return invocation

    def invoke(self, event: Any, **options: Any) -> Post:
        return self.send(event, **options).post()

    def init_error(self, timeout: float = 20) -> Post:
        return self._init_error.get(timeout=timeout)

    def hang_up(self) -> None:
        """Ends every waiting /next without an answer."""
        for _ in range(self._pollers):
            self._queue.put(None)

    def wait_for_pollers(self, count: int, seconds: float = 20) -> None:
        for _ in range(int(seconds * 20)):
            if self._pollers >= count:
                return
            time.sleep(0.05)
        raise AssertionError(f"{self._pollers} pollers wait, not {count}")

    def next_invocation(self) -> Optional[Invocation]:
        with self._lock:
            self._pollers += 1
            self.most_pollers = max(self.most_pollers, self._pollers)
        try:
            return self._queue.get()
        finally:
            with self._lock:
                self._pollers -= 1

    def record(self, post: Post) -> int:
        with self._lock:
            self.posts.append(post)
            status = self.post_statuses.popleft() if self.post_statuses else 202
        if post.kind == "init-error":
            self._init_error.put(post)
        elif post.request_id in self._open:
            self._open[post.request_id].posts.put(post)
        return status


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, api: RuntimeAPI):
        self.api = api
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A runtime that was killed leaves broken connections."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self) -> None:
        super().setup()
        self.server.api.connections += 1

    def do_GET(self) -> None:
        api = self.server.api
        if self.path != f"{BASE}/invocation/next":
            return self.answer(404)
        if api.next_statuses:
            return self.answer(api.next_statuses.popleft())
        invocation = api.next_invocation()
        if invocation is None:
            self.close_connection = True
            return
        self.answer(200, invocation.event, invocation.headers)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        match = re.fullmatch(rf"{BASE}/invocation/([^/]+)/(response|error)", self.path)
        if match:
            kind: Any = match[2]
            status = self.server.api.record(Post(kind, match[1], headers, body))
        elif self.path == f"{BASE}/init/error":
            status = self.server.api.record(Post("init-error", None, headers, body))
        else:
            status = 404
        self.answer(status, b'{"status":"OK"}' if status == 202 else b'{"errorType":"refused"}')

    def answer(self, status: int, body: bytes = b"", headers: Optional[Mapping[str, str]] = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        if self.server.api.ending != "keep":
            # No Connection: close: the runtime finds out only when it uses the connection again.
            self.close_connection = True
        if self.server.api.ending == "reset":
            time.sleep(0.05)  # a reset takes back what the other side has not read yet
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


class Runtime:
    """A function that serves a Runtime API, until the end of the `with`."""

    def __init__(self, function: str, api: RuntimeAPI, env: Mapping[str, str], printed: Printed, directory: Path):
        self.was_killed = False
        self.printed = printed
        self.api = api
        self.relays = function == "token-relay"
        self.stdout, self.stderr = directory / f"{function}.stdout", directory / f"{function}.stderr"
        with open(self.stdout, "wb") as stdout, open(self.stderr, "wb") as stderr:
            self.process = subprocess.Popen(
                [bootstrap(function)],
                env=with_own_identity(function, env) | {"AWS_LAMBDA_RUNTIME_API": api.address},
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
            )

    def __enter__(self) -> "Runtime":
        return self

    def __exit__(self, kind: Any, *_: object) -> None:
        died = self.process.poll()
        self.process.kill()
        self.process.wait()
        self.printed.add("the log on Lambda", self.stdout.read_bytes())
        self.printed.add("standard error on Lambda", self.stderr.read_bytes())
        for post in self.api.posts:
            self.printed.add("a post to the Runtime API", post.body, may_hold_token=self.relays)
        if kind is None:
            assert self.was_killed or died is None or died >= 0, f"killed by signal {-died}"

    def kill(self) -> None:
        """As the platform does, and a power cut: without a word."""
        self.was_killed = True
        self.process.kill()
        self.process.wait()

    def is_running(self) -> bool:
        return self.process.poll() is None

    def wait(self, timeout: float = 20) -> int:
        """The exit status."""
        return self.process.wait(timeout)

    @property
    def logs(self) -> list[dict]:
        return log_lines(b"".join(line for line in self._lines if b'"_aws"' not in line))

    @property
    def metrics(self) -> list[dict]:
        """The lines in CloudWatch's embedded metric format."""
        return [json.loads(line) for line in self._lines if b'"_aws"' in line]

    @property
    def _lines(self) -> list[bytes]:
        return self.stdout.read_bytes().splitlines(keepends=True)
