"""Rewards that come wrapped, as SNS, EventBridge, Pipes, Pub/Sub and CloudEvents wrap them; and queues that have an order."""

import base64
import json
from typing import Any

import people
import pytest
from events import Event, event_bridge, http_api, sqs
from programs import ROOT, Programs, Run
from sandbox import GRANT, Sandbox


@pytest.fixture
def user(sandbox: Sandbox) -> str:
    return sandbox.create_user()


def order(user: str, reference: str = "order-1", **changes: Any) -> dict:
    return {"userId": user, "amount": 25, "actionCode": "purchase", "clientReference": reference} | changes


def sns(body: Any) -> dict:
    topic = "arn:aws:sns:us-east-1:123456789012:rewards"
    return {"Type": "Notification", "MessageId": "n-1", "TopicArn": topic, "Message": json.dumps(body)}


def cloud_event(body: Any) -> dict:
    return {"specversion": "1.0", "id": "c-1", "source": "/shop", "type": "reward.due", "data": body}


def pushed(body: Any) -> dict:
    data = base64.b64encode(json.dumps(body).encode()).decode()
    return {"message": {"data": data, "messageId": "p-1"}, "subscription": "projects/p/subscriptions/s"}


def grouped(*messages: tuple[str, Any]) -> Event:
    """A FIFO queue's batch: groups and bodies."""
    event = sqs(*[body for _, body in messages])
    for record, (group, _) in zip(event["Records"], messages):
        record["attributes"] |= {"MessageGroupId": group, "SequenceNumber": "18849496460467696128"}
        record["eventSourceARN"] += ".fifo"
    return event


def failed(run: Run) -> list[str]:
    assert run.exit_code == 0, run.stdout
    return [failure["itemIdentifier"] for failure in run.answer["batchItemFailures"]]


WRAPPINGS = {"SNS": sns, "EventBridge": event_bridge, "a CloudEvent": cloud_event, "Pub/Sub": pushed}


@pytest.mark.parametrize("name", WRAPPINGS)
def test_a_queue_s_message_is_unwrapped(name: str, programs: Programs, env: dict, user: str, sandbox: Sandbox) -> None:
    wrap = WRAPPINGS[name]
    assert failed(programs.run("reward-grant", sqs(wrap(order(user))), env=env)) == []
    assert failed(programs.run("reward-grant", sqs(wrap(wrap(order(user, "order-2")))), env=env)) == []
    assert sandbox.state()["rewards"] == 2


@pytest.mark.parametrize("name", WRAPPINGS)
def test_an_invocation_s_input_is_unwrapped(name: str, programs: Programs, env: dict, user: str) -> None:
    run = programs.run("reward-grant", WRAPPINGS[name](order(user)), env=env)
    assert (run.exit_code, run.answer.get("status")) == (0, "Confirmed"), run.stdout


def test_sns_may_call_the_function_itself(programs: Programs, env: dict, user: str) -> None:
    event = {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": sns(order(user))}]}
    assert programs.run("reward-grant", event, env=env).answer["status"] == "Confirmed"


REFUSED = {
    "an SNS notification": sns("not an order"),
    "of SNS": {"Type": "SubscriptionConfirmation", "TopicArn": "arn:aws:sns:us-east-1:1:t", "Token": "secret"},
    "a CloudEvent": cloud_event("text"),
    "a CloudEvent of another version": cloud_event({}) | {"specversion": "0.3"},
    "a batch of records": {"Records": [{"eventSource": "aws:s3"}]},
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_plain_is_refused_by_its_envelope_s_name(
    name: str, programs: Programs, env: dict, user: str, sandbox: Sandbox
) -> None:
    run = programs.run("reward-grant", sqs(REFUSED[name], order(user)), env=env)
    assert failed(run) == ["message-0"]
    (line,) = [line for line in run.logs if "errorType" in line]
    assert line["errorType"] == "INVALID_ENVELOPE" and name in line["errorMessage"]
    assert sandbox.state()["rewards"] == 1


def test_an_order_that_is_also_an_envelope_is_refused(programs: Programs, env: dict, user: str, sandbox: Sandbox) -> None:
    both = order(user) | cloud_event(order(user, "order-2"))
    assert failed(programs.run("reward-grant", sqs(both), env=env)) == ["message-0"]
    assert sandbox.calls(GRANT) == []


# EventBridge Pipes


def test_a_pipe_s_records_are_a_batch(programs: Programs, env: dict, user: str) -> None:
    records = sqs(order(user), order(user, "order-2", amount=0.5))["Records"]
    assert failed(programs.run("reward-grant", records, env=env)) == ["message-1"]


def test_a_pipe_s_orders_are_granted_together_or_come_again(
    programs: Programs, env: dict, user: str, sandbox: Sandbox
) -> None:
    run = programs.run("reward-grant", [order(user), event_bridge(order(user, "order-2"))], env=env)
    assert [reward["clientReference"] for reward in run.answer] == ["order-1", "order-2"]
    run = programs.run("reward-grant", [order(user), order(user, "order-3", amount=0.5)], env=env)
    assert (run.exit_code, run.answer["errorType"]) == (1, "Function.PermanentFailure")
    assert sandbox.state()["rewards"] == 2


@pytest.mark.parametrize("event", ["[]", "[[]]", "[7]", '[{"eventSource":"aws:kinesis","data":"e30="}]'])
def test_another_array_is_refused(event: str, programs: Programs, env: dict, sandbox: Sandbox) -> None:
    run = programs.run("reward-grant", event, env=env)
    assert (run.exit_code, run.answer["errorType"]) == (1, "Runtime.InvalidEvent")
    assert ("aws:kinesis" in event) == ("no records of aws:kinesis" in run.answer["errorMessage"])


# HTTP

STRUCTURED = {"content-type": "application/cloudevents+json; charset=utf-8"}
BINARY = {"content-type": "application/json", "ce-specversion": "1.0", "ce-id": "c-1", "ce-source": "/shop"}
UNWRAPPED = {"x-goog-pubsub-message-id": "p-1"}


@pytest.mark.parametrize("path, status", [("/pubsub/rewards", 204), ("/api/ownli/rewards/grant", 200)])
def test_cloud_events_over_http(path: str, status: int, programs: Programs, env: dict, user: str, sandbox: Sandbox) -> None:
    for headers, body in [(STRUCTURED, cloud_event(order(user))), (BINARY, order(user)), (BINARY, pushed(order(user)))]:
        event = http_api("POST", path, body, service=people.SERVICE, headers=headers)
        assert programs.run("reward-grant", event, env=env).http.status == status
    assert sandbox.state()["rewards"] == 1
    for headers in (BINARY | {"ce-specversion": "0.3"}, {"content-type": "application/cloudevents-batch+json"}):
        event = http_api("POST", path, order(user, "order-2"), service=people.SERVICE, headers=headers)
        assert programs.run("reward-grant", event, env=env).http.outcome == (400, "INVALID_ENVELOPE")


@pytest.mark.parametrize("headers", [UNWRAPPED, {}, {"content-type": "text/plain"}, {"content-type": "application/json"}])
def test_an_unwrapped_push(headers: dict, programs: Programs, env: dict, user: str, sandbox: Sandbox) -> None:
    event = http_api("POST", "/pubsub/rewards", order(user), service=people.SERVICE, headers=headers)
    assert programs.run("reward-grant", event, env=env).http.status == 204
    assert sandbox.state()["rewards"] == 1


# FIFO queues


def test_after_a_failure_the_rest_of_its_group_goes_back_unseen(
    programs: Programs, env: dict, user: str, sandbox: Sandbox
) -> None:
    event = grouped(
        ("a", order(user, "a-1")),
        ("b", order(user, "b-1")),
        ("a", order(user, "a-2", amount=0.5)),
        ("b", order(user, "b-2")),
        ("a", order(user, "a-3")),
        ("c", "no JSON"),
        ("c", order(user, "c-2")),
        ("a", order(user, "a-4")),
    )
    run = programs.run("reward-grant", event, env=env)
    assert failed(run) == ["message-2", "message-4", "message-5", "message-6", "message-7"]
    references = [json.loads(call["body"])["clientReference"] for call in sandbox.calls(GRANT)]
    assert sorted(references) == ["a-1", "b-1", "b-2"]
    assert sorted(line["subject"] for line in run.logs if "errorType" in line) == ["message-2", "message-5"]


def test_messages_of_a_group_go_one_after_the_other(programs: Programs, env: dict, user: str, sandbox: Sandbox) -> None:
    event = grouped(*[("ab"[number % 2], order(user, f"order-{number}")) for number in range(10)])
    assert failed(programs.run("reward-grant", event, env=env)) == []
    references = [json.loads(call["body"])["clientReference"] for call in sandbox.calls(GRANT)]
    assert len(references) == 10
    for parity in (0, 1):
        numbers = [int(name[-1]) for name in references if int(name[-1]) % 2 == parity]
        assert numbers == sorted(numbers)


@pytest.mark.parametrize(
    "fixture", ["sqs-sns", "sqs-eventbridge", "sns", "cloudevent", "pipe-sqs", "pipe-orders", "sqs-fifo"]
)
def test_the_fixtures_are_what_they_say(fixture: str, programs: Programs, env: dict, user: str, sandbox: Sandbox) -> None:
    text = (ROOT / "Tests/Fixtures/reward-grant" / f"{fixture}.json").read_text()
    placeholder = json.loads((ROOT / "Tests/Fixtures/reward-grant/direct.json").read_text())["userId"]
    run = programs.run("reward-grant", text.replace(placeholder, user), env=env)
    assert run.exit_code == 0, run.stdout
    assert sandbox.state()["rewards"] == {"pipe-sqs": 2, "pipe-orders": 2}.get(fixture, 1)
    if fixture == "sqs-fifo":
        assert [name[-1] for name in failed(run)] == ["1", "2"]


@pytest.mark.parametrize("beside", [{"Records": []}, {"detail-type": "Order Paid", "detail": {}}, {"specversion": "1.0"}])
def test_an_order_that_is_an_envelope_at_once_is_refused_and_not_passed_over(
    beside: dict, programs: Programs, env: dict, user: str, sandbox: Sandbox
) -> None:
    asked = {"userId": user, "amount": 25, "actionCode": "purchase", "clientReference": "order-1"}
    run = programs.run("reward-grant", asked | beside, env=env)
    assert run.exit_code == 1 and run.answer["errorMessage"].startswith("INVALID_ENVELOPE: The message is ")
    assert "has clientReference at once" in run.answer["errorMessage"] and sandbox.calls(GRANT) == []
