"""Functions whose records are in DynamoDB: moto's server, which checks signatures, session tokens and policies.

What they wrote is read back with boto3.
"""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Iterator

import people
import pytest
from aws_double import AWSDouble
from emulator import Emulator, free_port
from events import http_api
from programs import HTTPAnswer, Printed, Programs
from sandbox import USERS, Sandbox

# As template.yaml has them; moto asks for the transaction by its own name, where AWS asks for each write in it.
ALLOWED = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:ConditionCheckItem", "dynamodb:TransactWriteItems"]
ALLOWED += ["dynamodb:Query"]
OPT_IN = "/api/ownli/users"
# Of one phone number: all of them find the same user.
PROVEN = {"phone_number": people.PHONE, "phone_number_verified": "true"}


@pytest.fixture
def role_env(dynamodb_env: dict[str, str], aws: AWSDouble, printed: Printed) -> Iterator[dict[str, str]]:
    """On Lambda's terms: a role's temporary credentials, which allow what the function needs and no more."""
    credentials = aws.role_env("user-opt-in", ALLOWED)
    yield dynamodb_env | credentials
    for what, text in printed.texts:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            assert credentials[name].encode() not in text, f"{what} holds {name}"


def items(aws: AWSDouble, table: str) -> dict[str, dict]:
    """What is in the table and has not expired, by its partitions."""
    found = aws.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]
    now = time.time() * 1000
    return {item["partition"]["S"]: item for item in found if int(item.get("expiresAt", {"N": now + 1})["N"]) > now}


def event(method: str = "POST", subject: str = people.SUBJECT, **claims: str) -> dict:
    if method == "GET":
        return http_api("GET", OPT_IN + "/me", claims={"sub": subject})
    return http_api("POST", OPT_IN, people.opt_in(), claims={"sub": subject} | claims)


def call(programs: Programs, env: dict, *arguments: Any, **options: Any) -> HTTPAnswer:
    return programs.run("user-opt-in", event(*arguments, **options), env=env).http


def check_items(found: dict[str, dict], ownli_user: str, since: float) -> None:
    assert set(found) == {
        f"consent#{people.SUBJECT}",
        f"link#{people.SUBJECT}",
        f"ownli-user#{ownli_user}",
    }
    link = found[f"link#{people.SUBJECT}"]
    assert set(link) == {"partition", "sort", "attributes", "revision"}, "a link never expires"
    assert link["sort"] == {"S": "ownli"}
    assert link["attributes"]["M"]["ownliUserId"] == {"S": ownli_user}
    assert found[f"ownli-user#{ownli_user}"]["attributes"] == {"M": {"subject": {"S": people.SUBJECT}}}
    consent = found[f"consent#{people.SUBJECT}"]["attributes"]["M"]
    assert since * 1000 - 1 <= int(consent["acceptedAt"]["S"]) <= time.time() * 1000 + 1
    assert consent["termsUrl"] == {"S": "https://ownli.example/terms"}
    text = json.dumps(found)
    assert people.PHONE not in text and people.LAST_NAME not in text


def test_an_opt_in_is_in_the_table(programs: Programs, role_env: dict, aws: AWSDouble, table: str) -> None:
    started = time.time()
    assert call(programs, role_env, "GET").outcome == (404, "NOT_LINKED")
    run = programs.run("user-opt-in", event(), env=role_env)
    assert run.http.status == 200
    check_items(items(aws, table), run.http.json["ownliUserId"], started)
    calls = [each["call"] for log in run.logs for each in log.get("upstream", [])]
    assert calls == [
        "dynamodb Query",  # of consents and withdrawals
        "dynamodb TransactWriteItems",  # the consent, unless they have withdrawn meanwhile
        "dynamodb GetItem",
        "dynamodb PutItem",
        "POST /api/auth/token",
        "POST /api/users",
        "dynamodb Query",
        "dynamodb TransactWriteItems",
    ]
    assert call(programs, role_env, "GET").json == run.http.json
    assert call(programs, role_env).json == run.http.json, "once more changes nothing"
    assert len(items(aws, table)) == 3


def test_under_the_emulator_of_lambda(
    emulator_path: Path, role_env: dict, aws: AWSDouble, table: str, printed: Printed, tmp_path: Path
) -> None:
    started = time.time()
    with Emulator(emulator_path, "user-opt-in", role_env, printed, tmp_path) as emulator:
        linked = HTTPAnswer(emulator.invoke(event()).json())
        assert linked.status == 200
        found = HTTPAnswer(emulator.invoke(event("GET")).json())
        assert (found.status, found.json) == (200, linked.json)
    check_items(items(aws, table), linked.json["ownliUserId"], started)


def test_a_reward_is_looked_up_by_our_own_user(programs: Programs, role_env: dict) -> None:
    linked = call(programs, role_env).json["ownliUserId"]
    order = {"internalUserId": people.SUBJECT, "amount": 25.1, "actionCode": "purchase", "clientReference": "order-1"}
    assert programs.run("reward-grant", order, env=role_env).answer["userId"] == linked


def test_one_person_many_times_at_once_gets_one_link(
    programs: Programs, role_env: dict, aws: AWSDouble, table: str, sandbox: Sandbox
) -> None:
    started = time.time()
    sandbox.fault(USERS, "delay", 6, milliseconds=500)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: call(programs, role_env), range(6)))
    assert [answer.status for answer in answers] == [200] * 6
    assert len({answer.text for answer in answers}) == 1
    assert sandbox.state()["users"] == 1
    check_items(items(aws, table), answers[0].json["ownliUserId"], started)


def test_of_two_people_who_claim_one_ownli_user_at_once_one_wins(
    programs: Programs, role_env: dict, aws: AWSDouble, table: str, sandbox: Sandbox
) -> None:
    sandbox.fault(USERS, "delay", 4, milliseconds=500)
    subjects = [f"person-{number}" for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda subject: call(programs, role_env, subject=subject, **PROVEN), subjects))
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409]
    (winner,) = [subject for subject, answer in zip(subjects, answers) if answer.status == 200]
    (linked,) = [answer.json["ownliUserId"] for answer in answers if answer.status == 200]
    found = items(aws, table)
    assert [name for name in found if name.startswith("link#")] == [f"link#{winner}"]
    (taken,) = [item for name, item in found.items() if name.startswith("ownli-user#")]
    assert taken["attributes"] == {"M": {"subject": {"S": winner}}}
    for subject, answer in zip(subjects, answers):
        if subject != winner:
            assert answer.outcome == (409, "ALREADY_LINKED")
            assert linked not in answer.text
            assert call(programs, role_env, "GET", subject).outcome == (404, "NOT_LINKED")


# moto says these in XML, where AWS would give its code in JSON (tested in DynamoDBStoreTests).
NOT_ALLOWED = "the credentials do not allow this (status 403)"

WRONG = {
    "a wrong secret": ({"AWS_SECRET_ACCESS_KEY": "sesame-0d6b/open+wide"}, NOT_ALLOWED),
    "an unknown key": ({"AWS_ACCESS_KEY_ID": "AKIANOBODY0D6B"}, NOT_ALLOWED),
    "another session's token": ({"AWS_SESSION_TOKEN": "sesame-0d6b"}, NOT_ALLOWED),
    "another region": ({"AWS_REGION": "eu-west-3"}, "what was asked for does not exist (ResourceNotFoundException)"),
    "no such table": ({"STORE_URL": "dynamodb:nothing-here"}, "what was asked for does not exist"),
    "nobody there": ({"AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{free_port()}"}, "no connection could be made"),
}


def refused(programs: Programs, env: dict, sandbox: Sandbox, reason: str) -> None:
    """The caller is told nothing but to try again; the log and --check say what is wrong, and no secret."""
    run = programs.run("user-opt-in", event(), env=env)
    assert run.http.outcome == (503, "STORE_UNAVAILABLE")
    assert run.http.headers["retry-after"] == "1"
    (detail,) = [log["detail"] for log in run.logs if "detail" in log]
    assert detail.startswith("DynamoDB: ") and reason in detail
    check = programs.run("user-opt-in", None, "--check", env=env)
    assert check.exit_code == 1
    assert f"failed  read from the store: STORE_UNAVAILABLE, DynamoDB: GetItem: {reason}" in check.stdout.decode()
    assert b"sesame" not in run.stdout + run.stderr + check.stdout + check.stderr
    assert sandbox.calls(USERS) == [], "without a store nothing is shared"


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_without_a_secret(case: str, programs: Programs, role_env: dict, sandbox: Sandbox) -> None:
    changes, reason = WRONG[case]
    refused(programs, role_env | changes, sandbox, reason)


def test_a_role_that_may_not_read_is_told_apart(
    programs: Programs, role_env: dict, aws: AWSDouble, sandbox: Sandbox
) -> None:
    refused(programs, role_env | aws.role_env("nobody", ["sqs:SendMessage"]), sandbox, NOT_ALLOWED)


def test_check_reads_from_the_table(programs: Programs, role_env: dict) -> None:
    run = programs.run("user-opt-in", None, "--check", env=role_env)
    assert run.exit_code == 0, run.stdout
    assert b"ok      read from the store" in run.stdout


@pytest.mark.parametrize("missing", ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_credentials_are_demanded_where_they_are_used(missing: str, programs: Programs, role_env: dict) -> None:
    run = programs.run("user-opt-in", event(), env=role_env | {missing: ""})
    assert run.exit_code == 2
    assert f"{missing}: is required: AWS is called".encode() in run.stderr


def test_a_user_s_own_key_needs_no_session_token(programs: Programs, role_env: dict, aws: AWSDouble) -> None:
    own = {name: value for name, value in role_env.items() if name != "AWS_SESSION_TOKEN"} | aws.env
    assert call(programs, own).status == 200


def test_a_transaction_that_is_sent_again_is_known_by_its_token(aws: AWSDouble, table: str) -> None:
    """As AWS does. A client whose answer came late would be told of a conflict with itself."""
    client = aws.client("dynamodb")

    def put(token: str, attributes: dict) -> None:
        key = {"partition": {"S": "p"}, "sort": {"S": "s"}}
        write = {"TableName": table, "Item": key | attributes, "ConditionExpression": "attribute_not_exists(sort)"}
        client.transact_write_items(TransactItems=[{"Put": write}], ClientRequestToken=token)

    for _ in range(2):
        put("one", {"a": {"S": "1"}})
    for token, attributes in [("another", {"a": {"S": "1"}}), ("one", {"a": {"S": "2"}})]:
        with pytest.raises(client.exceptions.TransactionCanceledException):
            put(token, attributes)
