"""ownerrez-api: OwnerRez's API for the company's own servers, with the token of a connected account."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable, Iterator, Optional
from urllib.parse import urlsplit

import people
import pytest
from connect import APP, Flow, went_back
from events import http_api, rest_api
from ownerrez import inbox
from programs import HTTPAnswer, Printed, Programs, Run
from records import Records, SQLite
from sandbox import ACCOUNT, EXCHANGE, ME, OWNERREZ_CLIENT, OWNERREZ_SECRET, Sandbox, create
from web import Answer, Service, request, signed_in

FUNCTION = "ownerrez-api"
ROOT = f"/api/ownerrez/connections/{ACCOUNT}"
LIST, ONE = "GET /v2/bookings", "GET /v2/bookings/:id"
OTHER_ACCOUNT = 347311458
SINCE = "since_utc=2026-01-01T00%3A00%3A00Z"
METHODS = "GET,POST,PATCH,PUT,DELETE"


def settings(sandbox: Sandbox) -> dict[str, str]:
    return {
        "OWNERREZ_CLIENT_ID": OWNERREZ_CLIENT,
        "OWNERREZ_CLIENT_SECRET": OWNERREZ_SECRET,
        "OWNERREZ_API_URL": sandbox.url,
        "OWNERREZ_ALLOWED_CALLERS": f"{people.SERVICE},{people.SERVER}",
        "TOKEN_ENCRYPTION_KEYS": people.ENCRYPTION_KEYS,
    }


def connect(programs: Programs, sandbox: Sandbox, env: dict, account: int = ACCOUNT) -> None:
    """As ownerrez-connect does it."""
    own = env | {
        "OWNERREZ_REDIRECT_URI": sandbox.ownerrez()["redirect_uri"],
        "OWNERREZ_AUTHORIZE_URL": f"{sandbox.url}/oauth/authorize",
        "APP_URL": APP,
    }
    flow = Flow(programs, {name: value for name, value in own.items() if name != "OWNERREZ_ALLOWED_CALLERS"})
    begun = flow.begin()
    assert went_back(flow.callback(urlsplit(sandbox.approve(begun.url, account)).query, begun.cookie)) == "connected"


@pytest.fixture
def store(tmp_path: Path) -> Records:
    return Records(SQLite(tmp_path))


@pytest.fixture
def env(programs: Programs, sandbox: Sandbox, store: Records) -> dict[str, str]:
    """Of the function, where one account is connected."""
    env = settings(sandbox) | store.env
    connect(programs, sandbox, env)
    sandbox.forget_calls()
    return env


@pytest.fixture
def service(env: dict[str, str], printed: Printed, tmp_path: Path) -> Iterator[Service]:
    extra = {"AUTH_GATEWAY_HEADER": "x-apigateway-api-userinfo", "OWNERREZ_ALLOWED_METHODS": METHODS}
    with Service(FUNCTION, env | extra, printed, tmp_path) as service:
        yield service


def called(service: Service, method: str, path: str, body: Optional[bytes] = None, **headers: str) -> Answer:
    fields = signed_in(**people.SERVER_CLAIMS) | ({"Content-Type": "application/json"} if body is not None else {})
    with service.connect() as connection:
        connection.send(request(method, path, body, Connection="close", **fields, **headers))
        return connection.answer()


class Way:
    """How a server calls: by a gateway's event or directly."""

    def __init__(self, programs: Programs, env: dict[str, str], shape: Optional[Callable[..., dict]]):
        self.programs, self.env, self.shape = programs, env, shape

    def run(self, path: str, query: str = "", method: str = "GET", body: Any = None) -> Run:
        if self.shape:
            path = path if path.startswith("/api/") else f"{ROOT}/v2/{path}"
            event = self.shape(method, path, body, query=query, service=people.SERVICE)
        else:
            event = {"connection": str(ACCOUNT), "path": path} | ({"query": query} if query else {})
            event |= ({"method": method} if method != "GET" else {}) | ({"body": body} if body is not None else {})
        return self.programs.run(FUNCTION, event, env=self.env)

    def ask(self, path: str, query: str = "", method: str = "GET", body: Any = None) -> tuple[int, Any, Optional[str]]:
        """The status, the body, and where the list goes on."""
        run = self.run(path, query, method, body)
        if not self.shape:
            assert run.exit_code == 0, run.stdout
            return run.answer["status"], run.answer["body"], run.answer.get("next")
        answer = run.http
        assert answer.headers["cache-control"] == "no-store"
        link = answer.headers.get("link")
        return answer.status, answer.json if answer.text else None, link and link.split(">")[0][1:]

    def refusal(self, path: str, query: str = "", method: str = "GET", body: Any = None) -> str:
        run = self.run(path, query, method, body)
        return run.http.code if self.shape else self.refusal_of(run)

    @staticmethod
    def refusal_of(run: Run) -> str:
        assert run.exit_code == 1 and set(run.answer) == {"errorType", "errorMessage"}, run.stdout
        return run.answer["errorMessage"].split(":")[0]


@pytest.fixture(params=[http_api, rest_api, None], ids=["http-api", "rest-api", "direct"])
def way(request: pytest.FixtureRequest, programs: Programs, env: dict[str, str]) -> Way:
    return Way(programs, env, request.param)


def test_a_server_reads_what_an_account_has_page_by_page(way: Way, sandbox: Sandbox) -> None:
    sandbox.change(create(count=5))
    sandbox.forget_calls()
    status, page, following = way.ask("bookings", f"{SINCE}&limit=2")
    rows = list(page["items"])
    assert status == 200 and following == page["next_page_url"]
    assert following.startswith(f"{ROOT}/v2/bookings?" if way.shape else "/v2/bookings?")
    while following:
        path, _, query = following.partition("?")
        status, page, following = way.ask(path, query) if way.shape else way.ask(following)
        assert status == 200
        rows += page["items"]
    assert {row["id"] for row in rows} >= {row["id"] for row in sandbox.records()["bookings"]}
    assert way.ask(f"bookings/{rows[0]['id']}") == (200, rows[0], None)
    calls = sandbox.calls()
    assert {call["route"] for call in calls} == {LIST, ONE}
    assert {call["headers"]["user-agent"] for call in calls} == {f"partner-functions/0.1.0 ({OWNERREZ_CLIENT})"}


def test_over_every_store(records: Records, programs: Programs, sandbox: Sandbox) -> None:
    env = settings(sandbox) | records.env
    connect(programs, sandbox, env)
    status, page, _ = Way(programs, env, http_api).ask("bookings", SINCE)
    assert (status, page["offset"]) == (200, 0)
    (spent,) = records.of("ownerrez-rate")
    assert sum(json.loads(spent["counts"])) == 2, "a lease of two"


HOSTILE = [
    "..", "../oauth/access_token", "bookings/..", "bookings/../../oauth/access_token", "%2e%2e/oauth/access_token",
    "%2E%2E/oauth", ".%2e/oauth", "bookings/.", "bookings/%2e", "bookings%2f7", "bookings%2F..%2F..%2Foauth",
    "%252e%252e/oauth", "/", "//example.com", "/bookings", "bookings//7", "bookings/", "bookings\\..\\oauth",
    "bookings%5c7", "bookings%5C..", "@example.com/", "a@example.com", "a%40example.com", "bookings%3Fa=1",
    "bookings#a", "bookings%23a", "bookings\r\nHost: example.com", "bookings%0d%0aHost:%20example.com", "bookings%00",
    "bookings 7", "bookings%", "bookings%zz", "buchungen/ü", "<script>",
]  # fmt: skip


@pytest.mark.parametrize("path", HOSTILE)
def test_nothing_leads_elsewhere(path: str, way: Way, sandbox: Sandbox) -> None:
    assert way.refusal(path) == "INVALID_PARAMETERS"
    assert sandbox.calls() == []


@pytest.mark.parametrize("path", [f"/v2/{each}" for each in HOSTILE if each != "/"] + ["/v1/bookings", "/oauth/x", "/v2"])
def test_nor_does_a_whole_path_of_a_direct_invocation(
    path: str, programs: Programs, env: dict, sandbox: Sandbox
) -> None:
    assert Way(programs, env, None).refusal(path) == "INVALID_PARAMETERS"
    assert sandbox.calls() == []


@pytest.mark.parametrize("target", ["..", "bookings/..", "%2e%2e/oauth", "bookings%2f7", "bookings//7", "a@b", "bookings%3F"])
def test_nor_over_http(target: str, service: Service, sandbox: Sandbox) -> None:
    assert called(service, "GET", f"{ROOT}/v2/{target}").outcome == (400, "INVALID_PARAMETERS")
    assert sandbox.calls() == []


@pytest.mark.parametrize("query", ["a b", "a#b", "a\r\nb", "a%", "a%0", "ü", "a\\b"])
def test_nor_does_a_query(query: str, programs: Programs, env: dict, sandbox: Sandbox) -> None:
    for shape in (http_api, None):
        assert Way(programs, env, shape).refusal("bookings", query) == "INVALID_PARAMETERS"
    assert sandbox.calls() == []


def test_what_the_caller_sends_beside_it_stays_here(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    headers = {"authorization": "AWS4-HMAC-SHA256 sealed-1", "x-evil": "yes", "cookie": "a=b", "host": "example.com"}
    headers |= {"content-type": "application/json", "user-agent": "evil/1", "accept": "text/html", "x-forwarded-for": "1"}
    event = http_api("GET", f"{ROOT}/v2/users/me", service=people.SERVICE, headers=headers)
    assert programs.run(FUNCTION, event, env=env).http.status == 200
    (call,) = sandbox.calls(ME)
    assert set(call["headers"]) == {"host", "authorization", "user-agent", "accept"}
    assert call["headers"]["host"] == urlsplit(sandbox.url).netloc and call["headers"]["accept"] == "application/json"
    assert call["headers"]["authorization"].startswith("Bearer at_")


def test_only_a_listed_service_may_call(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    def outcome(**caller: Any) -> tuple[int, str]:
        event = http_api("GET", f"{ROOT}/v2/users/me", **caller)
        return programs.run(FUNCTION, event, env=env).http.outcome

    assert outcome() == (401, "UNAUTHENTICATED")
    assert outcome(claims={"sub": people.SUBJECT}) == (403, "FORBIDDEN"), "not even whose connection it is"
    assert outcome(service="arn:aws:sts::123456789012:assumed-role/other/orders") == (403, "FORBIDDEN")
    nobody = env | {"OWNERREZ_ALLOWED_CALLERS": people.SERVER}
    event = http_api("GET", f"{ROOT}/v2/users/me", service=people.SERVICE)
    assert programs.run(FUNCTION, event, env=nobody).http.outcome == (403, "FORBIDDEN")
    assert sandbox.calls() == []


def test_messages_of_queues_and_buses_are_nobody_s_who_waits(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    order = {"connection": str(ACCOUNT), "path": "users/me"}
    record = {"messageId": "1", "body": json.dumps(order), "eventSource": "aws:sqs"}
    assert programs.run(FUNCTION, {"Records": [record]}, env=env).answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    event = {"version": "0", "id": "1", "detail-type": "Call", "source": "shop", "detail": order}
    assert Way.refusal_of(programs.run(FUNCTION, event, env=env)) == "INVALID_EVENT"
    assert sandbox.calls() == []


def test_methods_are_those_that_are_allowed(way: Way, sandbox: Sandbox) -> None:
    assert way.refusal("bookings/1", method="PATCH", body={"notes": "x"}) == "METHOD_NOT_ALLOWED"
    assert sandbox.calls() == []


def test_a_server_changes_what_an_account_has(way: Way, sandbox: Sandbox) -> None:
    way.env = way.env | {"OWNERREZ_ALLOWED_METHODS": METHODS}
    status, row, _ = way.ask("guests", method="POST", body={"first_name": people.FIRST_NAME})
    assert status in (200, 201), row
    status, changed, _ = way.ask(f"guests/{row['id']}", method="PATCH", body={"last_name": people.LAST_NAME})
    assert (status, changed["last_name"]) == (200, people.LAST_NAME)
    status, _, _ = way.ask(f"guests/{row['id']}", method="DELETE")
    assert status in (200, 204)
    assert way.ask(f"guests/{row['id']}")[0] == 404
    posted = sandbox.calls("POST /v2/guests")
    assert [json.loads(call["body"]) for call in posted] == [{"first_name": people.FIRST_NAME}]
    assert posted[0]["headers"]["content-type"] == "application/json"


@pytest.mark.parametrize("method, route", [("POST", "POST /v2/bookings"), ("PATCH", "PATCH /v2/bookings/:id")])
@pytest.mark.parametrize("fault", ["status", "reset", "drop"])
def test_what_ownerrez_would_do_twice_is_sent_once(
    fault: str, method: str, route: str, programs: Programs, env: dict, sandbox: Sandbox
) -> None:
    details = {"status": {"status": 500, "body": "{}"}, "reset": {}, "drop": {"milliseconds": 0}}[fault]
    sandbox.fault(route, fault, 3, **details)
    path = "bookings" if method == "POST" else "bookings/1"
    way = Way(programs, env | {"OWNERREZ_ALLOWED_METHODS": METHODS}, http_api)
    assert way.refusal(path, method=method, body={"notes": "x"}) == "UPSTREAM_ERROR"
    assert len(sandbox.calls(route)) == 1


def test_a_body_is_json_and_goes_to_the_byte(service: Service, sandbox: Sandbox) -> None:
    text = b'{ "notes" : "1.50 \\u00e9", "n": 1.500 }'
    sandbox.answer("PATCH /v2/bookings/:id", 200, "{}")
    assert called(service, "PATCH", f"{ROOT}/v2/bookings/1", text).status == 200
    (call,) = sandbox.calls("PATCH /v2/bookings/:id")
    assert call["body"].encode() == text
    assert called(service, "PATCH", f"{ROOT}/v2/bookings/1", b"{").outcome == (400, "INVALID_JSON")
    assert called(service, "GET", f"{ROOT}/v2/bookings/1", b"{}").outcome == (413, "BODY_TOO_LARGE")
    assert len(sandbox.calls()) == 1


def test_ownerrez_s_refusals_are_passed_on_as_they_are(way: Way, sandbox: Sandbox) -> None:
    for path, expected in [("listings", 403), ("bookings/999999999", 404), ("bookings", 400)]:
        status, body, following = way.ask(path)
        assert (status, following) == (expected, None)
        assert body["status_code"] == expected and body["messages"], "OwnerRez's own words"


def test_a_token_that_is_refused_is_renewed_once(way: Way, sandbox: Sandbox) -> None:
    sandbox.set_app(policy="standard")
    connect(way.programs, sandbox, way.env)
    sandbox.forget_calls()
    sandbox.answer(ME, 401, '{"status_code":401,"code":"unauthorized"}')
    assert way.ask("users/me")[0] == 200
    assert [call["route"] for call in sandbox.calls()] == [ME, EXCHANGE, ME]
    before, _, after = [call["headers"]["authorization"] for call in sandbox.calls()]
    assert before != after


@pytest.mark.parametrize("policy", ["none", "standard"])
def test_a_connection_that_was_revoked_is_marked_and_called_no_more(
    policy: str, way: Way, sandbox: Sandbox, store: Records
) -> None:
    sandbox.set_app(policy=policy)
    connect(way.programs, sandbox, way.env)
    sandbox.revoke_account(ACCOUNT)
    sandbox.forget_calls()
    assert way.refusal("users/me") == "CONNECTION_REVOKED"
    assert sandbox.calls() != []
    sandbox.forget_calls()
    assert way.refusal("users/me") == "CONNECTION_REVOKED"
    assert sandbox.calls() == []
    told = [json.loads(event["event"])["action"] for event in store.of(inbox())]
    assert told.count("revoked") == 1, told
    assert "revokedAt" in dict((sort, each) for _, sort, each in store.all())["connection"]


def test_nobody_s_connection_is_none(way: Way, sandbox: Sandbox) -> None:
    other = dict(way.env)
    for account in ("1", "007", "x", "99999999999999999999", "-1"):
        path = f"/api/ownerrez/connections/{account}/v2/users/me"
        event = way.shape("GET", path, service=people.SERVICE) if way.shape else {"connection": account, "path": "users/me"}
        run = way.programs.run(FUNCTION, event, env=other)
        code = run.http.code if way.shape else Way.refusal_of(run)
        assert code == ("NOT_CONNECTED" if way.shape or account == "1" else "INVALID_PARAMETERS")
    assert sandbox.calls() == []


def test_a_user_s_one_connection_is_found(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    def ask(subject: str) -> Run:
        return programs.run(FUNCTION, {"subject": subject, "path": "users/me"}, env=env)

    assert ask(people.SUBJECT).answer["body"]["id"] == ACCOUNT
    assert Way.refusal_of(ask(people.OTHER_SUBJECT)) == "NOT_CONNECTED"
    connect(programs, sandbox, env, OTHER_ACCOUNT)
    ambiguous = ask(people.SUBJECT)
    assert Way.refusal_of(ambiguous) == "CONNECTION_AMBIGUOUS" and " 2 " in ambiguous.answer["errorMessage"]


def test_a_budget_is_one_for_two_processes(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    env = env | {"OWNERREZ_RATE_LIMIT": "3"}
    runs = [Way(programs, env, http_api).run("users/me") for _ in range(3)]
    # Each process takes two, and loses one.
    assert [run.http.status for run in runs] == [200, 200, 503]
    assert runs[2].http.code == "UPSTREAM_BUSY" and 1 <= int(runs[2].http.headers["retry-after"]) <= 330
    assert len(sandbox.calls()) == 2


def test_two_servers_share_a_budget_under_load(env: dict, sandbox: Sandbox, printed: Printed, tmp_path: Path) -> None:
    extra = {"AUTH_GATEWAY_HEADER": "x-apigateway-api-userinfo", "OWNERREZ_RATE_LIMIT": "40"}
    answers: list[int] = []
    places = [tmp_path / "one", tmp_path / "two"]
    for place in places:
        place.mkdir()
    with Service(FUNCTION, env | extra, printed, places[0]) as one:
        with Service(FUNCTION, env | extra, printed, places[1]) as two:

            def load(service: Service) -> None:
                for _ in range(15):
                    answers.append(called(service, "GET", f"{ROOT}/v2/users/me").status)

            threads = [threading.Thread(target=load, args=(service,)) for service in (one, two) * 2]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    assert set(answers) == {200, 503} and len(answers) == 60
    assert answers.count(200) == len(sandbox.calls(ME)) <= 40
    assert answers.count(200) >= 25, "a lease that is not used up is lost, and no more"


def test_a_429_pauses_everybody(way: Way, sandbox: Sandbox) -> None:
    sandbox.answer(ME, 429, '{"code":429,"error":"Rate limit exceeded."}', headers={"Retry-After": "200"})
    assert way.refusal("users/me") == "UPSTREAM_BUSY"
    run = Way(way.programs, way.env, http_api).run("users/me")
    assert run.http.outcome == (503, "UPSTREAM_BUSY") and 150 <= int(run.http.headers["retry-after"]) <= 201
    assert len(sandbox.calls(ME)) == 1


def test_a_short_pause_is_waited_out(way: Way, sandbox: Sandbox) -> None:
    sandbox.answer(ME, 429, "{}", headers={"Retry-After": "1"})
    assert way.ask("users/me")[0] == 200
    assert len(sandbox.calls(ME)) == 2


@pytest.mark.parametrize(
    "status, body, code, tries",
    [
        (200, "<html>", "UPSTREAM_ERROR", 1),
        (404, "<html>", "UPSTREAM_ERROR", 1),
        (302, "{}", "UPSTREAM_ERROR", 1),
        (500, "{}", "UPSTREAM_ERROR", 3),
        (503, "{}", "UPSTREAM_BUSY", 3),
        (200, '{"items":[],"next_page_url":"https://example.com/v2/bookings"}', "UPSTREAM_ERROR", 1),
        (200, '{"items":[],"next_page_url":"/oauth/access_token"}', "UPSTREAM_ERROR", 1),
        (200, '{"items":[],"next_page_url":7}', "UPSTREAM_ERROR", 1),
    ],
)
def test_what_is_no_answer_is_none(status: int, body: str, code: str, tries: int, way: Way, sandbox: Sandbox) -> None:
    sandbox.answer(ME, status, body, tries, headers={"Location": "https://example.com/"})
    assert way.refusal("users/me") == code
    assert len(sandbox.calls()) == tries


def test_without_the_store_nothing_is_called(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    away = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "STORE_URL": "dynamodb:none", "AWS_REGION": "us-east-1"}
    away |= {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    assert Way(programs, env | away, http_api).refusal("users/me") == "STORE_UNAVAILABLE"
    assert sandbox.calls() == []


class Plain:
    """An OwnerRez that answers what it is told to, whatever the size, and keeps what it is sent."""

    def __init__(self) -> None:
        self.text = b"{}"
        self.bodies: list[bytes] = []
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(double.text)))
                self.end_headers()
                self.wfile.write(double.text)

            def do_PATCH(self) -> None:
                double.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.do_GET()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.env = {"OWNERREZ_API_URL": f"http://127.0.0.1:{self.server.server_port}"}
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def plain() -> Iterator[Plain]:
    double = Plain()
    yield double
    double.server.shutdown()
    double.server.server_close()


def test_an_answer_that_the_way_out_is_too_narrow_for_names_the_limit(way: Way, plain: Plain) -> None:
    way.env = way.env | plain.env
    # Within 6 MB, and not as a text within JSON.
    plain.text = json.dumps(['"' * 10] * 150_000).encode()
    if way.shape:
        answer = way.run("users/me").http
        assert answer.outcome == (502, "ANSWER_TOO_LARGE") and "limit=" in answer.json["error_message"]
    else:
        assert way.ask("users/me")[0] == 200, "directly it goes as it is"
    plain.text = json.dumps("a" * 6_291_456).encode()
    assert way.refusal("users/me") == "ANSWER_TOO_LARGE"


def test_over_http_six_megabytes_pass_both_ways(
    plain: Plain, env: dict[str, str], printed: Printed, tmp_path: Path
) -> None:
    extra = {"AUTH_GATEWAY_HEADER": "x-apigateway-api-userinfo", "OWNERREZ_ALLOWED_METHODS": METHODS}
    plain.text = json.dumps(["a" * 1000] * 6200).encode()
    assert 6_200_000 < len(plain.text) < 6_291_456
    with Service(FUNCTION, env | extra | plain.env, printed, tmp_path) as service:
        answer = called(service, "PATCH", f"{ROOT}/v2/bookings/1", plain.text)
        assert answer.status == 200 and answer.body == plain.text
        assert plain.bodies == [plain.text]
        large = b'"' + b"a" * 6_291_456 + b'"'
        assert called(service, "PATCH", f"{ROOT}/v2/bookings/1", large).outcome == (413, "BODY_TOO_LARGE")


def test_what_passes_is_in_no_log(way: Way, sandbox: Sandbox) -> None:
    (made,) = sandbox.change(create("guest", first_name=people.FIRST_NAME, last_name=people.LAST_NAME, email=people.EMAIL))
    run = way.run("guests", f"q={people.LAST_NAME}")
    assert people.EMAIL in run.stdout.decode()
    (line,) = [line for line in run.logs if "upstream" in line]
    assert [call["call"] for call in line["upstream"]] == ["GET /v2/guests"]
    run = way.run(f"guests/{made['id']}")
    (line,) = [line for line in run.logs if "upstream" in line]
    assert [call["call"] for call in line["upstream"]] == ["GET /v2/guests/.."]


def test_an_event_a_line(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    order = json.dumps({"connection": ACCOUNT, "path": "users/me"})
    run = programs.run(FUNCTION, f"{order}\n{order}\n", "--stream", env=env)
    assert [json.loads(line)["status"] for line in run.stdout.splitlines()] == [200, 200]


def test_no_answer_is_a_page_of_ours(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    """An answer without a body has none here either."""
    sandbox.answer(ME, 204, "")
    answer: HTTPAnswer = Way(programs, env, http_api).run("users/me").http
    assert (answer.status, answer.text) == (204, "") and "content-type" not in answer.headers
