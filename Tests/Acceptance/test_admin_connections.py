"""OwnerRez connections by the operator's tool: listed, asked about, ended."""

import pytest
from admin import DONE, FAILED, NOT_FOUND, OPERATOR, OPERATOR_ENV, WRONG_USAGE, Admin
from connect import Flow
from oauth_provider import Provider
from ownerrez import ACCOUNT
from people import SUBJECT
from programs import Printed, Programs
from records import Records


@pytest.fixture
def admin(printed: Printed, programs: Programs, connect_env: dict[str, str], provider: Provider) -> Admin:
    """Where one account is connected."""
    Flow(programs, connect_env).connect(provider)
    wanted = ("OWNERREZ_API_URL", "OWNERREZ_CLIENT", "TOKEN_ENCRYPTION_KEYS", "STORE_URL", "AWS_", "GCE_", "CLOUDSDK_")
    env = {name: value for name, value in connect_env.items() if name.startswith(wanted)}
    return Admin(printed, env | OPERATOR_ENV)


def test_connections_are_listed_without_their_tokens(admin: Admin, provider: Provider) -> None:
    for words in (["connections", "list"], ["connections", "list", "--all"]):
        outcome = admin.tried(*words, TOKEN_ENCRYPTION_KEYS="", OWNERREZ_CLIENT_SECRET="")
        assert outcome.exit_code == DONE, outcome.stderr
        (row,) = outcome.rows
        assert (row["account"], row["subject"], row["keyId"], row["listed"]) == (str(ACCOUNT), SUBJECT, "k1", True)
        assert row["connectedAt"] and row["revokedAt"] is row["refreshFailedAt"] is row["reached"] is None
    lines = admin.run("connections", "list").stdout.splitlines()
    assert lines[0].split() == ["account", "subject", "connectedAt", "revokedAt", "refreshFailedAt", "reached", "keyId", "reason"]
    assert lines[1].split()[:2] == [str(ACCOUNT), SUBJECT]


def test_one_that_cannot_be_read_is_told_beside_the_rest(admin: Admin, records: Records) -> None:
    records.put("ownerrez-account#7", "connection", {"connectedAt": "1790000000000"})
    records.put("ownerrez-connections", "7", {"subject": SUBJECT, "due": "1790000000000"})
    for words in (["list"], ["list", "--all"], ["check", "--all"]):
        outcome = admin.tried("connections", *words)
        assert outcome.exit_code == FAILED
        reasons = {row["account"]: row.get("reason") for row in outcome.rows}
        assert reasons == {"7": "a record lacks its attribute subject", str(ACCOUNT): None}


def test_owner_rez_is_asked_about_one_or_all(admin: Admin, provider: Provider, records: Records) -> None:
    for words in ([str(ACCOUNT)], ["--all"]):
        outcome = admin.tried("connections", "check", *words)
        assert (outcome.exit_code, outcome.rows) == (DONE, [{"account": str(ACCOUNT), "status": "active"}]), outcome.stderr
    assert provider.routes().count("GET /v2/users/me") == 2
    spent = records.of("ownerrez-rate")
    assert spent, "it is counted in what all share"
    provider.answer_instead("GET /v2/users/me", 401, {"error": "invalid_token"})
    provider.answer_instead("POST /oauth/access_token", 400, {"error": "invalid_grant"})
    outcome = admin.tried("connections", "check", "--all")
    assert (outcome.exit_code, outcome.rows) == (FAILED, [{"account": str(ACCOUNT), "status": "revoked"}])


def test_what_cannot_be_asked_is_told_of_each(admin: Admin, provider: Provider) -> None:
    other = "k2:" + "A" * 43 + "="
    outcome = admin.tried("connections", "check", "--all", TOKEN_ENCRYPTION_KEYS=other)
    assert outcome.exit_code == FAILED
    (row,) = outcome.rows
    assert row["status"] == "unknown" and row["reason"].startswith("TOKEN_UNREADABLE: ")


@pytest.mark.parametrize("words", [[], [str(ACCOUNT), "--all"], ["1e3"], ["0"], ["+7"]])
def test_what_is_to_be_checked_is_said(words: list[str], admin: Admin) -> None:
    assert admin.run("connections", "check", *words).exit_code == WRONG_USAGE


def test_a_connection_is_ended_at_owner_rez_and_here_once(admin: Admin, provider: Provider, records: Records) -> None:
    alive = provider.live_tokens()
    assert alive
    tried = admin.tried("connections", "disconnect", str(ACCOUNT), "--dry-run")
    assert tried.rows == [{"account": str(ACCOUNT), "subject": SUBJECT, "disconnected": False}]
    assert provider.live_tokens() == alive and records.of("ownerrez-connections")
    ended = admin.tried("connections", "disconnect", str(ACCOUNT))
    assert (ended.exit_code, ended.rows[0]["disconnected"]) == (DONE, True), ended.stderr
    assert provider.live_tokens() == []
    assert not [name for name in records.partitions() if name.startswith(("ownerrez-account#", "ownerrez-user#"))]
    assert admin.run("connections", "disconnect", str(ACCOUNT)).exit_code == NOT_FOUND
    assert admin.run("connections", "check", str(ACCOUNT)).exit_code == NOT_FOUND
    (row,) = admin.trail()
    assert (row["by"], row["command"], row["state"]) == (OPERATOR, "connections disconnect", "done")
    assert row["counts"] == {"disconnected": 1} and len(row["subjectHash"]) == 64


def test_while_owner_rez_cannot_be_told_the_connection_stays(admin: Admin, provider: Provider, records: Records) -> None:
    outcome = admin.tried("connections", "disconnect", str(ACCOUNT), OWNERREZ_API_URL="http://127.0.0.1:9")
    assert (outcome.exit_code, outcome.stdout) == (FAILED, "")
    assert records.of("ownerrez-connections")
    assert [row["state"] for row in admin.trail()] == ["failed"]
