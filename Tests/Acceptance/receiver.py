"""A strict receiver of events, which verifies them with Standard Webhooks' own library."""

import ssl
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Optional

from ownerrez import unwrapped
from standardwebhooks import Webhook, WebhookVerificationError

# What the specification's reference libraries are tested with, and one that is as long as may be.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ANOTHER_SECRET = "whsec_" + "Zmlmd" * 16 + "aaaaaA=="
PATH = "/hooks/ownerrez/"


@dataclass
class Answer:
    status: int = 204
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0  # until it comes
    endless: bool = False  # a body that never ends


@dataclass
class Delivery:
    id: str
    timestamp: int
    signatures: list[str]
    body: bytes
    status: int

    @property
    def text(self) -> str:
        """The event as it came, out of its envelope."""
        return unwrapped(self.body.decode())


class Receiver:
    """Answers from `answers`, one after the other, and 204 once there are none left; what is not signed with one of its
    secrets is answered 401, whatever else it would say. `deliveries` has all that came, `taken` what was answered 2xx."""

    def __init__(self, *secrets: str, context: Optional[ssl.SSLContext] = None) -> None:
        self.hooks = [Webhook(secret) for secret in secrets or (SECRET,)]
        self.answers: list[Answer] = []
        self.always: Optional[Answer] = None
        self.deliveries: list[Delivery] = []
        self.strangers: list[str] = []  # paths and methods that nobody was told of
        self.lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.receiver = self  # type: ignore[attr-defined]
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}{PATH}"
        self.env = {"EVENTS_TARGET": self.url, "EVENTS_SIGNING_SECRET": (secrets or (SECRET,))[0]}
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def taken(self) -> list[Delivery]:
        return [delivery for delivery in self.deliveries if 200 <= delivery.status < 300]

    @property
    def texts(self) -> list[str]:
        return [delivery.text for delivery in self.taken]

    def verifies(self, body: bytes, headers: dict[str, str]) -> bool:
        for hook in self.hooks:
            try:
                hook.verify(body, headers)
                return True
            except WebhookVerificationError:
                pass
        return False

    def next_answer(self) -> Answer:
        with self.lock:
            return self.answers.pop(0) if self.answers else self.always or Answer()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> "Receiver":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever has heard enough hangs up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if (self.command, self.path) != ("POST", PATH):
            receiver.strangers.append(f"{self.command} {self.path}")
            return self.answer(Answer(404))
        names = [name.lower() for name in self.headers]
        assert len(names) == len(set(names)), "no header twice"
        assert self.headers["Content-Type"] == "application/json" and "Transfer-Encoding" not in self.headers
        assert self.headers["User-Agent"].startswith("partner-functions/")
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = receiver.next_answer() if receiver.verifies(body, headers) else Answer(401)
        receiver.deliveries.append(
            Delivery(
                headers["webhook-id"],
                int(headers["webhook-timestamp"]),
                headers["webhook-signature"].split(" "),
                body,
                answer.status,
            )
        )
        self.answer(answer)

    do_GET = do_POST = do_PUT = do_HEAD = handle_any

    def answer(self, answer: Answer) -> None:
        time.sleep(answer.seconds)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if not answer.endless and answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)
        while answer.endless:
            self.wfile.write(b"x" * 65_536)

    def log_message(self, *_: Any) -> None:
        """Quiet."""
