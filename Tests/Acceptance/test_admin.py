"""The operator's tool as a program: what it is told, what it says, and how it ends."""

import base64
import hmac
import json
import os
import sqlite3
import subprocess
from pathlib import Path

import people
import pytest
from admin import DONE, FAILED, NOT_FOUND, OPERATOR, OPERATOR_ENV, WRONG_USAGE, Admin
from google_double import GoogleDouble
from programs import Printed, Programs, bootstrap
from records import Firestore, Records, SQLite


@pytest.fixture
def store(tmp_path: Path, programs: Programs) -> SQLite:
    """A store as a function has made it."""
    store = SQLite(tmp_path)
    assert programs.run("user-opt-in", None, "--check", env=OPT_IN | store.env).exit_code == 1
    return store


OPT_IN = {
    "OWNLI_BASE_URL": "http://127.0.0.1:9",
    "OWNLI_CLIENT_ID": people.CLIENT_ID,
    "OWNLI_CLIENT_SECRET": people.CLIENT_SECRET,
    "OWNLI_PARTNER_ID": people.PARTNER_ID,
    "OWNLI_TERMS_URL": "https://ownli.example/terms",
    "OWNLI_TERMS_VERSION": "2026-01-01",
    "IDENTIFIER_HASH_KEY": people.HASH_KEY,
}


@pytest.fixture
def admin(printed: Printed, store: SQLite) -> Admin:
    return Admin(printed, store.env | OPERATOR_ENV)


def link(records: Records | SQLite, subject: str = people.SUBJECT, ownli: str = "XT_USR1") -> None:
    records.put(f"link#{subject}", "ownli", {"ownliUserId": ownli, "linkedAt": "1777112130000"})
    records.put(f"ownli-user#{ownli}", "subject", {"subject": subject})


# What it is told


def test_it_says_what_it_can_do(admin: Admin) -> None:
    for words in (["--help"], ["-h"], ["help"]):
        outcome = admin.run(*words)
        assert (outcome.exit_code, outcome.stderr) == (DONE, "")
        for command in ("users show SUBJECT", "users import FILE", "users unlink SUBJECT", "audit list"):
            assert f"\n  {command} " in outcome.stdout
    outcome = admin.run()
    assert (outcome.exit_code, outcome.stdout) == (WRONG_USAGE, "")
    assert "usage: partner-admin COMMAND" in outcome.stderr


def test_every_command_has_help_without_any_setting(admin: Admin) -> None:
    listed = [line.split("  ")[1] for line in admin.run("--help").stdout.splitlines() if line.startswith("  ")]
    assert len(listed) >= 4
    for usage in listed:
        name = [word for word in usage.split() if word.islower()]
        outcome = admin.run(*name, "--help", STORE_URL="", IDENTIFIER_HASH_KEY="")
        assert (outcome.exit_code, outcome.stderr) == (DONE, ""), usage
        assert outcome.stdout.startswith(f"{usage}: ")
        for word in ("--json", "--help", "settings:"):
            assert word in outcome.stdout, usage
        assert ("--dry-run" in outcome.stdout) == ("--by NAME" in outcome.stdout), usage


def test_its_version_is_that_of_the_functions(programs: Programs) -> None:
    version = programs.run("partner-admin", None, "--version", env={}).stdout
    assert version.split()[1] == programs.run("token-relay", None, "--version", env={}).stdout.split()[1]


@pytest.mark.parametrize(
    "words, said",
    [
        (["user"], "there is no such command; partner-admin --help lists them"),
        (["users"], "there is no such command; there are: users show SUBJECT, users import FILE"),
        (["users", "drop", "x"], "there is no such command; there are: users show SUBJECT"),
        (["users", "show"], "usage: partner-admin users show SUBJECT"),
        (["users", "show", "a", "b"], "usage: partner-admin users show SUBJECT"),
        (["users", "show", "a", "--dry-run"], "users show SUBJECT has no option --dry-run"),
        (["users", "show", "a", "--csv"], "users show SUBJECT has no table that could be CSV"),
        (["audit", "list", "--day", "yesterday"], "--day: expected a day like 2026-11-26"),
        (["audit", "list", "--day="], "--day wants a value"),
        (["users", "import", "/nowhere.csv"], "/nowhere.csv cannot be opened"),
    ],
)
def test_wrong_usage_is_told_by_name(words: list[str], said: str, admin: Admin) -> None:
    outcome = admin.run(*words)
    assert (outcome.exit_code, outcome.stdout) == (WRONG_USAGE, "")
    assert outcome.stderr.startswith(f"partner-admin: {said}")
    as_json = admin.tried(*words)
    assert as_json.exit_code == WRONG_USAGE and as_json.error["error_code"] == "INVALID_COMMAND"


def test_rows_have_one_form(admin: Admin) -> None:
    outcome = admin.run("audit", "list", "--json", "--csv")
    assert (outcome.exit_code, outcome.stdout) == (WRONG_USAGE, "")
    assert outcome.error["error_message"] == "--json or --csv, not both"


def test_who_changes_something_has_a_name(admin: Admin, store: SQLite) -> None:
    link(store)
    outcome = admin.run("users", "unlink", people.SUBJECT, LOGNAME="")
    assert (outcome.exit_code, outcome.stdout) == (WRONG_USAGE, "")
    assert "--by NAME" in outcome.stderr
    assert len(list(store.all())) == 2
    assert admin.run("users", "unlink", people.SUBJECT, "--by", "ada", LOGNAME="").exit_code == DONE
    assert [row["by"] for row in admin.trail()] == ["ada"]


# Settings


def test_all_settings_that_are_wrong_are_told_at_once(admin: Admin) -> None:
    outcome = admin.run("users", "unlink", "a", STORE_URL="postgres:x", IDENTIFIER_HASH_KEY="c2hvcnQ=")
    assert (outcome.exit_code, outcome.stdout) == (WRONG_USAGE, "")
    assert "\n  STORE_URL: expected sqlite:PATH" in outcome.stderr
    assert "\n  IDENTIFIER_HASH_KEY: expected base64" in outcome.stderr
    assert "c2hvcnQ=" not in outcome.stderr
    error = admin.tried("users", "unlink", "a", STORE_URL="", IDENTIFIER_HASH_KEY="").error
    assert error["error_code"] == "INVALID_CONFIGURATION"
    assert "STORE_URL: is required" in error["error_message"] and "IDENTIFIER_HASH_KEY" in error["error_message"]


def test_a_store_that_is_not_there_is_not_made(admin: Admin, tmp_path: Path) -> None:
    for url, problem in {
        "": "is required: sqlite:PATH, dynamodb:TABLE or firestore:PROJECT[/DATABASE]",
        f"sqlite:{tmp_path}/other.sqlite": "cannot be opened: there is no such file",
    }.items():
        outcome = admin.run("users", "show", people.SUBJECT, STORE_URL=url)
        assert (outcome.exit_code, outcome.stdout) == (WRONG_USAGE, "")
        assert outcome.stderr.splitlines()[1] == f"  STORE_URL: {problem}"
    assert [file.name for file in tmp_path.iterdir() if "other" in file.name] == []


# What it says


def test_a_user_is_shown(admin: Admin, store: SQLite) -> None:
    assert admin.run("users", "show", people.SUBJECT).exit_code == NOT_FOUND
    assert admin.tried("users", "show", people.SUBJECT).error["error_code"] == "NOT_FOUND"
    link(store)
    outcome = admin.run("users", "show", people.SUBJECT)
    assert outcome.exit_code == DONE
    assert outcome.stdout.splitlines() == [
        f"subject: {people.SUBJECT}",
        "ownliUserId: XT_USR1",
        "linkedAt: 2026-04-25T10:15:30.000Z",
        "agreedTo: []",
        "agreedAt: -",
        "withdrawnAt: []",
    ]
    (row,) = admin.tried("users", "show", people.SUBJECT).rows
    assert row["ownliUserId"] == "XT_USR1" and row["agreedAt"] is None


def test_a_user_is_unlinked_over_every_store(printed: Printed, programs: Programs, records: Records) -> None:
    if isinstance(records.backend, SQLite):
        assert programs.run("user-opt-in", None, "--check", env=OPT_IN | records.env).exit_code == 1
    admin = Admin(printed, records.env | OPERATOR_ENV)
    link(records)
    link(records, people.OTHER_SUBJECT, "XT_USR2")
    tried = admin.tried("users", "unlink", people.SUBJECT, "--dry-run")
    assert tried.rows == [{"subject": people.SUBJECT, "ownliUserId": "XT_USR1", "unlinked": False}]
    assert len(records.partitions()) == 4, "nothing is written, an audit record neither"
    assert admin.tried("users", "unlink", people.SUBJECT).rows[0]["unlinked"] is True
    assert admin.run("users", "unlink", people.SUBJECT).exit_code == NOT_FOUND
    assert sorted(records.partitions())[1:] == [f"link#{people.OTHER_SUBJECT}", "ownli-user#XT_USR2"]
    text = json.dumps(["audit", people.SUBJECT], separators=(",", ":"))
    hashed = hmac.digest(base64.b64decode(people.HASH_KEY), text.encode(), "sha256").hex()
    assert admin.trail() == [
        {"by": OPERATOR, "command": "users unlink", "state": "done", "subjectHash": hashed, "counts": {"unlinked": 1}}
    ]


def test_at_a_desk_a_person_s_own_token_opens_firestore(printed: Printed, google: GoogleDouble) -> None:
    records = Records(Firestore(google))
    link(records)
    token = google.issue()["access_token"]
    desk = records.env | OPERATOR_ENV | {"GCE_METADATA_HOST": "127.0.0.1:9"}
    admin = Admin(printed, desk)
    assert admin.run("users", "show", people.SUBJECT).exit_code == FAILED, "a desk has no metadata server"
    assert admin.run("users", "show", people.SUBJECT, CLOUDSDK_AUTH_ACCESS_TOKEN=token).exit_code == DONE
    google.revoke()
    outcome = admin.run("users", "show", people.SUBJECT, CLOUDSDK_AUTH_ACCESS_TOKEN=token)
    assert outcome.exit_code == FAILED and token not in outcome.stderr
    outcome = admin.run("users", "show", people.SUBJECT, CLOUDSDK_AUTH_ACCESS_TOKEN="a\nb")
    assert outcome.exit_code == WRONG_USAGE and "CLOUDSDK_AUTH_ACCESS_TOKEN: " in outcome.stderr


def test_what_is_in_the_store_moves_no_cursor(admin: Admin, store: SQLite) -> None:
    link(store, ownli="XT\x1b[2J")
    assert "ownliUserId: XT\ufffd[2J\n" in admin.run("users", "show", people.SUBJECT).stdout


def test_a_reader_that_leaves_ends_it_without_a_word(admin: Admin, store: SQLite, printed: Printed) -> None:
    attributes = json.dumps({"by": "ada", "command": "users unlink"})
    with sqlite3.connect(store.path) as connection:
        sorts = [f"2026-11-26T00:00:00.000Z#{number:05d}" for number in range(5000)]
        rows = [("admin-audit#2026-11-26", sort, attributes, 1, None) for sort in sorts]
        connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?)", rows)
    command = f"{bootstrap('partner-admin')} audit list --day 2026-11-26 | head -n 2; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], env=admin.env | {"PATH": os.environ["PATH"]}, capture_output=True)
    printed.add("what was printed", done.stdout + done.stderr)
    lines = done.stdout.decode().splitlines()
    assert lines[0].split() == ["at", "by", "command", "state", "counts", "subjectHash", "requestId"]
    assert len(lines) == 3 and lines[-1] == str(FAILED)
    assert done.stderr == b""


def test_rows_may_be_csv(admin: Admin, store: SQLite) -> None:
    link(store)
    assert admin.run("users", "unlink", people.SUBJECT, "--by", 'ada, "the" operator').exit_code == DONE
    lines = admin.run("audit", "list", "--csv").stdout.split("\r\n")
    assert lines[0] == "at,by,command,state,counts,subjectHash,requestId" and lines[2] == ""
    assert ',"ada, ""the"" operator",users unlink,done,"{""unlinked"":1}",' in lines[1]


# A store that fails


def test_a_store_that_cannot_be_reached_is_told_with_its_reason(admin: Admin) -> None:
    settings = {"STORE_URL": "dynamodb:records", "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    settings |= {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": people.CLIENT_SECRET}
    outcome = admin.run("users", "show", people.SUBJECT, **settings)
    assert (outcome.exit_code, outcome.stdout) == (FAILED, "")
    assert "(DynamoDB: GetItem: " in outcome.stderr
    assert admin.tried("users", "show", people.SUBJECT, **settings).error["error_code"] == "STORE_UNAVAILABLE"


def test_a_store_that_cannot_be_written_is_left_as_it_is(admin: Admin, store: SQLite) -> None:
    link(store)
    with sqlite3.connect(store.path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        outcome = admin.run("users", "unlink", people.SUBJECT)
        other.execute("ROLLBACK")
    assert (outcome.exit_code, outcome.stdout) == (FAILED, "")
    assert "kept the store busy" in outcome.stderr
    assert len(list(store.all())) == 2, "no audit record, no change"


def test_a_file_that_others_may_read_is_refused(admin: Admin, store: SQLite) -> None:
    store.path.chmod(0o640)
    outcome = admin.run("users", "show", people.SUBJECT)
    assert (outcome.exit_code, outcome.stdout) == (WRONG_USAGE, "")
    assert "others may read or write the file: chmod 600" in outcome.stderr
