"""The double of Ownli and OwnerRez: `partner-dev sandbox`, and its control API."""

import re
import subprocess
import time
from pathlib import Path
from typing import Any, Optional
from urllib.parse import parse_qsl

import requests

import people
from programs import ROOT

TOKEN = "POST /api/auth/token"
USERS = "POST /api/users"
GRANT = "POST /api/rewards/grant"
REWARDS = "GET /api/rewards"
EXCHANGE = "POST /oauth/access_token"
ME = "GET /v2/users/me"

OWNERREZ_CLIENT, OWNERREZ_SECRET = "c_sandbox", "s_sandbox"
# OwnerRez's first account.
ACCOUNT = 347482730


def built_tool() -> Path:
    """The newest partner-dev."""
    tools = [ROOT / ".build" / kind / "partner-dev" for kind in ("release", "debug")]
    built = [tool for tool in tools if tool.exists()]
    assert built, "partner-dev is missing: run swift build --product partner-dev first"
    return max(built, key=lambda tool: tool.stat().st_mtime)


class Sandbox:
    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [built_tool(), "sandbox", "--port", "0", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line.startswith("sandbox: http://127.0.0.1:"), line
        self.url = line.split()[1]
        self.http = requests.Session()
        self.http.trust_env = False

    def stop(self) -> None:
        self.http.close()
        self.process.terminate()
        self.process.wait(10)

    def _control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, f"{self.url}/_sandbox/{path}", json=body, timeout=10)
        assert answer.ok, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def reset(self) -> None:
        self._control("POST", "reset", {})

    def fault(self, route: str, fault: str, times: int = 1, **details: Any) -> None:
        self._control("POST", "faults", {"route": route, "fault": fault, "times": times} | details)

    def answer(self, route: str, status: int, body: str, times: int = 1, **details: Any) -> None:
        """Has a route answer with a status and a body of our own."""
        details = {"contentType": "application/json"} | details
        self.fault(route, "status", times, status=status, body=body, **details)

    def calls(self, route: Optional[str] = None) -> list[dict]:
        """Without what only made a connection ready: test_readiness.py is about that."""
        calls = [call for call in self._control("GET", "calls")["calls"] if call["method"] != "HEAD"]
        return [call for call in calls if route is None or call["route"] == route]

    def forget_calls(self) -> None:
        self._control("DELETE", "calls")

    def state(self) -> Any:
        return self._control("GET", "state")

    def expire_tokens(self) -> None:
        self._control("POST", "expire-tokens", {})

    def tokens(self) -> set[str]:
        """Every token that crossed the wire or is in the sandbox's own books."""
        text = self.http.get(f"{self.url}/_sandbox/calls", timeout=10).text
        found = set(re.findall(r"Bearer ([A-Za-z0-9._~+/=-]{12,})", text))
        found |= set(re.findall(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9._-]+", text))
        found |= set(re.findall(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9._-]+", str(self.state())))
        return found | {OWNERREZ_SECRET, *self.ownerrez()["issued"]}

    # OwnerRez

    def approve(self, authorization_url: str, account: int = ACCOUNT) -> str:
        """A person lets the app in at OwnerRez. Returns where their browser is sent."""
        return self._decide(authorization_url, decision="approve", account=str(account))

    def deny(self, authorization_url: str) -> str:
        return self._decide(authorization_url, decision="deny")

    def _decide(self, authorization_url: str, **decision: str) -> str:
        page = self.http.get(authorization_url, timeout=10)
        assert page.status_code == 200, page.text
        address, query = authorization_url.split("?")
        answer = self.http.post(address, data=dict(parse_qsl(query)) | decision, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def ownerrez(self) -> Any:
        return self._control("GET", "ownerrez")

    def deliveries(self) -> list[dict]:
        """Every try at every event, once none is on its way any more."""
        limit = time.monotonic() + 30
        while self.ownerrez()["waiting"]:
            assert time.monotonic() < limit, "events are still on their way"
            time.sleep(0.02)
        return self.ownerrez()["deliveries"]

    def set_app(self, **changes: Any) -> None:
        self._control("PUT", "ownerrez/app", changes)

    def set_webhook(self, url: str, user: str, password: str) -> None:
        self._control("PUT", "ownerrez/webhook", {"url": url, "user": user, "password": password})

    def send_events(self, *events: dict, copies: int = 1, reversed: bool = False) -> None:
        body = {"events": list(events), "copies": copies, "reversed": reversed}
        self._control("POST", "ownerrez/events", body)

    def revoke_account(self, user_id: int, form: str = "guide") -> None:
        """A person ends the connection at OwnerRez, which says so by webhook."""
        self._control("POST", "ownerrez/revocations", {"user_id": user_id, "form": form})

    def let_in(self, user_id: int = ACCOUNT) -> dict:
        """A connection at OwnerRez that nobody asked for: what the token endpoint answers. Makes accounts too."""
        return self._control("POST", "ownerrez/tokens", {"user_id": user_id})

    def change(self, *changes: dict, user_id: int = ACCOUNT, **options: Any) -> list[dict]:
        """Things happen at OwnerRez: create(), update() and delete() below. Options are lost, copies, reversed, and
        after: a route whose next call they happen after. Each comes back with its id, time, row, and the event that
        tells of it."""
        body = {"user_id": user_id, "changes": list(changes)} | options
        return self._control("POST", "ownerrez/changes", body)["changes"]

    def changes(self) -> list[dict]:
        """All that has ever happened there."""
        return self._control("GET", "ownerrez/changes")["changes"]

    def records(self, user_id: int = ACCOUNT) -> dict[str, list[dict]]:
        """What an account has, by its lists' names."""
        return self._control("GET", f"ownerrez/records?user_id={user_id}")

    def subscriptions(self) -> list[dict]:
        return self._control("GET", "ownerrez/subscriptions")["subscriptions"]

    def silence(self, user_id: int = ACCOUNT) -> None:
        """Nothing comes by an account's subscriptions any more. They are listed as ever; new ones work."""
        self._control("POST", "ownerrez/silence", {"user_id": user_id})

    def request_counts(self, user_id: int = ACCOUNT) -> dict[str, int]:
        """How many calls an account's tokens came with since they were forgotten, by route."""
        return self._control("GET", "ownerrez/requests")["accounts"].get(str(user_id), {})

    def refused_requests(self) -> int:
        """How many calls were too many for OwnerRez."""
        return self._control("GET", "ownerrez/requests")["refused"]

    def forget_requests(self) -> None:
        self._control("DELETE", "ownerrez/requests")

    def get(self, path: str, token: str) -> requests.Response:
        """OwnerRez's API as any app calls it."""
        headers = {"Authorization": f"Bearer {token}", "User-Agent": "Tests/1.0 (c_sandbox)"}
        return self.http.get(f"{self.url}/v2/{path}", headers=headers, timeout=10)

    def post(self, path: str, body: Any, token: Optional[str] = None) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = self.http.post(self.url + path, json=body, headers=headers, timeout=10)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.json()

    def create_user(self, **changes: Any) -> str:
        """A user of Ownli's, made behind the functions' backs. Returns the id."""
        credentials = {"clientId": people.CLIENT_ID, "clientSecret": people.CLIENT_SECRET}
        credentials |= {"partnerId": people.PARTNER_ID, "scope": "admin"}
        token = self.post("/api/auth/token", credentials)["access_token"]
        user: dict = {"firstName": people.FIRST_NAME, "lastName": people.LAST_NAME, "phone": people.PHONE}
        user = user | {"address": {"state": "CA"}} | changes
        identifier = self.post("/api/users?returnExistingUserIfExists=true", user, token)["id"]
        self.forget_calls()
        return identifier


def create(type: str = "booking", count: int = 1, updated_utc: Optional[str] = None, **fields: Any) -> dict:
    return _change("create", type, fields, count=count, updated_utc=updated_utc)


def update(id: int, type: str = "booking", updated_utc: Optional[str] = None, **fields: Any) -> dict:
    return _change("update", type, fields, id=id, updated_utc=updated_utc)


def delete(id: int, type: str = "booking") -> dict:
    return _change("delete", type, {}, id=id)


def _change(do: str, type: str, fields: dict, **rest: Any) -> dict:
    change = {"do": do, "type": type, "fields": fields} | rest
    return {name: value for name, value in change.items() if value is not None}
