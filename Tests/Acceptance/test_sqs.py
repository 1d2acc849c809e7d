"""The reward queue, as the event source mapping works it off: what reward-grant names goes back, the rest is deleted."""

import json
from pathlib import Path

import pytest
from aws_double import REGION, AWSDouble
from programs import Printed, Programs
from runtime_api import Runtime, RuntimeAPI
from sandbox import GRANT, TOKEN, Sandbox


def test_of_ten_messages_the_three_bad_ones_stay_in_the_queue(
    programs: Programs, env: dict, sandbox: Sandbox, aws: AWSDouble
) -> None:
    user = sandbox.create_user()
    sqs = aws.client("sqs")
    queue = sqs.create_queue(QueueName="rewards")["QueueUrl"]

    def order(number: int, **changes: object) -> str:
        body = {"userId": user, "amount": 25.1, "actionCode": "purchase", "clientReference": f"order-{number}"}
        return json.dumps(body | changes)

    bad = [order(7, amount=25.001), "no JSON", order(9, userId="XT_USRnobody")]
    for body in [order(number) for number in range(7)] + bad:
        sqs.send_message(QueueUrl=queue, MessageBody=body)
    # No visibility time-out: what is not deleted can be received again at once.
    received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0)["Messages"]
    assert len(received) == 10

    records = [
        {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:{REGION}:123456789012:rewards",
            "awsRegion": REGION,
        }
        for message in received
    ]
    answer = programs.run("reward-grant", {"Records": records}, env=env).answer
    failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
    for message in received:
        if message["MessageId"] not in failed:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])

    left = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    assert sorted(message["Body"] for message in left) == sorted(bad)
    assert sandbox.state()["rewards"] == 7
    assert len(sandbox.calls(TOKEN)) == 1, "one admin token for the whole batch"
    assert len(sandbox.calls(GRANT)) == 8, "the seven, and the one for a user that Ownli does not know"


LIMIT = {"REWARD_DAILY_LIMIT": "30"}


class RewardQueue:
    """A queue with three rewards in it, of which the second is beyond the limit and the third below Ownli's least."""

    def __init__(self, aws: AWSDouble, user: str, name: str, **fifo: str):
        self.name = name
        self.sqs = aws.client("sqs")
        attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if fifo else {}
        self.url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        for number, amount in enumerate([25, 25, 0.5]):
            body = {"userId": user, "amount": amount, "actionCode": "purchase", "clientReference": f"order-{number}"}
            self.sqs.send_message(QueueUrl=self.url, MessageBody=json.dumps(body), **fifo)

    def receive(self, seconds: int = 0) -> list[dict]:
        """What is visible comes back a second later, unless somebody says otherwise."""
        names = {"MaxNumberOfMessages": 10, "VisibilityTimeout": 1, "AttributeNames": ["All"]}
        return self.sqs.receive_message(QueueUrl=self.url, WaitTimeSeconds=seconds, **names).get("Messages", [])

    def work_off(self, api: RuntimeAPI) -> list[float]:
        """As the event source mapping does. Returns the amounts of those that failed."""
        received = self.receive()
        assert len(received) == 3
        records = [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:{REGION}:123456789012:{self.name}",
            }
            for message in received
        ]
        failures = api.invoke({"Records": records}).json["batchItemFailures"]
        failed = {failure["itemIdentifier"] for failure in failures}
        for message in received:
            if message["MessageId"] not in failed:
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return [amount(message) for message in received if message["MessageId"] in failed]

    def hidden(self) -> int:
        names = ["ApproximateNumberOfMessagesNotVisible"]
        return int(self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"][names[0]])


def amount(message: dict) -> float:
    return json.loads(message["Body"])["amount"]


def test_a_message_beyond_the_budget_waits_in_its_queue_and_the_others_come_back_as_ever(
    lambda_env: dict, sandbox: Sandbox, aws: AWSDouble, printed: Printed, tmp_path: Path
) -> None:
    queue = RewardQueue(aws, sandbox.create_user(), "waiting-rewards")
    role = aws.role_env("reward-grant", ["sqs:ChangeMessageVisibility"])
    with RuntimeAPI() as api, Runtime("reward-grant", api, lambda_env | role | LIMIT, printed, tmp_path):
        assert len(queue.work_off(api)) == 2
    # The one that is wrong comes back when its second is over; the one that waits does not.
    assert [amount(message) for message in queue.receive(10)] == [0.5]
    assert queue.hidden() == 2


def test_a_group_waits_in_its_order_behind_the_message_that_is_beyond_the_budget(
    lambda_env: dict, sandbox: Sandbox, aws: AWSDouble, printed: Printed, tmp_path: Path
) -> None:
    queue = RewardQueue(aws, sandbox.create_user(), "waiting.fifo", MessageGroupId="shop")
    with RuntimeAPI() as api, Runtime("reward-grant", api, lambda_env | aws.env | LIMIT, printed, tmp_path):
        assert queue.work_off(api) == [25, 0.5]
    assert queue.receive(3) == [], "the third is not handed over before the second"


@pytest.mark.parametrize("lacking", ["AWS_REGION", "AWS_SECRET_ACCESS_KEY", "the permission", "an answer"])
def test_where_nothing_can_be_hidden_the_message_comes_back_at_its_usual_time(
    lacking: str, lambda_env: dict, sandbox: Sandbox, aws: AWSDouble, printed: Printed, tmp_path: Path
) -> None:
    queue = RewardQueue(aws, sandbox.create_user(), f"coming-back-{lacking.split()[-1]}")
    env = lambda_env | aws.role_env("reward-grant", ["sqs:SendMessage"]) | LIMIT
    env.pop(lacking, None)
    if lacking == "an answer":
        env["AWS_ENDPOINT_URL_SQS"] = "http://127.0.0.1:1"
    with RuntimeAPI() as api, Runtime("reward-grant", api, env, printed, tmp_path) as runtime:
        assert len(queue.work_off(api)) == 2
        api.wait_for_pollers(1)
        said = [line for line in runtime.logs if line["message"] == "a message comes back before it can be worked off"]
    assert len(said) == (0 if lacking in lambda_env | aws.env else 1)
    assert sandbox.state()["rewards"] == 1
    assert 25 in [amount(message) for message in queue.receive(10)]
