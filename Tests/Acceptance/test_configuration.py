"""Settings: every problem at once, by name; secrets never shown."""

from pathlib import Path

import people
import pytest
from events import http_api
from programs import FUNCTIONS, OWNLI_FUNCTIONS, Programs
from sandbox import TOKEN, Sandbox

RELAY = http_api("POST", "/api/ownli/token", claims={"sub": people.SUBJECT})

OWNLI = ["OWNLI_BASE_URL", "OWNLI_CLIENT_ID", "OWNLI_CLIENT_SECRET", "OWNLI_PARTNER_ID"]
EVERYWHERE = ["BASE_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "LOG_LEVEL", "LOG_FORMAT"]
COMMON = [*OWNLI, *EVERYWHERE]
OWNERREZ = [*EVERYWHERE, "STORE_URL", "OWNERREZ_API_URL", "OWNERREZ_CLIENT_ID", "OWNERREZ_USER_AGENT"]
OWNERREZ += ["TOKEN_ENCRYPTION_KEYS", "OWNERREZ_CLIENT_SECRET", "OWNERREZ_CLIENT_SECRET_FILE"]
SUBSCRIPTIONS = ["OWNERREZ_SUBSCRIPTIONS", "OWNERREZ_WEBHOOK_URL", "OWNERREZ_RATE_LIMIT"]
SETTINGS = {
    "token-relay": [*COMMON, "OWNLI_USER_TOKEN_CACHE"],
    "user-opt-in": [
        *COMMON,
        "STORE_URL",
        "CONTACT_POLICY",
        "IDENTIFIER_HASH_KEY",
        "OWNLI_TERMS_URL",
        "OWNLI_PRIVACY_URL",
        "OWNLI_TERMS_VERSION",
    ],
    "reward-grant": [*COMMON, "STORE_URL", "REWARD_MAX_AMOUNT", "REWARD_ACTION_CODES", "REWARD_ALLOWED_CALLERS"]
    + ["OWNLI_PRODUCTION_REWARDS", "RETENTION_AUDIT"],
    "ownerrez-connect": [*OWNERREZ, "OWNERREZ_AUTHORIZE_URL", "OWNERREZ_REDIRECT_URI", "APP_URL", *SUBSCRIPTIONS],
    "ownerrez-webhook": [*OWNERREZ, "OWNERREZ_WEBHOOK_USER", "OWNERREZ_WEBHOOK_PASSWORD", "EVENTS_TARGET"]
    + ["EVENTS_FORMAT", "EVENTS_SIGNING_SECRET", "EVENTS_SIGNING_SECRET_FILE", "EVENTS_SIGNING_SECRET_PREVIOUS"]
    + ["OWNERREZ_WEBHOOK_PASSWORD_PREVIOUS", "OWNERREZ_WEBHOOK_PASSWORD_PREVIOUS_FILE", "AWS_ENDPOINT_URL_SQS"]
    + ["OWNERREZ_SCHEDULE_CALLERS", "RETENTION_EVENTS", "RETENTION_GIVEN_UP"],
    "ownerrez-api": [*OWNERREZ, "OWNERREZ_ALLOWED_CALLERS", "OWNERREZ_ALLOWED_METHODS", *SUBSCRIPTIONS]
    + ["OWNERREZ_RECONCILE", "OWNERREZ_BACKFILL_SINCE"],
}

WRONG = {
    "OWNLI_BASE_URL": "ftp://x",
    "OWNLI_CLIENT_ID": "",
    "OWNLI_CLIENT_SECRET": "",
    "OWNLI_PARTNER_ID": "",
    "LOG_LEVEL": "loud",
    "LOG_FORMAT": "xml",
    "BASE_PATH": "/partners/",
    "SSL_CERT_FILE": "/nowhere",
    "OWNLI_USER_TOKEN_CACHE": "maybe",
    "STORE_URL": "postgres:x",
    "CONTACT_POLICY": "none",
    "IDENTIFIER_HASH_KEY": "c2hvcnQ=",
    "REWARD_MAX_AMOUNT": "1000",
    "REWARD_ACTION_CODES": "a b",
    "REWARD_ALLOWED_CALLERS": "everybody",
    "OWNLI_PRODUCTION_REWARDS": "yes",
    "RETENTION_AUDIT": "10 years",
    "RETENTION_EVENTS": "0",
    "RETENTION_GIVEN_UP": "never",
    "OWNERREZ_API_URL": "http://api.ownerrez.com",
    "OWNERREZ_AUTHORIZE_URL": "app.ownerrez.com",
    "OWNERREZ_CLIENT_ID": "",
    "OWNERREZ_CLIENT_SECRET": "",
    "OWNERREZ_REDIRECT_URI": "javascript:alert(1)",
    "OWNERREZ_WEBHOOK_USER": "a:b",
    "OWNERREZ_WEBHOOK_PASSWORD": "",
    "EVENTS_TARGET": "s3:bucket",
    "EVENTS_FORMAT": "csv",
    "OWNERREZ_ALLOWED_CALLERS": "everybody",
    "OWNERREZ_SCHEDULE_CALLERS": "*",
    "OWNERREZ_ALLOWED_METHODS": "GET,TRACE",
    "OWNERREZ_RATE_LIMIT": "301",
    "OWNERREZ_SUBSCRIPTIONS": "booking",
    "OWNERREZ_WEBHOOK_URL": "http://api.example.com/webhooks/ownerrez",
    "OWNERREZ_RECONCILE": "properties",
    "OWNERREZ_BACKFILL_SINCE": "yesterday",
    "TOKEN_ENCRYPTION_KEYS": "k1:short",
    "APP_URL": "ftp://x",
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_help_lists_every_setting(function: str, programs: Programs) -> None:
    run = programs.run(function, None, "--help", env={})
    assert run.exit_code == 0 and run.stderr == b""
    own = ["OWNLI_CLIENT_SECRET_FILE"] if function in OWNLI_FUNCTIONS else []
    for name in [*SETTINGS[function], *own]:
        assert name in run.stdout.decode(), name
    for option in ("--stream", "--check", "--version", "AWS_LAMBDA_RUNTIME_API"):
        assert option in run.stdout.decode()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_all_problems_are_told_at_once(function: str, programs: Programs) -> None:
    run = programs.run(function, RELAY, env=WRONG)
    assert run.exit_code == 2 and run.stdout == b""
    lines = run.stderr.decode()
    for name in SETTINGS[function]:
        if name in WRONG:
            assert name in lines, name


@pytest.mark.parametrize("function", OWNLI_FUNCTIONS)
def test_an_empty_environment_names_what_is_required(function: str, programs: Programs, tmp_path: Path) -> None:
    run = programs.run(function, RELAY, env={})
    assert run.exit_code == 2
    for name in ("OWNLI_CLIENT_ID", "OWNLI_CLIENT_SECRET", "OWNLI_PARTNER_ID"):
        assert name in run.stderr.decode()
    assert "OWNLI_BASE_URL" not in run.stderr.decode(), "it has a default"


@pytest.mark.parametrize(
    "settings, problem",
    [
        ({"OWNERREZ_WEBHOOK_PASSWORD": "x"}, "OWNERREZ_WEBHOOK_PASSWORD: can be guessed: at least 16 characters"),
        ({"OWNERREZ_WEBHOOK_PASSWORD": "fifteen-letters"}, "OWNERREZ_WEBHOOK_PASSWORD: can be guessed"),
        ({"OWNERREZ_WEBHOOK_PASSWORD_PREVIOUS": "x"}, "OWNERREZ_WEBHOOK_PASSWORD_PREVIOUS: can be guessed"),
        ({"OWNERREZ_CLIENT_SECRET": "s_1\ns_2"}, "OWNERREZ_CLIENT_SECRET: the secret holds a line break"),
        (
            {"K_SERVICE": "x", "STORE_URL": "firestore:shop-partners", "FIRESTORE_EMULATOR_HOST": "192.0.2.1:8080"},
            "FIRESTORE_EMULATOR_HOST: an emulator is for development",
        ),
        (
            {
                "K_SERVICE": "x",
                "EVENTS_TARGET": "pubsub:projects/shop-partners/topics/bookings",
                "PUBSUB_EMULATOR_HOST": "192.0.2.1:8085",
            },
            "PUBSUB_EMULATOR_HOST: an emulator is for development",
        ),
    ],
)
def test_a_setting_that_opens_a_door_is_refused(settings: dict, problem: str, programs: Programs, env: dict) -> None:
    run = programs.run("ownerrez-webhook", None, "--check", env=env | settings)
    assert run.exit_code == 2 and f"  {problem}" in run.stderr.decode(), run.stderr


def test_a_store_that_others_may_read_is_refused(programs: Programs, env: dict, tmp_path: Path) -> None:
    event = http_api("GET", "/api/ownli/users/me", claims={"sub": people.SUBJECT})
    assert programs.run("user-opt-in", event, env=env).exit_code == 0
    store = tmp_path / "store.sqlite"
    assert store.stat().st_mode & 0o777 == 0o600
    store.chmod(0o644)
    run = programs.run("user-opt-in", event, env=env)
    assert run.exit_code == 2 and b"STORE_URL: cannot be opened: others may read or write the file" in run.stderr


def test_a_secret_s_file_that_is_no_text_or_anybody_s_is_refused(
    programs: Programs, env: dict, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    del env["OWNLI_CLIENT_SECRET"]
    env["OWNLI_CLIENT_SECRET_FILE"] = str(file)
    for content, mode, problem in [
        (b"caf\xe9-0123456789", 0o600, "the file is not text in UTF-8"),
        (b"abcdef", 0o666, "everybody may write the file"),
    ]:
        file.write_bytes(content)
        file.chmod(mode)
        run = programs.run("token-relay", RELAY, env=env)
        assert run.exit_code == 2 and f"OWNLI_CLIENT_SECRET_FILE: {problem}" in run.stderr.decode()
        file.unlink()
    file.write_text(people.CLIENT_SECRET)
    file.chmod(0o444)
    assert programs.run("token-relay", RELAY, env=env).http.status == 200, "as containers mount it"


@pytest.mark.parametrize(
    "url",
    [
        "http://api.ownli.app",
        "http://192.0.2.1",
        "http://127.0.0.1.example.com",
        "https://",
        "api.ownli.app",
        "file:///",
    ]
    + ["https://user:secret@api.ownli.app", "https://api.ownli.app/?a=b", "https://api.ownli.app/#a", "https://a b"]
    + ["http://127.0.0.1@example.com", "https://api.ownli.app:99999", "javascript:alert(1)", "https:api.ownli.app"],
)
def test_a_base_url_that_is_unsafe_or_none_is_refused(url: str, programs: Programs, env: dict) -> None:
    run = programs.run("token-relay", RELAY, env=env | {"OWNLI_BASE_URL": url})
    assert run.exit_code == 2 and b"OWNLI_BASE_URL" in run.stderr


def test_a_slash_at_the_end_of_the_base_url_is_no_trouble(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    env["OWNLI_BASE_URL"] += "/"
    assert programs.run("token-relay", RELAY, env=env).http.status == 200


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_secret_comes_from_a_file(ending: str, programs: Programs, env: dict, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(env.pop("OWNLI_CLIENT_SECRET").encode() + ending.encode())
    assert programs.run("token-relay", RELAY, env=env | {"OWNLI_CLIENT_SECRET_FILE": str(path)}).http.status == 200


@pytest.mark.parametrize("content", [None, b"", b"\n"])
def test_a_secret_file_that_gives_nothing_is_a_problem(
    content: bytes, programs: Programs, env: dict, tmp_path: Path
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    del env["OWNLI_CLIENT_SECRET"]
    run = programs.run("token-relay", RELAY, env=env | {"OWNLI_CLIENT_SECRET_FILE": str(path)})
    assert run.exit_code == 2 and b"OWNLI_CLIENT_SECRET_FILE" in run.stderr
    assert b"OWNLI_CLIENT_SECRET:" not in run.stderr, "one problem is told once"


def test_a_secret_given_twice_is_a_problem(programs: Programs, env: dict, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    run = programs.run("token-relay", RELAY, env=env | {"OWNLI_CLIENT_SECRET_FILE": str(tmp_path / "secret")})
    assert run.exit_code == 2 and b"OWNLI_CLIENT_SECRET" in run.stderr


@pytest.mark.parametrize("function", OWNLI_FUNCTIONS)
def test_check_shows_settings_with_secrets_masked_and_asks_outside(
    function: str, programs: Programs, env: dict, sandbox: Sandbox
) -> None:
    run = programs.run(function, None, "--check", env=env)
    assert run.exit_code == 0, (run.stdout, run.stderr)
    shown = run.stdout.decode()
    assert env["OWNLI_BASE_URL"] in shown and people.CLIENT_ID in shown and "<redacted>" in shown
    assert people.CLIENT_SECRET not in shown
    assert len(sandbox.calls(TOKEN)) == 1
    assert [call["route"] for call in sandbox.calls()] == [TOKEN], "nothing but a token is asked for"


@pytest.mark.parametrize("function", OWNLI_FUNCTIONS)
def test_check_fails_when_ownli_does(function: str, programs: Programs, env: dict, sandbox: Sandbox) -> None:
    sandbox.fault(TOKEN, "status", 50, status=401)
    run = programs.run(function, None, "--check", env=env)
    assert run.exit_code == 1
    assert "UPSTREAM_REJECTED_CREDENTIALS" in run.stdout.decode()


@pytest.mark.parametrize("function", OWNLI_FUNCTIONS)
def test_check_tells_problems_too(function: str, programs: Programs, env: dict, sandbox: Sandbox) -> None:
    run = programs.run(function, None, "--check", env=env | {"LOG_LEVEL": "loud", "OWNLI_CLIENT_ID": ""})
    assert run.exit_code == 2
    assert b"LOG_LEVEL" in run.stderr and b"OWNLI_CLIENT_ID" in run.stderr
    assert sandbox.calls() == []


@pytest.mark.parametrize("function", ["user-opt-in", "reward-grant"])
@pytest.mark.parametrize(
    "url", ["sqlite:", "sqlite", "mysql:x", "dynamodb:", "firestore:", "/tmp/x.sqlite", "SQLITE:x"]
)
def test_a_store_that_we_do_not_know_is_refused(function: str, url: str, programs: Programs, env: dict) -> None:
    run = programs.run(function, RELAY, env=env | {"STORE_URL": url})
    assert run.exit_code == 2 and b"STORE_URL" in run.stderr


@pytest.mark.parametrize("function", ["user-opt-in", "reward-grant"])
def test_help_and_version_open_no_store(function: str, programs: Programs, env: dict, tmp_path: Path) -> None:
    for option in ("--help", "--version"):
        assert programs.run(function, None, option, env=env).exit_code == 0
    assert list(tmp_path.glob("store.sqlite*")) == []


@pytest.mark.parametrize("level,lines", [("error", 0), ("INFO", 1), ("debug", 1)])
def test_the_log_level_is_a_setting(level: str, lines: int, programs: Programs, env: dict) -> None:
    run = programs.run("token-relay", RELAY, env=env | {"LOG_LEVEL": level})
    assert run.http.status == 200
    assert len([line for line in run.logs if line["level"] != "DEBUG"]) == lines


def test_the_log_format_is_a_setting(programs: Programs, env: dict) -> None:
    run = programs.run("token-relay", RELAY, env=env | {"LOG_FORMAT": "text"})
    assert run.http.status == 200
    assert b" INFO " in run.stderr and not run.stderr.startswith(b"{")
