"""moto's server, with one request at a time: AWS does each as a whole, and moto's threads would get in between. And with
the rules of least_privilege.py, for those whose access keys have some."""

import io
import json
import re
import threading
from contextlib import closing
from typing import Any, Iterable

import moto.server
from least_privilege import Rules, refusal

RULES, REFUSALS = "/least-privilege/rules", "/least-privilege/refusals"


class Guarded(moto.server.DomainDispatcherApplication):
    turn = threading.Lock()
    # By access key.
    rules: dict[str, Rules] = {}
    refusals: list[str] = []

    def __call__(self, environ: dict, start_response: Any) -> Iterable[bytes]:
        with self.turn:
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            if environ["PATH_INFO"] == RULES:
                self.rules.update(json.loads(body))
                return self.say(start_response, "200 OK", {})
            if environ["PATH_INFO"] == REFUSALS:
                said = self.refusals.copy()
                self.refusals.clear()
                return self.say(start_response, "200 OK", {"refusals": said})
            if refused := self.refuse(environ, body):
                self.refusals.append(refused)
                denied = "com.amazon.coral.service#AccessDeniedException"
                return self.say(start_response, "400 Bad Request", {"__type": denied, "message": refused})
            environ["wsgi.input"] = io.BytesIO(body)
            with closing(super().__call__(environ, start_response)) as answer:
                return list(answer)

    def refuse(self, environ: dict, body: bytes) -> str:
        credential = re.search(r"Credential=([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
        service, _, operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
        if not credential or credential[1] not in self.rules or service != "DynamoDB_20120810":
            return ""
        return refusal(self.rules[credential[1]], operation, json.loads(body))

    @staticmethod
    def say(start_response: Any, status: str, value: dict) -> Iterable[bytes]:
        start_response(status, [("Content-Type", "application/x-amz-json-1.0")])
        return [json.dumps(value).encode()]


if __name__ == "__main__":
    moto.server.DomainDispatcherApplication = Guarded
    moto.server.main()
