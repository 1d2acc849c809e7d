"""`partner-dev up`: the whole of a developer's day, in a process."""

import queue
import re
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Callable, Optional

import requests

import people
from programs import ROOT
from sandbox import built_tool

PATIENCE_SECONDS = 30


class Development:
    def __init__(self, *arguments: str, root: Path = ROOT, **settings: str) -> None:
        self.printed = ""
        self._news: "queue.Queue[Optional[str]]" = queue.Queue()
        command = [built_tool(), "up", "--port", "0", "--root", root, *arguments]
        env = {"PATH": "/usr/bin:/bin"} | settings
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
        threading.Thread(target=self._read, daemon=True).start()
        self.url = self.wait_for_line(r"ready: open (http://127\.0\.0\.1:\d+) ")[1]
        self.http = requests.Session()
        self.http.trust_env = False

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.printed += line
            self._news.put(line)
        self._news.put(None)

    def wait_for_line(self, pattern: str) -> "re.Match[str]":
        """The next line that holds a pattern."""
        while True:
            line = self._news.get(timeout=PATIENCE_SECONDS)
            assert line is not None, f"it ended: {self.printed}"
            if match := re.search(pattern, line):
                return match

    def stop(self) -> int:
        self.http.close()
        self.process.terminate()
        return self.process.wait(PATIENCE_SECONDS)

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.http.request(method, self.url + path, timeout=PATIENCE_SECONDS, **options)

    def sign_in(self, user: str = "user-42") -> dict[str, str]:
        """The header that a signed-in user's app sends."""
        answer = self.call("POST", "/_dev/sign-in", json={"user": user})
        return {"Authorization": f"Bearer {answer.json()['id_token']}"}

    def opt_in(self, headers: dict[str, str]) -> None:
        assert self.call("POST", "/api/ownli/users", headers=headers, json=OPT_IN).status_code == 200

    def start_over(self) -> None:
        assert self.call("DELETE", "/_sandbox/faults").status_code == 204
        assert self.call("POST", "/_dev/start-over").status_code == 204

    def calls(self) -> list[dict]:
        return self.call("GET", "/_dev/calls?after=0").json()["calls"]

    def queue(self) -> dict:
        return self.call("GET", "/_dev/calls?after=0").json()["queues"][0]

    def processes(self) -> list[int]:
        """Its children."""
        out = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True)
        return [int(word) for word in out.stdout.split()]


def eventually(is_so: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
    """Waits until something is so, and returns it."""
    for _ in range(int(seconds * 10)):
        if found := is_so():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come about")


OPT_IN = people.opt_in(firstName="Ada", lastName="Lovelace", phone="+15556667777")
