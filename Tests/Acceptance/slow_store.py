"""DynamoDB at a distance: a proxy before moto that takes its time with every call, or keeps calls waiting."""

import http.client
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class SlowStore:
    def __init__(self, url: str) -> None:
        self.delay = 0.0  # seconds, before a call is handed on
        self.calls: list[str] = []
        self._allowed = 1 << 60
        self._changed = threading.Condition()
        slow, upstream = self, url.removeprefix("http://")

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                slow.admit(self.headers["X-Amz-Target"].split(".")[-1])
                # The headers as they are, the host among them, which is signed too.
                connection = http.client.HTTPConnection(upstream)
                connection.request("POST", self.path, body, dict(self.headers))
                answer = connection.getresponse()
                content = answer.read()
                connection.close()
                self.send_response(answer.status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def admit(self, operation: str) -> None:
        with self._changed:
            self._changed.wait_for(lambda: len(self.calls) < self._allowed)
            self.calls.append(operation)
        time.sleep(self.delay)

    def allow(self, count: int) -> None:
        """Only so many more calls, until more are allowed."""
        with self._changed:
            self._allowed = len(self.calls) + count
            self._changed.notify_all()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
