"""AWS's own Lambda Runtime Interface Emulator, as SAM's command line ships it."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any, Mapping

import requests

from least_privilege import with_own_identity
from programs import Printed, bootstrap, encoded

WHEEL = "aws-sam-cli==1.170.0"
MEMBER = "samcli/local/rapid/aws-lambda-rie-x86_64"


def fetch() -> Path:
    """The emulator's path. It is fetched once, into the project's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "partner-functions" / "emulator"
    emulator = cache / WHEEL.replace("==", "-")
    if emulator.exists():
        return emulator
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as directory:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", directory, WHEEL]
        subprocess.run(command, check=True)
        (wheel,) = Path(directory).glob("*.whl")
        unpacked = Path(zipfile.ZipFile(wheel).extract(MEMBER, directory))
        unpacked.chmod(0o755)
        unpacked.rename(emulator)
    return emulator


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Emulator:
    """One function under the emulator. It starts the function at the first invocation, and takes one at a time."""

    def __init__(self, emulator: Path, function: str, env: Mapping[str, str], printed: Printed, directory: Path):
        port, runtime_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
        self.printed = printed
        self.relays = function == "token-relay"
        self.output = directory / "emulator.log"
        command = [str(emulator), "--log-level", "warn"]
        command += ["--runtime-interface-emulator-address", f"127.0.0.1:{port}"]
        command += ["--runtime-api-address", f"127.0.0.1:{runtime_port}", str(bootstrap(function)), "handler"]
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(command, env=with_own_identity(function, env), stdout=output, stderr=output)
        wait_for_port(port)

    def __enter__(self) -> "Emulator":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(10)
        self.printed.add("the function's log under the emulator", self.output.read_bytes())

    def invoke(self, event: Any) -> requests.Response:
        answer = requests.post(self.url, data=encoded(event), timeout=60)
        self.printed.add("the answer under the emulator", answer.content, may_hold_token=self.relays)
        return answer


def wait_for_port(port: int) -> None:
    for _ in range(200):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on port {port}")
