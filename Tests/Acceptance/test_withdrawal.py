"""Taking back what one agreed to: kept beside the consent, unlinked both ways, and from then on no token and no reward."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import people
import pytest
from aws_double import REGION
from events import http_api
from programs import HTTPAnswer, Printed, Programs, Run
from records import Records
from runtime_api import Runtime, RuntimeAPI
from sandbox import GRANT, USERS, Sandbox

ME = "/api/ownli/users/me"
EMAIL = {"email": people.EMAIL, "email_verified": "true"}
VERIFIED = EMAIL | {"phone_number": people.PHONE, "phone_number_verified": "true"}
CONSENT = f"consent#{people.SUBJECT}"


@pytest.fixture
def linked_env(env: dict[str, str], records: Records) -> dict[str, str]:
    """Over each store, and with tokens for those alone who have opted in."""
    return env | records.env | {"RELAY_TO": "linked"}


def call(programs: Programs, env: dict, method: str, path: str, body: Any = None, **claims: Any) -> HTTPAnswer:
    event = http_api(method, path, body, claims={"sub": people.SUBJECT} | claims)
    function = "token-relay" if path.endswith("/token") else "user-opt-in"
    return programs.run(function, event, env=env).http


def opt_in(programs: Programs, env: dict, **claims: Any) -> HTTPAnswer:
    return call(programs, env, "POST", "/api/ownli/users", people.opt_in(), **claims)


def withdraw(programs: Programs, env: dict, **claims: Any) -> HTTPAnswer:
    return call(programs, env, "DELETE", ME, **claims)


def order(reference: str = "order-0") -> dict:
    return {"internalUserId": people.SUBJECT, "amount": 25.1, "actionCode": "purchase", "clientReference": reference}


def failure(run: Run) -> tuple[str, str]:
    assert run.exit_code == 1
    return run.answer["errorType"].rpartition(".")[2], run.answer["errorMessage"].partition(":")[0]


def test_who_withdraws_gets_no_token_and_no_reward_any_more(
    programs: Programs, linked_env: dict, records: Records, sandbox: Sandbox
) -> None:
    user = opt_in(programs, linked_env).json["ownliUserId"]
    assert call(programs, linked_env, "POST", "/api/ownli/token").status == 200
    sandbox.forget_calls()
    answer = withdraw(programs, linked_env)
    assert (answer.status, answer.text, answer.headers["cache-control"]) == (204, "", "no-store")
    assert sandbox.calls() == [], "Ownli knows no way to remove a user"

    assert call(programs, linked_env, "GET", ME).outcome == (404, "NOT_LINKED")
    assert call(programs, linked_env, "POST", "/api/ownli/token").outcome == (403, "NOT_LINKED")
    for _ in range(2):  # as its queue would hand it over again
        run = programs.run("reward-grant", order(), env=linked_env)
        assert failure(run) == ("PermanentFailure", "NOT_LINKED")
        assert "refused: NOT_LINKED" in [line["message"] for line in run.logs]
    assert sandbox.calls(GRANT) == []

    # The consent is what it was, and beside it who ended it, when, and what it was.
    assert sorted(set(records.partitions())) == [CONSENT]
    assert records.keys(CONSENT)[-1] == "withdrawal/0"
    consent, withdrawal = records.of(CONSENT)
    documents = {name: consent[name] for name in ("termsUrl", "privacyUrl", "version")}
    assert json.loads(withdrawal["documents"]) == [documents]
    assert withdrawal["ownliUserId"] == user and withdrawal["period"] == "0"
    assert int(consent["acceptedAt"]) <= int(withdrawal["withdrawnAt"]) <= time.time() * 1000


def test_what_has_ended_is_kept_for_five_years_and_what_stands_for_good(
    programs: Programs, linked_env: dict, records: Records
) -> None:
    assert opt_in(programs, linked_env).status == 200
    assert records.ends() == []
    began = time.time() * 1000
    assert withdraw(programs, linked_env).status == 204
    ended = time.time() * 1000
    # The consent, and a day later its withdrawal.
    day = 86_400_000
    consent, withdrawal = records.ends()
    assert began <= consent - 1827 * day <= ended and withdrawal - consent == day
    assert opt_in(programs, linked_env).status == 200
    assert records.ends() == [consent, withdrawal]


def test_how_long_is_a_setting(programs: Programs, linked_env: dict, records: Records) -> None:
    assert opt_in(programs, linked_env).status == 200
    assert withdraw(programs, linked_env | {"RETENTION_CONSENTS": "forever"}).status == 204
    assert records.ends() == []
    # Whoever withdraws again, though there is nothing to end, has the end set by what it is now.
    assert withdraw(programs, linked_env | {"RETENTION_CONSENTS": "1"}).status == 204
    assert len(records.ends()) == 2 and records.ends()[0] <= (time.time() + 86_400) * 1000
    for wrong in ("0", "-1", "1.5", "36501", "never", "1 day"):
        run = programs.run("user-opt-in", "", env=linked_env | {"RETENTION_CONSENTS": wrong})
        assert run.exit_code == 2 and b"RETENTION_CONSENTS" in run.stderr + run.stdout, wrong


def test_when_all_is_forgotten_they_are_somebody_new(programs: Programs, linked_env: dict, records: Records) -> None:
    assert opt_in(programs, linked_env).status == 200
    assert withdraw(programs, linked_env).status == 204
    records.expire_all()
    assert withdraw(programs, linked_env).outcome == (404, "NOT_LINKED")
    # Ownli still has the user, and nobody here knows any more that it was them.
    assert opt_in(programs, linked_env).outcome == (409, "CONTACT_NOT_PROVEN")
    assert opt_in(programs, linked_env, **VERIFIED).status == 200
    assert [each["period"] for each in records.of(CONSENT)] == ["0"]


def test_it_may_be_repeated_and_is_kept_once(programs: Programs, linked_env: dict, records: Records) -> None:
    assert opt_in(programs, linked_env).status == 200
    assert [withdraw(programs, linked_env).status for _ in range(2)] == [204, 204]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: withdraw(programs, linked_env).status, range(4)))
    assert answers == [204] * 4
    assert len(records.of(CONSENT)) == 2


def test_several_at_once_are_one(programs: Programs, linked_env: dict, records: Records) -> None:
    assert opt_in(programs, linked_env).status == 200
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: withdraw(programs, linked_env).status, range(4)))
    assert answers == [204] * 4
    assert len(records.of(CONSENT)) == 2 and len(records.partitions()) == 2


def test_who_never_opted_in_is_told_and_leaves_no_trace(
    programs: Programs, linked_env: dict, records: Records
) -> None:
    assert withdraw(programs, linked_env).outcome == (404, "NOT_LINKED")
    assert opt_in(programs, linked_env).status == 200
    # Whoever is not this very person ends nothing of theirs, whatever they send.
    for subject in (people.OTHER_SUBJECT, people.SUBJECT.upper(), people.SUBJECT + "0", people.SUBJECT + "#ownli"):
        event = http_api("DELETE", ME, {"sub": people.SUBJECT}, claims={"sub": subject}, query=f"sub={people.SUBJECT}")
        assert programs.run("user-opt-in", event, env=linked_env).http.outcome == (404, "NOT_LINKED"), subject
    assert call(programs, linked_env, "GET", ME).status == 200
    assert {name.partition("#")[2] for name in records.partitions() if name.startswith("consent#")} == {people.SUBJECT}


def test_nobody_and_no_server_withdraws_for_a_person(programs: Programs, env: dict) -> None:
    for identity in ({}, {"service": people.SERVICE}, {"claims": {"email": people.EMAIL}}):
        answer = programs.run("user-opt-in", http_api("DELETE", ME, **identity), env=env).http
        assert answer.outcome == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("claims", [{}, EMAIL, VERIFIED], ids=["nothing verified", "half", "all"])
def test_opting_in_again_is_a_new_consent_and_the_same_user_of_ownli(
    claims: dict, programs: Programs, linked_env: dict, records: Records, sandbox: Sandbox
) -> None:
    users = []
    for _ in range(3):
        answer = opt_in(programs, linked_env, **claims)
        assert answer.status == 200
        users.append(answer.json["ownliUserId"])
        assert call(programs, linked_env, "POST", "/api/ownli/token").status == 200
        assert withdraw(programs, linked_env).status == 204
    assert len(set(users)) == 1 and sandbox.state()["users"] == 1
    kept = records.of(CONSENT)
    assert sorted(each["period"] for each in kept if "acceptedAt" in each) == ["0", "1", "2"]
    assert sorted(each["period"] for each in kept if "withdrawnAt" in each) == ["0", "1", "2"]


def test_what_they_leave_is_nobody_else_s_by_a_typed_phone_number(
    programs: Programs, linked_env: dict, sandbox: Sandbox
) -> None:
    user = opt_in(programs, linked_env).json["ownliUserId"]
    assert withdraw(programs, linked_env).status == 204
    stranger = {"sub": people.OTHER_SUBJECT}
    assert opt_in(programs, linked_env, **stranger).outcome == (409, "CONTACT_NOT_PROVEN")
    # Who proves that it is theirs has it; who was there before has to prove it too, from then on.
    answer = opt_in(programs, linked_env, **stranger, **VERIFIED)
    assert (answer.status, answer.json["ownliUserId"]) == (200, user)
    assert opt_in(programs, linked_env).outcome == (409, "CONTACT_NOT_PROVEN")
    assert opt_in(programs, linked_env, **VERIFIED).outcome == (409, "ALREADY_LINKED")


def test_a_stranger_s_phone_number_is_not_had_by_having_withdrawn(
    programs: Programs, linked_env: dict, sandbox: Sandbox
) -> None:
    assert opt_in(programs, linked_env).status == 200
    assert withdraw(programs, linked_env).status == 204
    sandbox.create_user(phone=people.OTHER_PHONE)
    body = people.opt_in(phone=people.OTHER_PHONE)
    answer = call(programs, linked_env, "POST", "/api/ownli/users", body)
    assert answer.outcome == (409, "CONTACT_NOT_PROVEN")


@pytest.mark.parametrize("claims", [{}, VERIFIED], ids=["nothing verified", "all"])
def test_who_withdraws_while_they_opt_in_is_not_linked(
    claims: dict, programs: Programs, linked_env: dict, records: Records, sandbox: Sandbox
) -> None:
    sandbox.fault(USERS, "delay", 1, milliseconds=3000)
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(opt_in, programs, linked_env, **claims)
        while not sandbox.calls(USERS):
            time.sleep(0.02)  # until Ownli is asked: the consent is kept by then
        assert withdraw(programs, linked_env).status == 204
        assert pending.result().outcome == (409, "CONSENT_WITHDRAWN")
    assert call(programs, linked_env, "GET", ME).outcome == (404, "NOT_LINKED")
    assert call(programs, linked_env, "POST", "/api/ownli/token").outcome == (403, "NOT_LINKED")
    assert {name.partition("#")[0] for name in records.partitions()} <= {"consent", "ownli-intent"}
    assert opt_in(programs, linked_env, **claims).status == 200
    assert sandbox.state()["users"] == 1


def test_withdrawing_and_opting_in_at_once_leave_one_or_the_other(
    programs: Programs, linked_env: dict, records: Records
) -> None:
    for round in range(6):
        subject = f"person-{round}"
        with ThreadPoolExecutor(4) as pool:
            doing = [withdraw, opt_in, withdraw, opt_in]
            answers = list(pool.map(lambda do: do(programs, linked_env, sub=subject, **VERIFIED), doing))
        codes = [answer.status if answer.status < 400 else answer.code for answer in answers]
        assert set(codes) <= {200, 204, "NOT_LINKED", "CONSENT_WITHDRAWN"}, codes
        is_linked = call(programs, linked_env, "GET", ME, sub=subject).status == 200
        kept = records.of(f"consent#{subject}")
        withdrawn = [each["period"] for each in kept if "withdrawnAt" in each]
        standing = [each for each in kept if "acceptedAt" in each and each["period"] not in withdrawn]
        assert len(standing) == is_linked, codes
        assert (f"link#{subject}" in records.partitions()) == is_linked
        # So that the next person may have the phone number.
        assert withdraw(programs, linked_env, sub=subject).status in (204, 404)
        assert not [name for name in records.partitions() if name.startswith(("link#", "ownli-user#"))]


def test_a_token_in_the_cache_is_not_theirs(
    linked_env: dict, programs: Programs, printed: Printed, tmp_path: Path
) -> None:
    """The token is in the relay's memory, good for an hour; the link is read for every call all the same."""
    assert opt_in(programs, linked_env).status == 200
    env = linked_env | {"OWNLI_USER_TOKEN_CACHE": "on", "STORE_EPHEMERAL": "allowed"}
    relay = http_api("POST", "/api/ownli/token", claims={"sub": people.SUBJECT})
    with RuntimeAPI() as api, Runtime("token-relay", api, env, printed, tmp_path):
        assert api.invoke(relay).http.status == 200
        is_over = threading.Event()

        def ask_until_over() -> list[tuple[bool, int]]:
            answers = []
            while len(answers) < 3 or not answers[-1][0]:
                began_after = is_over.is_set()
                answers.append((began_after, api.invoke(relay).http.status))
            return answers

        with ThreadPoolExecutor(1) as pool:
            pending = pool.submit(ask_until_over)
            assert withdraw(programs, linked_env).status == 204
            is_over.set()
            answers = pending.result()
    assert [status for began_after, status in answers if began_after] == [403]
    assert {status for _, status in answers} <= {200, 403}


def batch(*references: str) -> dict:
    records = [
        {
            "messageId": reference,
            "receiptHandle": reference,
            "body": json.dumps(order(reference)),
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:{REGION}:123456789012:rewards",
            "awsRegion": REGION,
        }
        for reference in references
    ]
    return {"Records": records}


def failed(run: Run) -> set[str]:
    assert run.exit_code == 0
    return {each["itemIdentifier"] for each in run.answer["batchItemFailures"]}


def test_messages_that_are_queued_fail_for_good_and_say_why(
    programs: Programs, linked_env: dict, sandbox: Sandbox
) -> None:
    assert opt_in(programs, linked_env).status == 200
    assert failed(programs.run("reward-grant", batch("order-0"), env=linked_env)) == set()
    assert withdraw(programs, linked_env).status == 204
    run = programs.run("reward-grant", batch("order-0", "order-1", "order-2"), env=linked_env)
    # One that was granted before as well: that it comes again is a mistake of the queue's, and changes nothing.
    assert failed(run) == {"order-0", "order-1", "order-2"}
    said = [line["subject"] for line in run.logs if line["message"] == "refused: NOT_LINKED"]
    assert sorted(said) == ["order-0", "order-1", "order-2"], "and of which message it is said"
    assert sandbox.state()["rewards"] == 1


def test_a_batch_that_is_under_way_grants_what_had_found_the_link(
    programs: Programs, linked_env: dict, records: Records, sandbox: Sandbox
) -> None:
    """Every message looks by itself. Whoever was linked then is granted the reward, though they withdraw before Ownli has
    answered; the others fail. So each is a reward with its audit record, or neither."""
    assert opt_in(programs, linked_env).status == 200
    references = [f"order-{number}" for number in range(10)]
    sandbox.fault(GRANT, "delay", 10, milliseconds=1000)
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(programs.run, "reward-grant", batch(*references), env=linked_env)
        while not sandbox.calls(GRANT):
            time.sleep(0.02)
        assert withdraw(programs, linked_env).status == 204
        run = pending.result()
    granted = set(references) - failed(run)
    assert granted and len(granted) == sandbox.state()["rewards"]
    audit = [records.of(name) for name in records.partitions() if name.startswith("reward#")]
    assert {entry["clientReference"] for (entry,) in audit} == granted
    assert failed(programs.run("reward-grant", batch(*references), env=linked_env)) == set(references)
    assert len(granted) == sandbox.state()["rewards"]


def test_a_store_that_is_down_leaves_all_as_it_was(programs: Programs, dynamodb_env: dict) -> None:
    assert opt_in(programs, dynamodb_env).status == 200
    down = dynamodb_env | {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    assert withdraw(programs, down).outcome == (503, "STORE_UNAVAILABLE")
    assert call(programs, dynamodb_env, "GET", ME).status == 200
    assert withdraw(programs, dynamodb_env).status == 204


def test_a_link_of_a_former_build_is_ended_with_its_consent(
    programs: Programs, linked_env: dict, records: Records
) -> None:
    sort = '["2026-01-01","https://ownli.example/terms","https://support.ownli.co/privacy"]'
    consent = {"termsUrl": "https://ownli.example/terms", "privacyUrl": "https://support.ownli.co/privacy"}
    consent |= {"version": "2026-01-01", "acceptedAt": "1780000000000"}
    assert call(programs, linked_env, "GET", ME).status == 404  # makes the store
    records.put(CONSENT, sort, consent)
    records.put(f"link#{people.SUBJECT}", "ownli", {"ownliUserId": "XT_USR1", "linkedAt": "1780000000001"})
    records.put("ownli-user#XT_USR1", "subject", {"subject": people.SUBJECT})
    assert withdraw(programs, linked_env).status == 204
    assert set(records.partitions()) == {CONSENT}
    assert records.of(CONSENT)[0] == consent
    assert opt_in(programs, linked_env).status == 200
