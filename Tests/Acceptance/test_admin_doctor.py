"""partner-admin doctor: everything that the settings name, in one screen, with what to do next."""

import datetime
import sqlite3
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Iterator, Optional

import people
import pytest
import trustme
from admin import DONE, FAILED, OPERATOR_ENV, Admin
from aws_double import AWSDouble
from connect import Flow
from issuer import Issuer
from oauth_provider import CLIENT_SECRET, Provider
from ownerrez import ACCOUNT, inbox, update
from programs import Printed, Programs
from records import DynamoDB, Records, SQLite
from runtime_api import Runtime, RuntimeAPI
from sandbox import Sandbox
from test_admin import OPT_IN
from test_admin_events import give_up
from test_ownerrez_events import make_queue
from test_tls import DAY, server
from tls_upstream import TLSUpstream

STATES = ["fail", "warn", "ok", "left-out"]
COLUMNS = {"state", "what", "found", "next"}


@pytest.fixture
def admin(printed: Printed, programs: Programs, records: Records) -> Admin:
    if isinstance(records.backend, SQLite):
        assert programs.run("user-opt-in", None, "--check", env=OPT_IN | records.env).exit_code == 1
    return Admin(printed, records.env | OPERATOR_ENV)


@pytest.fixture
def table(aws: AWSDouble, table: str) -> str:
    """As template.yaml makes it."""
    database = aws.client("dynamodb")
    database.update_table(TableName=table, DeletionProtectionEnabled=True)
    backup = {"PointInTimeRecoveryEnabled": True}
    database.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=backup)
    return table


class Upstream:
    """Answers every request with a status, by a clock of its own; or takes them and never answers."""

    def __init__(self, status: Optional[int], minutes: int = 0) -> None:
        ended = self.ended = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                if status is None:
                    ended.wait(60)
                    return
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def date_time_string(self, _: Any = None) -> str:
                return formatdate(time.time() + minutes * 60, usegmt=True)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Upstream":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    yield issuer
    issuer.stop()


def findings(admin: Admin, status: int, **settings: str) -> dict[str, tuple[str, str, str | None]]:
    """By what was looked at: how it is, what was found, and what to do next."""
    told = admin.tried("doctor", **settings)
    assert told.exit_code == status, (told.stdout, told.stderr)
    assert all(set(row) == COLUMNS for row in told.rows)
    states = [row["state"] for row in told.rows]
    assert told.summary == {state: states.count(state) for state in STATES}
    assert states == sorted(states, key=STATES.index), "what is wrong comes first"
    assert (told.summary["fail"] > 0) == (status == FAILED)
    assert all(row["next"] for row in told.rows if row["state"] in ("warn", "fail"))
    return {row["what"]: (row["state"], row["found"], row["next"]) for row in told.rows}


def states(found: dict[str, tuple[str, str, str | None]]) -> dict[str, str]:
    return {what: state for what, (state, _, _) in found.items() if state != "left-out"}


def test_a_store_is_looked_at_and_nothing_is_written(admin: Admin, records: Records) -> None:
    before = records.text()
    found = findings(admin, DONE)
    expected = {"store", "trusted authorities", "settings"}
    if isinstance(records.backend, SQLite):
        expected |= {"store's file"}
    elif isinstance(records.backend, DynamoDB):
        expected |= {"table", "table's expiry", "table's backup", "clock"}
    else:
        expected |= {"clock"}
    assert states(found) == dict.fromkeys(expected, "ok")
    left_out = {"Ownli": "OWNLI_CLIENT_ID", "token keys": "TOKEN_ENCRYPTION_KEYS", "connections, events": "there are none"}
    for what, words in left_out.items():
        assert found[what][0] == "left-out" and words in found[what][1]
    assert records.text() == before


def test_in_a_terminal_it_is_one_screen(admin: Admin) -> None:
    told = admin.run("doctor", EVENTS_TARGET="s3:bucket", TOKEN_ENCRYPTION_KEYS="k1")
    lines = told.stdout.splitlines()
    assert told.exit_code == FAILED and lines[0].split() == ["state", "what", "found"]
    assert len(lines) < 30 and max(map(len, lines)) <= 100
    first, second, third, fourth = lines[1:5]
    assert first.startswith("fail      token keys              TOKEN_ENCRYPTION_KEYS: expected id:base64")
    assert second.strip() == "comma-separated, as in k1:$(openssl rand -base64 32)"
    assert third == "          -> partner-admin doctor --help"
    assert fourth.startswith("fail      events' target          EVENTS_TARGET: expected store:, sqs:QUEUE_URL, ")


def test_a_table_that_is_not_as_it_should_be_is_told_with_the_command_that_mends_it(
    aws: AWSDouble, printed: Printed
) -> None:
    name = f"bare-{time.time_ns()}"
    keys = [{"AttributeName": "partition", "AttributeType": "S"}]
    schema = [{"AttributeName": "partition", "KeyType": "HASH"}]
    database = aws.client("dynamodb")
    database.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=keys, KeySchema=schema
    )
    admin = Admin(printed, aws.env | OPERATOR_ENV | {"STORE_URL": f"dynamodb:{name}"})
    found = findings(admin, FAILED)
    assert found["store"][0] == "fail", "it cannot even be asked for a record"
    assert found["table"][:2] == ("fail", "its keys are not partition (HASH) and sort (RANGE), both texts")
    assert found["what is in the store"][0] == "left-out"
    aws.make_table(name + "-2")
    database.update_time_to_live(
        TableName=name + "-2", TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires"}
    )
    found = findings(admin, FAILED, STORE_URL=f"dynamodb:{name}-2")
    assert found["table"][0] == "warn" and "--deletion-protection-enabled" in (found["table"][2] or "")
    assert found["table's expiry"][0] == "fail" and "update-time-to-live" in (found["table's expiry"][2] or "")
    assert found["table's backup"][0] == "warn" and "update-continuous-backups" in (found["table's backup"][2] or "")


def test_a_damaged_file_is_told(printed: Printed, programs: Programs, tmp_path: Path) -> None:
    records = Records(SQLite(tmp_path))
    assert programs.run("user-opt-in", None, "--check", env=OPT_IN | records.env).exit_code == 1
    admin = Admin(printed, records.env)
    path = tmp_path / "store.sqlite"
    with sqlite3.connect(path) as store:
        rows = [(f"link#{number}", "ownli", '{"ownliUserId":"XT_USR"}', number, None) for number in range(2000)]
        store.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?)", rows)
    store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    content = bytearray(path.read_bytes())
    content[20_000:60_000] = b"\xff" * 40_000
    for file in path.parent.glob(f"{path.name}-*"):
        file.unlink()
    path.write_bytes(content)
    assert findings(admin, FAILED)["store's file"][0] == "fail"


def test_settings_that_are_wrong_are_findings_and_leave_the_rest_alone(admin: Admin) -> None:
    wrong = {"TOKEN_ENCRYPTION_KEYS": "k1:c2hvcnQ=", "EVENTS_TARGET": "s3:bucket", "OWNLI_CLIENT_SECRET": "alone"}
    found = findings(admin, FAILED, **wrong)
    assert found["store"][0] == "ok"
    assert [found[what][0] for what in ("token keys", "events' target", "Ownli")] == ["fail"] * 3
    assert found["events' target"] == (
        "fail",
        "EVENTS_TARGET: expected store:, sqs:QUEUE_URL, eventbridge:BUS, pubsub:projects/P/topics/T or https://HOST/PATH",
        "partner-admin doctor --help",
    )
    found = findings(admin, FAILED, STORE_URL="sqlite:/nowhere/store.sqlite")
    assert found["store"][:2] == ("fail", "STORE_URL: cannot be opened: there is no such file")
    assert findings(admin, DONE, STORE_URL="")["store"][0] == "left-out"
    found = findings(admin, FAILED, RETENTION_AUDIT="ten years")
    assert found["settings"][1].startswith("RETENTION_AUDIT: expected ")


def test_partners_are_asked_whether_they_take_us(
    admin: Admin, env: dict, provider: Provider, issuer: Issuer, sandbox: Sandbox
) -> None:
    ownli = {name: value for name, value in env.items() if name.startswith("OWNLI_")}
    settings = ownli | provider.env | issuer.settings
    found = findings(admin, DONE, **settings)
    assert found["Ownli"][:2] == ("ok", "gives an admin token (the sandbox)")
    assert found["clock"][0] == "ok"
    assert found["OwnerRez"][:2] == ("ok", "takes the client id and secret")
    assert found["issuer"][:2] == ("ok", "publishes 5 keys that can be used")
    issuer.served = {"keys": []}
    wrong = {"OWNLI_CLIENT_SECRET": "not-this-one", "OWNERREZ_CLIENT_SECRET": "nor-this"}
    found = findings(admin, FAILED, **(settings | wrong))
    assert [found[what][0] for what in ("Ownli", "OwnerRez", "issuer")] == ["fail"] * 3
    assert found["OwnerRez"][1] == "does not take the client id and secret"
    assert "not-this-one" not in str(found) and "nor-this" not in str(found)


def test_which_keys_are_in_use_is_told(
    admin: Admin, programs: Programs, connect_env: dict, provider: Provider
) -> None:
    Flow(programs, connect_env).connect(provider)
    other = "k2:" + "A" * 43 + "="
    found = findings(admin, DONE, TOKEN_ENCRYPTION_KEYS=people.ENCRYPTION_KEYS)
    assert found["token keys"][:2] == ("ok", "1 under k1")
    assert found["connections"][1] == "1, 0 revoked at OwnerRez, 0 that cannot be renewed"
    found = findings(admin, DONE, TOKEN_ENCRYPTION_KEYS=f"{other},{people.ENCRYPTION_KEYS}")
    assert found["token keys"] == ("warn", "1 under k1; k2 is the first", "partner-admin tokens reseal")
    for wrong in (other, "k1:" + "A" * 43 + "="):
        found = findings(admin, FAILED, TOKEN_ENCRYPTION_KEYS=wrong)
        assert found["token keys"][0] == "fail" and found["token keys"][1].startswith("1 under k1: a stored token")
    assert CLIENT_SECRET not in str(found)


def test_a_connection_that_cannot_be_read_is_told(admin: Admin, records: Records) -> None:
    records.put("ownerrez-account#7", "connection", {"connectedAt": "1790000000000"})
    records.put("ownerrez-connections", "7", {"subject": people.SUBJECT, "due": "1790000000000"})
    assert findings(admin, FAILED)["connections"] == ("fail", "1 cannot be read", "partner-admin connections list")


def test_a_reconcile_that_lags_is_told(admin: Admin, records: Records) -> None:
    milliseconds = int(time.time() * 1000)
    connection = {"subject": people.SUBJECT, "connectedAt": str(milliseconds), "tokens": "k1.x"}
    records.put(f"ownerrez-account#{ACCOUNT}", "connection", connection)
    for hours, state, age in ((1, "ok", "60 min,"), (5, "warn", "5 h,")):
        reached = str(milliseconds - hours * 3_600_000)
        listed = {"subject": people.SUBJECT, "due": str(milliseconds), "reached": reached}
        records.put("ownerrez-connections", str(ACCOUNT), listed)
        found = findings(admin, DONE)["reconcile lag"]
        assert found[0] == state and found[1].startswith(age)


def test_events_that_wait_or_were_given_up_are_told(admin: Admin, records: Records) -> None:
    now = int(time.time() * 1000)
    records.put(inbox(), f"{now}-000aaaaaaaaaaaa", {"event": "{}"})
    assert findings(admin, DONE)["events waiting"][0] == "ok", "it has come just now"
    records.put(inbox(), f"{now - 3_600_000}-000aaaaaaaaaaaa", {"event": "{}"})
    give_up(records, 1, update(1))
    found = findings(admin, DONE)
    assert found["events waiting"][0] == "warn" and found["events waiting"][1].startswith("2, the oldest for 60 min")
    assert found["events given up"][0] == "warn" and "events redrive" in (found["events given up"][2] or "")


@pytest.mark.parametrize("days, state", [(60, "ok"), (5, "warn")])
def test_a_certificate_that_ends_soon_is_told(days: int, state: str, printed: Printed, tmp_path: Path) -> None:
    authority = trustme.CA()
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    now = datetime.datetime.now(datetime.timezone.utc)
    leaf = authority.issue_cert("127.0.0.1", not_before=now - DAY, not_after=now + days * DAY + DAY / 2)
    with TLSUpstream(server(leaf)) as upstream:
        admin = Admin(printed, {"EVENTS_TARGET": f"{upstream.url()}/events", "SSL_CERT_FILE": str(file)})
        found = findings(admin, DONE)["target's certificate"]
    assert found[0] == state and found[1].startswith(f"is good for {days} more days, until ")


def test_a_certificate_that_is_over_is_told(printed: Printed, tmp_path: Path) -> None:
    authority = trustme.CA()
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    yesterday = datetime.datetime.now(datetime.timezone.utc) - DAY
    leaf = authority.issue_cert("127.0.0.1", not_before=yesterday - DAY, not_after=yesterday)
    with TLSUpstream(server(leaf)) as upstream:
        admin = Admin(printed, {"EVENTS_TARGET": f"{upstream.url()}/events", "SSL_CERT_FILE": str(file)})
        found = findings(admin, FAILED)["target's certificate"]
    assert found[:2] == ("fail", "TLS: the certificate has expired")


def test_queues_and_secrets_of_aws_are_looked_at(aws: AWSDouble, printed: Printed) -> None:
    queue, letters = make_queue(aws), make_queue(aws)
    name = f"partner/ownli-{time.time_ns()}"
    aws.client("secretsmanager").create_secret(Name=name, SecretString='{"hash":"' + people.HASH_KEY + '"}')
    settings = {
        "REWARD_QUEUE_URL": queue,
        "REWARD_DEAD_LETTER_URLS": letters,
        "EVENTS_TARGET": f"sqs:{queue}",
        "TOKEN_ENCRYPTION_KEYS_SECRET": f"{name}#keys",
    }
    admin = Admin(printed, aws.env)
    found = findings(admin, FAILED, **settings)
    assert found["rewards waiting"][:2] == ("ok", f"0 in {queue.rpartition('/')[2]}")
    assert found["dead letters"][0] == "ok" and found["events' target"][0] == "ok"
    assert found["secret's age"][:2] == ("ok", "TOKEN_ENCRYPTION_KEYS: changed 0 min ago")
    assert found["token keys"][1] == "TOKEN_ENCRYPTION_KEYS_SECRET: the secret has no such key"
    assert name not in str(found)
    aws.client("sqs").send_message(QueueUrl=letters, MessageBody="{}")
    found = findings(admin, FAILED, **settings)
    assert found["dead letters"][:2] == ("warn", f"1 in {letters.rpartition('/')[2]}")
    assert "rewards redrive" in (found["dead letters"][2] or "")
    gone = findings(admin, FAILED, REWARD_DEAD_LETTER_URLS=letters + "x")
    assert gone["dead letters"][0] == "fail" and (gone["dead letters"][2] or "").startswith("aws sqs list-queues")


def test_a_store_that_cannot_be_reached_is_one_finding(aws: AWSDouble, table: str, printed: Printed) -> None:
    away = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    wrong_key = {"AWS_SECRET_ACCESS_KEY": "another-key-0123456789"}
    for settings, reason in ((away, "no connection could be made"), (wrong_key, "the credentials ")):
        admin = Admin(printed, aws.env | {"STORE_URL": f"dynamodb:{table}"} | settings)
        found = findings(admin, FAILED)
        assert reason in found["store"][1] and "another-key" not in str(found)
        assert [what for what, (state, _, _) in found.items() if state == "fail"] == ["store"]


@pytest.mark.parametrize("status, words", [(401, "does not take the client id"), (500, "500"), (None, "in time")])
def test_partners_that_refuse_fail_or_hang_are_told(
    status: Optional[int], words: str, printed: Printed, env: dict
) -> None:
    with Upstream(status) as upstream:
        names = ("OWNLI_", "OWNERREZ_CLIENT")
        settings = {name: value for name, value in env.items() if name.startswith(names)}
        settings |= {"OWNLI_BASE_URL": upstream.url, "OWNERREZ_API_URL": upstream.url}
        began = time.monotonic()
        found = findings(Admin(printed, settings), FAILED)
        assert time.monotonic() - began < 40, "who does not answer is not waited for"
    for partner in ("Ownli", "OwnerRez"):
        assert found[partner][0] == "fail" and words in found[partner][1]


@pytest.mark.parametrize("minutes, words", [(10, "behind OwnerRez's"), (-10, "ahead of OwnerRez's")])
def test_a_clock_that_is_off_is_told(minutes: int, words: str, printed: Printed, env: dict) -> None:
    with Upstream(500, minutes) as upstream:
        settings = {name: value for name, value in env.items() if name.startswith("OWNERREZ_CLIENT")}
        found = findings(Admin(printed, settings | {"OWNERREZ_API_URL": upstream.url}), FAILED)
    state, told, next = found["clock"]
    assert (state, next) == ("fail", "timedatectl set-ntp true")
    assert words in told and 598 <= int(told.split()[1]) <= 602


def test_with_one_partner_the_other_is_left_out(admin: Admin, env: dict) -> None:
    settings = {name: value for name, value in env.items() if name.startswith("OWNLI_")}
    found = findings(admin, DONE, **settings)
    assert found["Ownli"][0] == "ok"
    for what in ("OwnerRez", "token keys", "events' target", "connections, events"):
        assert found[what][0] == "left-out"


def test_as_a_lambda_it_says_the_same(printed: Printed, aws: AWSDouble, table: str, tmp_path: Path) -> None:
    env = aws.env | {"STORE_URL": f"dynamodb:{table}", "RETENTION_AUDIT": "ten years"}
    with RuntimeAPI() as api, Runtime("partner-admin", api, env, printed, tmp_path):
        answer = api.invoke({"command": ["doctor"]}).json
        other = api.invoke({"command": ["audit", "list"]}).json
    states = {row["what"]: row["state"] for row in answer["rows"]}
    assert states["table"] == "ok" and states["settings"] == "fail"
    assert answer["summary"]["fail"] == 1 and answer["exitStatus"] == FAILED
    assert other == {"rows": [], "exitStatus": DONE}
