"""What people have agreed to, by the operator's tool; and receipts of it, which it verifies without asking anybody."""

import base64
import json
from pathlib import Path

import people
import pytest
from admin import DONE, FAILED, NOT_FOUND, OPERATOR_ENV, WRONG_USAGE, Admin
from events import http_api
from joserfc.jwk import OKPKey
from programs import Printed, Programs
from records import Records

SIGNING_KEY = base64.b64encode(bytes(range(32))).decode()
RECEIPTS = {"CONSENT_CONTROLLER": "Shop & Söhne", "RECEIPT_SIGNING_KEY": SIGNING_KEY}
ME = "/api/ownli/users/me"


@pytest.fixture
def settings(env: dict, records: Records) -> dict[str, str]:
    return env | records.env | RECEIPTS


@pytest.fixture
def admin(printed: Printed, programs: Programs, settings: dict[str, str]) -> Admin:
    """Where one person has opted in, withdrawn, and opted in again, and another one once."""

    def call(method: str, path: str, subject: str, **body: object) -> int:
        event = http_api(method, path, people.opt_in(**body) if body else None, claims={"sub": subject})
        return programs.run("user-opt-in", event, env=settings).http.status

    assert call("POST", "/api/ownli/users", people.SUBJECT, phone=people.PHONE) == 200
    assert call("DELETE", ME, people.SUBJECT) == 204
    assert call("POST", "/api/ownli/users", people.SUBJECT, phone=people.PHONE) == 200
    assert call("POST", "/api/ownli/users", people.OTHER_SUBJECT, phone=people.OTHER_PHONE) == 200
    return Admin(printed, settings | OPERATOR_ENV)


def test_consents_are_listed_with_what_has_ended_them(admin: Admin) -> None:
    outcome = admin.tried("consents", "list")
    assert outcome.exit_code == DONE, outcome.stderr
    ended = sorted((row["subject"], row["version"], bool(row["withdrawnAt"])) for row in outcome.rows)
    version = admin.env["OWNLI_TERMS_VERSION"]
    one, other = people.SUBJECT, people.OTHER_SUBJECT
    assert ended == [(one, version, False), (one, version, True), (other, version, False)]
    assert all(row["acceptedAt"] for row in outcome.rows)
    assert len(admin.tried("consents", "list", "--subject", one).rows) == 2
    (row,) = admin.tried("consents", "list", "--withdrawn").rows
    assert row["subject"] == one and row["withdrawnAt"] >= row["acceptedAt"]
    assert admin.tried("consents", "list", "--subject", "nobody").exit_code == NOT_FOUND
    lines = admin.run("consents", "list", "--csv").stdout.split("\r\n")
    assert lines[0] == "subject,version,acceptedAt,withdrawnAt,reason" and len(lines) == 5


def test_whose_records_cannot_be_read_is_told_beside_the_rest(admin: Admin, records: Records) -> None:
    records.put("consent#user-9", "1", {"schema": "9"})
    for words in ("list", "export"):
        outcome = admin.tried("consents", words)
        assert outcome.exit_code == FAILED
        (row,) = [row for row in outcome.rows if "reason" in row]
        assert (row["subject"], row["reason"]) == ("user-9", "a consent's record was written by a newer build")
        assert {row["subject"] for row in outcome.rows} == {people.SUBJECT, people.OTHER_SUBJECT, "user-9"}


def test_all_that_is_kept_of_them_is_exported_line_by_line(admin: Admin) -> None:
    for words in ([], ["--json"]):
        outcome = admin.run("consents", "export", *words)
        kinds = sorted((line["subject"], line["kind"]) for line in outcome.rows)
        one, other = people.SUBJECT, people.OTHER_SUBJECT
        assert kinds == [(one, "consent"), (one, "consent"), (one, "withdrawal"), (other, "consent")]
    (withdrawal,) = [line for line in outcome.rows if line["kind"] == "withdrawal"]
    assert withdrawal["ownliUserId"].startswith("XT_") and len(withdrawal["documents"]) == 1
    consent = next(line for line in outcome.rows if line["subject"] == people.OTHER_SUBJECT)
    assert consent["documents"]["termsUrl"] == admin.env["OWNLI_TERMS_URL"]
    assert consent["period"] == 0 and consent["keptUntil"] is None


def test_the_public_key_is_one_that_others_read(admin: Admin) -> None:
    outcome = admin.run("consents", "receipt-key")
    (jwk,) = outcome.rows
    key = OKPKey.import_key(jwk)
    assert key.thumbprint() == jwk["kid"] and not key.is_private
    assert SIGNING_KEY not in outcome.stdout and "d" not in jwk
    assert admin.run("consents", "receipt-key", CONSENT_CONTROLLER="").exit_code == NOT_FOUND


def test_receipts_are_verified_offline(admin: Admin, programs: Programs, settings: dict, tmp_path: Path) -> None:
    event = http_api("GET", f"{ME}/export", claims={"sub": people.SUBJECT})
    answer = programs.run("user-opt-in", event, env=settings).http
    receipts = [each for each in answer.text.split('"') if each.count(".") == 2 and each.startswith("ey")]
    assert len(receipts) == 2
    key, file = tmp_path / "key.json", tmp_path / "receipts"
    key.write_text(admin.run("consents", "receipt-key").stdout)
    file.write_text("\n".join(receipts) + "\n")
    alone = {name: "" for name in (*settings, "IDENTIFIER_HASH_KEY")}
    for outcome in (
        admin.tried("consents", "verify-receipt", str(file), "--key", str(key), **alone),
        admin.tried("consents", "verify-receipt", str(file), STORE_URL=""),
        admin.tried("consents", "verify-receipt", "-", STORE_URL="", text=file.read_text()),
    ):
        assert outcome.exit_code == DONE, outcome.stderr
        assert [row["verified"] for row in outcome.rows] == [True, True]
        assert {row["subject"] for row in outcome.rows} == {people.SUBJECT}
        assert sorted(bool(row["withdrawnAt"]) for row in outcome.rows) == [False, True]
    other = tmp_path / "other.json"
    other.write_text(json.dumps(OKPKey.generate_key("Ed25519").as_dict(private=False)))
    outcome = admin.tried("consents", "verify-receipt", str(file), "--key", str(other), **alone)
    assert outcome.exit_code == FAILED
    assert outcome.rows == [{"verified": False, "reason": "it was signed with another key"}] * 2


def test_a_receipt_with_one_byte_changed_does_not_verify(
    admin: Admin, programs: Programs, settings: dict, tmp_path: Path
) -> None:
    event = http_api("GET", f"{ME}/export", claims={"sub": people.OTHER_SUBJECT})
    answer = programs.run("user-opt-in", event, env=settings).http
    (receipt,) = [each for each in answer.text.split('"') if each.count(".") == 2 and each.startswith("ey")]
    changed = []
    for index in range(len(receipt)):
        letter = "A" if receipt[index] != "A" else "B"
        changed.append(receipt[:index] + letter + receipt[index + 1 :])
    outcome = admin.tried("consents", "verify-receipt", "-", text="\n".join([*changed, receipt]))
    assert outcome.exit_code == FAILED
    assert [row["verified"] for row in outcome.rows] == [False] * len(changed) + [True]


@pytest.mark.parametrize("key", ["", "{}", '{"kty":"RSA","n":"AQAB","e":"AQAB"}'])
def test_what_is_no_key_is_refused(key: str, admin: Admin, tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    file.write_text(key)
    outcome = admin.run("consents", "verify-receipt", "-", "--key", str(file), text="a.b.c")
    assert (outcome.exit_code, outcome.stdout) == (WRONG_USAGE, "")
    assert "no public key of Ed25519" in outcome.stderr
    outcome = admin.run("consents", "verify-receipt", "-", CONSENT_CONTROLLER="", text="a.b.c")
    assert outcome.exit_code == WRONG_USAGE and "--key JWK-FILE" in outcome.stderr
