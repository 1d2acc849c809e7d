"""Google Cloud on loopback: Firestore, Pub/Sub's publishing, Secret Manager, and the metadata server's access tokens."""

import base64
import itertools
import json
import secrets
import sys
import threading
import time
import uuid
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Optional
from urllib.parse import unquote

from firestore_double import DATABASE, Database, Refusal, checked, invalid
from secret_manager_double import SecretManager

METADATA = "/computeMetadata/v1/instance/service-accounts/default/token"
CODES = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
}


class GoogleDouble:
    """One server for all of it. Databases whose name begins with `test` are there from the start, as is `(default)`."""

    def __init__(self, *, emulates: bool = False) -> None:
        """`emulates`: takes the bearer token of an emulator, and no other."""
        self.emulates = emulates
        self.lock = threading.Lock()
        self.databases: dict[str, Database] = {}
        # What was published, by topic.
        self.topics: dict[str, list[dict]] = {}
        self.vault = SecretManager()
        self.issued: set[str] = set()
        self.valid: set[str] = {"owner"} if emulates else set()
        self.calls: Counter[str] = Counter()
        self.faults: dict[str, list[str]] = {}
        self.message_ids = itertools.count(1)
        self.lifetime_seconds = 3600
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        self.server.daemon_threads = True
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def env(self) -> dict[str, str]:
        """What a function finds it by."""
        if self.emulates:
            return {"FIRESTORE_EMULATOR_HOST": self.address, "PUBSUB_EMULATOR_HOST": self.address}
        names = [f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}" for api in ("FIRESTORE", "PUBSUB", "SECRETMANAGER")]
        return {"GCE_METADATA_HOST": self.address} | {name: f"http://{self.address}" for name in names}

    def fault(self, call: str, *kinds: str) -> None:
        """What the next calls (`commit`, `token`, ..) meet, one each: an error's status, `lost` (done, but not answered),
        `reset` (neither), `html`, `redirect`, or a delay in milliseconds."""
        with self.lock:
            self.faults.setdefault(call, []).extend(kinds)

    def revoke(self) -> None:
        """No token is good any more."""
        with self.lock:
            self.valid.clear()

    def database(self, path: str) -> Database:
        if not DATABASE.fullmatch(path) or not path.split("/")[-1].startswith(("test", "(default)")):
            raise Refusal("NOT_FOUND", f"The database {path} does not exist")
        return self.databases.setdefault(path, Database(path))

    def begin(self, call: str) -> Optional[str]:
        with self.lock:
            self.calls[call] += 1
            kinds = self.faults.get(call)
            return kinds.pop(0) if kinds else None

    def issue(self) -> dict:
        token = "ya29." + secrets.token_urlsafe(40)
        with self.lock:
            self.issued.add(token)
            self.valid.add(token)
        return {"access_token": token, "expires_in": self.lifetime_seconds, "token_type": "Bearer"}

    def answer(self, resource: str, method: str, body: Any) -> Any:
        path = "/".join(resource.split("/")[:4])
        with self.lock:
            if method == "access":
                return self.vault.access(resource)
            if method == "publish":
                return self.publish(resource, body)
            database = self.database(path)
            if method == "runQuery":
                return database.run_query(resource, body)
            if resource != f"{path}/documents":
                raise Refusal("NOT_FOUND", "no such method")
            if method == "batchGet":
                return database.batch_get(body)
            if method == "commit":
                return database.commit(body)
        raise Refusal("NOT_FOUND", "no such method")

    def make_topic(self) -> str:
        name = f"projects/partner-test/topics/events-{uuid.uuid4()}"
        self.topics[name] = []
        return name

    def publish(self, topic: str, body: Any) -> dict:
        if topic not in self.topics:
            raise Refusal("NOT_FOUND", "Resource not found")
        messages = checked(body, ["messages"])["messages"]
        for message in messages:
            checked(message, ["data"], ["attributes", "orderingKey"])
            if not all(isinstance(value, str) for value in message.get("attributes", {}).values()):
                raise invalid("an attribute is no string")
            if not isinstance(message.get("orderingKey", ""), str) or len(message.get("orderingKey", "").encode()) > 1024:
                raise invalid("no ordering key")
            self.contents(message)
        self.topics[topic] += messages
        return {"messageIds": [str(next(self.message_ids)) for _ in messages]}

    @staticmethod
    def contents(message: dict) -> bytes:
        try:
            data = base64.b64decode(message["data"], validate=True)
        except ValueError:
            raise invalid("the data is no base64") from None
        if not 0 < len(data) <= 10_000_000:
            raise invalid("a message is empty, or larger than 10 MB")
        return data

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def handler(double: GoogleDouble) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # A head and a body in two packets would wait for each other's acknowledgements.
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            if double.emulates:
                return self.send(404, b"", "text/html")
            if self.path != METADATA:
                return self.call(None)
            fault = double.begin("token")
            if fault:
                return self.send(int(fault), b"", "text/html")
            if self.headers["Metadata-Flavor"] != "Google" or "Authorization" in self.headers:
                return self.send(403, b"Missing Metadata-Flavor:Google header.", "text/html")
            self.send(200, json.dumps(double.issue()).encode())

        def do_POST(self) -> None:
            self.call(self.rfile.read(int(self.headers["Content-Length"])))

        def call(self, body: Optional[bytes]) -> None:
            """Without a body where it is a GET."""
            resource, _, method = unquote(self.path).removeprefix("/v1/").rpartition(":")
            fault = double.begin(method)
            if fault == "reset":
                return self.hang_up()
            if fault == "html":
                return self.send(200, b"<html>Sign in</html>", "text/html")
            if fault == "redirect":
                return self.send(302, b"", "text/html", f"http://{double.address}/elsewhere")
            try:
                if fault in CODES:
                    raise Refusal(fault, "as was asked for")
                if fault and fault.isdigit():
                    time.sleep(int(fault) / 1000)
                if (body is None) != (method == "access"):
                    raise Refusal("NOT_FOUND", "no such method")
                answer = double.answer(resource, method, self.checked(body))
            except Refusal as refusal:
                return self.refuse(method, refusal)
            if fault == "lost":
                return self.hang_up()
            self.send(200, json.dumps(answer).encode())

        def checked(self, body: Optional[bytes]) -> Any:
            kind, _, token = self.headers.get("Authorization", "").partition(" ")
            with double.lock:
                if kind != "Bearer" or token not in double.valid:
                    raise Refusal("UNAUTHENTICATED", "Request had invalid authentication credentials.")
            if not self.path.startswith("/v1/"):
                raise invalid("not version 1")
            if body is None:
                return None
            if self.headers.get("Content-Type") != "application/json":
                raise invalid("no JSON")
            try:
                return json.loads(body.decode())
            except ValueError:
                raise invalid("no JSON") from None

        def refuse(self, method: str, refusal: Refusal) -> None:
            code = CODES[refusal.status]
            if refusal.status == "INVALID_ARGUMENT":
                print(f"google_double: {refusal}", file=sys.stderr)
            error = {"error": {"code": code, "message": f"Ada Lovelace: {refusal}", "status": refusal.status}}
            # A method that streams has its error in an array too.
            streams = method in ("batchGet", "runQuery")
            self.send(code, json.dumps([error] if streams else error).encode())

        def send(self, status: int, body: bytes, kind: str = "application/json", location: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(body)

        def hang_up(self) -> None:
            self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    return Handler
