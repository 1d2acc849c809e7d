"""moto's server, with one request at a time: AWS does each as a whole, and moto's threads would get in between. It knows
a transaction that is sent again, whose answer was lost or late, as DynamoDB does and moto does not. And it has the rules
of least_privilege.py, for those whose access keys have some."""

import hashlib
import io
import json
import re
import threading
from contextlib import closing
from typing import Any, Iterable

import moto.server
from least_privilege import Rules, refusal

TRANSACTION = "DynamoDB_20120810.TransactWriteItems"
RULES, REFUSALS = "/least-privilege/rules", "/least-privilege/refusals"


class Guarded(moto.server.DomainDispatcherApplication):
    turn = threading.Lock()
    # By access key.
    rules: dict[str, Rules] = {}
    refusals: list[str] = []
    # By their tokens, the transactions that were done: hashes of them.
    transactions: dict[str, bytes] = {}

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
            token = None
            if environ.get("HTTP_X_AMZ_TARGET") == TRANSACTION:
                token = json.loads(body).get("ClientRequestToken")
                transaction = hashlib.sha256(body).digest()
                if token and self.transactions.get(token) == transaction:
                    return self.say(start_response, "200 OK", {})
            environ["wsgi.input"] = io.BytesIO(body)
            statuses: list[str] = []

            def answering(status: str, *rest: Any) -> Any:
                statuses.append(status)
                return start_response(status, *rest)

            with closing(super().__call__(environ, answering)) as answer:
                content = list(answer)
            if token and statuses[-1].startswith("200"):
                self.transactions[token] = transaction
            return content

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
