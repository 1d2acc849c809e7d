"""Connections are looked after: their subscriptions and tokens, and what no webhook told of, whatever ends or fails in
between."""

import json
import subprocess
import threading
import time
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Iterator
from urllib.parse import urlencode, urlsplit

import people
import pytest
from connect import APP, CONNECTIONS, Flow, went_back
from events import http_api
from least_privilege import with_own_identity
from ownerrez import SCHEDULED, told
from programs import Printed, Programs, Run, bootstrap
from records import DynamoDB, Records, SQLite
from runtime_api import Runtime, RuntimeAPI
from sandbox import ACCOUNT, EXCHANGE, OWNERREZ_CLIENT, OWNERREZ_SECRET, Sandbox, create, update
from test_kill_points import OUTSIDE, killed_everywhere
from web import Service, request, signed_in

FUNCTION = "ownerrez-api"
HOOK = "/webhooks/ownerrez"
# Nobody is there; where webhooks are to come, a service takes its place.
NOWHERE = f"http://127.0.0.1:9{HOOK}"
OTHERS = "https://other.example/hook"
WANTED = [("booking", "entity_create"), ("booking", "entity_update"), ("guest", "entity_create")]
BOOKINGS, SUBSCRIBE = "GET /v2/bookings", "POST /v2/webhooksubscriptions"
UNSUBSCRIBE = "DELETE /v2/webhooksubscriptions/:id"

both_stores = pytest.mark.parametrize("store", ["sqlite", "dynamodb"], indirect=True)


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Records:
    if getattr(request, "param", "sqlite") == "sqlite":
        return Records(SQLite(tmp_path))
    return Records(DynamoDB(request.getfixturevalue("aws"), request.getfixturevalue("table")))


class Company:
    """Our functions, and what one sees of them from outside."""

    def __init__(self, programs: Programs, sandbox: Sandbox, store: Records):
        self.programs, self.sandbox, self.store = programs, sandbox, store
        self.env = store.env | {
            "OWNERREZ_CLIENT_ID": OWNERREZ_CLIENT,
            "OWNERREZ_CLIENT_SECRET": OWNERREZ_SECRET,
            "OWNERREZ_API_URL": sandbox.url,
            "OWNERREZ_AUTHORIZE_URL": f"{sandbox.url}/oauth/authorize",
            "OWNERREZ_REDIRECT_URI": sandbox.ownerrez()["redirect_uri"],
            "OWNERREZ_WEBHOOK_USER": people.WEBHOOK_USER,
            "OWNERREZ_WEBHOOK_PASSWORD": people.WEBHOOK_PASSWORD,
            "OWNERREZ_WEBHOOK_URL": NOWHERE,
            "OWNERREZ_SUBSCRIPTIONS": "booking:entity_create,entity_update;guest:entity_create",
            "OWNERREZ_RECONCILE": "bookings,guests",
            "TOKEN_ENCRYPTION_KEYS": people.ENCRYPTION_KEYS,
            "APP_URL": APP,
        }
        self.flow = Flow(programs, self.env)

    def begin(self) -> tuple[dict, str]:
        """A flow whose browser is on its way back to us: the query and the cookie that it comes with."""
        begun = self.flow.begin()
        back = urlsplit(self.sandbox.approve(begun.url)).query
        return dict(pair.split("=", 1) for pair in back.split("&")), begun.cookie

    def connect(self) -> None:
        begun = self.flow.begin()
        back = urlsplit(self.sandbox.approve(begun.url)).query
        assert went_back(self.flow.callback(back, begun.cookie)) == "connected"
        # What is dated earlier no webhook had to tell of.
        self.connected_at = time.time()

    def disconnect(self) -> int:
        return self.flow.call("DELETE", f"{CONNECTIONS}/{ACCOUNT}").status

    def upkeep_run(self, **changes: str) -> Run:
        """Of the connection, up to this moment."""
        event = {"upkeep": str(ACCOUNT), "graceSeconds": 0}
        return self.programs.run(FUNCTION, event, env=self.env | changes)

    def upkeep(self) -> dict:
        run = self.upkeep_run()
        assert run.exit_code == 0, (run.stdout, run.stderr)
        assert set(run.answer) == {"connections", "missed", "failed", "left"}
        return run.answer

    def refusal(self) -> str:
        run = self.upkeep_run()
        assert run.exit_code == 1, run.stdout
        return run.answer["errorMessage"].split(":")[0]

    def let_time_pass(self) -> None:
        """Until a connection is nobody's who was ended over it."""
        for entry in self.store.of("ownerrez-connections"):
            entry = {name: value for name, value in entry.items() if name != "busyUntil"}
            self.store.put("ownerrez-connections", str(ACCOUNT), entry)

    def lift_limits(self) -> None:
        """So that more can be asked of OwnerRez than in 5 minutes."""
        self.sandbox.set_app(rate_limit=0)
        self.env["OWNERREZ_RATE_LIMIT"] = "0"

    def ours(self) -> list[tuple[str, str]]:
        """Our subscriptions, those that are there twice twice."""
        all = self.sandbox.subscriptions()
        return sorted((each["type"], each["action"]) for each in all if each["webhook_url"] != OTHERS)

    def others(self) -> list[dict]:
        return [each for each in self.sandbox.subscriptions() if each["webhook_url"] == OTHERS]

    def downstream(self) -> list[dict]:
        """What ownerrez-webhook has passed on, but for what became of connections."""
        assert self.programs.run("ownerrez-webhook", SCHEDULED, env=self.env).exit_code == 0
        return [event for event in self.store.of("ownerrez-events") if event.get("source") != "connection"]

    def moment(self) -> str:
        """Of a change since the connection, in a second that is over: a list is complete up to the second that it is
        from, by its `Date`."""
        time.sleep(max(0.0, self.connected_at + 1.1 - time.time()))
        return datetime.fromtimestamp(time.time() - 1, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def lose(self, count: int = 1, **fields: Any) -> list[dict]:
        """Bookings come whose webhooks do not. They hold what no log may hold."""
        fields |= {"updated_utc": self.moment()}
        private = {"email": people.EMAIL, "phone": people.PHONE, "guest": f"{people.FIRST_NAME} {people.LAST_NAME}"}
        return self.sandbox.change(create("booking", count, **(private | fields)), lost=True)


def subscribe_another(sandbox: Sandbox) -> None:
    """Another app's subscription of the account, of a kind that we want too."""
    headers = {"Authorization": f"Bearer {sandbox.let_in()['access_token']}", "User-Agent": "Tests/1.0 (c_sandbox)"}
    body = {"type": "booking", "action": "entity_update", "webhook_url": OTHERS}
    answer = sandbox.http.post(f"{sandbox.url}/v2/webhooksubscriptions", json=body, headers=headers, timeout=10)
    assert answer.ok, answer.text


@pytest.fixture
def company(programs: Programs, sandbox: Sandbox, store: Records) -> Company:
    sandbox.set_app(deliver="subscriptions")
    return Company(programs, sandbox, store)


@pytest.fixture
def connected(company: Company) -> Company:
    company.connect()
    company.sandbox.forget_calls()
    return company


@both_stores
def test_a_connection_has_its_subscriptions_from_the_beginning_to_the_end(company: Company, sandbox: Sandbox) -> None:
    subscribe_another(sandbox)
    before = company.others()
    assert len(before) == 1
    company.connect()
    assert company.ours() == WANTED
    company.connect()
    company.upkeep()
    assert company.ours() == WANTED, "nothing is doubled"
    sandbox.forget_calls()
    assert company.disconnect() == 204
    assert company.ours() == [] and company.others() == before
    routes = [call["route"] for call in sandbox.calls()]
    revoked = min(index for index, route in enumerate(routes) if route.startswith("DELETE /oauth/"))
    assert routes[:revoked].count(UNSUBSCRIBE) == 3 and UNSUBSCRIBE not in routes[revoked:], routes


def test_a_connection_whose_subscriptions_fail_stands_and_the_schedule_makes_them(
    company: Company, sandbox: Sandbox
) -> None:
    sandbox.answer(SUBSCRIBE, 500, "{}", 20)
    company.connect()
    assert company.ours() == []
    sandbox._control("DELETE", "faults")
    assert company.upkeep()["connections"] == 1
    assert company.ours() == WANTED


def test_a_connection_stays_while_its_subscriptions_cannot_be_removed(connected: Company, sandbox: Sandbox) -> None:
    sandbox.fault("GET /v2/webhooksubscriptions", "reset", 20)
    assert connected.disconnect() in (502, 503, 504)
    assert [each["id"] for each in connected.flow.connections()] == [str(ACCOUNT)]
    sandbox._control("DELETE", "faults")
    assert connected.disconnect() == 204 and connected.ours() == []


def test_connecting_killed_anywhere_leaves_subscriptions_to_the_schedule(
    company: Company, sandbox: Sandbox, printed: Printed
) -> None:
    subscribe_another(sandbox)
    company.lift_limits()
    query, cookie = company.begin()
    event = http_api("GET", "/oauth/ownerrez/callback", query=urlencode(query), cookies=[cookie])
    points, between = [], 0
    for point, _ in killed_everywhere("ownerrez-connect", event, company.env, printed):
        points.append(point)
        between += len(company.ours()) in (1, 2)
        if not company.store.of("ownerrez-connections"):
            company.connect()
        company.let_time_pass()
        company.upkeep()
        assert company.ours() == WANTED, f"killed at {point}"
        assert company.disconnect() == 204, f"killed at {point}"
        assert company.ours() == [] and len(company.others()) == 1, f"killed at {point}"
        company.store.forget()
        query, cookie = company.begin()
        event["rawQueryString"], event["cookies"] = urlencode(query), [cookie]
    assert len(points) > 2 * len(OUTSIDE) and between > 2, points
    print(f"{len(points)} runs of a connection, {between} of them ended between two subscriptions")


@both_stores
def test_a_change_whose_webhook_was_lost_comes_downstream_once(connected: Company, sandbox: Sandbox) -> None:
    (change,) = connected.lose()
    assert connected.downstream() == []
    assert connected.upkeep() == {"connections": 1, "missed": 1, "failed": 0, "left": 0}
    assert connected.upkeep()["missed"] == 0
    (record,) = connected.downstream()
    assert (record["source"], record["subject"], record["connection"]) == ("reconcile", people.SUBJECT, str(ACCOUNT))
    event = json.loads(record["event"])
    assert event["entity"] == change["row"] and (event["entity_type"], event["entity_id"]) == ("booking", change["id"])
    assert (event["user_id"], event["action"], event["source"]) == (ACCOUNT, "entity_update", "reconcile")
    (again,) = sandbox.change(update(change["id"], updated_utc=connected.moment(), status="cancelled"), lost=True)
    assert connected.upkeep()["missed"] == 1
    _, later = connected.downstream()
    assert json.loads(later["event"])["entity"] == again["row"]


def test_lambda_counts_what_was_missed(connected: Company, printed: Printed, tmp_path: Path) -> None:
    connected.lose(3)
    with RuntimeAPI() as api, Runtime(
        FUNCTION, api, connected.env | {"STORE_EPHEMERAL": "allowed"}, printed, tmp_path
    ) as runtime:
        api.invoke({"upkeep": str(ACCOUNT), "graceSeconds": 0})
        api.invoke({"upkeep": str(ACCOUNT), "graceSeconds": 0})
        api.wait_for_pollers(1)
        _, first, second = runtime.metrics
    assert (first["EventsMissedByWebhook"], second["EventsMissedByWebhook"]) == (3, 0)


def test_subscriptions_that_have_gone_silent_are_made_anew_and_what_they_did_not_tell_is_found(
    company: Company, sandbox: Sandbox, printed: Printed, tmp_path: Path
) -> None:
    with Service("ownerrez-webhook", company.env, printed, tmp_path) as service:
        sandbox.set_webhook(service.url + HOOK, people.WEBHOOK_USER, people.WEBHOOK_PASSWORD)
        company.env["OWNERREZ_WEBHOOK_URL"] = service.url + HOOK
        company.connect()
        (heard,) = sandbox.change(create())
        assert [each["outcome"] for each in sandbox.deliveries()] == ["200"]
        assert company.upkeep()["missed"] == 0, "its webhook told of it"
        before = {each["id"] for each in sandbox.subscriptions()}
        sandbox.silence()
        (unheard,) = sandbox.change(create(updated_utc=company.moment()))
        assert len(sandbox.deliveries()) == 1
        assert company.upkeep()["missed"] == 1
        anew = sandbox.subscriptions()
        assert company.ours() == WANTED and not any(each["silent"] for each in anew)
        assert before.isdisjoint(each["id"] for each in anew)
        (last,) = sandbox.change(create())
        assert len(sandbox.deliveries()) == 2
        assert company.upkeep()["missed"] == 0
    came = [(each["source"], json.loads(each["event"])["entity_id"]) for each in company.downstream()]
    assert came == [("webhook", heard["id"]), ("reconcile", unheard["id"]), ("webhook", last["id"])]


def test_upkeep_killed_anywhere_loses_no_change_and_doubles_no_subscription(
    connected: Company, sandbox: Sandbox, printed: Printed
) -> None:
    subscribe_another(sandbox)
    connected.lift_limits()
    event = {"upkeep": str(ACCOUNT), "graceSeconds": 0}
    points, unfinished, seen = [], 0, 0
    lost = connected.lose(2)
    for point, _ in killed_everywhere(FUNCTION, event, connected.env, printed):
        points.append(point)
        unfinished += connected.ours() != WANTED
        connected.let_time_pass()
        assert connected.upkeep()["failed"] == 0, f"killed at {point}"
        assert connected.ours() == WANTED and len(connected.others()) == 1, f"killed at {point}"
        came = [json.loads(each["event"])["entity"] for each in connected.downstream()]
        rows = [change["row"] for change in lost]
        assert all(row in came for row in rows), f"killed at {point}"
        assert len(came) == len(rows), f"killed at {point}: told twice"
        for partition, sort, _ in list(connected.store.all()):
            if partition == "ownerrez-events":
                connected.store.remove(partition, sort)
        lost = connected.lose(2)
    assert len(points) > 2 * len(OUTSIDE) and unfinished > 2, points
    print(f"{len(points)} runs of upkeep, {unfinished} of them ended while subscriptions were changed")


class Stream:
    """The function as one process, that takes an event a line."""

    def __init__(self, env: dict, printed: Printed):
        self.printed = printed
        self.process = subprocess.Popen(
            [bootstrap(FUNCTION), "--stream"],
            env=with_own_identity(FUNCTION, env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(45)

    def ask(self, event: dict) -> dict:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(event).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        self.printed.add("a line of the stream", line)
        return json.loads(line)

    @property
    def peak_memory(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(status.split("VmHWM:")[1].split()[0])


@pytest.mark.native
def test_ten_thousand_bookings_all_come_in_the_memory_that_a_thousand_take(
    connected: Company, sandbox: Sandbox, printed: Printed
) -> None:
    connected.lift_limits()
    peaks, expected = [], set()
    for count in (1_000, 9_000):
        expected |= {change["id"] for change in connected.lose(count)}
        with Stream(connected.env, printed) as stream:
            # Each run has its time limit, and goes on where the one before was.
            for runs in range(1, 100):
                answer = stream.ask({"upkeep": str(ACCOUNT), "graceSeconds": 0})
                if not answer.get("errorMessage", "").startswith("OUT_OF_TIME"):
                    break
            assert answer.get("failed") == 0, answer
            peaks.append(stream.peak_memory)
        print(f"{len(expected)} bookings: {runs} runs, {peaks[-1] / 1_000_000:.1f} MB at most")
        inbox = [each for partition, _, each in connected.store.all() if partition.startswith("ownerrez-inbox")]
        came = [json.loads(each["event"])["entity_id"] for each in inbox if each.get("source") == "reconcile"]
        assert len(came) == len(set(came)) and set(came) == expected
    assert max(peaks) < 32_000_000 and peaks[1] < 1.25 * peaks[0] + 1_000_000, peaks


def test_a_token_that_expires_in_a_day_is_renewed_ahead(company: Company, sandbox: Sandbox) -> None:
    sandbox.set_app(policy="standard", token_seconds=86_400)
    company.connect()
    sandbox.forget_calls()
    assert company.upkeep()["failed"] == 0
    (renewal,) = sandbox.calls(EXCHANGE)
    assert "grant_type=refresh_token" in renewal["body"] and sandbox.calls()[0] == renewal, "before all else"
    run = company.programs.run(FUNCTION, {"connection": str(ACCOUNT), "path": "users/me"}, env=company.env)
    assert (run.answer["status"], run.answer["body"]["id"]) == (200, ACCOUNT)
    sandbox.set_app(policy="standard", token_seconds=2_592_000)
    company.upkeep()
    sandbox.forget_calls()
    company.upkeep()
    assert sandbox.calls(EXCHANGE) == [], "one for 30 days is left as it is"


def test_a_renewal_that_is_refused_is_told_once(company: Company, sandbox: Sandbox, store: Records) -> None:
    sandbox.set_app(policy="standard", token_seconds=86_400)
    company.connect()
    sandbox.answer(EXCHANGE, 400, '{"error":"invalid_grant"}', 20)
    (change,) = company.lose()
    for _ in range(3):
        company.upkeep()
    assert told(store) == ["connected", "refresh_failed"]
    (record,) = company.downstream()
    assert json.loads(record["event"])["entity"] == change["row"], "its token is used while it is accepted"


@pytest.fixture
def stranger() -> Iterator[tuple[str, list[str]]]:
    """A host that is not OwnerRez's, and what comes to it."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(f"{self.path} {dict(self.headers)}")
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", heard
    server.shutdown()
    server.server_close()


FORMS = ["{stranger}/v2/bookings?page=2", "{ours}.{rest}/v2/bookings", "{ours}@{rest}/v2/bookings"]


@pytest.mark.parametrize("form", FORMS)
def test_a_next_page_on_another_host_is_refused_and_gets_no_credential(
    form: str, connected: Company, sandbox: Sandbox, stranger: tuple[str, list[str]]
) -> None:
    url, heard = stranger
    (change,) = connected.lose()
    link = form.format(stranger=url, ours=sandbox.url, rest=url.removeprefix("http://"))
    sandbox.fault(BOOKINGS, "page", 1, next=link)
    run = connected.upkeep_run()
    assert run.answer["failed"] == 1 and heard == []
    (line,) = [line for line in run.logs if line["message"] == "a list of OwnerRez's cannot be looked through"]
    assert line["list"] == "bookings" and "another host" in line["reason"] and url not in json.dumps(line)
    connected.upkeep()
    assert [json.loads(each["event"])["entity"] for each in connected.downstream()] == [change["row"]]


def test_a_429_for_a_while_is_waited_out_or_left_to_the_next(connected: Company, sandbox: Sandbox) -> None:
    connected.lose()
    sandbox.answer(BOOKINGS, 429, "{}", headers={"Retry-After": "1"})
    assert connected.upkeep()["missed"] == 1, "a short one is waited out"
    connected.lose()
    sandbox.answer(BOOKINGS, 429, "{}", headers={"Retry-After": "200"})
    assert connected.refusal() == "UPSTREAM_BUSY"
    sandbox.forget_calls()
    assert connected.refusal() == "UPSTREAM_BUSY" and sandbox.calls() == [], "nobody calls in the pause"
    # The pause passes.
    connected.store.remove("ownerrez-rate", "budget")
    assert connected.upkeep()["missed"] == 1
    assert len(connected.downstream()) == 2


@pytest.mark.parametrize("fault", [{"fault": "reset"}, {"fault": "status", "status": 503, "body": "{}"}])
def test_while_ownerrez_is_away_nothing_is_lost(fault: dict, connected: Company, sandbox: Sandbox) -> None:
    changes = connected.lose(3)
    sandbox.fault("ownerrez", times=1000, **fault)
    for _ in range(2):
        assert connected.upkeep()["failed"] == 1
    assert connected.downstream() == []
    sandbox._control("DELETE", "faults")
    assert connected.upkeep()["missed"] == 3
    came = [json.loads(each["event"])["entity"] for each in connected.downstream()]
    assert sorted(came, key=str) == sorted([change["row"] for change in changes], key=str)


def test_a_schedule_over_http_is_admitted_and_nobody_else(
    connected: Company, sandbox: Sandbox, printed: Printed, tmp_path: Path
) -> None:
    path = "/api/ownerrez/upkeep"

    def outcome(callers: str, **caller: Any) -> Any:
        env = connected.env | {"OWNERREZ_ALLOWED_CALLERS": people.SERVICE, "OWNERREZ_SCHEDULE_CALLERS": callers}
        answer = connected.programs.run(FUNCTION, http_api("POST", path, **caller), env=env).http
        return answer.json if answer.status == 200 else answer.outcome

    assert outcome(people.SERVICE) == (401, "UNAUTHENTICATED")
    assert outcome(people.SERVICE, claims={"sub": people.SUBJECT}) == (403, "FORBIDDEN")
    assert outcome(people.SERVER, service=people.SERVICE) == (403, "FORBIDDEN"), "who may call may not do this"
    assert sandbox.calls() == []
    assert outcome(people.SERVICE, service=people.SERVICE) == {"connections": 1, "missed": 0, "failed": 0, "left": 0}
    assert sandbox.calls(BOOKINGS) != []
    extra = {"AUTH_GATEWAY_HEADER": "x-apigateway-api-userinfo", "OWNERREZ_SCHEDULE_CALLERS": people.SERVER}
    with Service(FUNCTION, connected.env | extra, printed, tmp_path) as service:
        with service.connect() as connection:
            connection.send(request("POST", path, b"", Connection="close", **signed_in(**people.SERVER_CLAIMS)))
            answer = connection.answer()
    assert answer.status == 200 and json.loads(answer.body)["left"] == 0


def test_what_upkeep_prints_holds_no_token_and_nobody_s_data(company: Company, sandbox: Sandbox) -> None:
    sandbox.set_app(policy="standard", token_seconds=86_400)
    company.connect()
    company.lose(2)
    sandbox.fault(BOOKINGS, "page", 1, without=["id"], row=0)
    runs = [company.upkeep_run(), company.upkeep_run()]
    company.disconnect()
    assert runs[0].logs != [] and sandbox.tokens() != set()
    for run in runs:
        for word in [*people.PRIVATE, *sandbox.tokens(), people.SUBJECT]:
            assert word.encode() not in run.stdout + run.stderr
    for token in sandbox.ownerrez()["issued"]:
        assert token not in company.store.text(), "tokens are sealed wherever they are kept"
