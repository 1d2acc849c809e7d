"""Links that exist already are imported: once, both ways, wherever an import is cut off."""

import json
import signal
import subprocess
import time
from pathlib import Path

import people
import pytest
from admin import DONE, FAILED, OPERATOR, OPERATOR_ENV, WRONG_USAGE, Admin
from events import http_api
from programs import Printed, Programs, bootstrap
from quiet import wait_until_done_with
from records import Records, SQLite
from test_admin import OPT_IN

HEADER = "internalId,ownliUserId\n"


@pytest.fixture
def admin(printed: Printed, programs: Programs, records: Records) -> Admin:
    if isinstance(records.backend, SQLite):
        assert programs.run("user-opt-in", None, "--check", env=OPT_IN | records.env).exit_code == 1
    return Admin(printed, records.env | OPERATOR_ENV)


def csv(numbers: range) -> str:
    return HEADER + "".join(f"user-{n},XT_USR{n}\n" for n in numbers)


def expected(numbers: range) -> set[str]:
    return {name for n in numbers for name in (f"link#user-{n}", f"ownli-user#XT_USR{n}")}


def kept(records: Records) -> set[str]:
    """Without the audit trail."""
    return {partition for partition in records.partitions() if not partition.startswith("admin-audit#")}


def test_links_are_stored_both_ways_and_found_again(admin: Admin, records: Records, tmp_path: Path) -> None:
    file = tmp_path / "links.csv"
    file.write_text(csv(range(250)))
    outcome = admin.tried("users", "import", str(file))
    counts = {"linked": 250, "alreadyLinked": 0, "refused": 0}
    assert (outcome.exit_code, outcome.rows) == (DONE, []), outcome.stderr
    assert outcome.summary == {"lines": 250, **counts, "dryRun": False}
    assert kept(records) == expected(range(250))
    assert records.of("ownli-user#XT_USR7") == [{"subject": "user-7"}]
    again = admin.tried("users", "import", "-", text=csv(range(260)))
    assert again.summary == {"lines": 260, "linked": 10, "alreadyLinked": 250, "refused": 0, "dryRun": False}
    common = {"by": OPERATOR, "command": "users import", "state": "done"}
    assert admin.trail() == [
        common | {"counts": counts},
        common | {"counts": {"linked": 10, "alreadyLinked": 250, "refused": 0}},
    ]


def test_what_is_refused_is_told_by_line_and_the_rest_is_done(admin: Admin, records: Records) -> None:
    first = {"internalId": people.SUBJECT, "ownliUserId": "XT_USR1"}
    assert admin.run("users", "import", "-", text=json.dumps(first)).exit_code == DONE
    lines = ["a,XT_USR1", f"{people.SUBJECT},XT_USR9", "b,XT_USR2", "b", 'c,"XT_USR3', "d,XT_USR2", "e,XT_USR4"]
    outcome = admin.run("users", "import", "-", text=HEADER + "\n".join(lines))
    assert outcome.exit_code == FAILED
    assert outcome.stdout.splitlines() == [
        "line       reason",
        "2          the Ownli user is linked to another user",
        "3          the user is linked to another Ownli user",
        "5          it has not as many fields as the header",
        "6          a quoted field does not end, or a quote stands where none may",
        "7          the Ownli user is linked to another user",
        "",
        "lines: 7",
        "linked: 2",
        "alreadyLinked: 0",
        "refused: 5",
        "dryRun: false",
    ]
    ids = {(people.SUBJECT, "XT_USR1"), ("b", "XT_USR2"), ("e", "XT_USR4")}
    assert kept(records) == {name for a, b in ids for name in (f"link#{a}", f"ownli-user#{b}")}


def test_a_dry_run_says_the_same_and_stores_nothing(admin: Admin, records: Records) -> None:
    assert admin.run("users", "import", "-", text=csv(range(2))).exit_code == DONE
    before = records.text()
    outcome = admin.tried("users", "import", "-", "--dry-run", text=csv(range(3)) + "user-0,XT_USR8\nuser-9,XT_USR1\n")
    assert outcome.exit_code == FAILED
    assert [row["line"] for row in outcome.rows] == [5, 6]
    assert outcome.summary == {"lines": 5, "linked": 1, "alreadyLinked": 2, "refused": 2, "dryRun": True}
    assert records.text() == before


def test_whoever_has_withdrawn_is_not_linked_again(
    admin: Admin, records: Records, programs: Programs, env: dict
) -> None:
    """A link without a consent serves them as any other, and can be withdrawn."""

    def call(method: str, path: str = "/api/ownli/users/me") -> int:
        event = http_api(method, path, claims={"sub": people.SUBJECT})
        return programs.run("user-opt-in", event, env=env | records.env).http.status

    line = f"{people.SUBJECT},XT_USR1\n"
    assert admin.run("users", "import", "-", text=HEADER + line).exit_code == DONE
    assert call("GET") == 200
    assert call("DELETE") == 204
    assert call("GET") == 404
    outcome = admin.tried("users", "import", "-", text=HEADER + line)
    assert outcome.exit_code == FAILED
    assert outcome.rows == [{"line": 2, "reason": "the user has withdrawn, and would have to opt in"}]
    assert call("GET") == 404


@pytest.mark.parametrize("text", ["", "\n", "a,XT_USR1\n", "internalId,name\n", "x" * 200_000])
def test_what_is_no_file_of_links_is_refused(text: str, admin: Admin, records: Records) -> None:
    outcome = admin.run("users", "import", "-", text=text)
    assert (outcome.exit_code, outcome.stdout) == (WRONG_USAGE, "")
    assert kept(records) == set()


def test_an_import_that_is_killed_goes_on_where_it_was(
    admin: Admin, records: Records, tmp_path: Path, printed: Printed
) -> None:
    # What a killed process has sent is done all the same: up to 80 lines. moto copies all tables for each transaction.
    lines, step, times = (range(4000), 200, 3) if isinstance(records.backend, SQLite) else (range(200), 10, 1)
    file = tmp_path / "links.csv"
    file.write_text(csv(lines))
    command = [str(bootstrap("partner-admin")), "users", "import", str(file)]
    for _ in range(times):
        before = len(kept(records))
        process = subprocess.Popen(command, env=admin.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while process.poll() is None and len(kept(records)) < before + step:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        printed.add("what was printed", b"".join(process.communicate()))
        assert process.returncode == -signal.SIGKILL, "it was faster than we"
        wait_until_done_with(admin.env)
    found = kept(records)
    done = [number for number in lines if f"link#user-{number}" in found]
    assert 0 < len(done) < len(lines)
    assert found == {name for number in done for name in expected(range(number, number + 1))}, "both ways, or neither"
    outcome = admin.tried("users", "import", str(file))
    assert (outcome.exit_code, outcome.rows) == (DONE, []), outcome.stderr
    assert outcome.summary["alreadyLinked"] == len(done)
    assert outcome.summary["linked"] == len(lines) - len(done)
    assert kept(records) == expected(lines)
    assert [row["state"] for row in admin.trail()] == ["begun"] * times + ["done"]
