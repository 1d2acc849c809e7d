"""user-opt-in: consent first, contact data that the identity vouches for, one link however often it is asked."""

import json
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Optional

import people
import pytest
from events import http_api
from programs import HTTPAnswer, Programs
from sandbox import USERS, Sandbox

ALWAYS = 50


def claims(subject: str = people.SUBJECT, **more: Any) -> dict:
    return {"sub": subject} | more


VERIFIED = {"email": people.EMAIL, "email_verified": "true", "phone_number": people.PHONE}
VERIFIED["phone_number_verified"] = "true"


def opt_in(programs: Programs, env: dict, body: Optional[dict] = None, identity: Optional[dict] = None) -> HTTPAnswer:
    event = http_api("POST", "/api/ownli/users", body or people.opt_in(), claims=identity or claims())
    return programs.run("user-opt-in", event, env=env).http


def me(programs: Programs, env: dict, identity: Optional[dict] = None) -> HTTPAnswer:
    return programs.run(
        "user-opt-in", http_api("GET", "/api/ownli/users/me", claims=identity or claims()), env=env
    ).http


def sent(sandbox: Sandbox) -> dict:
    """The body of the one call that created a user."""
    (call,) = sandbox.calls(USERS)
    return call["body"] if isinstance(call["body"], dict) else json.loads(call["body"])


def stored(env: dict) -> str:
    """All that the store holds, as text."""
    with sqlite3.connect(env["STORE_URL"].removeprefix("sqlite:")) as store:
        return "\n".join(store.iterdump())


def test_a_person_opts_in(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    answer = opt_in(programs, env)
    assert answer.status == 200
    assert set(answer.json) == {"ownliUserId", "linkedAt"}
    assert answer.headers["cache-control"] == "no-store"
    body = sent(sandbox)
    assert (body["firstName"], body["lastName"], body["phone"]) == (people.FIRST_NAME, people.LAST_NAME, people.PHONE)
    assert body["address"]["state"] == "CA"
    assert sandbox.calls(USERS)[0]["scope"] == "admin"


def test_a_person_finds_their_link(programs: Programs, env: dict) -> None:
    assert me(programs, env).outcome == (404, "NOT_LINKED")
    linked = opt_in(programs, env).json
    answer = me(programs, env)
    assert (answer.status, answer.json) == (200, linked)
    assert me(programs, env, claims(people.OTHER_SUBJECT)).outcome == (404, "NOT_LINKED")


@pytest.mark.parametrize("method,path", [("POST", "/api/ownli/users"), ("GET", "/api/ownli/users/me")])
def test_nobody_is_told_to_sign_in(method: str, path: str, programs: Programs, env: dict, sandbox: Sandbox) -> None:
    for identity in ({}, {"service": people.SERVICE}, {"claims": {"email": people.EMAIL}}):
        body = people.opt_in() if method == "POST" else None
        answer = programs.run("user-opt-in", http_api(method, path, body, **identity), env=env).http
        assert answer.outcome == (401, "UNAUTHENTICATED")
    assert sandbox.calls() == []


NO_CONSENT: list = [
    None,
    True,
    "true",
    [],
    {},
    {"termsOfService": True},
    {"privacyPolicy": True},
    {"termsOfService": True, "privacyPolicy": False},
    {"termsOfService": False, "privacyPolicy": True},
    {"termsOfService": "true", "privacyPolicy": "true"},
    {"termsOfService": 1, "privacyPolicy": 1},
    {"termsOfService": True, "privacyPolicy": None},
    {"termsOfService": [True], "privacyPolicy": {"a": True}},
]


@pytest.mark.parametrize("consent", NO_CONSENT)
def test_only_true_is_consent(consent: Any, programs: Programs, env: dict, sandbox: Sandbox) -> None:
    assert opt_in(programs, env, people.opt_in(consent=consent)).outcome == (400, "CONSENT_REQUIRED")
    assert sandbox.calls() == []


BAD_FIELDS: list[dict] = [
    *[{"firstName": name} for name in (None, "", " ", 1, True, [], {}, "x" * 10_000, "a\r\nb", "a\tb", "\u202eevil")],
    *[{"lastName": name} for name in (None, "", "\u2066a\u2069", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "a\u2028b", "...", "<script>")],
    *[
        {"phone": phone}
        for phone in (
            None, "", "5550143", "+0202555014", "+44 (0)20 7946 0958", "011 44 20 7946 0958", "+1", "+1234567890123456",
            "+1202555014a", "tel:+12025550143;ext=5", "+١٢٣٤٥٦٧٨٩", "+12025550143\n", 12025550143,
        )
    ],
    *[{"email": email} for email in ("", "a", "a@", "@b.com", "a@b", "a b@c.com", "a@b.com\r\n", "a@@b.com", 1, ["a@b.com"])],
    *[{"address": address} for address in (None, "CA", [], {}, {"state": None}, {"state": ""}, {"state": "c"})],
    *[{"address": {"state": state}} for state in ("XX", "California", "CAL", "C", "\u0421\u0410", 5)],
    *[{"address": {"state": "CA", "country": country}} for country in ("CA", "us", 1)],
    *[{"address": {"state": "CA", "city": city}} for city in ("a\nb", "", 5, "x" * 10_000)],
]  # fmt: skip


@pytest.mark.parametrize("change", BAD_FIELDS, ids=lambda change: ascii(change)[:60])
def test_a_bad_field_is_refused_by_name(change: dict, programs: Programs, env: dict, sandbox: Sandbox) -> None:
    answer = opt_in(programs, env, people.opt_in(**change))
    assert answer.outcome == (400, "INVALID_PARAMETERS")
    assert answer.json["error_message"].startswith(next(iter(change)))
    assert sandbox.calls() == [], "nothing left us"


@pytest.mark.parametrize("name", ["José", "O'Brien", "Anne-Marie", "李", "Nguyễn", "D’Arcy", "Jr.", "e\u0301", "‘Akau", "Ka‘ahumanu", "O´Brien", "s/o Kumar", "A\u2011B\u00a0C"])
def test_names_of_all_the_world_are_taken(name: str, programs: Programs, env: dict, sandbox: Sandbox) -> None:
    assert opt_in(programs, env, people.opt_in(firstName=name)).status == 200
    assert sent(sandbox)["firstName"] == name


REFUSED_CHARACTERS = [("firstName", "Zebediah\U0001f600", "U+1F600"), ("lastName", "\u202eQuack", "U+202E")]


@pytest.mark.parametrize("field, name, character", REFUSED_CHARACTERS)
def test_the_message_tells_which_character_is_not_taken_and_no_more(
    field: str, name: str, character: str, programs: Programs, env: dict
) -> None:
    answer = opt_in(programs, env, people.opt_in(**{field: name}))
    assert answer.json["error_message"] == f"{field}: {character} is not taken in a name"


@pytest.mark.parametrize("state", ["CA", "NY", "DC", "PR", "GU", "VI", "AS", "MP", "FM", "MH", "PW", "AA", "AE", "AP", "ca"])
def test_states_territories_and_the_armed_forces_are_taken(
    state: str, programs: Programs, env: dict, sandbox: Sandbox
) -> None:
    assert opt_in(programs, env, people.opt_in(address={"state": state})).status == 200
    assert sent(sandbox)["address"]["state"] == state.upper()


WRITTEN = ["+1 (202) 555-0143", "tel:+1-202-555-0143", "(202) 555-0143", "2025550143", "+1\u00a0202\u2011555\u20110143"]


@pytest.mark.parametrize("phone", WRITTEN)
def test_a_phone_number_is_taken_as_people_write_it(
    phone: str, programs: Programs, env: dict, sandbox: Sandbox
) -> None:
    assert opt_in(programs, env, people.opt_in(phone=phone)).status == 200
    assert sent(sandbox)["phone"] == people.PHONE


@pytest.mark.parametrize("typed", [None, people.PHONE, "(202) 555-0143"])
@pytest.mark.parametrize("claim", ["+1 (202) 555-0143", "tel:+1-202-555-0143"])
def test_a_phone_claim_is_the_same_number_however_it_is_written(
    claim: str, typed: Optional[str], programs: Programs, env: dict, sandbox: Sandbox
) -> None:
    identity = claims(phone_number=claim, phone_number_verified="true")
    assert opt_in(programs, env, people.opt_in(phone=typed), identity).status == 200
    assert sent(sandbox)["phone"] == people.PHONE and sent(sandbox)["isPhoneVerified"] is True
    other = people.opt_in(phone=people.OTHER_PHONE)
    identity["sub"] = people.OTHER_SUBJECT
    assert opt_in(programs, env, other, identity).outcome == (400, "CONTACT_MISMATCH")


def test_the_whole_address_is_handed_on(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    address = {"state": "CA", "addressLine1": people.STREET, "city": people.CITY, "zip": "94000", "country": "US"}
    assert opt_in(programs, env, people.opt_in(address=address)).status == 200
    assert sent(sandbox)["address"] == address


def test_claims_fill_in_what_the_body_leaves_out(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    assert opt_in(programs, env, people.opt_in(phone=None), claims(**VERIFIED)).status == 200
    body = sent(sandbox)
    assert (body["phone"], body["email"]) == (people.PHONE, people.EMAIL)
    assert body["isPhoneVerified"] is True and body["isEmailVerified"] is True


@pytest.mark.parametrize("change", [{"phone": people.OTHER_PHONE}, {"email": people.OTHER_EMAIL}])
@pytest.mark.parametrize("verified", ["true", None])
def test_a_body_that_contradicts_the_claims_is_refused(
    change: dict, verified: Optional[str], programs: Programs, env: dict, sandbox: Sandbox
) -> None:
    identity = claims(email=people.EMAIL, phone_number=people.PHONE)
    if verified:
        identity |= {"email_verified": verified, "phone_number_verified": verified}
    assert opt_in(programs, env, people.opt_in(**change), identity).outcome == (400, "CONTACT_MISMATCH")
    assert sandbox.calls() == []


def test_a_claim_said_to_be_unverified_counts_for_nothing(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    identity = claims(phone_number=people.OTHER_PHONE, phone_number_verified="false")
    assert opt_in(programs, env, None, identity).status == 200
    assert sent(sandbox)["phone"] == people.PHONE
    assert "isPhoneVerified" not in sent(sandbox)


def test_a_phone_number_in_the_wrong_form_in_a_claim_is_refused(programs: Programs, env: dict) -> None:
    identity = claims(phone_number="(202) 555-0143")
    assert opt_in(programs, env, people.opt_in(phone=None), identity).outcome == (400, "INVALID_PARAMETERS")


@pytest.mark.parametrize(
    "identity",
    [{}, {"phone_number": people.PHONE}, {"phone_number": people.PHONE, "phone_number_verified": "false"}],
)
def test_under_the_verified_policy_only_verified_claims_count(
    identity: dict, programs: Programs, env: dict, sandbox: Sandbox
) -> None:
    env["CONTACT_POLICY"] = "verified"
    assert opt_in(programs, env, None, claims(**identity)).outcome == (403, "CONTACT_NOT_VERIFIED")
    assert sandbox.calls() == []
    assert opt_in(programs, env, None, claims(**VERIFIED)).status == 200


def test_asking_again_gives_the_same_link(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    first, second = opt_in(programs, env), opt_in(programs, env)
    assert (second.status, second.json) == (200, first.json)
    assert len(sandbox.calls(USERS)) == 1


def test_the_same_person_twice_at_once_gets_one_link(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    sandbox.fault(USERS, "delay", 6, milliseconds=500)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: opt_in(programs, env), range(6)))
    assert [answer.status for answer in answers] == [200] * 6
    assert len({answer.text for answer in answers}) == 1


def test_somebody_else_s_phone_number_does_not_give_their_account(
    programs: Programs, env: dict, sandbox: Sandbox
) -> None:
    first = opt_in(programs, env).json["ownliUserId"]
    answer = opt_in(programs, env, None, claims(people.OTHER_SUBJECT))
    assert answer.outcome == (409, "CONTACT_NOT_PROVEN")
    # Not even who proves it has another user's account: a number is handed on, or two people share it.
    answer = opt_in(programs, env, None, claims(people.OTHER_SUBJECT, **VERIFIED))
    assert answer.outcome == (409, "ALREADY_LINKED")
    assert first not in json.dumps(answer.shape)
    assert me(programs, env, claims(people.OTHER_SUBJECT)).outcome == (404, "NOT_LINKED")
    assert me(programs, env).json["ownliUserId"] == first


def test_two_people_with_one_phone_number_at_once_do_not_share_an_account(programs: Programs, env: dict) -> None:
    subjects = [f"person-{number}" for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda subject: opt_in(programs, env, None, claims(subject)), subjects))
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409]


def test_the_consent_is_kept_before_anything_is_shared(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    sandbox.fault(USERS, "status", ALWAYS, status=500)
    assert opt_in(programs, env).outcome == (502, "UPSTREAM_ERROR")
    kept = stored(env)
    assert people.SUBJECT in kept and "http" in kept, "who, and which documents"
    assert people.PHONE not in kept and people.LAST_NAME not in kept, "and no more than that"
    sandbox.reset()
    assert opt_in(programs, env).status == 200


def lock(env: dict) -> sqlite3.Connection:
    store = sqlite3.connect(env["STORE_URL"].removeprefix("sqlite:"), isolation_level=None, check_same_thread=False)
    store.execute("BEGIN EXCLUSIVE")
    return store


def test_nothing_is_shared_while_the_store_is_down(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    assert me(programs, env).status == 404  # makes the store
    store = lock(env)
    answer = opt_in(programs, env)
    assert answer.outcome == (503, "STORE_UNAVAILABLE")
    assert sandbox.calls(USERS) == []
    store.close()
    assert opt_in(programs, env).status == 200


def test_a_slow_store_is_waited_for(programs: Programs, env: dict) -> None:
    assert me(programs, env).status == 404
    store = lock(env)
    threading.Timer(1, store.close).start()
    assert opt_in(programs, env).status == 200


def test_a_repeat_completes_what_the_store_missed(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    assert me(programs, env).status == 404
    sandbox.fault(USERS, "delay", 1, milliseconds=2000)
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(opt_in, programs, env)
        while "ownli-intent" not in stored(env) and not pending.done():
            time.sleep(0.05)  # until the intent is kept: from then on Ownli is asked
        store = lock(env)
        assert pending.result().outcome == (503, "STORE_UNAVAILABLE")
    assert len(sandbox.calls(USERS)) == 1, "the user is there, the link is not"
    store.close()
    answer = opt_in(programs, env)
    assert answer.status == 200
    assert me(programs, env).json == answer.json


def test_a_store_that_is_no_database_is_told_apart(programs: Programs, env: dict, tmp_path: Path) -> None:
    (tmp_path / "store.sqlite").write_bytes(b"not a database, but long enough to be looked at" * 100)
    (tmp_path / "store.sqlite").chmod(0o600)
    event = http_api("POST", "/api/ownli/users", people.opt_in(), claims=claims())
    run = programs.run("user-opt-in", event, env=env)
    if run.exit_code == 0:
        assert run.http.outcome == (503, "STORE_UNAVAILABLE")
    else:
        assert run.exit_code == 2 and b"STORE_URL" in run.stderr


UPSTREAM = {
    "409": (409, '{"error_code":"SOMETHING","error_message":"exists"}', 409, "CONTACT_NOT_PROVEN"),
    "200 without id": (200, '{"firstName":"x"}', 502, "UPSTREAM_ERROR"),
    "200 with an empty id": (200, '{"id":""}', 502, "UPSTREAM_ERROR"),
    "200 with an id that is a number": (200, '{"id":5}', 502, "UPSTREAM_ERROR"),
    "200 with null": (200, "null", 502, "UPSTREAM_ERROR"),
    "200 with HTML": (200, "<html>", 502, "UPSTREAM_ERROR"),
    "400 with a known code": (400, '{"error_code":"ERROR_INVALID_STATE_CODE"}', 400, "ERROR_INVALID_STATE_CODE"),
    "403 for the scope": (403, '{"error_code":"INSUFFICIENT_SCOPE"}', 502, "UPSTREAM_REJECTED_CREDENTIALS"),
    "401 again and again": (401, "", 502, "UPSTREAM_REJECTED_CREDENTIALS"),
}


@pytest.mark.parametrize("case", UPSTREAM)
def test_what_ownli_may_answer(case: str, programs: Programs, env: dict, sandbox: Sandbox) -> None:
    status, body, our_status, code = UPSTREAM[case]
    sandbox.answer(USERS, status, body, ALWAYS)
    assert opt_in(programs, env).outcome == (our_status, code)
    assert len(sandbox.calls(USERS)) <= 2
    assert me(programs, env).outcome == (404, "NOT_LINKED")


def test_409_though_the_flag_was_set_is_a_conflict(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    sandbox.answer(USERS, 409, '{"error_code":"SOMETHING","error_message":"exists"}')
    assert opt_in(programs, env, None, claims(**VERIFIED)).outcome == (409, "USER_CONFLICT")


def test_one_401_is_made_good_by_a_fresh_token(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    sandbox.fault(USERS, "status", 1, status=401)
    assert opt_in(programs, env).status == 200
    assert len(sandbox.calls("POST /api/auth/token")) == 2


def test_a_connection_lost_after_the_user_was_created_is_made_good(
    programs: Programs, env: dict, sandbox: Sandbox
) -> None:
    sandbox.fault(USERS, "drop", 1)
    answer = opt_in(programs, env)
    assert answer.status == 200
    assert me(programs, env).json == answer.json
