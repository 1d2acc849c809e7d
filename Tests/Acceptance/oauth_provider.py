"""An OAuth 2 provider that nobody here wrote, Authlib's, at OwnerRez's paths: what it takes, the standard takes.

It plays OwnerRez's answers too (user_id, both token policies, /v2/users/me, revoke), and gives a hostile answer instead
where a test asks for one.
"""

import base64
import os
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Callable, Optional
from urllib.parse import parse_qs, urlsplit

import requests
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, TokenMixin, grants
from flask import Flask, Response, jsonify, request
from werkzeug.serving import WSGIRequestHandler, make_server

CLIENT_ID = "c_independent"
CLIENT_SECRET = "s_independent-44d1"
REDIRECT_URI = "https://api.partner.example/oauth/ownerrez/callback"

Hostile = Callable[[], Optional[Response]]


@dataclass
class Account:
    id: int
    name: str


class Client(ClientMixin):
    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        return REDIRECT_URI

    def get_allowed_scope(self, scope: str) -> str:
        return scope or "all"

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == REDIRECT_URI

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in ("authorization_code", "refresh_token")


@dataclass
class Code(AuthorizationCodeMixin):
    code: str
    redirect_uri: str
    scope: str
    account: Account

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope


@dataclass
class Token(TokenMixin):
    access_token: str
    refresh_token: Optional[str]
    account: Account
    expires: Optional[float]
    revoked: bool = False

    def check_client(self, client: Client) -> bool:
        return True

    def get_scope(self) -> str:
        return "all"

    def is_expired(self) -> bool:
        return self.expires is not None and self.expires < time.time()

    def is_revoked(self) -> bool:
        return self.revoked


@dataclass
class Call:
    route: str
    headers: dict[str, str]
    form: dict[str, str]


@dataclass
class Books:
    """What the provider remembers of one test."""

    account: Account = field(default_factory=lambda: Account(347482730, "Sunny Stays LLC"))
    expires_in: Optional[int] = None  # None: the policy "None", tokens that stay
    codes: dict[str, Code] = field(default_factory=dict)
    used_codes: set[str] = field(default_factory=set)
    tokens: list[Token] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    # Whether the two halves of a pair end each by itself, and an expired token is not known any more.
    ends_halves: bool = False
    ended: set[str] = field(default_factory=set)
    hostile: dict[str, Hostile] = field(default_factory=dict)


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Says nothing."""


class Provider:
    def __init__(self) -> None:
        os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback
        self.books = Books()
        app = Flask(__name__)
        app.config["OAUTH2_ACCESS_TOKEN_GENERATOR"] = lambda **_: "at_" + secrets.token_urlsafe(24)
        app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = lambda **_: "rt_" + secrets.token_urlsafe(24)
        self.server = AuthorizationServer(app, query_client=self._client, save_token=self._save)
        for grant in (self._code_grant(), self._refresh_grant()):
            self.server.register_grant(grant)
        app.before_request(self._note)
        app.after_request(self._play)
        app.add_url_rule("/oauth/authorize", view_func=self._authorize)
        app.add_url_rule("/oauth/access_token", view_func=self.server.create_token_response, methods=["POST"])
        app.add_url_rule("/oauth/access_token/<token>", view_func=self._revoke, methods=["DELETE"])
        app.add_url_rule("/v2/users/me", view_func=self._me)
        self.http = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.http.shutdown()

    def reset(self) -> None:
        self.books = Books()

    # For the tests

    @property
    def env(self) -> dict[str, str]:
        return {
            "OWNERREZ_CLIENT_ID": CLIENT_ID,
            "OWNERREZ_CLIENT_SECRET": CLIENT_SECRET,
            "OWNERREZ_REDIRECT_URI": REDIRECT_URI,
            "OWNERREZ_AUTHORIZE_URL": self.url + "/oauth/authorize",
            "OWNERREZ_API_URL": self.url,
        }

    def decide(self, authorization_url: str, decision: str = "approve") -> dict[str, str]:
        """A person decides. Returns what comes back to the redirect URI."""
        answer = requests.get(authorization_url + "&decision=" + decision, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text
        location = answer.headers["Location"]
        assert location.startswith(REDIRECT_URI + "?"), location
        return {name: value for name, (value,) in parse_qs(urlsplit(location).query).items()}

    def routes(self) -> list[str]:
        return [call.route for call in self.books.calls if call.route != "GET /oauth/authorize"]

    def live_tokens(self) -> list[str]:
        return [token.access_token for token in self.books.tokens if not token.revoked]

    def live_refresh_tokens(self) -> list[str]:
        found = [token.refresh_token for token in self.books.tokens if token.refresh_token and not token.revoked]
        return [token for token in found if token not in self.books.ended]

    def secrets(self) -> set[str]:
        found = {CLIENT_SECRET, base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()}
        found |= {token.access_token for token in self.books.tokens} | set(self.books.codes) | self.books.used_codes
        return found | {token.refresh_token for token in self.books.tokens if token.refresh_token}

    def answer_instead(self, route: str, status: int, body: Any, **headers: str) -> None:
        """Has a route do its work, and answer with this."""
        data = body if isinstance(body, (bytes, str)) else None

        def hostile() -> Response:
            response = jsonify(body) if data is None else Response(data, content_type="text/html")
            response.status_code = status
            response.headers.update(headers)
            return response

        self.books.hostile[route] = hostile

    def meanwhile(self, route: str, happens: Callable[[], None]) -> None:
        """Has something else happen after a route's work and before its answer."""

        self.books.hostile[route] = happens

    def say_nothing(self, route: str, seconds: float) -> None:
        """Has a route do its work, and keep quiet about it."""

        def hostile() -> Response:
            time.sleep(seconds)
            return Response("late", status=200)

        self.books.hostile[route] = hostile

    # The provider

    def _note(self) -> None:
        self.books.calls.append(Call(self._route(), dict(request.headers), request.form.to_dict()))

    def _play(self, response: Response) -> Response:
        hostile = self.books.hostile.get(self._route())
        return (hostile and hostile()) or response

    def _route(self) -> str:
        rule = request.url_rule.rule if request.url_rule else request.path
        return f"{request.method} {rule.split('/<')[0]}"

    def _client(self, client_id: str) -> Optional[Client]:
        return Client() if client_id == CLIENT_ID else None

    def _save(self, token: dict[str, Any], request: Any) -> None:
        expires = time.time() + self.books.expires_in if self.books.expires_in else None
        self.books.tokens.append(Token(token["access_token"], token.get("refresh_token"), request.user, expires))

    def _authorize(self) -> Response:
        approved = self.books.account if request.args["decision"] == "approve" else None
        grant = self.server.get_consent_grant(end_user=self.books.account)
        return self.server.create_authorization_response(grant=grant, grant_user=approved)

    def _completed(self, token: dict[str, Any], account: Account) -> dict[str, Any]:
        """Authlib's answer, with what OwnerRez has beyond the standard or leaves out."""
        token = {name: token[name] for name in ("access_token", "refresh_token") if name in token}
        token |= {"token_type": "bearer", "scope": "all", "user_id": account.id}
        if self.books.expires_in:
            token |= {"expires_in": self.books.expires_in, "user_display_name": account.name}
            token |= {"refresh_token_supported": True}
        else:
            token.pop("refresh_token", None)
        return token

    def _code_grant(self) -> type:
        provider = self

        class AuthorizationCodeGrant(grants.AuthorizationCodeGrant):
            TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]

            def save_authorization_code(self, code: str, request: Any) -> None:
                payload = request.payload
                provider.books.codes["tc_" + code] = Code("tc_" + code, payload.redirect_uri, "all", request.user)

            def generate_authorization_code(self) -> str:
                return secrets.token_urlsafe(24)

            def create_authorization_response(self, redirect_uri: str, grant_user: Any) -> Any:
                status, body, headers = super().create_authorization_response(redirect_uri, grant_user)
                return status, body, [(name, value.replace("?code=", "?code=tc_")) for name, value in headers]

            def query_authorization_code(self, code: str, client: Client) -> Optional[Code]:
                return provider.books.codes.get(code)

            def delete_authorization_code(self, authorization_code: Code) -> None:
                provider.books.codes.pop(authorization_code.code, None)
                provider.books.used_codes.add(authorization_code.code)

            def authenticate_user(self, authorization_code: Code) -> Account:
                return authorization_code.account

            def generate_token(self, **options: Any) -> dict[str, Any]:
                options["include_refresh_token"] = provider.books.expires_in is not None
                return provider._completed(super().generate_token(**options), options["user"])

        return AuthorizationCodeGrant

    def _refresh_grant(self) -> type:
        provider = self

        class RefreshTokenGrant(grants.RefreshTokenGrant):
            TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]
            INCLUDE_NEW_REFRESH_TOKEN = True

            def authenticate_refresh_token(self, refresh_token: str) -> Optional[Token]:
                found = [token for token in provider.books.tokens if token.refresh_token == refresh_token]
                return found[0] if found and refresh_token in provider.live_refresh_tokens() else None

            def authenticate_user(self, refresh_token: Token) -> Account:
                return refresh_token.account

            def revoke_old_credential(self, refresh_token: Token) -> None:
                refresh_token.revoked = True

            def generate_token(self, **options: Any) -> dict[str, Any]:
                return provider._completed(super().generate_token(**options), options["user"])

        return RefreshTokenGrant

    def _authenticated(self) -> bool:
        return request.authorization is not None and (request.authorization.username == CLIENT_ID) and (
            request.authorization.password == CLIENT_SECRET
        )

    def _revoke(self, token: str) -> tuple[str, int]:
        if not self._authenticated():
            return "", 401
        if self.books.ends_halves:
            alive = {each.access_token for each in self.books.tokens if not each.revoked and not each.is_expired()}
            alive = (alive | set(self.live_refresh_tokens())) - self.books.ended
            self.books.ended.add(token)
            return "", 204 if token in alive else 404
        found = [each for each in self.books.tokens if each.access_token == token and not each.revoked]
        for each in found:
            each.revoked = True
        return "", 204 if found else 404

    def _me(self) -> Any:
        if not request.headers.get("User-Agent"):
            return jsonify(code="forbidden"), 403
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        for each in self.books.tokens:
            is_alive = not each.revoked and not each.is_expired() and token not in self.books.ended
            if each.access_token == token and is_alive:
                return jsonify(id=each.account.id, email=f"owner-{each.account.id}@example.com")
        return jsonify(messages=["Invalid token"], code="unauthorized", status_code=401), 401
