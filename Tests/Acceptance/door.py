"""An API on the internet, for a script that has just deployed it."""

import re
import socket
import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path

import trustme


@dataclass
class Door:
    """Every https address, on loopback: a proxy that answers by itself, for an API that is not there. It has a
    status for each path, or for host and path."""

    statuses: dict[str, int]
    asked: list[str] = field(default_factory=list)

    def open(self, directory: Path, *hosts: str) -> dict[str, str]:
        """Lets curl find it, for these hosts."""
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(directory / "authority.pem"))
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*hosts).configure_cert(self.tls)
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.serve, daemon=True).start()
        port = self.listener.getsockname()[1]
        return {"HTTPS_PROXY": f"http://127.0.0.1:{port}", "CURL_CA_BUNDLE": str(directory / "authority.pem")}

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                read_head(connection)
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                with self.tls.wrap_socket(connection, server_side=True) as inner:
                    head = read_head(inner)
                    method, path = head.split()[:2]
                    if path not in self.statuses:
                        path = re.findall("(?mi)^host: (.*?)\r$", head)[0] + path
                    self.asked.append(f"{method} {path}")
                    inner.sendall(b"HTTP/1.1 %d -\r\nContent-Length: 0\r\n\r\n" % self.statuses[path])


def read_head(connection: socket.socket) -> str:
    head = b""
    while b"\r\n\r\n" not in head:
        received = connection.recv(4096)
        if not received:
            break
        head += received
    return head.decode()
