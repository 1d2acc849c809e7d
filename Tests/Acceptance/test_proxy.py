"""Whom a function calls through the environment's proxy, and whom directly."""

import socket
import threading
from typing import Iterator

import people
import pytest
from door import read_head
from events import http_api
from programs import Programs

RELAY = http_api("POST", "/api/ownli/token", claims={"sub": people.SUBJECT})
PASSWORD = "pr0xy-sesame"


class Proxy:
    """Notes whom it is asked for, and refuses."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://user:{PASSWORD}@127.0.0.1:{self.listener.getsockname()[1]}"

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                self.asked.append(read_head(connection).split()[1])
                connection.sendall(b"HTTP/1.1 502 -\r\nContent-Length: 0\r\n\r\n")


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    proxy = Proxy()
    yield proxy
    proxy.listener.close()


# In these nobody answers: .invalid names nothing (RFC 2606), and 192.0.2.0/24 is nowhere (RFC 5737).
NAME, PORT, ADDRESS = "https://api.ownli.invalid", "https://api.ownli.invalid:8443", "https://192.0.2.1"


@pytest.mark.parametrize(
    "url, exceptions, is_proxied",
    [
        (NAME, {}, True),
        (NAME, {"NO_PROXY": "*"}, False),
        (NAME, {"NO_PROXY": ".ownli.invalid"}, False),
        (NAME, {"NO_PROXY": "other.invalid, ownli.invalid"}, False),
        (NAME, {"NO_PROXY": "wnli.invalid"}, True),
        (NAME, {"NO_PROXY": "api.ownli.invalid:8443"}, True),
        (PORT, {"NO_PROXY": "api.ownli.invalid:8443"}, False),
        (ADDRESS, {"NO_PROXY": "192.0.2.0/24"}, False),
        (ADDRESS, {"NO_PROXY": "192.0.3.0/24"}, True),
        (NAME, {"no_proxy": "ownli.invalid", "NO_PROXY": "other.invalid"}, False),
    ],
)
def test_the_proxy_and_its_exceptions(
    url: str, exceptions: dict, is_proxied: bool, programs: Programs, env: dict, proxy: Proxy
) -> None:
    run = programs.run("token-relay", RELAY, env=env | exceptions | {"OWNLI_BASE_URL": url, "HTTPS_PROXY": proxy.url})
    assert run.http.status in (502, 504)
    host = url.removeprefix("https://")
    assert set(proxy.asked) == ({host if ":" in host else host + ":443"} if is_proxied else set())
    assert PASSWORD.encode() not in run.stdout + run.stderr


def test_this_machine_is_never_proxied(programs: Programs, env: dict, proxy: Proxy) -> None:
    settings = {name: proxy.url for name in ("HTTPS_PROXY", "http_proxy", "ALL_PROXY")}
    assert programs.run("token-relay", RELAY, env=env | settings | {"NO_PROXY": "x.invalid"}).http.status == 200
    assert proxy.asked == []


def test_the_proxys_password_is_not_shown(programs: Programs, env: dict, proxy: Proxy) -> None:
    run = programs.run("token-relay", None, "--check", env=env | {"HTTPS_PROXY": proxy.url})
    assert b"HTTPS_PROXY" in run.stdout
    assert PASSWORD.encode() not in run.stdout + run.stderr
