"""OwnerRez from outside: what its webhook sends, and whether it takes a token."""

import base64
import json
import os
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Optional

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import people
from events import Event, event_bridge, http_api
from records import Records

WEBHOOK = "/webhooks/ownerrez"
ACCOUNT = 347482730
TOKEN = "at_8c41f0d2sealed"
KEY = bytes(range(32))

ENV = {
    "OWNERREZ_CLIENT_ID": "c_tested",
    "OWNERREZ_WEBHOOK_USER": people.WEBHOOK_USER,
    "OWNERREZ_WEBHOOK_PASSWORD": people.WEBHOOK_PASSWORD,
    "TOKEN_ENCRYPTION_KEYS": "k1:" + base64.b64encode(KEY).decode(),
}


def basic(user: str = people.WEBHOOK_USER, password: str = people.WEBHOOK_PASSWORD) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def webhook(body: Any, *, authorization: Optional[str] = basic(), headers: Optional[dict] = None) -> Event:
    """As the HTTP API hands it on. `headers` come beside the credentials."""
    fields = {"content-type": "application/json"} if headers is None else dict(headers)
    if authorization is not None:
        fields["authorization"] = authorization
    return http_api("POST", WEBHOOK, body, headers=fields)


SCHEDULED = event_bridge({}) | {"source": "aws.events", "detail-type": "Scheduled Event"}


def update(number: int = 16879744, **changes: Any) -> dict:
    """A booking has changed. A change to None takes a member out. It holds what no log may hold."""
    body = {
        "id": str(uuid.uuid4()),
        "user_id": ACCOUNT,
        "action": "entity_update",
        "entity_type": "booking",
        "entity_id": number,
        "categories": ["availability", "charge"],
        "entity": {"id": number, "status": "pending", "guest": f"{people.FIRST_NAME} {people.LAST_NAME}"}
        | {"email": people.EMAIL, "phone": people.PHONE, "street": people.STREET},
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


def revocation(**changes: Any) -> dict:
    """As OwnerRez's guide has it: without an id."""
    return {"action": "application_authorization_revoked", "user_id": ACCOUNT} | changes


def connect(records: Records, *, ago: float = 60, token: str = TOKEN, key: bytes = KEY, expires: float = 0) -> None:
    """A connection as ownerrez-connect stores it."""
    partition, sort = f"ownerrez-account#{ACCOUNT}", "connection"
    nonce = os.urandom(12)
    identity = json.dumps([partition, sort], separators=(",", ":")).encode()
    sealed = nonce + AESGCM(key).encrypt(nonce, json.dumps([token]).encode(), identity)
    shown = {"connectedAt": str(int((time.time() - ago) * 1000))}
    attributes = shown | {"subject": people.SUBJECT}
    attributes["tokens"] = "k1." + base64.urlsafe_b64encode(sealed).decode().rstrip("=")
    if expires:
        attributes["expires"] = str(int(expires * 1000))
    records.put(partition, sort, attributes)
    records.put(f"ownerrez-user#{people.SUBJECT}", str(ACCOUNT), shown)


def is_connected(records: Records) -> bool:
    """Both ways of it are there, or neither."""
    both = [records.of(f"ownerrez-user#{people.SUBJECT}") != []]
    both.append("connection" in records.keys(f"ownerrez-account#{ACCOUNT}"))
    assert both[0] == both[1], "half a connection"
    return both[0]


class OwnerRezAPI:
    """`GET /v2/users/me`: 200 for a token that is alive, 401 for any other."""

    def __init__(self) -> None:
        self.alive = {TOKEN}
        self.status: Optional[int] = None  # instead of either
        self.asked: list[str] = []
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                assert self.path == "/v2/users/me" and self.headers["User-Agent"].endswith("(c_tested)")
                token = self.headers["Authorization"].removeprefix("Bearer ")
                double.asked.append(token)
                status = double.status or (200 if token in double.alive else 401)
                body = b"{}" if status == 200 else b'{"code":"invalid_token"}'
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.env = {"OWNERREZ_API_URL": f"http://127.0.0.1:{self._server.server_port}"}
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
