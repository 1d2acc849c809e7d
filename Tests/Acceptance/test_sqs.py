"""The reward queue, as the event source mapping works it off: what reward-grant names goes back, the rest is deleted."""

import json

from pathlib import Path

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


def test_a_message_beyond_the_budget_waits_in_its_queue_and_the_others_come_back_as_ever(
    lambda_env: dict, sandbox: Sandbox, aws: AWSDouble, printed: Printed, tmp_path: Path
) -> None:
    user = sandbox.create_user()
    sqs = aws.client("sqs")
    queue = sqs.create_queue(QueueName="waiting-rewards")["QueueUrl"]
    for number, amount in enumerate([25, 25, 0.5]):
        body = {"userId": user, "amount": amount, "actionCode": "purchase", "clientReference": f"order-{number}"}
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(body))
    received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=1)["Messages"]
    assert len(received) == 3
    records = [
        {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:{REGION}:123456789012:waiting-rewards",
        }
        for message in received
    ]
    env = lambda_env | aws.env | {"REWARD_DAILY_LIMIT": "30"}
    with RuntimeAPI() as api, Runtime("reward-grant", api, env, printed, tmp_path):
        failures = api.invoke({"Records": records}).json["batchItemFailures"]
    failed = {failure["itemIdentifier"] for failure in failures}
    assert len(failed) == 2
    for message in received:
        if message["MessageId"] not in failed:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    # The one that is wrong comes back when its second is over; the one that waits does not.
    back = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=10)["Messages"]
    assert [json.loads(message["Body"])["amount"] for message in back] == [0.5]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessages"] == "0"
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "2"
