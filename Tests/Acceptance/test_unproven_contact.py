"""Contact data that nobody has verified may make a user of Ownli's, and never joins one that is there already."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Optional

import people
import pytest
from events import http_api
from programs import HTTPAnswer, Programs
from records import Records
from sandbox import USERS, Sandbox

FLAG = "returnExistingUserIfExists=true"
EMAIL = {"email": people.EMAIL, "email_verified": "true"}
PHONE = {"phone_number": people.PHONE, "phone_number_verified": "true"}
# What an identity may vouch for, and whether that is all that is sent.
IDENTITIES: dict[str, tuple[dict, bool]] = {
    "nothing": ({}, False),
    "an e-mail address": (EMAIL, False),
    "an e-mail address that it says is not verified": (EMAIL | {"email_verified": "false"}, False),
    "a phone number of which it says nothing": ({"phone_number": people.PHONE}, False),
    "a phone number that it says is not verified": (PHONE | {"phone_number_verified": "false"}, False),
    "a phone number, and an e-mail address of which it says nothing": (PHONE | {"email": people.EMAIL}, False),
    "a phone number": (PHONE, True),
    "both": (PHONE | EMAIL, True),
}
UNPROVEN = {name: claims for name, (claims, is_whole) in IDENTITIES.items() if not is_whole}


@pytest.fixture
def store_env(env: dict[str, str], records: Records) -> dict[str, str]:
    return env | records.env


def opt_in(programs: Programs, env: dict, subject: str = people.SUBJECT, **more: Any) -> HTTPAnswer:
    body = more.pop("body", None) or people.opt_in()
    event = http_api("POST", "/api/ownli/users", body, claims={"sub": subject} | more)
    return programs.run("user-opt-in", event, env=env).http


def kinds(records: Records) -> set[str]:
    return {partition.split("#")[0] for partition in records.partitions()}


def lose(sandbox: Sandbox, fault: str = "drop") -> None:
    """All that a call tries is lost."""
    sandbox.fault(USERS, fault, 3)


@pytest.mark.parametrize("policy", ["claims", "verified"])
@pytest.mark.parametrize("name", IDENTITIES)
def test_the_flag_is_sent_exactly_when_everything_sent_is_verified(
    name: str, policy: str, programs: Programs, env: dict, sandbox: Sandbox
) -> None:
    claims, is_whole = IDENTITIES[name]
    answer = opt_in(programs, env | {"CONTACT_POLICY": policy}, **claims)
    if policy == "verified" and not is_whole:
        assert answer.outcome == (403, "CONTACT_NOT_VERIFIED")
        assert sandbox.calls() == []
    else:
        assert answer.status == 200
        (call,) = sandbox.calls(USERS)
        assert call["query"] == (FLAG if is_whole else "")


def test_an_e_mail_address_that_is_typed_is_not_verified_by_a_phone_number_that_is(
    programs: Programs, env: dict, sandbox: Sandbox
) -> None:
    assert opt_in(programs, env, body=people.opt_in(email=people.EMAIL), **PHONE).status == 200
    assert sandbox.calls(USERS)[0]["query"] == ""


@pytest.mark.parametrize("name", UNPROVEN)
def test_a_stranger_s_phone_number_gives_nobody_their_record(
    name: str, programs: Programs, store_env: dict, records: Records, sandbox: Sandbox
) -> None:
    stranger = sandbox.create_user()
    answer = opt_in(programs, store_env, **UNPROVEN[name])
    assert answer.outcome == (409, "CONTACT_NOT_PROVEN")
    assert "verify with your identity provider" in answer.json["error_message"]
    assert stranger not in str(answer.shape)
    assert all(call["query"] == "" for call in sandbox.calls(USERS)), "their record is not even asked for"
    assert kinds(records) == {"consent"}, "a definite answer ends the intent"
    # It stays theirs.
    assert opt_in(programs, store_env, people.OTHER_SUBJECT, **PHONE).json["ownliUserId"] == stranger
    assert opt_in(programs, store_env, **UNPROVEN[name]).json["error_message"] == answer.json["error_message"]


def test_neither_does_a_stranger_s_e_mail_address(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    sandbox.create_user(phone=people.OTHER_PHONE, email=people.EMAIL)
    answer = opt_in(programs, env, body=people.opt_in(email=people.EMAIL.upper()), **PHONE)
    assert answer.outcome == (409, "CONTACT_NOT_PROVEN")
    assert answer.json["error_message"].startswith("email: "), "the phone number is verified"


def test_of_two_strangers_with_one_phone_number_at_once_one_has_it(
    programs: Programs, store_env: dict, records: Records, sandbox: Sandbox
) -> None:
    sandbox.fault(USERS, "delay", 4, milliseconds=500)
    subjects = [f"person-{number}" for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda subject: opt_in(programs, store_env, subject), subjects))
    assert [answer.outcome for answer in answers if answer.status != 200] == [(409, "CONTACT_NOT_PROVEN")] * 3
    assert kinds(records) == {"consent", "link", "ownli-user"}


def test_what_was_made_by_a_call_whose_answer_was_lost_is_taken_up(
    programs: Programs, store_env: dict, records: Records, sandbox: Sandbox
) -> None:
    lose(sandbox)
    assert opt_in(programs, store_env).status in (502, 504)
    assert sandbox.state()["users"] == 1 and "ownli-intent" in kinds(records)
    assert people.PHONE not in records.text() and people.LAST_NAME not in records.text()
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: opt_in(programs, store_env), range(2)))
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].json == answers[1].json
    assert sandbox.state()["users"] == 1
    assert kinds(records) == {"consent", "link", "ownli-user"}


def test_a_stranger_who_was_there_before_is_not(
    programs: Programs, store_env: dict, records: Records, sandbox: Sandbox
) -> None:
    sandbox.create_user()
    for _ in range(2):
        lose(sandbox)
        assert opt_in(programs, store_env).status in (502, 504)
        assert opt_in(programs, store_env).outcome == (409, "CONTACT_NOT_PROVEN")
    # Nor when it is one try of the call that is lost.
    sandbox.fault(USERS, "drop", 1)
    assert opt_in(programs, store_env).outcome == (409, "CONTACT_NOT_PROVEN")
    assert "link" not in kinds(records)


@pytest.mark.parametrize("other", [{"firstName": "Grace"}, {"email": people.OTHER_EMAIL}])
def test_neither_is_a_stranger_who_came_after_a_call_that_never_arrived(
    other: dict, programs: Programs, env: dict, sandbox: Sandbox
) -> None:
    lose(sandbox, "reset")
    assert opt_in(programs, env).status in (502, 504)
    sandbox.create_user(**other)
    assert opt_in(programs, env).outcome == (409, "CONTACT_NOT_PROVEN")


def test_somebody_else_s_lost_answer_helps_nobody(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    lose(sandbox)
    assert opt_in(programs, env).status in (502, 504)
    assert opt_in(programs, env, people.OTHER_SUBJECT).outcome == (409, "CONTACT_NOT_PROVEN")
    assert opt_in(programs, env).status == 200


def test_after_a_day_a_lost_answer_is_forgotten(
    programs: Programs, store_env: dict, records: Records, sandbox: Sandbox
) -> None:
    lose(sandbox)
    assert opt_in(programs, store_env).status in (502, 504)
    records.expire_all()
    assert opt_in(programs, store_env).outcome == (409, "CONTACT_NOT_PROVEN")


@pytest.mark.parametrize("registered", [None, '"2001-01-01T00:00:00Z"', '"yesterday"', "null", "5"])
def test_a_date_that_is_old_missing_or_unreadable_proves_nothing(
    registered: Optional[str], programs: Programs, env: dict, sandbox: Sandbox
) -> None:
    lose(sandbox)
    assert opt_in(programs, env).status in (502, 504)
    sandbox.answer(USERS, 409, '{"error_code":"ERROR_USER_EXISTS"}')
    sandbox.answer(USERS, 200, '{"id":"XT_USR1"' + (f',"dateRegistered":{registered}' if registered else "") + "}")
    assert opt_in(programs, env).outcome == (409, "CONTACT_NOT_PROVEN")
    assert opt_in(programs, env).status == 200, "the true answer still comes"


@pytest.mark.parametrize("status, code", [(400, "ERROR_INVALID_STATE_CODE"), (403, "INSUFFICIENT_SCOPE")])
def test_a_refusal_leaves_no_intent(
    status: int, code: str, programs: Programs, store_env: dict, records: Records, sandbox: Sandbox
) -> None:
    sandbox.answer(USERS, status, f'{{"error_code":"{code}"}}')
    assert opt_in(programs, store_env).status in (400, 502)
    assert kinds(records) == {"consent"}
