"""Fills a SQLite store with a build's own functions, and prints it as SQL: what later builds have to read.

    git worktree add --detach ../before COMMIT && (cd ../before && swift build)
    PYTHON Tests/Fixtures/store/make.py ../before > Tests/Fixtures/store/COMMIT.sql

PYTHON is the one that scripts/test runs the acceptance tests with. All that can be had from the functions and the sandbox
is; what took an older build, or days, is put in by hand, and the comments say so. The sealed tokens' key is 00..1f.
"""

import base64
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

checkout = Path(sys.argv[1]).resolve()
sys.path.insert(0, str(checkout / "Tests" / "Acceptance"))

import ownerrez  # noqa: E402
import people  # noqa: E402
import programs  # noqa: E402
from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: E402
from connect import APP, Flow, went_back  # noqa: E402
from events import http_api, sqs  # noqa: E402
from receiver import Answer, Receiver  # noqa: E402
from records import Records, SQLite  # noqa: E402
from sandbox import GRANT, OWNERREZ_CLIENT, OWNERREZ_SECRET, USERS, Sandbox, create  # noqa: E402

WITHDRAWN, GONE, BEFORE, UNSURE = "person-9e20", "person-3b55", "person-old", "person-unsure"
LISTED, STANDARD, UNLISTED, REVOKED = 347482730, 347311458, 347100002, 347100003
TERMS, PRIVACY, VERSION = "https://ownli.example/terms", "https://ownli.example/privacy", "2026-01-01"


def commit() -> str:
    return subprocess.check_output(["git", "-C", checkout, "rev-parse", "--short", "HEAD"], text=True).strip()


class Build:
    """The functions of the checkout, over one store."""

    def __init__(self, directory: Path, sandbox: Sandbox):
        for name in programs.FUNCTIONS:
            (directory / name).mkdir()
            (directory / name / "bootstrap").symlink_to(checkout / ".build" / "debug" / name)
        programs.bootstrap = lambda function: directory / function / "bootstrap"
        programs.check_answer = lambda *_: None
        self.programs = programs.Programs(programs.Printed())
        self.file = SQLite(directory)
        self.records = Records(self.file)
        self.sandbox = sandbox
        self.env = self.records.env | {
            "OWNLI_BASE_URL": sandbox.url,
            "OWNLI_CLIENT_ID": people.CLIENT_ID,
            "OWNLI_CLIENT_SECRET": people.CLIENT_SECRET,
            "OWNLI_PARTNER_ID": people.PARTNER_ID,
            "OWNLI_TERMS_URL": TERMS,
            "OWNLI_PRIVACY_URL": PRIVACY,
            "OWNLI_TERMS_VERSION": VERSION,
            "IDENTIFIER_HASH_KEY": people.HASH_KEY,
            "REWARD_ALLOWED_CALLERS": people.SERVICE,
            "REWARD_DAILY_LIMIT": "500.00",
            "REWARD_DAILY_LIMIT_PER_USER": "300",
            "OWNERREZ_CLIENT_ID": OWNERREZ_CLIENT,
            "OWNERREZ_CLIENT_SECRET": OWNERREZ_SECRET,
            "OWNERREZ_API_URL": sandbox.url,
            "OWNERREZ_AUTHORIZE_URL": f"{sandbox.url}/oauth/authorize",
            "OWNERREZ_REDIRECT_URI": sandbox.ownerrez()["redirect_uri"],
            "OWNERREZ_WEBHOOK_USER": people.WEBHOOK_USER,
            "OWNERREZ_WEBHOOK_PASSWORD": people.WEBHOOK_PASSWORD,
            "OWNERREZ_WEBHOOK_URL": "http://127.0.0.1:9/webhooks/ownerrez",
            "OWNERREZ_SUBSCRIPTIONS": "booking:entity_create,entity_update;guest:entity_create",
            "OWNERREZ_RECONCILE": "bookings,guests",
            "OWNERREZ_API_CALLERS": people.SERVICE,
            "TOKEN_ENCRYPTION_KEYS": ownerrez.ENV["TOKEN_ENCRYPTION_KEYS"],
            "APP_URL": APP,
        }

    def run(self, function: str, event: object, **changes: str) -> programs.Run:
        return self.programs.run(function, event, env=self.env | changes)

    def done(self, function: str, event: object, **changes: str) -> object:
        run = self.run(function, event, **changes)
        assert run.exit_code == 0, (run.stdout, run.stderr)
        if isinstance(run.answer, dict) and "statusCode" in run.answer:
            assert run.http.status < 300, run.http.text
        return run.answer

    # Ownli

    def opt_in(self, subject: str, **changes: object) -> programs.HTTPAnswer:
        claims = {"sub": subject}
        body = people.opt_in(**changes)
        return self.run("user-opt-in", http_api("POST", "/api/ownli/users", body, claims=claims)).http

    def people(self) -> None:
        assert self.opt_in(people.SUBJECT).status == 200
        # Agreed, withdrawn, agreed again.
        assert self.opt_in(WITHDRAWN, phone=people.OTHER_PHONE).status == 200
        self.withdraw(WITHDRAWN)
        assert self.opt_in(WITHDRAWN, phone=people.OTHER_PHONE).status == 200
        assert self.opt_in(GONE, phone="+12025550188").status == 200
        self.withdraw(GONE)
        # As a build before the periods wrote it.
        version = json.dumps([VERSION, TERMS, PRIVACY], separators=(",", ":"))
        documents = {"termsUrl": TERMS, "privacyUrl": PRIVACY, "version": VERSION}
        self.records.put(f"consent#{BEFORE}", version, documents | {"acceptedAt": "1767225600123"})
        assert self.opt_in(BEFORE, phone="+12025550199").status == 200
        # An answer that was lost leaves an intent behind.
        self.sandbox.fault(USERS, "drop", 20)
        assert self.opt_in(UNSURE, phone="+12025550166").status >= 500
        self.sandbox._control("DELETE", "faults")

    def withdraw(self, subject: str) -> None:
        self.done("user-opt-in", http_api("DELETE", "/api/ownli/users/me", claims={"sub": subject}))

    def rewards(self) -> None:
        def order(reference: str, amount: float, **changes: object) -> dict:
            return {"amount": amount, "actionCode": "purchase", "clientReference": reference} | changes

        self.done("reward-grant", order("order-1", 25.1, internalUserId=people.SUBJECT))
        batch = sqs(*[order(f"order #{number}/é", 10 + number, internalUserId=WITHDRAWN) for number in range(3)])
        assert self.done("reward-grant", batch) == {"batchItemFailures": []}
        no_limits = {"REWARD_DAILY_LIMIT": "", "REWARD_DAILY_LIMIT_PER_USER": ""}
        self.done("reward-grant", order("order-2", 5, internalUserId=people.SUBJECT), **no_limits)
        # No answer came: it stays asked.
        self.sandbox.fault(GRANT, "drop", 20)
        assert self.run("reward-grant", order("order-3", 7.5, internalUserId=people.SUBJECT)).exit_code == 1
        self.sandbox._control("DELETE", "faults")

    # OwnerRez

    def connect(self, account: int, subject: str) -> None:
        flow = Flow(self.programs, self.env)
        begun = flow.begin(subject=subject)
        back = urlsplit(self.sandbox.approve(begun.url, account)).query
        assert went_back(flow.callback(back, begun.cookie)) == "connected"

    def lay(self, account: int, subject: str, listed: bool) -> None:
        """A connection as builds before the revocations' time wrote it, with a token that OwnerRez does not know; or, not
        listed, as builds before the schedules did."""
        partition, sort = f"ownerrez-account#{account}", "connection"
        identity = json.dumps([partition, sort], separators=(",", ":")).encode()
        nonce = os.urandom(12)
        token = json.dumps([f"at_{account}"]).encode()
        sealed = nonce + AESGCM(ownerrez.KEY).encrypt(nonce, token, identity)
        shown = {"connectedAt": str(int(time.time() * 1000)), "scope": "all"}
        if listed:
            shown["listedAt"] = shown["connectedAt"]
            self.records.put("ownerrez-connections", str(account), {"subject": subject, "due": shown["connectedAt"]})
        tokens = "k1." + base64.urlsafe_b64encode(sealed).decode().rstrip("=")
        self.records.put(partition, sort, shown | {"subject": subject, "tokens": tokens})
        self.records.put(f"ownerrez-user#{subject}", str(account), shown)

    def connections(self) -> None:
        self.sandbox.set_app(deliver="subscriptions")
        self.connect(LISTED, people.SUBJECT)
        self.sandbox.set_app(policy="standard")
        self.connect(STANDARD, WITHDRAWN)
        self.lay(UNLISTED, people.SUBJECT, listed=False)
        self.lay(REVOKED, WITHDRAWN, listed=True)
        call = {"connection": str(REVOKED), "method": "GET", "path": "/v2/bookings"}
        assert self.run("ownerrez-api", call).exit_code == 1
        # A flow that nobody has ended.
        Flow(self.programs, self.env).begin(subject=people.SUBJECT)

    def of(self, partition: str) -> list[tuple[str, dict]]:
        return [(sort, attributes) for each, sort, attributes in self.records.all() if each == partition]

    def upkeep(self) -> None:
        time.sleep(1.2)
        self.sandbox.change(create("booking", 3), lost=True)
        time.sleep(1.2)
        for account in (LISTED, STANDARD):
            self.done("ownerrez-api", {"upkeep": str(account), "graceSeconds": 0})

    def webhook(self, event: dict, **changes: str) -> None:
        self.done("ownerrez-webhook", ownerrez.webhook(event), **changes)

    def events(self) -> None:
        self.done("ownerrez-webhook", ownerrez.SCHEDULED)
        self.webhook(ownerrez.update(1, entity={"id": 1, "updated_utc": "2026-08-30T12:00:00Z"}))
        self.webhook(ownerrez.update(1, entity={"id": 1, "updated_utc": "2026-08-30T12:00:05Z", "note": "é"}))
        self.webhook(ownerrez.update(2, action="entity_delete", entity=None))
        self.webhook(ownerrez.update(3), EVENTS_FORMAT="verbatim")
        receiver = Receiver()
        receiver.always = Answer(503)
        # One that was refused, and one behind it.
        for number in range(2):
            self.webhook(ownerrez.update(4, id=f"aside-{number}"), **receiver.env)
        # One that is given up: as if its days of attempts were over. And a record that was never an event.
        self.webhook(ownerrez.update(5, id="given-up"), **receiver.env)
        aside = ownerrez.aside("booking/5")
        ((sort, attributes),) = self.of(aside)
        self.records.put(aside, sort, attributes | {"attempts": "79", "pausedUntil": "1"})
        for partition, sort, event in list(self.records.all()):
            if partition.startswith("ownerrez-inbox-paused#") and sort.endswith("-booking/5"):
                self.records.remove(partition, sort)
                self.records.put(partition, "000000000000001-booking/5", event)
        self.done("ownerrez-webhook", ownerrez.SCHEDULED, **receiver.env)
        self.records.put(ownerrez.inbox(), "1780000000000-0000123456789ab", {"text": "no event"})
        self.done("ownerrez-webhook", ownerrez.SCHEDULED)
        assert len(self.of("ownerrez-given-up")) == 2, self.of("ownerrez-given-up")
        # Two that wait, since somebody else is at it.
        expires = int(time.time() * 1000) + 60_000
        self.records.put("ownerrez-inbox-lease", ownerrez.shard(), {}, expires=expires)
        for number in (6, 7):
            self.webhook(ownerrez.update(number, id=f"waiting-{number}"))
        self.records.remove("ownerrez-inbox-lease", ownerrez.shard())


def quoted(value: object) -> str:
    if value is None or isinstance(value, int):
        return "NULL" if value is None else str(value)
    return "'" + str(value).replace("'", "''") + "'"


def dump(path: Path) -> str:
    with sqlite3.connect(path) as store:
        rows = store.execute("SELECT partition, sort, attributes, revision, expires FROM records ORDER BY 1, 2").fetchall()
        schema = [sql for (sql,) in store.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")]
        numbers = {name: store.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")}
    made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    lines = [f"-- A store as commit {commit()} wrote it at {made}: make.py has filled it."]
    lines += [f"PRAGMA {name} = {number};" for name, number in numbers.items()]
    lines += [f"{sql};" for sql in schema]
    lines += [f"INSERT INTO records VALUES ({', '.join(quoted(value) for value in row)});" for row in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    os.umask(0o077)
    sandbox = Sandbox()
    with tempfile.TemporaryDirectory() as scratch:
        build = Build(Path(scratch), sandbox)
        build.people()
        build.rewards()
        build.connections()
        build.upkeep()
        build.events()
        print(dump(build.file.path), end="")
    sandbox.stop()
