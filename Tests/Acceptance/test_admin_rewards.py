"""partner-admin rewards: what was granted, added up, and dead letters that go back to the queue of orders."""

import json
import time
import uuid
from typing import Any

import people
import pytest
from admin import FAILED, Admin
from aws_double import REGION, AWSDouble
from events import event_bridge, http_api
from programs import Printed, Programs
from records import Records
from sandbox import GRANT, Sandbox
from test_kill_points import OUTSIDE, killed_everywhere


@pytest.fixture
def user(sandbox: Sandbox) -> str:
    return sandbox.create_user()


@pytest.fixture
def admin(printed: Printed, programs: Programs, env: dict, records: Records) -> Admin:
    # A store in a file is made by whoever comes first, and never by the tool.
    assert programs.run("reward-grant", None, "--check", env=env | records.env).exit_code == 0
    return Admin(printed, records.env | {"IDENTIFIER_HASH_KEY": people.HASH_KEY, "LOGNAME": "ada"})


def order(user: str, reference: str = "order-1", amount: float = 25.1, **changes: Any) -> dict:
    return {"userId": user, "amount": amount, "actionCode": "purchase", "clientReference": reference} | changes


def today() -> str:
    return time.strftime("%Y-%m-%d", time.gmtime())


def test_rewards_are_listed_and_added_up_to_the_cent(
    programs: Programs, env: dict, sandbox: Sandbox, user: str, records: Records, admin: Admin
) -> None:
    env = env | records.env
    for number, amount in enumerate([1.1, 2.2, 3.3]):
        assert programs.run("reward-grant", order(user, f"order-{number}", amount), env=env).exit_code == 0
    http = http_api("POST", "/api/ownli/rewards/grant", order(user, "order-3", actionCode="review"), service=people.SERVICE)
    assert programs.run("reward-grant", http, env=env).http.status == 200
    sandbox.answer(GRANT, 500, "", 3)
    assert programs.run("reward-grant", order(user, "order-4", 50), env=env).exit_code == 1

    told = admin.json("rewards", "audit")
    assert told.summary == {"rewards": 5, "unreadable": 0}
    assert [row["clientReference"] for row in told.rows] == [f"order-{number}" for number in range(5)]
    assert [row["state"] for row in told.rows] == ["granted"] * 4 + ["asked"]
    assert told.rows[3] | {"askedAt": "", "rewardId": "", "id": ""} == {
        "askedAt": "",
        "state": "granted",
        "userId": user,
        "amount": 25.1,
        "actionCode": "review",
        "clientReference": "order-3",
        "rewardId": "",
        "way": "http",
        "name": people.SERVICE,
        "id": "",
    }
    table = admin.run("rewards", "audit", "--csv").table
    assert [row["amount"] for row in table] == ["1.1", "2.2", "3.3", "25.1", "50"]
    assert admin.json("rewards", "audit", "--user", user).summary["rewards"] == 5
    assert admin.json("rewards", "audit", "--user", "XT_USRother").rows == []
    assert admin.json("rewards", "audit", "--day", "2020-02-29").rows == []

    totals = admin.json("rewards", "totals", "--from", "2026-01-01" if today() > "2026-01-01" else today())
    assert [(row["actionCode"], row["granted"], row["grantedAmount"]) for row in totals.rows] == [
        ("purchase", 3, 6.6),
        ("review", 1, 25.1),
    ]
    assert (totals.rows[0]["asked"], totals.rows[0]["askedAmount"]) == (1, 50)
    assert totals.summary == {"granted": 4, "grantedAmount": 31.7, "asked": 1, "askedAmount": 50, "unreadable": 0}
    assert {row["day"] for row in admin.run("rewards", "totals", "--csv").table} == {today()}


def test_what_cannot_be_read_is_listed_beside_the_rest(
    programs: Programs, env: dict, user: str, records: Records, admin: Admin
) -> None:
    for number in range(3):
        assert programs.run("reward-grant", order(user, f"order-{number}"), env=env | records.env).exit_code == 0
    day = f"reward-audit#{today()}"
    first, second, _ = records.keys(day)
    records.backend.spoil(day, first)
    records.put(day, second, {"schema": "9"})
    told = admin.tried("rewards", "audit")
    assert told.exit_code == FAILED and told.summary == {"rewards": 1, "unreadable": 2}
    assert {row["id"]: row["reason"] for row in told.rows if row["state"] == "unreadable"} == {
        first: "it is in no form of ours",
        second: "a reward's record was written by a newer build",
    }
    (row,) = [row for row in told.rows if row["state"] == "granted"]
    assert row["clientReference"] == "order-2"
    totals = admin.tried("rewards", "totals")
    assert totals.exit_code == FAILED and (totals.summary["granted"], totals.summary["unreadable"]) == (1, 2)
    assert admin.json("rewards", "audit", "--user", user).summary == {"rewards": 3, "unreadable": 0}


@pytest.mark.parametrize(
    "words",
    [
        ["totals", "--day", "2026-02-29"],
        ["totals", "--to", "2026-02-28"],
        ["totals", "--from", "2026-03-01", "--to", "2026-02-28"],
        ["totals", "--from", "2026-03-01", "--day", "2026-03-01"],
        ["audit", "--user", "XT_USR1", "--day", "2026-03-01"],
        ["audit", "--day", "today"],
    ],
)
def test_what_cannot_be_meant_is_refused(words: list, admin: Admin) -> None:
    told = admin.run("rewards", *words)
    assert told.exit_code == 2 and told.stdout == "" and told.stderr.startswith("partner-admin: ")


class Queues:
    """The queue of orders, and those where dead letters lie."""

    def __init__(self, aws: AWSDouble) -> None:
        self.sqs = aws.client("sqs")
        self.orders, self.letters, self.failed, self.undelivered = [
            self.sqs.create_queue(QueueName=f"{name}-{uuid.uuid4()}")["QueueUrl"]
            for name in ("orders", "letters", "failed", "undelivered")
        ]
        letters = ",".join([self.letters, self.failed, self.undelivered])
        self.env = aws.env | {"REWARD_QUEUE_URL": self.orders, "REWARD_DEAD_LETTER_URLS": letters}

    def put(self, queue: str, body: Any, **attributes: str) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        named = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        self.sqs.send_message(QueueUrl=queue, MessageBody=text, MessageAttributes=named)

    def take(self, queue: str) -> list[dict]:
        """All that is there to be received, without taking it away."""
        found: list[dict] = []
        while True:
            names = {"MaxNumberOfMessages": 10, "VisibilityTimeout": 600, "MessageAttributeNames": ["All"]}
            messages = self.sqs.receive_message(QueueUrl=queue, **names).get("Messages", [])
            if not messages:
                break
            found += messages
        for message in found:
            self.sqs.change_message_visibility(
                QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
            )
        return found

    def count(self, queue: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counts = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return sum(int(count) for count in counts.values())


def failed_invocation(payload: Any, message: str = "UPSTREAM_TIMEOUT: Ownli did not answer in time") -> dict:
    """What Lambda leaves of an asynchronous invocation that failed."""
    return {
        "version": "1.0",
        "timestamp": "2026-11-26T10:00:00.000Z",
        "requestContext": {
            "requestId": "e4b46cbf-b738-xmpl-8880-a18cdf61200e",
            "functionArn": f"arn:aws:lambda:{REGION}:123456789012:function:reward-grant:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": payload,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorType": "Function.TransientFailure", "errorMessage": message},
    }


def granted(programs: Programs, env: dict, queues: Queues) -> list[str]:
    """What reward-grant does with all that is in the queue: the messages that failed."""
    records = [
        {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:{REGION}:123456789012:orders",
            "awsRegion": REGION,
        }
        for message in queues.take(queues.orders)
    ]
    answer = programs.run("reward-grant", {"Records": records}, env=env).answer
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_dead_letters_of_every_kind_are_granted_and_what_never_can_be_is_shown(
    programs: Programs, env: dict, sandbox: Sandbox, user: str, aws: AWSDouble, records: Records, admin: Admin
) -> None:
    queues = Queues(aws)
    queues.put(queues.letters, order(user, "order-1"), trace="abc")
    queues.put(queues.failed, failed_invocation(order(user, "order-2")))
    queues.put(queues.failed, failed_invocation(event_bridge(order(user, "order-3"))))
    queues.put(queues.undelivered, event_bridge(order(user, "order-4")), ERROR_CODE="NO_PERMISSIONS")
    wrong = ["no JSON", order(user, "order-5", 25.101), order("x", "order-6") | {"userId": None, "internalUserId": "user-9"}]
    for body in wrong:
        queues.put(queues.letters, body)

    dry = admin.json("rewards", "redrive", "--dry-run", env=queues.env)
    told = admin.json("rewards", "redrive", "--rate", "100", env=queues.env)
    assert [row["outcome"] for row in dry.rows] == [row["outcome"] for row in told.rows]
    assert told.summary == {"moved": 4, "wrong": 3} or told.summary == {"wrong": 3, "moved": 4}
    rows = {row.get("clientReference", row.get("code")): row for row in told.rows}
    assert {name: row["outcome"] for name, row in rows.items()} == {
        "order-1": "moved",
        "order-2": "moved",
        "order-3": "moved",
        "order-4": "moved",
        "INVALID_JSON": "wrong",
        "INVALID_PARAMETERS": "wrong",
        "order-6": "wrong",
    }
    assert rows["order-6"]["code"] == "NOT_LINKED"
    assert rows["order-2"]["failure"] == "UPSTREAM_TIMEOUT: Ownli did not answer in time"
    assert rows["order-4"]["failure"] == "NO_PERMISSIONS"
    (first,) = [each for each in queues.take(queues.orders) if "order-1" in each["Body"]]
    assert first["MessageAttributes"]["trace"]["StringValue"] == "abc"
    assert sorted(each["Body"] for each in queues.take(queues.letters)) == sorted(
        body if isinstance(body, str) else json.dumps(body) for body in wrong
    )
    assert queues.count(queues.failed) == queues.count(queues.undelivered) == 0

    assert granted(programs, env | records.env, queues) == []
    assert sandbox.state()["rewards"] == 4
    (day,) = [partition for partition in records.partitions() if partition.startswith("admin-audit#")]
    (entry,) = records.of(day)
    assert (entry["by"], entry["command"], entry["state"]) == ("ada", "rewards redrive", "done")
    again = admin.json("rewards", "redrive", env=queues.env)
    assert {row["outcome"] for row in again.rows} == {"wrong"}


def test_an_order_whose_user_has_opted_in_meanwhile_is_moved(
    aws: AWSDouble, records: Records, admin: Admin, user: str
) -> None:
    queues = Queues(aws)
    body = order(user) | {"userId": None, "internalUserId": people.SUBJECT}
    queues.put(queues.letters, body)
    assert [row["code"] for row in admin.json("rewards", "redrive", env=queues.env).rows] == ["NOT_LINKED"]
    records.put(f"link#{people.SUBJECT}", "ownli", {"ownliUserId": user, "linkedAt": "1790000000000"})
    assert [row["outcome"] for row in admin.json("rewards", "redrive", env=queues.env).rows] == ["moved"]


def test_redriving_killed_anywhere_loses_nothing_and_doubles_one_at_most(
    aws: AWSDouble, records: Records, admin: Admin, printed: Printed, user: str
) -> None:
    if "sqlite" not in records.env["STORE_URL"]:
        pytest.skip("what is killed here is what happens between the queues")
    points = doubled = 0
    references = [f"order-{number}" for number in range(3)]

    def laid() -> Queues:
        queues = Queues(aws)
        for reference in references:
            queues.put(queues.letters, order(user, reference))
        return queues

    queues = laid()
    env = admin.env | queues.env
    for point, _ in killed_everywhere("partner-admin", {}, env, printed, "rewards", "redrive", "--rate", "100"):
        points += 1
        moved = [json.loads(each["Body"])["clientReference"] for each in queues.take(queues.orders)]
        left = queues.count(queues.letters)
        assert len(set(moved)) + left >= 3, f"killed at {point}: {moved}"
        assert len(moved) + left <= 4, f"killed at {point}: {moved}"
        doubled += len(moved) + left - 3
        queues = laid()
        env |= queues.env
    assert points > len(OUTSIDE)
    assert doubled > 0, "it dies between sending and deleting, too"


def test_the_queues_have_to_be_named(admin: Admin, aws: AWSDouble) -> None:
    told = admin.run("rewards", "redrive", env=aws.env)
    assert told.exit_code == 2
    assert "REWARD_QUEUE_URL" in told.stderr and "REWARD_DEAD_LETTER_URLS" in told.stderr


def test_a_queue_that_is_not_there_is_said_so(admin: Admin, aws: AWSDouble) -> None:
    queues = Queues(aws)
    told = admin.run("rewards", "redrive", env=queues.env | {"REWARD_DEAD_LETTER_URLS": queues.letters + "-gone"})
    assert told.exit_code == 1 and "SQS GetQueueAttributes of letters-" in told.stderr
