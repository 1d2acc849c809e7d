"""An upstream on loopback that speaks TLS with a certificate of our choosing, and hands out tokens."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "token-over-tls-41d8"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600, "scope": "user"}
        body = json.dumps(answer).encode()
        self.server.requests += 1  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    requests = 0

    def __init__(self, context: ssl.SSLContext):
        self.context = context
        super().__init__(("127.0.0.1", 0), _Handler)

    def finish_request(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        # The handshake is made on the connection's own thread: a failed one must not end the server.
        try:
            request = self.context.wrap_socket(request, server_side=True)
        except (ssl.SSLError, OSError):
            return
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        """Clients that refuse our certificate hang up."""


class TLSUpstream:
    def __init__(self, context: ssl.SSLContext):
        self.server = _Server(context)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> "TLSUpstream":
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def url(self, host: str = "127.0.0.1") -> str:
        return f"https://{host}:{self.server.server_port}"

    @property
    def requests(self) -> int:
        """How many requests came through: credentials, that is."""
        return self.server.requests
