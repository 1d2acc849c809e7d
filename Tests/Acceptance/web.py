"""A function that serves HTTP, and connections to it that send exactly the bytes they are given."""

import base64
import http.client
import io
import json
import os
import resource
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Mapping, Optional

from least_privilege import with_own_identity
from programs import HTTPAnswer, Printed, bootstrap

# Nothing on loopback takes this long: what does hangs.
PATIENCE_SECONDS = 20

# Callers are those whom a gateway in front has verified.
GATEWAY = {"AUTH_GATEWAY_HEADER": "x-apigateway-api-userinfo"}


def limit_threads(threads: int) -> None:
    """Of this process. What a user has in all is limited, and root is not: so it becomes nobody that there is."""
    others = 0 if os.getuid() == 0 else threads_of_user()
    resource.setrlimit(resource.RLIMIT_NPROC, (others + threads, others + threads))
    if os.getuid() == 0:
        os.setgid(NOBODY)
        os.setuid(NOBODY)


class Service:
    """Serves until the end of the `with`, and has then to end well on SIGTERM."""

    def __init__(
        self,
        function: str,
        env: Mapping[str, str],
        printed: Printed,
        directory: Path,
        *,
        descriptors: Optional[int] = None,
        threads: Optional[int] = None,
    ):
        self.printed = printed
        self.relays = function == "token-relay"
        self.stdout, self.stderr = directory / f"{function}.stdout", directory / f"{function}.stderr"

        def limit() -> None:
            if descriptors:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
            if threads:
                limit_threads(threads)

        # Opened before it becomes somebody else, who need not be able to reach it.
        program = os.open(bootstrap(function), os.O_RDONLY)
        with open(self.stdout, "wb") as stdout, open(self.stderr, "wb") as stderr:
            self.process = subprocess.Popen(
                [f"/proc/self/fd/{program}"] if threads else [bootstrap(function)],
                env={"PORT": "0"} | with_own_identity(function, env),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                preexec_fn=limit,
                pass_fds=[program] if threads else [],
            )
        os.close(program)
        self.port = self._wait_for_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def _wait_for_port(self) -> int:
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            for line in self.stdout.read_bytes().splitlines():
                if b"serving HTTP" in line:
                    return json.loads(line)["port"]
            assert self.process.poll() is None, self.stderr.read_bytes()
            time.sleep(0.01)
        self.process.kill()
        self.process.wait()
        raise AssertionError("it does not serve")

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, kind: Any, *_: object) -> None:
        status = self.stop()
        if kind is None:
            assert status == 0, (status, self.stderr.read_bytes())

    def stop(self, number: int = signal.SIGTERM) -> int:
        """The exit status; negative when it had to be killed."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            status = self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = -abs(self.process.wait())
        self.printed.add("the log over HTTP", self.stdout.read_bytes())
        self.printed.add("standard error over HTTP", self.stderr.read_bytes())
        return status

    @property
    def lines(self) -> list[dict]:
        """What it has logged, but for the line that says where it serves."""
        return [json.loads(line) for line in self.stdout.read_bytes().splitlines() if b"serving HTTP" not in line]

    def lines_when(self, count: int) -> list[dict]:
        """The log, once it has so many lines: they are written after the answers."""
        end = time.monotonic() + PATIENCE_SECONDS
        while len(self.lines) < count and time.monotonic() < end:
            time.sleep(0.005)
        return self.lines

    @property
    def threads(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    @property
    def peak_memory(self) -> int:
        """The most bytes that it has had in memory so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(status.split("VmHWM:")[1].split()[0])

    @property
    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def connect(self) -> "Connection":
        return Connection(self.port)

    def exchange(self, request: bytes) -> list["Answer"]:
        """Sends bytes on a connection of their own, and reads answers until the service closes it."""
        with self.connect() as connection:
            connection.send(request)
            return connection.read_all()


# A user's number that nobody has.
NOBODY = 54_321


def threads_of_user() -> int:
    done = subprocess.run(["ps", "-L", "-u", str(os.getuid()), "--no-headers"], capture_output=True, check=True)
    return len(done.stdout.splitlines())


class Connection:
    def __init__(self, port: int):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
        self.file = self.socket.makefile("rb")

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def finish_sending(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def answer(self, method: str = "GET") -> "Answer":
        return Answer(self.file, method)

    def read_all(self) -> list["Answer"]:
        data = io.BytesIO(self.file.read())
        answers = []
        while data.tell() < len(data.getvalue()):
            answers.append(Answer(data))
        return answers


class _Stream:
    """What http.client takes for a socket. It closes the file after every answer, though another may follow."""

    def __init__(self, file: Any):
        self.file = file

    def makefile(self, _: str) -> "_Stream":
        return self

    def close(self) -> None:
        pass

    def flush(self) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


class Answer(HTTPAnswer):
    """An answer as Python's own http.client understands it."""

    def __init__(self, file: Any, method: str = "GET"):
        response = http.client.HTTPResponse(_Stream(file), method=method)  # type: ignore[arg-type]
        response.begin()
        self.version = response.version
        self.body = response.read()
        fields = {}
        for name, value in response.getheaders():
            fields.setdefault(name, []).append(value)
        super().__init__(
            {"statusCode": response.status, "multiValueHeaders": fields, "body": self.body.decode("utf-8", "replace")}
        )

    @property
    def keeps_alive(self) -> bool:
        return self.headers["connection"] == "keep-alive"


def signed_in(subject: str, **claims: Any) -> dict[str, str]:
    """The header by which Google's API Gateway says whose token it has verified."""
    text = json.dumps({"sub": subject} | claims).encode()
    return {"X-Apigateway-Api-Userinfo": base64.urlsafe_b64encode(text).decode().rstrip("=")}


def request(method: str, path: str, body: Optional[bytes] = None, **headers: str) -> bytes:
    """A request as bytes. Underscores in names of fields stand for hyphens."""
    fields = {"Host": "127.0.0.1"} | {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        fields["Content-Length"] = str(len(body))
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + (body or b"")
