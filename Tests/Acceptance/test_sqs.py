"""The reward queue, as the event source mapping works it off: what reward-grant names goes back, the rest is deleted."""

import json

from aws_double import REGION, AWSDouble
from programs import Programs
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
