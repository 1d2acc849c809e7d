"""The HTTP server beside nginx: one table, a column each."""

import base64
import contextlib
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import time
from pathlib import Path
from typing import Iterator

from measured import ENVIRONMENT, PERSON, RELAY, Measured, function
from table import Row, Table
from tools import SOURCES, tool
from upstream import Upstream

CLAIMS_HEADER = "x-apigateway-api-userinfo"
CLAIMS = base64.urlsafe_b64encode(PERSON).decode().rstrip("=")
CONNECTIONS = [8, 64, 256]
ROUNDS, SECONDS = 3, 2
AT_ONCE, DISTANCE = 1000, 100  # requests, and milliseconds

NGINX = """\
daemon off; worker_processes auto; pid nginx.pid; error_log error.log; worker_rlimit_nofile 8192;
events { worker_connections 4096; }
http {
    access_log off; keepalive_requests 1000000000;
    client_body_temp_path .; proxy_temp_path .; fastcgi_temp_path .; uwsgi_temp_path .; scgi_temp_path .;
    upstream ownli { server 127.0.0.1:UPSTREAM; keepalive 1024; keepalive_requests 1000000000; }
    server {
        listen 127.0.0.1:PORT backlog=4096;
        default_type application/json;
        location = /healthz { return 200 '{"status":"ok"}'; }
        location = /api/ownli/token {
            proxy_pass http://ownli/api/auth/token;
            proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Content-Type application/json;
            proxy_set_body '{"clientId":"a","clientSecret":"b","partnerId":"c","scope":"user"}';
        }
    }
}
"""


class Server:
    """A program that serves HTTP, and relays the token from an upstream."""

    def __init__(self, program: Measured, upstream: Upstream, directory: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command, env = [str(program.bootstrap)], os.environ | {}
        if program.name == "nginx":
            configuration = NGINX.replace("UPSTREAM", str(upstream.port)).replace("PORT", str(self.port))
            (directory / "nginx.conf").write_text(configuration)
            command += ["-p", str(directory), "-c", "nginx.conf"]
        else:
            lambda_only = ("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_LOG_GROUP_NAME")
            env = {name: value for name, value in ENVIRONMENT.items() if name not in lambda_only}
            env |= {"PORT": str(self.port)} | upstream.settings | program.settings
        self._process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)

    def answers(self) -> bool:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return True
            if self._process.poll() is not None:
                return False
            time.sleep(0.02)
        return False

    def memory(self) -> float:
        """Resident bytes, of its workers too."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        statuses = [Path(f"/proc/{process}/status").read_text() for process in [self._process.pid, *children]]
        return sum(int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024 for status in statuses)  # type: ignore[index]

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def load(server: Server, path: str, connections: int) -> tuple[float, float]:
    """Requests a second, and the 99th percentile of the latency in milliseconds."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", "-H", f"{CLAIMS_HEADER}: {CLAIMS}"]
    command += ["-H", "Content-Type: application/json"]
    if path != "/healthz":
        command += ["-s", str(SOURCES / "post.lua")]
    command.append(f"http://127.0.0.1:{server.port}{path}")
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for complaint in re.findall(r"Socket errors.*|Non-2xx.*", text):
        print(f"{command[-1]} with {connections} connections: {complaint}")
    rate = re.search(r"Requests/sec: +([\d.]+)", text)
    tail = re.search(r"99% +([\d.]+)(us|ms|s)", text)
    assert rate and tail, text
    return float(rate[1]), float(tail[1]) * {"us": 1e-3, "ms": 1, "s": 1e3}[tail[2]]


def burst(server: Server) -> tuple[float, float]:
    """Milliseconds for all, and the bytes of the server once its connections are idle again."""
    request = (
        f"POST /api/ownli/token HTTP/1.1\r\nHost: localhost\r\n{CLAIMS_HEADER}: {CLAIMS}\r\n"
        "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    )
    command = [tool("burst"), str(server.port), str(AT_ONCE), str(ROUNDS), request]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        milliseconds, failures = process.stdout.readline().split()
        time.sleep(1)
        memory = server.memory()
        process.stdin.close()
    if int(failures):
        print(f"port {server.port}: {failures} of {AT_ONCE * ROUNDS} requests at once were not answered with 200")
    return float(milliseconds), memory


@contextlib.contextmanager
def serving(programs: list[Measured], upstream: Upstream, directory: Path) -> Iterator[dict[str, Server]]:
    """Those that serve HTTP, by their names."""
    servers = {program.name: Server(program, upstream, directory) for program in programs}
    try:
        yield {name: server for name, server in servers.items() if server.answers()}
    finally:
        for server in servers.values():
            server.stop()


def measure(peers: list[Measured], directory: Path) -> Table:
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    if not nginx:
        raise SystemExit("nginx is missing: apt-get install nginx-light")
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    settings = {"RELAY_TO": "anyone", "AUTH_GATEWAY_HEADER": CLAIMS_HEADER}
    ours = Measured(RELAY, function(RELAY), settings=settings)
    programs = [Measured("nginx", Path(nginx)), ours, *peers]
    loads = [("/api/ownli/token", connections) for connections in CONNECTIONS] + [("/healthz", 64)]
    with Upstream() as upstream, serving(programs, upstream, directory) as servers:
        if RELAY not in servers:
            raise SystemExit(f"{RELAY} does not serve HTTP")
        found = {
            each: [{name: load(server, *each) for name, server in servers.items()} for _ in range(ROUNDS)]
            for each in loads
        }
    with Upstream(DISTANCE) as upstream, serving(programs, upstream, directory) as servers:
        bursts = {name: burst(server) for name, server in servers.items()}

    def row(label: str, each: tuple[str, int], index: int, unit: float, goal: str) -> Row:
        values = [statistics.median(one.get(it.name, (0, 0))[index] for one in found[each]) / unit for it in programs]
        return Row(label, values, 1, goal)

    rate = statistics.median(one[RELAY][0] for one in found[loads[1]])
    rows = [row(f"relay, {each[1]} connections, k/s", each, 0, 1e3, "0.8x") for each in loads[:3]]
    rows += [
        row("p99 at 256, ms", loads[2], 1, 1, "< Go"),
        row("/healthz, 64 connections, k/s", loads[3], 0, 1e3, "0.8x"),
        Row("1,000 at once, 100 ms away, ms", [bursts.get(it.name, (0, 0))[0] for it in programs], 0,
            f"{1.3 * DISTANCE + AT_ONCE / rate * 1e3:.0f} ms"),
        Row("memory when they are idle, MB", [bursts.get(it.name, (0, 0))[1] / 1e6 for it in programs], 1, "10 MB"),
    ]  # fmt: skip
    return Table("over HTTP", [it.name for it in programs], rows, "nginx")
