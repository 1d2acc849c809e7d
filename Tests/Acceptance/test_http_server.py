"""The HTTP server from outside: what ambiguous, broken and unusual requests get, byte by byte, and ordinary clients."""

import contextlib
import json
import select
import signal
import socket
import subprocess
from pathlib import Path
from typing import Callable, Iterator

import httpx
import people
import pytest
import requests
from programs import FUNCTIONS, Printed, Programs, bootstrap
from sandbox import TOKEN, Sandbox
from test_http_entry import BAD_BODIES, MARK
from web import GATEWAY, Answer, Service, limit_threads, request, signed_in

HEALTH = request("GET", "/healthz")
LAST = request("GET", "/healthz", Connection="close")

Serve = Callable[..., Service]

HTTP = requests.Session()
HTTP.trust_env = False  # no proxy


@pytest.fixture
def serve(env: dict, printed: Printed, tmp_path: Path) -> Serve:
    def serve(function: str = "token-relay", **settings: str) -> Service:
        callers = {"REWARD_ALLOWED_CALLERS": people.SERVER}
        return Service(function, env | GATEWAY | callers | settings, printed, tmp_path)

    return serve


@pytest.fixture
def service(serve: Serve) -> Iterator[Service]:
    with serve() as service:
        yield service


def post(*fields: str, body: str = "") -> bytes:
    return ("POST /api/ownli/token HTTP/1.1\r\nHost: x\r\n" + "".join(f"{f}\r\n" for f in fields) + "\r\n" + body).encode()


# What one server takes for one request, and another for two. Each ends with a request of its own, which must not be
# answered.
SMUGGLING = {
    "both lengths": post("Content-Length: 5", "Transfer-Encoding: chunked", body="0\r\n\r\n"),
    "both lengths, the other way round": post("Transfer-Encoding: chunked", "Content-Length: 5", body="0\r\n\r\n"),
    "two lengths": post("Content-Length: 0", "Content-Length: 5", body="hello"),
    "two equal lengths": post("Content-Length: 5", "Content-Length: 5", body="hello"),
    "two lengths in one": post("Content-Length: 5, 5", body="hello"),
    "a signed length": post("Content-Length: +5", body="hello"),
    "a negative length": post("Content-Length: -1"),
    "a length in hexadecimal": post("Content-Length: 0x5", body="hello"),
    "a length with an underscore": post("Content-Length: 1_0", body="hellohello"),
    "an empty length": post("Content-Length:"),
    "a length beyond 64 bits": post("Content-Length: 18446744073709551616"),
    "an unknown encoding": post("Transfer-Encoding: xchunked", body="0\r\n\r\n"),
    "chunked and another": post("Transfer-Encoding: gzip, chunked", body="0\r\n\r\n"),
    "chunked twice": post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body="0\r\n\r\n"),
    "chunked and identity": post("Transfer-Encoding: chunked", "Transfer-Encoding: identity", body="0\r\n\r\n"),
    "chunked in quotes": post('Transfer-Encoding: "chunked"', body="0\r\n\r\n"),
    "chunked after a vertical tab": post("Transfer-Encoding: \x0bchunked", body="0\r\n\r\n"),
    "chunked in 1.0": b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": post("Content-Length : 5", body="hello"),
    "a folded line": post("X: a", " Content-Length: 5", body="hello"),
    "a fold in front": post(" X: a"),
    "a bare line feed": b"GET /healthz HTTP/1.1\nHost: x\n\n",
    "a bare line feed in the header": b"GET /healthz HTTP/1.1\r\nHost: x\nX: y\r\n\r\n",
    "a bare carriage return": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\rY: b\r\n\r\n",
    "a NUL in a value": post("X: a\x00b"),
    "a NUL in a name": post("X\x00: a"),
    "a NUL in the path": b"GET /healthz\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
    "no colon": post("Content-Length"),
    "no name": post(": 5"),
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "a host with a path": b"GET /healthz HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "an absolute target": b"GET http://x/healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "an asterisk": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "a fragment": b"GET /healthz#x HTTP/1.1\r\nHost: x\r\n\r\n",
    "two spaces": b"GET  /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "a tab for a space": b"GET\t/healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "no version": b"GET /healthz\r\n\r\n",
    "a lower-case version": b"GET /healthz http/1.1\r\nHost: x\r\n\r\n",
    "bytes beyond ASCII in the path": "GET /é HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
    "HTTP/2's preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS's first bytes": bytes.fromhex("16030100a5010000a10303") + b"\r\n\r\n",
    "a chunk size with a sign": post("Transfer-Encoding: chunked", body="+5\r\nhello\r\n0\r\n\r\n"),
    "a chunk size with 0x": post("Transfer-Encoding: chunked", body="0x5\r\nhello\r\n0\r\n\r\n"),
    "a chunk size that overflows": post("Transfer-Encoding: chunked", body="1000000000000000F\r\nhello\r\n0\r\n\r\n"),
    "an empty chunk size": post("Transfer-Encoding: chunked", body="\r\nhello\r\n0\r\n\r\n"),
    "a space after the chunk size": post("Transfer-Encoding: chunked", body="5 \r\nhello\r\n0\r\n\r\n"),
    "a bare line feed after the chunk size": post("Transfer-Encoding: chunked", body="5\nhello\r\n0\r\n\r\n"),
    "a bare line feed after a chunk": post("Transfer-Encoding: chunked", body="5\r\nhello\n0\r\n\r\n"),
    "a bare line feed in a chunk extension": post("Transfer-Encoding: chunked", body="5;a\nb\r\nhello\r\n0\r\n\r\n"),
    "a chunk longer than its size": post("Transfer-Encoding: chunked", body="3\r\nhello\r\n0\r\n\r\n"),
    "a broken trailer": post("Transfer-Encoding: chunked", body="0\r\nX : y\r\n\r\n"),
}


@pytest.mark.parametrize("case", SMUGGLING)
def test_what_can_be_read_in_two_ways_is_refused(case: str, service: Service) -> None:
    answers = service.exchange(SMUGGLING[case] + HEALTH)
    assert len(answers) == 1, "what follows is not answered"
    assert answers[0].status in (400, 413, 501, 505)
    assert answers[0].code in (
        "MALFORMED_REQUEST",
        "BODY_TOO_LARGE",
        "TRANSFER_ENCODING_UNKNOWN",
        "HTTP_VERSION_NOT_SUPPORTED",
    )
    assert not answers[0].keeps_alive
    assert service.exchange(LAST)[0].status == 200, "and others are served"


@pytest.mark.parametrize("case", BAD_BODIES)
def test_a_bad_body_is_refused(case: str, serve: Serve, sandbox: Sandbox) -> None:
    body, status, code = BAD_BODIES[case]
    data = body.encode() if isinstance(body, str) else body or b""
    with serve("user-opt-in") as service:
        fields = signed_in(people.SUBJECT) | {"Content-Type": "application/json", "Connection": "close"}
        (answer,) = service.exchange(request("POST", "/api/ownli/users", data, **fields))
    assert answer.outcome == (status, code)
    assert MARK not in answer.text
    assert sandbox.calls() == [], "nothing is asked of Ownli for it"


@pytest.mark.parametrize("path", ["//api/ownli/token", "/api/ownli/token/", "/api/ownli/x/%2e%2e/token", "/%61pi/ownli/token"])
def test_a_path_is_taken_as_it_came(path: str, service: Service) -> None:
    (answer,) = service.exchange(request("POST", path, b"", Connection="close"))
    assert answer.outcome == (404, "NOT_FOUND")


def test_a_person_is_given_a_token(service: Service, sandbox: Sandbox) -> None:
    (answer,) = service.exchange(request("POST", "/api/ownli/token", b"", Connection="close", **signed_in(people.SUBJECT)))
    assert answer.status == 200
    assert set(answer.json) == {"access_token", "expires_in", "scope"}
    (line,) = service.lines_when(1)
    assert (line["route"], line["status"], line["coldStart"]) == ("/api/ownli/token", 200, True)
    assert [call["call"] for call in line["upstream"]] == [TOKEN]


def test_the_deadline_is_cloud_runs(serve: Serve, sandbox: Sandbox) -> None:
    sandbox.fault(TOKEN, "silence", milliseconds=5000)
    with serve(CLOUD_RUN_TIMEOUT_SECONDS="1") as service:
        data = request("POST", "/api/ownli/token", b"", Connection="close", **signed_in(people.SUBJECT))
        assert service.exchange(data)[0].outcome == (504, "UPSTREAM_TIMEOUT")


def test_what_is_being_done_is_finished_when_it_is_told_to_end(serve: Serve, sandbox: Sandbox) -> None:
    sandbox.fault(TOKEN, "delay", milliseconds=1500)
    with serve() as service, service.connect() as connection:
        connection.send(request("POST", "/api/ownli/token", b"", **signed_in(people.SUBJECT)))
        while not sandbox.calls(TOKEN):
            pass
        assert service.stop() == 0
        answer = connection.answer()
        assert (answer.status, answer.keeps_alive) == (200, False)


def test_a_refusal_reflects_nothing(service: Service) -> None:
    (answer,) = service.exchange(post("X : echo-7d1f", body="echo-7d1f"))
    assert "echo" not in answer.text
    service.stop()
    assert b"echo" not in service.stdout.read_bytes() + service.stderr.read_bytes()


def statuses(answers: list[Answer]) -> list[int]:
    return [answer.status for answer in answers]


def test_pipelined_requests_are_answered_in_order(service: Service) -> None:
    answers = service.exchange(HEALTH + request("GET", "/no") + request("GET", "/api/ownli/token") + LAST)
    assert statuses(answers) == [200, 404, 405, 200]
    assert [answer.keeps_alive for answer in answers] == [True, True, True, False]


def test_a_hundred_pipelined_requests_cut_anywhere(service: Service) -> None:
    data = HEALTH * 99 + LAST
    with service.connect() as connection:
        for start in range(0, len(data), 7):
            connection.send(data[start : start + 7])
        assert statuses(connection.read_all()) == [200] * 100


def test_a_chunked_body_is_read_to_its_end(service: Service) -> None:
    body = "5;a=b;c\r\nhello\r\n0A\r\n0123456789\r\n0\r\nX-Trailer: yes\r\n\r\n"
    answers = service.exchange(post("Transfer-Encoding: Chunked", body=body) + LAST)
    assert statuses(answers) == [401, 200], "the body is no request"


def test_a_body_is_no_request(service: Service) -> None:
    answers = service.exchange(request("POST", "/api/ownli/token", HEALTH) + LAST)
    assert statuses(answers) == [401, 200]


def test_an_empty_line_before_a_request_is_passed_over(service: Service) -> None:
    assert statuses(service.exchange(b"\r\n" + LAST)) == [200]


def test_a_client_that_waits_for_100_continue_is_told(service: Service) -> None:
    with service.connect() as connection:
        fields = [f"{name}: {value}" for name, value in signed_in(people.SUBJECT).items()]
        connection.send(post("Expect: 100-continue", "Content-Length: 2", "Connection: close", *fields))
        assert connection.file.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert connection.file.readline() == b"\r\n"
        connection.send(b"{}")
        assert statuses(connection.read_all()) == [200]


NOT_SIGNED_IN = (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    "function, head, outcome",
    [
        ("token-relay", "POST /api/ownli/token", NOT_SIGNED_IN),
        ("token-relay", "POST /nothing", (404, "NOT_FOUND")),
        ("token-relay", "PUT /api/ownli/token", (405, "METHOD_NOT_ALLOWED")),
        ("token-relay", "POST /healthz", (405, "METHOD_NOT_ALLOWED")),
        ("user-opt-in", "GET /api/ownli/users/me", NOT_SIGNED_IN),
        ("reward-grant", "POST /api/ownli/rewards/grant", NOT_SIGNED_IN),
        ("ownerrez-webhook", "POST /webhooks/ownerrez", NOT_SIGNED_IN),
    ],
)
@pytest.mark.parametrize("expect", ["", "Expect: 100-continue\r\n"])
@pytest.mark.parametrize("length", ["Content-Length: 1048575", "Content-Length: 1", "Transfer-Encoding: chunked"])
def test_the_head_alone_is_refused(
    function: str, head: str, outcome: tuple, expect: str, length: str, serve: Serve
) -> None:
    with serve(function) as service, service.connect() as connection:
        connection.send(f"{head} HTTP/1.1\r\nHost: x\r\n{expect}{length}\r\n\r\n".encode())
        (answer,) = connection.read_all()
        assert (answer.outcome, answer.keeps_alive) == (outcome, False)


@pytest.mark.native
def test_a_start_without_a_thread_to_be_had_says_so(env: dict, printed: Printed) -> None:
    with open(bootstrap("token-relay"), "rb") as program:
        run = subprocess.run(
            [f"/proc/self/fd/{program.fileno()}"],
            env=env | GATEWAY | {"PORT": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            preexec_fn=lambda: limit_threads(1),
            pass_fds=[program.fileno()],
            timeout=30,
        )
    printed.add("standard error without a thread", run.stderr)
    assert (run.returncode, run.stderr) == (1, b"token-relay: the system has no thread left to give\n")


@pytest.mark.parametrize("rest", ["Content-Length: 65537\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n10001\r\n"])
def test_no_more_is_taken_than_the_route_takes(rest: str, serve: Serve) -> None:
    with serve("user-opt-in", CORS_ALLOWED_ORIGINS=ORIGIN) as service, service.connect() as connection:
        fields = "".join(f"{name}: {value}\r\n" for name, value in signed_in(people.SUBJECT).items())
        fields += f"Origin: {ORIGIN}\r\nExpect: 100-continue\r\n"
        connection.send(f"POST /api/ownli/users HTTP/1.1\r\nHost: x\r\n{fields}{rest}".encode())
        (answer,) = connection.read_all()
        assert (answer.outcome, answer.keeps_alive) == ((413, "BODY_TOO_LARGE"), False)
        assert answer.headers["access-control-allow-origin"] == ORIGIN, "a web app can read it too"
        assert [line["message"] for line in service.lines_when(2)] == ["refused: BODY_TOO_LARGE", "answered"]


def test_bodies_in_flight_share_a_budget(serve: Serve) -> None:
    head = request("POST", "/api/ownli/users", b"x" * 65_536, **signed_in(people.SUBJECT))[:-1]
    with serve("user-opt-in", HTTP_BODY_BUDGET="1") as service, contextlib.ExitStack() as stack:
        held = [stack.enter_context(service.connect()) for _ in range(32)]
        for connection in held:
            connection.send(head)
        ready = []
        while not ready:  # what was sent has been read once somebody is refused
            ready, _, _ = select.select([connection.socket for connection in held], [], [], 20)
        refused = next(connection for connection in held if connection.socket is ready[0]).answer()
        assert (refused.outcome, refused.keeps_alive) == ((503, "TOO_MANY_BODIES"), False)
        assert refused.headers["retry-after"] == "1"
        assert service.exchange(LAST)[0].status == 200


def test_a_client_that_speaks_http_2_is_told_what_is_spoken_here(service: Service) -> None:
    settings = bytes.fromhex("000000040000000000")
    with service.connect() as connection:
        connection.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings)
        (answer,) = connection.read_all()
    assert answer.outcome == (505, "HTTP_VERSION_NOT_SUPPORTED")
    assert "HTTP/1.1" in answer.json["error_message"] and "HTTP/2" in answer.json["error_message"]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_ipv4_and_ipv6_are_served(address: str, service: Service) -> None:
    with socket.create_connection((address, service.port), timeout=20) as connection:
        connection.sendall(LAST)
        assert connection.makefile("rb").readline() == b"HTTP/1.1 200 OK\r\n"


def test_a_client_that_expects_something_else_is_refused(service: Service) -> None:
    (answer,) = service.exchange(post("Expect: miracles", "Content-Length: 2", body="{}"))
    assert answer.outcome == (417, "EXPECTATION_FAILED")


@pytest.mark.parametrize("path, status", [("/healthz", 200), ("/api/ownli/token", 405), ("/no", 404)])
def test_head_is_answered_without_a_body(path: str, status: int, service: Service) -> None:
    with service.connect() as connection:
        connection.send(request("HEAD", path))
        answer = connection.answer("HEAD")
        assert (answer.status, answer.body) == (status, b"")
        assert int(answer.headers["content-length"]) > 0
        connection.send(LAST)
        assert connection.answer().status == 200, "right after the header"


def test_a_peer_that_has_finished_sending_is_answered(service: Service) -> None:
    with service.connect() as connection:
        connection.send(HEALTH)
        connection.finish_sending()
        assert statuses(connection.read_all()) == [200]


def test_half_a_request_is_answered_by_nothing(service: Service) -> None:
    with service.connect() as connection:
        connection.send(HEALTH[:20])
        connection.finish_sending()
        assert connection.file.read() == b""


def test_half_a_body_is_said_to_be_half(service: Service) -> None:
    with service.connect() as connection:
        connection.send(request("POST", "/api/ownli/token", b"{}", **signed_in(people.SUBJECT))[:-1])
        connection.finish_sending()
        (answer,) = connection.read_all()
        assert answer.outcome == (400, "BODY_INCOMPLETE")


def test_http_1_0_is_answered_and_closed(service: Service) -> None:
    assert statuses(service.exchange(b"GET /healthz HTTP/1.0\r\n\r\n")) == [200]
    answers = service.exchange(b"GET /healthz HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n" + b"GET /no HTTP/1.0\r\n\r\n")
    assert [answer.keeps_alive for answer in answers] == [True, False]


def test_what_is_too_large_is_refused(service: Service) -> None:
    (header,) = service.exchange(post(*[f"X-{index}: {'x' * 1000}" for index in range(20)]))
    assert header.outcome == (431, "HEADER_TOO_LARGE")
    (line,) = service.exchange(request("GET", "/" + "x" * 20_000))
    assert line.outcome == (431, "HEADER_TOO_LARGE")
    (body,) = service.exchange(post("Content-Length: 1048577"))
    assert body.outcome == (413, "BODY_TOO_LARGE")
    (chunks,) = service.exchange(post("Transfer-Encoding: chunked", body="100001\r\n"))
    assert chunks.outcome == (413, "BODY_TOO_LARGE")


def test_every_answer_has_a_date(service: Service) -> None:
    for data in (LAST, request("GET", "/no", Connection="close"), b"?\r\n\r\n"):
        (answer,) = service.exchange(data)
        assert answer.headers["date"].endswith(" GMT")


def test_health_is_not_logged_and_everything_else_is(service: Service) -> None:
    service.exchange(HEALTH * 5 + request("GET", "/no", Connection="close"))
    refused, answered = service.lines_when(2)
    assert (refused["message"], answered["message"], answered["status"]) == ("refused: NOT_FOUND", "answered", 404)
    assert refused["requestId"] == answered["requestId"]
    assert service.exchange(request("POST", "/healthz", b"", Connection="close"))[0].headers["allow"] == "GET, HEAD"


def test_a_request_id_is_ours(service: Service) -> None:
    (answer,) = service.exchange(request("GET", "/no", X_Request_Id="echo-7d1f", Connection="close"))
    assert answer.json["request_id"] == service.lines_when(2)[1]["requestId"] != "echo-7d1f"


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    "headers",
    [
        {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"},
        {"X_Cloud_Trace_Context": f"{TRACE}/67667974448284343;o=1"},
    ],
)
def test_on_cloud_run_lines_are_cloud_loggings(headers: dict, serve: Serve) -> None:
    with serve(K_SERVICE="relay", GOOGLE_CLOUD_PROJECT="shop-1") as service:
        service.exchange(request("GET", "/no", Connection="close", **headers))
        refused, answered = service.lines_when(2)
        text = service.stdout.read_bytes()
    for line in (refused, answered):
        assert line["severity"] == "INFO" and line["time"].endswith("Z") and line["message"]
        assert line["logging.googleapis.com/trace"] == f"projects/shop-1/traces/{TRACE}"
        assert line["logging.googleapis.com/spanId"] == "00f067aa0ba902b7"
        assert not {"level", "timestamp"} & set(line)
    assert all(line.startswith(b"{") for line in text.splitlines())


@pytest.mark.parametrize("value", ["x", f"00-{TRACE.upper()}-00f067aa0ba902b7-01", f"00-{'0' * 32}-00f067aa0ba902b7-01"])
def test_a_broken_trace_is_left_out(value: str, serve: Serve) -> None:
    with serve(K_SERVICE="relay", GOOGLE_CLOUD_PROJECT="shop-1") as service:
        service.exchange(request("GET", "/no", traceparent=value, Connection="close"))
        assert all("logging.googleapis.com/trace" not in line for line in service.lines_when(2))


ORIGIN = "https://app.example.com"


def test_a_browser_may_call_from_origins_that_are_listed(serve: Serve) -> None:
    with serve(CORS_ALLOWED_ORIGINS=f"https://other.example.com, {ORIGIN}") as service:
        ask = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
        ask["Access-Control-Request-Headers"] = "authorization,content-type"
        allowed = HTTP.options(f"{service.url}/api/ownli/token", headers=ask, timeout=10)
        assert (allowed.status_code, allowed.content) == (204, b"")
        assert allowed.headers["access-control-allow-origin"] == ORIGIN
        assert allowed.headers["access-control-allow-credentials"] == "true"
        assert allowed.headers["access-control-allow-methods"] == "POST"
        assert allowed.headers["access-control-allow-headers"] == "Authorization, Content-Type"
        assert int(allowed.headers["access-control-max-age"]) > 0
        assert allowed.headers["vary"] == "Origin"
        answer = HTTP.post(f"{service.url}/api/ownli/token", headers={"Origin": ORIGIN}, timeout=10)
        assert answer.status_code == 401
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "https://app.example.com.evil.example", "HTTPS://APP.EXAMPLE.COM", ""]
)
def test_other_origins_are_told_nothing(origin: str, serve: Serve) -> None:
    with serve(CORS_ALLOWED_ORIGINS=ORIGIN) as service:
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        for method in ("OPTIONS", "POST"):
            answer = HTTP.request(method, f"{service.url}/api/ownli/token", headers=headers, timeout=10)
            assert answer.status_code == {"OPTIONS": 405, "POST": 401}[method]
            assert not [name for name in answer.headers if name.lower().startswith("access-control")]
            assert answer.headers["vary"] == "Origin", "no cache may give one origin's answer to another"


def test_a_preflight_for_no_path_of_ours_is_not_found(serve: Serve) -> None:
    with serve(CORS_ALLOWED_ORIGINS=ORIGIN) as service:
        headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
        assert HTTP.options(f"{service.url}/no", headers=headers, timeout=10).status_code == 404


@pytest.mark.parametrize("url", ["http://127.0.0.1:{}", "http://localhost:{}"])
def test_curl_is_served(url: str, service: Service) -> None:
    url = url.format(service.port)
    command = ["curl", "--silent", "--show-error", "--max-time", "20", "--noproxy", "*"]
    done = subprocess.run([*command, f"{url}/healthz", f"{url}/healthz"], capture_output=True, check=True)
    assert done.stdout == b'{"status":"ok"}' * 2
    large = subprocess.run(
        [*command, "--data-binary", "@-", "-H", "Transfer-Encoding: chunked", "-w", "\n%{http_code}", url + "/no"],
        input=b"x" * 300_000,
        capture_output=True,
        check=True,
    )
    assert large.stdout.endswith(b"\n404")


def test_requests_and_httpx_are_served(service: Service) -> None:
    for _ in range(3):
        assert HTTP.get(f"{service.url}/healthz", timeout=10).json() == {"status": "ok"}
    answer = HTTP.post(f"{service.url}/no", data=(b"x" * 1000 for _ in range(10)), timeout=10)
    assert answer.status_code == 404
    with httpx.Client(trust_env=False) as client:
        assert [client.get(f"{service.url}/healthz").status_code for _ in range(3)] == [200] * 3
        assert client.head(f"{service.url}/healthz").content == b""
        assert client.put(f"{service.url}/api/ownli/token", content=b"x").status_code == 405


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_serves(function: str, serve: Serve) -> None:
    with serve(function) as service:
        assert statuses(service.exchange(LAST)) == [200]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_well_when_it_is_told_to(number: int, serve: Serve) -> None:
    service = serve()
    with service.connect() as idle:
        idle.send(HEALTH)
        assert idle.answer().status == 200
        assert service.stop(number) == 0, "an idle connection does not hold it up"
        assert idle.file.read() == b""


def test_it_ends_well_though_its_threads_are_ending_too(serve: Serve) -> None:
    for _ in range(60):
        with serve() as service, contextlib.ExitStack() as stack:
            refused = [stack.enter_context(service.connect()) for _ in range(4)]
            for connection in refused:
                connection.send(request("POST", "/nowhere", Transfer_Encoding="chunked") + b"2\r\n{}\r\n0\r\n\r\n")
            assert [connection.answer().status for connection in refused] == [404] * 4


@pytest.mark.parametrize("port", ["65536", "-1", "http", "80 80", "0x50"])
def test_a_port_that_is_none_is_a_wrong_configuration(port: str, programs: Programs, env: dict) -> None:
    run = programs.run("token-relay", env=env | {"PORT": port})
    assert (run.exit_code, run.stdout) == (2, b"")
    assert b"PORT: expected a port, 0 to 65535" in run.stderr


def test_a_port_that_is_taken_is_said_to_be(service: Service, programs: Programs, env: dict) -> None:
    run = programs.run("token-relay", env=env | GATEWAY | {"PORT": str(service.port)})
    assert run.exit_code == 2
    assert run.stderr.endswith(f"PORT: port {service.port} is taken: another process listens there\n".encode())


def test_every_wrong_setting_of_the_server_is_told_at_once(programs: Programs, env: dict) -> None:
    wrong = {"PORT": "x", "CLOUD_RUN_TIMEOUT_SECONDS": "0", "HTTP_BODY_BUDGET": "0", "CORS_ALLOWED_ORIGINS": "*"}
    run = programs.run("token-relay", env=env | wrong)
    assert run.exit_code == 2
    for name in wrong:
        assert f"  {name}: expected ".encode() in run.stderr


def test_arguments_go_before_the_port(programs: Programs, env: dict) -> None:
    port = {"PORT": "1"}
    assert programs.run("token-relay", None, "--version", env=port).stdout.startswith(b"token-relay ")
    assert b"CORS_ALLOWED_ORIGINS" in programs.run("token-relay", None, "--help", env=port).stdout
    run = programs.run("token-relay", json.dumps({"httpMethod": "GET", "path": "/"}), "--stream", env=env | port)
    assert run.http.status == 404
    assert b"PORT " in programs.run("token-relay", None, "--check", env=env | port).stdout
