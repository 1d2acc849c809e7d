"""One's own rewards, without a token in the app: asked for by the server, of nobody but whom the caller is linked to."""

import json
from typing import Any

import people
import pytest
from events import http_api
from programs import HTTPAnswer, Programs, Run
from records import Records
from sandbox import GRANT, TOKEN, Sandbox

REWARDS = "/api/ownli/users/me/rewards"
CLAIM = f"{REWARDS}/claim"
LIST_AT_OWNLI = "GET /api/users/by-id/:id/rewards"
CLAIM_AT_OWNLI = "POST /api/users/by-id/:id/rewards/claim"
ALWAYS = 50


@pytest.fixture
def store_env(env: dict[str, str], records: Records) -> dict[str, str]:
    return env | records.env


def ask(programs: Programs, env: dict, method: str, path: str, body: Any = None, **more: Any) -> Run:
    claims = {"sub": more.pop("subject", people.SUBJECT)}
    return programs.run("user-opt-in", http_api(method, path, body, claims=claims, **more), env=env)


def listed(programs: Programs, env: dict, **more: Any) -> HTTPAnswer:
    return ask(programs, env, "GET", REWARDS, **more).http


def claim(programs: Programs, env: dict, body: Any = None, **more: Any) -> HTTPAnswer:
    return ask(programs, env, "POST", CLAIM, body or {"product": "paypal"}, **more).http


def linked(programs: Programs, env: dict, subject: str = people.SUBJECT, **changes: Any) -> str:
    answer = ask(programs, env, "POST", "/api/ownli/users", people.opt_in(**changes), subject=subject).http
    assert answer.status == 200
    return answer.json["ownliUserId"]


def granted(programs: Programs, env: dict, user: str, reference: str = "order-1") -> None:
    order = {"userId": user, "amount": 25.1, "actionCode": "purchase", "clientReference": reference}
    assert programs.run("reward-grant", order, env=env).exit_code == 0


def test_a_person_sees_and_claims_their_own(programs: Programs, store_env: dict, sandbox: Sandbox) -> None:
    user = linked(programs, store_env)
    assert (listed(programs, store_env).status, listed(programs, store_env).json) == (200, {"rewards": []})
    granted(programs, store_env, user)
    answer = listed(programs, store_env)
    assert answer.headers["cache-control"] == "no-store"
    (reward,) = answer.json["rewards"]
    assert (reward["status"], reward["amount"], reward["clientReference"]) == ("Confirmed", 25.1, "order-1")
    documented = {"id", "status", "type", "actionCode", "clientReference", "amount", "dateRewarded"}
    assert reward.keys() <= documented, "and nothing of its owner"

    sandbox.forget_calls()
    run = ask(programs, store_env, "POST", CLAIM, {"product": "paypal", "language": "es"})
    assert run.http.status == 200 and set(run.http.json) == {"rewardDeliveryLink"}
    link = run.http.json["rewardDeliveryLink"]
    assert link.startswith("https://")
    assert link.encode() not in run.stderr, "whoever has it can take the reward"
    (sent,) = sandbox.calls(CLAIM_AT_OWNLI)
    assert (sent["path"], sent["query"]) == (f"/api/users/by-id/{user}/rewards/claim", "product=paypal&language=es")
    assert (sent["scope"], sent["body"]) == ("user", "")
    assert [reward["status"] for reward in listed(programs, store_env).json["rewards"]] == ["Claimed"]
    assert claim(programs, store_env).outcome == (409, "ERROR_NO_CONFIRMED_REWARDS")


def test_nobody_else_s_are_had_whatever_is_sent(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    mine = linked(programs, env)
    theirs = linked(programs, env, people.OTHER_SUBJECT, phone=people.OTHER_PHONE)
    granted(programs, env, theirs)
    sandbox.forget_calls()
    hostile = [f"userId={theirs}", f"id={theirs}", "page=1&size=100", "%2e%2e%2f", "a=%", "a" * 4000]
    for query in hostile:
        answer = listed(programs, env, query=query)
        assert (answer.status, answer.json) == (200, {"rewards": []}), query
    for body in ({"userId": theirs}, {"id": theirs, "ownliUserId": theirs}, {"sub": people.OTHER_SUBJECT}):
        answer = claim(programs, env, body | {"product": "paypal"}, query=f"userId={theirs}")
        assert answer.outcome == (409, "ERROR_NO_CONFIRMED_REWARDS")
    for call in sandbox.calls():
        assert theirs not in call["path"] + call["query"] + call["body"]
    assert {call["query"] for call in sandbox.calls(LIST_AT_OWNLI)} == {""}
    assert {call["query"] for call in sandbox.calls(CLAIM_AT_OWNLI)} == {"product=paypal"}
    assert {call["path"] for call in sandbox.calls(CLAIM_AT_OWNLI)} == {f"/api/users/by-id/{mine}/rewards/claim"}
    for path in (f"/api/ownli/users/{theirs}/rewards", f"{REWARDS}/", f"{REWARDS}/claim/", "/api/ownli/users/me/../me/rewards"):
        assert ask(programs, env, "GET", path).http.outcome == (404, "NOT_FOUND")


def test_an_id_of_ownli_s_that_looks_like_a_path_is_one_segment(
    programs: Programs, store_env: dict, records: Records, sandbox: Sandbox
) -> None:
    assert listed(programs, store_env).status == 404  # makes the store
    for ownli_id, encoded in [("../../rewards?x=", "..%2F..%2Frewards%3Fx%3D"), ("a b#é", "a%20b%23%C3%A9")]:
        records.put(f"link#{people.SUBJECT}", "ownli", {"ownliUserId": ownli_id, "linkedAt": "1780000000001"})
        sandbox.forget_calls()
        assert listed(programs, store_env).outcome == (404, "ERROR_USER_NOT_FOUND")
        (sent,) = sandbox.calls(LIST_AT_OWNLI)
        assert sent["path"] == f"/api/users/by-id/{encoded}/rewards"
    records.put(f"link#{people.SUBJECT}", "ownli", {"ownliUserId": "..", "linkedAt": "1780000000001"})
    sandbox.forget_calls()
    assert listed(programs, store_env).outcome == (502, "UPSTREAM_ERROR")
    assert claim(programs, store_env).outcome == (502, "UPSTREAM_ERROR")
    assert sandbox.calls() == []


def test_who_is_not_linked_has_none_and_ownli_is_not_asked(
    programs: Programs, store_env: dict, sandbox: Sandbox
) -> None:
    def refused() -> None:
        sandbox.forget_calls()
        assert listed(programs, store_env).outcome == (404, "NOT_LINKED")
        assert claim(programs, store_env).outcome == (404, "NOT_LINKED")
        assert sandbox.calls() == []

    refused()
    granted(programs, store_env, linked(programs, store_env))
    assert ask(programs, store_env, "DELETE", "/api/ownli/users/me").http.status == 204
    refused()


@pytest.mark.parametrize("method, path", [("GET", REWARDS), ("POST", CLAIM)])
def test_only_persons_are_answered(method: str, path: str, programs: Programs, env: dict, sandbox: Sandbox) -> None:
    for identity in ({}, {"service": people.SERVICE}, {"claims": {"email": people.EMAIL}}):
        body = {"product": "paypal"} if method == "POST" else None
        answer = programs.run("user-opt-in", http_api(method, path, body, **identity), env=env).http
        assert answer.outcome == (401, "UNAUTHENTICATED")
    assert sandbox.calls() == []


BAD: list = [
    *[{"product": product} for product in (None, "", 1, True, [], {}, "a b", "a\r\nX: y", "é", "x" * 129, "\x00")],
    *[{"product": "p", "language": language} for language in ("", 1, [], "english!", "en_US", "en&userId=1", "x" * 40)],
]


@pytest.mark.parametrize("body", BAD)
def test_what_is_no_claim_is_refused_before_anybody_is_asked(
    body: dict, programs: Programs, env: dict, sandbox: Sandbox
) -> None:
    linked(programs, env)
    sandbox.forget_calls()
    answer = claim(programs, env, body)
    assert answer.outcome == (400, "INVALID_PARAMETERS")
    assert sandbox.calls() == []


@pytest.mark.parametrize("body", ["", "[]", "null", "{", '{"product":"a","product":"b"}'])
def test_a_body_that_is_no_object_is_refused(body: str, programs: Programs, env: dict, sandbox: Sandbox) -> None:
    linked(programs, env)
    event = http_api("POST", CLAIM, body.encode(), claims={"sub": people.SUBJECT})
    assert programs.run("user-opt-in", event, env=env).http.status == 400
    assert sandbox.calls(CLAIM_AT_OWNLI) == []


FAULTS = {
    "drop": ({"fault": "drop"}, 502, "UPSTREAM_ERROR"),
    "500": ({"fault": "status", "status": 500}, 502, "UPSTREAM_ERROR"),
    "503": ({"fault": "status", "status": 503}, 503, "UPSTREAM_BUSY"),
    "429": ({"fault": "status", "status": 429}, 503, "UPSTREAM_BUSY"),
    "401": ({"fault": "status", "status": 401}, 502, "UPSTREAM_REJECTED_CREDENTIALS"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_claim_is_never_sent_twice(name: str, programs: Programs, env: dict, sandbox: Sandbox) -> None:
    fault, status, code = FAULTS[name]
    granted(programs, env, linked(programs, env))
    sandbox.fault(CLAIM_AT_OWNLI, times=ALWAYS, **fault)
    sandbox.forget_calls()
    assert claim(programs, env).outcome == (status, code)
    assert len(sandbox.calls(CLAIM_AT_OWNLI)) == 1


def test_a_list_may_be_asked_for_again(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    linked(programs, env)
    for fault in ({"fault": "drop"}, {"fault": "status", "status": 503}, {"fault": "status", "status": 401}):
        sandbox.fault(LIST_AT_OWNLI, times=1, **fault)
        assert listed(programs, env).status == 200


ANSWERS = {
    "no list": '{"rewards":[]}',
    "a reward without a status": '[{"id":"XT_DBR1"}]',
    "a page": "<html>Quackenbush</html>",
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_ownli_answers_is_read_and_not_passed_on(
    name: str, programs: Programs, env: dict, sandbox: Sandbox
) -> None:
    linked(programs, env)
    sandbox.answer(LIST_AT_OWNLI, 200, ANSWERS[name], ALWAYS)
    assert listed(programs, env).outcome == (502, "UPSTREAM_ERROR")
    sandbox.answer(LIST_AT_OWNLI, 403, '{"error_code":"ERROR_NO_PERMISSIONS_TO_RESOURCE","error_message":"Quackenbush"}')
    refused = listed(programs, env)
    sandbox.reset()
    assert refused.outcome in [(403, "ERROR_NO_PERMISSIONS_TO_RESOURCE"), (502, "UPSTREAM_ERROR")]
    assert people.LAST_NAME not in refused.text


@pytest.mark.parametrize("link", ["javascript:alert(1)", "http://rewards.example/1", "", None, 5, "https://"])
def test_only_an_https_address_is_given_to_an_app(link: Any, programs: Programs, env: dict, sandbox: Sandbox) -> None:
    linked(programs, env)
    body = '{"rewardDeliveryLink":%s}' % ("null" if link is None else f'"{link}"' if isinstance(link, str) else link)
    sandbox.answer(CLAIM_AT_OWNLI, 200, body)
    assert claim(programs, env).outcome == (502, "UPSTREAM_ERROR")


def test_one_user_token_serves_many_lists_of_one_process(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    linked(programs, env)
    sandbox.forget_calls()
    event = json.dumps(http_api("GET", REWARDS, claims={"sub": people.SUBJECT}))
    run = programs.run("user-opt-in", "\n".join([event] * 3), "--stream", env=env)
    assert [json.loads(line)["statusCode"] for line in run.stdout.splitlines()] == [200] * 3
    assert [call["scope"] for call in sandbox.calls(LIST_AT_OWNLI)] == ["user"] * 3
    assert len(sandbox.calls(TOKEN)) == 1
    assert sandbox.calls(GRANT) == []
