"""Work of the operator's tool that is killed: run again it comes to the same end, and nothing is doubled."""

import base64
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from admin import FAILED, OPERATOR_ENV, Admin
from programs import ROOT, Printed
from records import Records, SQLite
from test_admin_import import csv, expected, kept
from test_kill_points import killed_here_and_there

FIXTURE = (ROOT / "Tests/Fixtures/store/3600811.sql").read_text()
FORMER_KEY = "k1:" + base64.b64encode(bytes(range(32))).decode()
NEW_KEY = "k2:" + base64.b64encode(bytes(range(32, 64))).decode()
TRAIL = "admin-audit#"


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(SQLite(tmp_path))


@pytest.fixture
def admin(printed: Printed, records: Records) -> Admin:
    printed.tokens |= {FORMER_KEY, NEW_KEY}
    return Admin(printed, records.env | OPERATOR_ENV)


def fill(records: Records) -> None:
    """As an earlier build has written it."""
    records.forget()
    records.backend.path.touch(0o600)
    with sqlite3.connect(records.backend.path) as store:
        store.executescript(FIXTURE)


def content(records: Records) -> list[tuple[str, str, dict, Any]]:
    """Without the audit trail; a record's revision is another after each write."""
    with sqlite3.connect(records.backend.path, timeout=30) as store:
        query = f"SELECT partition, sort, attributes, expires FROM records WHERE partition NOT LIKE '{TRAIL}%'"
        rows = sorted(store.execute(query).fetchall(), key=lambda row: row[:2])
    return [(partition, sort, json.loads(attributes), expires) for partition, sort, attributes, expires in rows]


def test_a_migration_killed_here_and_there_is_completed_by_the_next(
    admin: Admin, records: Records, printed: Printed
) -> None:
    fill(records)
    assert admin.json("store", "migrate").summary["unreadable"] == 0
    migrated = content(records)
    fill(records)
    assert content(records) != migrated
    for point in killed_here_and_there("partner-admin", admin.env, printed, "store", "migrate"):
        admin.json("store", "migrate")
        assert content(records) == migrated, f"killed at {point}"
        fill(records)


def test_a_reseal_killed_here_and_there_is_completed_by_the_next(
    admin: Admin, records: Records, printed: Printed
) -> None:
    both, new = {"TOKEN_ENCRYPTION_KEYS": f"{NEW_KEY},{FORMER_KEY}"}, {"TOKEN_ENCRYPTION_KEYS": NEW_KEY}

    def others() -> list[tuple[str, str, dict, Any]]:
        return [(p, s, {name: a[name] for name in a if name != "tokens"}, e) for p, s, a, e in content(records)]

    fill(records)
    before = others()
    assert admin.tried("tokens", "reseal", env=new).exit_code == FAILED, "nothing opens without the former key"
    for point in killed_here_and_there("partner-admin", admin.env | both, printed, "tokens", "reseal"):
        told = admin.json("tokens", "reseal", env=both).summary
        assert told["resealed"] + told["sealedBefore"] == 4, f"killed at {point}"
        # All of them open without it.
        assert admin.json("tokens", "reseal", env=new).summary["sealedBefore"] == 4, f"killed at {point}"
        assert others() == before, f"killed at {point}"
        fill(records)


def test_an_import_killed_here_and_there_is_completed_by_the_next(
    admin: Admin, records: Records, printed: Printed, tmp_path: Path
) -> None:
    file = tmp_path / "links.csv"
    file.write_text(csv(range(100)))

    def forget() -> None:
        for partition, sort, _ in list(records.all()):
            records.remove(partition, sort)

    fill(records)
    forget()
    for point in killed_here_and_there("partner-admin", admin.env, printed, "users", "import", str(file)):
        left = kept(records)
        assert len(left) % 2 == 0 and left <= expected(range(100)), f"killed at {point}: both ways, or neither"
        told = admin.json("users", "import", str(file)).summary
        assert (told["alreadyLinked"], told["linked"]) == (len(left) // 2, 100 - len(left) // 2), f"killed at {point}"
        assert kept(records) == expected(range(100)), f"killed at {point}"
        forget()
