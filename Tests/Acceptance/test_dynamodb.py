"""Functions whose records are in DynamoDB: moto's server, which checks signatures; items read back with boto3."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import people
import pytest
from aws_double import AWSDouble
from emulator import Emulator
from events import http_api
from programs import HTTPAnswer, Printed, Programs
from sandbox import USERS, Sandbox

PERSON = {"sub": people.SUBJECT}
OPT_IN = http_api("POST", "/api/ownli/users", people.opt_in(), claims=PERSON)


def items(aws: AWSDouble, table: str) -> dict[str, dict]:
    """The table's items by the kind of their partition."""
    found = aws.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]
    assert len({item["partition"]["S"].split("#")[0] for item in found}) == len(found), found
    return {item["partition"]["S"].split("#")[0]: item for item in found}


def check_items(aws: AWSDouble, table: str, before: float, ownli_user_id: str) -> None:
    stored = items(aws, table)
    assert set(stored) == {"consent", "link", "ownli-user"}
    consent, link, back = (stored[kind] for kind in ("consent", "link", "ownli-user"))
    assert consent["partition"] == {"S": f"consent#{people.SUBJECT}"}
    assert before * 1000 - 1 <= int(consent["attributes"]["M"]["acceptedAt"]["S"]) <= time.time() * 1000 + 1
    assert consent["attributes"]["M"]["termsUrl"]["S"] and consent["attributes"]["M"]["version"]["S"]
    assert link["partition"] == {"S": f"link#{people.SUBJECT}"}
    assert link["attributes"]["M"]["ownliUserId"] == {"S": ownli_user_id}
    assert back["partition"] == {"S": f"ownli-user#{ownli_user_id}"}
    assert back["attributes"]["M"]["subject"] == {"S": people.SUBJECT}
    for item in stored.values():
        assert int(item["revision"]["N"]) >= 0 and "expires" not in item


def test_an_opt_in_is_in_the_table(
    programs: Programs, dynamodb_env: dict, aws: AWSDouble, table: str, sandbox: Sandbox
) -> None:
    before = time.time()
    answer = programs.run("user-opt-in", OPT_IN, env=dynamodb_env).http
    assert answer.status == 200
    check_items(aws, table, before, answer.json["ownliUserId"])
    again = programs.run("user-opt-in", OPT_IN, env=dynamodb_env).http
    assert (again.status, again.json) == (200, answer.json)
    me = programs.run("user-opt-in", http_api("GET", "/api/ownli/users/me", claims=PERSON), env=dynamodb_env).http
    assert me.json == answer.json


def test_under_the_emulator_too(
    emulator_path: Path, dynamodb_env: dict, aws: AWSDouble, table: str, printed: Printed, tmp_path: Path
) -> None:
    before = time.time()
    with Emulator(emulator_path, "user-opt-in", dynamodb_env, printed, tmp_path) as emulator:
        answer = HTTPAnswer(emulator.invoke(OPT_IN).json())
    assert answer.status == 200
    check_items(aws, table, before, answer.json["ownliUserId"])


def test_a_reward_is_looked_up_by_our_own_user(programs: Programs, dynamodb_env: dict, sandbox: Sandbox) -> None:
    linked = programs.run("user-opt-in", OPT_IN, env=dynamodb_env).http.json["ownliUserId"]
    order = {"internalUserId": people.SUBJECT, "amount": 25.1, "actionCode": "purchase", "clientReference": "order-1"}
    assert programs.run("reward-grant", order, env=dynamodb_env).answer["userId"] == linked


def test_one_user_at_once_is_linked_once(
    programs: Programs, dynamodb_env: dict, aws: AWSDouble, table: str, sandbox: Sandbox
) -> None:
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: programs.run("user-opt-in", OPT_IN, env=dynamodb_env).http, range(8)))
    assert [run.status for run in runs] == [200] * 8
    assert len({run.text for run in runs}) == 1
    assert sandbox.state()["users"] == 1
    assert set(items(aws, table)) == {"consent", "link", "ownli-user"}


def test_of_users_who_claim_one_ownli_user_at_once_one_wins(
    programs: Programs, dynamodb_env: dict, sandbox: Sandbox
) -> None:
    def claim(number: int) -> HTTPAnswer:
        event = http_api("POST", "/api/ownli/users", people.opt_in(), claims={"sub": f"{people.SUBJECT}-{number}"})
        return programs.run("user-opt-in", event, env=dynamodb_env).http

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(claim, range(6)))
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409, 409, 409]
    (winner,) = [answer for answer in answers if answer.status == 200]
    for answer in answers:
        assert answer is winner or answer.code == "ALREADY_LINKED"
        assert answer is winner or winner.json["ownliUserId"] not in answer.text


@pytest.mark.parametrize(
    "wrong",
    [{"AWS_SECRET_ACCESS_KEY": "wrong-key-41c9"}, {"AWS_ACCESS_KEY_ID": "AKIAWRONG0000000000"}],
    ids=["secret key", "key id"],
)
def test_wrong_credentials_are_told_and_nothing_leaves_us(
    wrong: dict, programs: Programs, dynamodb_env: dict, sandbox: Sandbox
) -> None:
    run = programs.run("user-opt-in", OPT_IN, env=dynamodb_env | wrong)
    assert run.http.outcome == (503, "STORE_UNAVAILABLE")
    assert run.http.headers["retry-after"] == "1"
    assert sandbox.calls(USERS) == []
    detail = [line["detail"] for line in run.logs if "detail" in line]
    assert len(detail) == 1 and detail[0].startswith("DynamoDB: ")
    for value in wrong.values():
        assert value.encode() not in run.stdout + run.stderr


def test_a_table_that_is_not_there_is_told(programs: Programs, dynamodb_env: dict, sandbox: Sandbox) -> None:
    run = programs.run("user-opt-in", OPT_IN, env=dynamodb_env | {"STORE_URL": "dynamodb:no-such-table"})
    assert run.http.outcome == (503, "STORE_UNAVAILABLE")
    assert any("ResourceNotFoundException" in line.get("detail", "") for line in run.logs)
    assert sandbox.calls(USERS) == []


def test_check_reads_the_table(programs: Programs, dynamodb_env: dict, aws: AWSDouble) -> None:
    run = programs.run("user-opt-in", None, "--check", env=dynamodb_env)
    assert run.exit_code == 0
    assert aws.secret_access_key.encode() not in run.stdout + run.stderr
    run = programs.run("user-opt-in", None, "--check", env=dynamodb_env | {"STORE_URL": "dynamodb:no-such-table"})
    assert run.exit_code == 1 and b"failed" in run.stdout


def test_credentials_are_demanded_at_the_start(programs: Programs, dynamodb_env: dict) -> None:
    bare = {name: value for name, value in dynamodb_env.items() if not name.startswith("AWS_")}
    run = programs.run("user-opt-in", OPT_IN, env=bare)
    assert run.exit_code == 2
    for name in (b"AWS_REGION", b"AWS_ACCESS_KEY_ID", b"AWS_SECRET_ACCESS_KEY"):
        assert name in run.stderr
