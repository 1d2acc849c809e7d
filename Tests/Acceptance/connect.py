"""The flow of ownerrez-connect as an app, a browser and OwnerRez go through it."""

import re
from dataclasses import dataclass
from typing import Any, Callable, Mapping, Optional, Union
from urllib.parse import parse_qs, urlencode, urlsplit

import people
from events import http_api
from programs import HTTPAnswer, Programs, Run

FUNCTION = "ownerrez-connect"
CONNECTIONS = "/api/ownerrez/connections"
CALLBACK = "/oauth/ownerrez/callback"
APP = "https://app.partner.example"


@dataclass
class Begun:
    """A flow that has begun: the answer, and what is in it."""

    answer: HTTPAnswer
    url: str
    state: str
    set_cookie: str

    @property
    def cookie(self) -> str:
        return self.set_cookie.split(";")[0]


@dataclass
class Flow:
    programs: Programs
    env: Mapping[str, str]
    shape: Callable[..., dict] = http_api

    def run(self, method: str, path: str, body: Any = None, **options: Any) -> Run:
        return self.programs.run(FUNCTION, self.shape(method, path, body, **options), env=self.env)

    def call(self, method: str, path: str, body: Any = None, subject: Optional[str] = people.SUBJECT, **options: Any):
        claims = None if subject is None else {"sub": subject}
        return self.run(method, path, body, claims=claims, **options).http

    def begin(self, return_to: str = "/settings", subject: str = people.SUBJECT) -> Begun:
        answer = self.call("POST", CONNECTIONS, {"return_to": return_to}, subject=subject)
        assert answer.status == 201, answer.text
        url = answer.json["authorization_url"]
        (state,) = parse_qs(urlsplit(url).query)["state"]
        cookies = answer.shape.get("cookies") or answer.shape["multiValueHeaders"]["Set-Cookie"]
        (set_cookie,) = cookies
        return Begun(answer, url, state, set_cookie)

    def callback_run(self, query: Union[str, dict], *cookies: str, method: str = "GET", headers: dict = {}) -> Run:
        query = query if isinstance(query, str) else urlencode(query)
        return self.run(method, CALLBACK, query=query, cookies=list(cookies) or None, headers=headers)

    def callback(self, query: Union[str, dict], *cookies: str, **options: Any) -> HTTPAnswer:
        return self.callback_run(query, *cookies, **options).http

    def connections(self, subject: str = people.SUBJECT, query: str = "") -> list[dict]:
        answer = self.call("GET", CONNECTIONS, subject=subject, query=query)
        assert answer.status == 200, answer.text
        return answer.json["connections"]

    def connect(self, provider: Any, subject: str = people.SUBJECT) -> None:
        """The whole way."""
        begun = self.begin(subject=subject)
        answer = self.callback(provider.decide(begun.url), begun.cookie)
        assert went_back(answer) == "connected", answer.shape


def went_back(answer: HTTPAnswer, path: str = "/settings?") -> str:
    """What the app is told, after a look at how people are sent there."""
    assert answer.status == 303, answer.shape
    location = answer.headers["location"]
    assert location.startswith(APP + path + "ownerrez="), location
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    return location.removeprefix(APP + path + "ownerrez=")


def is_neutral_page(answer: HTTPAnswer, status: int = 400) -> bool:
    """A friendly page that says nothing of the request, and lets nothing be loaded."""
    assert answer.status == status, answer.shape
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert re.fullmatch(
        "default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'",
        answer.headers["content-security-policy"],
    )
    assert f'<a href="{APP}">' in answer.text and "<script" not in answer.text
    return True
