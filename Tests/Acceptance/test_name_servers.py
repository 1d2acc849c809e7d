"""Names, by the name servers of a root's own /etc/resolv.conf."""

import os
import shutil
import socket
import ssl
import struct
import threading
import time
from pathlib import Path
from typing import Iterator, Optional

import people
import pytest
import trustme
from door import read_head
from events import http_api
from programs import Programs, Run, bootstrap

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="port 53 and another root take root")

RELAY = http_api("POST", "/api/ownli/token", claims={"sub": people.SUBJECT})
NAME = "api.ownli.invalid"
A, AAAA = 1, 28


class NameServer:
    """On an address of loopback of its own, at port 53: knows one name, which is 127.0.0.1."""

    def __init__(self, address: str, answers: bool = True, answers_ipv6: bool = True) -> None:
        self.asked: list[tuple[str, int]] = []
        self.answers, self.answers_ipv6 = answers, answers_ipv6
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 53))
        self.socket.settimeout(0.1)
        self.is_over = False
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.is_over = True
        self.thread.join()
        self.socket.close()

    def serve(self) -> None:
        while not self.is_over:
            try:
                message, peer = self.socket.recvfrom(512)
            except TimeoutError:
                continue
            reply = self.reply(message)
            if reply:
                self.socket.sendto(reply, peer)

    def reply(self, message: bytes) -> Optional[bytes]:
        labels, index = [], 12
        while message[index]:
            labels.append(message[index + 1 : index + 1 + message[index]].decode())
            index += 1 + message[index]
        (kind,) = struct.unpack("!H", message[index + 1 : index + 3])
        question, name = message[12 : index + 5], ".".join(labels)
        self.asked.append((name, kind))
        if not self.answers or kind == AAAA and not self.answers_ipv6:
            return None
        found = name == NAME and kind == A
        code = 0 if name == NAME else 3
        head = message[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, int(found), 0, 0)
        record = b"\xc0\x0c" + struct.pack("!HHIH", A, 1, 60, 4) + socket.inet_aton("127.0.0.1")
        return head + question + (record if found else b"")


class Upstream:
    """The name's API, with a certificate for it."""

    def __init__(self, directory: Path) -> None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(directory / "authority.pem"))
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(NAME).configure_cert(self.tls)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            try:
                with self.tls.wrap_socket(connection, server_side=True) as inner:
                    read_head(inner)
                    body = b'{"access_token":"t-1","expires_in":3600,"scope":"user"}'
                    inner.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            except OSError:
                pass


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[Upstream]:
    (tmp_path / "root" / "etc").mkdir(parents=True)
    upstream = Upstream(tmp_path / "root")
    yield upstream
    upstream.listener.close()


@pytest.fixture
def servers() -> Iterator[list[NameServer]]:
    servers: list[NameServer] = []
    yield servers
    for server in servers:
        server.stop()


def relay(tmp_path: Path, addresses: list[str], upstream: Upstream, programs: Programs, env: dict) -> Run:
    root = tmp_path / "root"
    shutil.copy(bootstrap("token-relay"), root)
    (root / "etc" / "resolv.conf").write_text("".join(f"nameserver {address}\n" for address in addresses))
    settings = {"OWNLI_BASE_URL": f"https://{NAME}:{upstream.port}", "SSL_CERT_FILE": "/authority.pem"}
    settings["PATH"] = os.environ["PATH"]
    return programs.run("token-relay", RELAY, env=env | settings, command=["chroot", str(root), "/bootstrap"])


def test_a_silent_first_server_is_made_up_for_by_the_second(
    tmp_path: Path, upstream: Upstream, servers: list[NameServer], programs: Programs, env: dict
) -> None:
    servers += [NameServer("127.0.53.1", answers=False), NameServer("127.0.53.2")]
    begun = time.monotonic()
    assert relay(tmp_path, ["127.0.53.1", "127.0.53.2"], upstream, programs, env).http.status == 200
    print(f"after {time.monotonic() - begun:.2f} s")
    assert (NAME, A) in servers[0].asked and (NAME, A) in servers[1].asked


def test_a_closed_first_server_is_made_up_for_by_the_second(
    tmp_path: Path, upstream: Upstream, servers: list[NameServer], programs: Programs, env: dict
) -> None:
    servers += [NameServer("127.0.53.2")]
    assert relay(tmp_path, ["127.0.53.1", "127.0.53.2"], upstream, programs, env).http.status == 200


def test_ipv6_addresses_that_never_come_hold_up_nothing(
    tmp_path: Path, upstream: Upstream, servers: list[NameServer], programs: Programs, env: dict
) -> None:
    servers += [NameServer("127.0.53.1", answers_ipv6=False)]
    assert relay(tmp_path, ["127.0.53.1"], upstream, programs, env).http.status == 200
    assert (NAME, AAAA) in servers[0].asked


def test_the_hosts_file_comes_first(
    tmp_path: Path, upstream: Upstream, servers: list[NameServer], programs: Programs, env: dict
) -> None:
    servers += [NameServer("127.0.53.1")]
    (tmp_path / "root" / "etc" / "hosts").write_text(f"127.0.0.1 {NAME}\n")
    assert relay(tmp_path, ["127.0.53.1"], upstream, programs, env).http.status == 200
    assert servers[0].asked == []


def test_silence_everywhere_is_an_error_that_says_so(
    tmp_path: Path, upstream: Upstream, servers: list[NameServer], programs: Programs, env: dict
) -> None:
    servers += [NameServer("127.0.53.1", answers=False)]
    run = relay(tmp_path, ["127.0.53.1"], upstream, programs, env)
    assert run.http.outcome == (502, "UPSTREAM_ERROR")
    assert b"no name server answered" in run.stderr
