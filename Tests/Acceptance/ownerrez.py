"""OwnerRez from outside: what its webhook sends, and whether it takes a token."""

import base64
import json
import os
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Optional
from urllib.parse import parse_qs

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import people
from events import Event, event_bridge, http_api
from records import Records

WEBHOOK = "/webhooks/ownerrez"
ACCOUNT = 347482730
TOKEN = "at_8c41f0d2sealed"
REFRESH_TOKEN = "rt_17e06b9csealed"
CLIENT_SECRET = "s_tested-5d20"
KEY = bytes(range(32))

ENV = {
    "OWNERREZ_CLIENT_ID": "c_tested",
    "OWNERREZ_CLIENT_SECRET": CLIENT_SECRET,
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


def connect(
    records: Records,
    *,
    ago: float = 60,
    token: str = TOKEN,
    refresh: Optional[str] = None,
    key: bytes = KEY,
    key_id: str = "k1",
    expires: float = 0,
    listed: bool = False,
) -> None:
    """A connection as ownerrez-connect stores it; as an older build did, unless it is in the schedule's list."""
    both = [token] + ([refresh] if refresh else [])
    partition, sort = f"ownerrez-account#{ACCOUNT}", "connection"
    nonce = os.urandom(12)
    identity = json.dumps([partition, sort], separators=(",", ":")).encode()
    sealed = nonce + AESGCM(key).encrypt(nonce, json.dumps(both).encode(), identity)
    shown = {"connectedAt": str(int((time.time() - ago) * 1000))}
    if listed:
        shown["listedAt"] = shown["connectedAt"]
        records.put("ownerrez-connections", str(ACCOUNT), {"subject": people.SUBJECT, "due": shown["connectedAt"]})
    attributes = shown | {"subject": people.SUBJECT}
    attributes["tokens"] = f"{key_id}." + base64.urlsafe_b64encode(sealed).decode().rstrip("=")
    if expires:
        attributes["expires"] = str(int(expires * 1000))
    records.put(partition, sort, attributes)
    records.put(f"ownerrez-user#{people.SUBJECT}", str(ACCOUNT), shown)


def is_ours(event: dict) -> bool:
    """Whether a record is of an event that we tell of a connection, beside OwnerRez's own."""
    return event.get("source") == "connection"


def told(records: Records) -> list[str]:
    """What has become of connections, as the company reads it and as it still waits: in that order, without the others'
    events."""
    ours = [event for event in [*records.of("ownerrez-events"), *waiting(records)] if is_ours(event)]
    assert all(event["subject"] == people.SUBJECT for event in ours)
    return [json.loads(event["event"])["action"] for event in ours]


def kept(records: Records) -> list[dict]:
    """OwnerRez's own events that the company can read."""
    return [json.loads(event["event"]) for event in records.of("ownerrez-events") if not is_ours(event)]


def shard(account: int = ACCOUNT) -> str:
    """The part of the inbox that an account's events come to; 0 where an event names none."""
    return f"{(account * 0x9E3779B97F4A7C15 % 2**64) >> 60:x}"


def inbox(account: int = ACCOUNT) -> str:
    """Where events lie that may go on."""
    return f"ownerrez-inbox#{shard(account)}"


def aside(entity: str, account: int = ACCOUNT) -> str:
    """Where an entity's events lie that wait."""
    return f"ownerrez-inbox-aside#{shard(account)}#{entity}"


def waiting(records: Records) -> list[dict]:
    """All events of the inbox, those that may go on and those that wait, by their arrival."""
    kinds = ("ownerrez-inbox#", "ownerrez-inbox-aside#")
    found = [(sort, event) for partition, sort, event in records.all() if partition.startswith(kinds)]
    return [event for _, event in sorted(found, key=lambda each: each[0])]


def end_pauses(records: Records) -> None:
    """As if the time had passed until what waits may be tried again."""
    for partition, sort, event in list(records.all()):
        if partition.startswith("ownerrez-inbox-paused#"):
            records.remove(partition, sort)
            records.put(partition, "000000000000001-" + sort.partition("-")[2], event)
        if partition.startswith("ownerrez-inbox-aside#") and "pausedUntil" in event:
            records.put(partition, sort, event | {"pausedUntil": "1"})


def is_connected(records: Records) -> bool:
    """Both ways of it are there and in the schedule's list, or none of it is."""
    found = {sort: each for name, sort, each in records.all() if name == f"ownerrez-account#{ACCOUNT}"}
    of_user = records.of(f"ownerrez-user#{people.SUBJECT}")
    assert ("connection" in found) == (of_user != []), "half a connection"
    # One that an older build has made is in no list until somebody looks at it.
    listed = any("listedAt" in each for each in of_user)
    assert records.keys("ownerrez-connections") == ([str(ACCOUNT)] if listed else [])
    return of_user != []


def unwrapped(text: str) -> str:
    """The event's text out of its envelope, to the byte."""
    envelope = json.loads(text)
    assert list(envelope) == ["subject", "connection", "source", "receivedAt", "sequence", "event"]
    head, mark, rest = text.partition(',"event":')
    assert json.loads(head + "}") | {"event": envelope["event"]} == envelope and mark and rest.endswith("}")
    return rest[:-1]


class OwnerRezAPI:
    """`GET /v2/users/me`: 200 for a token that is alive, 401 for any other. Its token endpoint renews a refresh token
    that is alive, once, and ends tokens, each by itself."""

    def __init__(self) -> None:
        self.alive = {TOKEN}
        self.refresh_tokens: set[str] = set()
        self.status: Optional[int] = None  # instead of an answer
        self.asked: list[str] = []
        self.renewed: list[str] = []
        self.ended: list[str] = []
        self.lock = threading.Lock()
        client = "Basic " + base64.b64encode(f"c_tested:{CLIENT_SECRET}".encode()).decode()
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                assert self.path == "/v2/users/me"
                token = self.headers["Authorization"].removeprefix("Bearer ")
                double.asked.append(token)
                self.answer(200, {}) if token in double.alive else self.answer(401, {"code": "invalid_token"})

            def do_POST(self) -> None:
                assert self.path == "/oauth/access_token" and self.headers["Authorization"] == client
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                assert form.pop("grant_type") == ["refresh_token"] and list(form) == ["refresh_token"]
                (token,) = form["refresh_token"]
                double.renewed.append(token)
                if double.status:
                    return self.answer(double.status, {})
                with double.lock:
                    if token not in double.refresh_tokens:
                        return self.answer(400, {"error": "invalid_grant"})
                    double.refresh_tokens.remove(token)
                    pair = {"access_token": f"at_{uuid.uuid4()}", "refresh_token": f"rt_{uuid.uuid4()}"}
                    double.alive.add(pair["access_token"])
                    double.refresh_tokens.add(pair["refresh_token"])
                self.answer(200, pair | {"token_type": "bearer", "expires_in": 2_592_000, "user_id": ACCOUNT})

            def do_DELETE(self) -> None:
                path, _, token = self.path.rpartition("/")
                assert path == "/oauth/access_token" and self.headers["Authorization"] == client
                double.ended.append(token)
                known = token in double.alive | double.refresh_tokens
                if not double.status:
                    double.alive.discard(token)
                    double.refresh_tokens.discard(token)
                self.answer(204 if known else 404, None)

            def answer(self, status: int, body: Any) -> None:
                assert self.headers["User-Agent"].endswith("(c_tested)")
                data = b"" if body is None else json.dumps(body).encode()
                self.send_response(double.status or status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.env = {"OWNERREZ_API_URL": f"http://127.0.0.1:{self._server.server_port}"}
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
