"""What happens to an event after the answer: it reaches its target at least once, in order, or waits for it."""

import json
import socket
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Iterator

import people
import pytest
from aws_double import AWSDouble
from emulator import free_port
from ownerrez import ACCOUNT, SCHEDULED, WEBHOOK, OwnerRezAPI, aside, basic, end_pauses, inbox, revocation, shard, update, waiting
from ownerrez import connect, unwrapped, webhook
from programs import Printed, Programs, Run
from records import Records
from runtime_api import Runtime, RuntimeAPI
from web import Service, request


@dataclass
class Target:
    """A queue in which to find what was passed on."""

    aws: AWSDouble
    url: str
    setting: str

    def received(self) -> list[dict]:
        """All messages, oldest first; they are gone from the queue then."""
        sqs = self.aws.client("sqs")
        found: list[dict] = []
        while True:
            names = {"MaxNumberOfMessages": 10, "AttributeNames": ["All"], "VisibilityTimeout": 3600}
            messages = sqs.receive_message(QueueUrl=self.url, **names).get("Messages")
            if not messages:
                return found
            for message in messages:
                sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            found += messages

    def bodies(self) -> list[str]:
        return [message["Body"] for message in self.received()]

    def texts(self) -> list[str]:
        """The events as they came, out of their envelopes."""
        return [unwrapped(body) for body in self.bodies()]


def make_queue(aws: AWSDouble, suffix: str = "", **attributes: str) -> str:
    return aws.client("sqs").create_queue(QueueName=f"events-{uuid.uuid4()}{suffix}", Attributes=attributes)["QueueUrl"]


@pytest.fixture
def queue(aws: AWSDouble) -> Target:
    url = make_queue(aws)
    return Target(aws, url, f"sqs:{url}")


@pytest.fixture
def bus(aws: AWSDouble) -> Target:
    """A bus, and a rule that leads all of OwnerRez's events from it into a queue."""
    events, url = aws.client("events"), make_queue(aws)
    name = f"bus-{uuid.uuid4()}"
    events.create_event_bus(Name=name)
    events.put_rule(Name=f"all-{name}", EventBusName=name, EventPattern='{"source":["ownerrez"]}')
    arn = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_targets(Rule=f"all-{name}", EventBusName=name, Targets=[{"Id": "queue", "Arn": arn}])
    return Target(aws, url, f"eventbridge:{name}")


@pytest.fixture
def role_env(webhook_env: dict, aws: AWSDouble, printed: Printed) -> Iterator[dict[str, str]]:
    """On Lambda's terms: a role's temporary credentials, which allow what the function needs and no more."""
    actions = ["GetItem", "PutItem", "DeleteItem", "Query", "TransactWriteItems"]
    allowed = [f"dynamodb:{action}" for action in actions]
    credentials = aws.role_env("ownerrez-webhook", [*allowed, "sqs:SendMessage", "events:PutEvents"])
    yield webhook_env | credentials
    for what, text in printed.texts:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            assert credentials[name].encode() not in text, f"{what} holds {name}"


def send(programs: Programs, env: dict, body: Any) -> Run:
    run = programs.run("ownerrez-webhook", webhook(body), env=env)
    assert run.http.status == 200
    return run


def pass_on(programs: Programs, env: dict, event: Any = SCHEDULED) -> dict:
    run = programs.run("ownerrez-webhook", event, env=env)
    assert run.exit_code == 0, (run.stdout, run.stderr)
    return run.answer


def test_an_event_reaches_a_queue_to_the_byte(
    programs: Programs, role_env: dict, records: Records, queue: Target
) -> None:
    text = json.dumps(update(), indent=1, ensure_ascii=False) + "\n"
    run = send(programs, role_env | {"EVENTS_TARGET": queue.setting, "EVENTS_FORMAT": "verbatim"}, text)
    assert queue.bodies() == [text]
    kinds = {partition.split("#")[0] for partition in records.partitions()}
    assert kinds == {"ownerrez-event", "ownerrez-told"}, "what is passed on is known, but not kept"
    calls = [each["call"] for each in run.logs[-1].get("upstream", [])]
    assert [call for call in calls if call.startswith("sqs")] == ["sqs SendMessage"]


def test_an_event_says_whose_it_is_around_its_text_as_it_came(
    programs: Programs, role_env: dict, records: Records, queue: Target, bus: Target
) -> None:
    pass_on(programs, role_env)
    connect(records)
    text = json.dumps(update(), indent=1, ensure_ascii=False) + "\n"
    started = time.time()
    send(programs, role_env | {"EVENTS_TARGET": queue.setting}, text)
    (body,) = queue.bodies()
    assert unwrapped(body) == text
    envelope = json.loads(body)
    assert (envelope["subject"], envelope["connection"]) == (people.SUBJECT, str(ACCOUNT))
    assert envelope["source"] == "webhook"
    received = datetime.fromisoformat(envelope["receivedAt"])
    assert started - 1 <= received.timestamp() <= time.time() + 1
    assert envelope["sequence"].startswith(str(round(received.timestamp() * 1000)) + "-")
    send(programs, role_env | {"EVENTS_TARGET": bus.setting}, update(user_id=ACCOUNT + 1))
    (event,) = [json.loads(each) for each in bus.bodies()]
    assert (event["detail"]["subject"], event["detail"]["connection"]) == (None, str(ACCOUNT + 1)), "nobody connected it"
    assert event["detail"]["sequence"] > envelope["sequence"], "as text, what came later is greater"
    send(programs, role_env | {"EVENTS_TARGET": bus.setting}, {})
    (event,) = [json.loads(each) for each in bus.bodies()]
    assert (event["detail"]["subject"], event["detail"]["connection"]) == (None, None)


def test_a_revocation_still_says_whose_the_connection_was(
    programs: Programs, role_env: dict, records: Records, ownerrez: OwnerRezAPI, queue: Target
) -> None:
    pass_on(programs, role_env)
    connect(records)
    ownerrez.alive.clear()
    send(programs, role_env | {"EVENTS_TARGET": queue.setting}, revocation())
    told = {json.loads(body)["event"]["action"]: json.loads(body) for body in queue.bodies()}
    assert told["application_authorization_revoked"]["subject"] == people.SUBJECT
    send(programs, role_env | {"EVENTS_TARGET": queue.setting}, update())
    assert {json.loads(body)["subject"] for body in queue.bodies() if "entity_update" in body} == {None}


def test_what_we_tell_ourselves_brings_its_subject_and_what_was_found_in_lists_says_so(
    programs: Programs, role_env: dict, records: Records, queue: Target
) -> None:
    env = role_env | {"EVENTS_TARGET": queue.setting}
    pass_on(programs, env)
    told = {"user_id": ACCOUNT, "action": "disconnected", "entity_type": "connection", "entity_id": ACCOUNT}
    texts = [json.dumps(event) for event in (update(1), told, update(2))]
    more = [{}, {"source": "connection", "subject": people.OTHER_SUBJECT}, {"source": "reconcile"}]
    for number, (text, beside) in enumerate(zip(texts, more)):
        records.put(inbox(), f"{1790000000000 + number}-00", {"event": text} | beside)
    assert pass_on(programs, env)["passedOn"] == 3
    bodies = queue.bodies()
    assert [unwrapped(body) for body in bodies] == texts
    envelopes = [json.loads(body) for body in bodies]
    assert [envelope["source"] for envelope in envelopes] == ["webhook", "connection", "reconcile"]
    assert [envelope["subject"] for envelope in envelopes] == [None, people.OTHER_SUBJECT, None]


def test_what_is_given_up_says_whose_it_is_too(
    programs: Programs, role_env: dict, records: Records, queue: Target
) -> None:
    env = role_env | {"EVENTS_TARGET": queue.setting + "-gone"}
    pass_on(programs, env)
    connect(records)
    for number, format in enumerate(("envelope", "verbatim")):
        records.put(inbox(), f"{1790000000000 + number}-00", {"event": json.dumps(update(number)), "attempts": "79"})
        assert pass_on(programs, env | {"EVENTS_FORMAT": format})["givenUp"] == 1
    with_envelope, verbatim = records.of("ownerrez-given-up")
    names = ("subject", "connection", "source")
    assert [with_envelope[name] for name in names] == [people.SUBJECT, str(ACCOUNT), "webhook"]
    assert set(verbatim) == {"event", "receivedAt", "attempts", "reason", "givenUpAt"}


def test_whose_an_account_is_is_asked_once_in_a_pass(
    programs: Programs, role_env: dict, records: Records, queue: Target
) -> None:
    env = role_env | {"EVENTS_TARGET": queue.setting}
    send(programs, env, update(1))
    connect(records, listed=True)
    for number in range(8):
        records.put(inbox(), f"{1790000000000 + number}-00", {"event": json.dumps(update(number))})
    queue.received()
    run = programs.run("ownerrez-webhook", SCHEDULED, env=env)
    assert run.answer["passedOn"] == 8
    assert {json.loads(body)["subject"] for body in queue.bodies()} == {people.SUBJECT}
    calls = [each["call"] for each in run.logs[-1].get("upstream", [])]
    assert calls.count("dynamodb GetItem") == (1 if "dynamodb GetItem" in calls else 0)


@pytest.mark.parametrize("target", ["queue", "bus", "store"])
def test_the_largest_event_that_is_taken_is_passed_on(
    target: str, programs: Programs, role_env: dict, records: Records, queue: Target, bus: Target
) -> None:
    pass_on(programs, role_env)
    connect(records)
    setting = {"queue": queue.setting, "bus": bus.setting, "store": "store:"}[target]
    text = json.dumps(update(entity={"notes": ""}))
    text = text.replace('"notes": ""', '"notes": "' + "é" * ((204_800 - len(text)) // 2) + '"')
    text += " " * (204_800 - len(text.encode()))
    send(programs, role_env | {"EVENTS_TARGET": setting}, text)
    assert waiting(records) == [] and records.of("ownerrez-given-up") == []
    found = {"queue": queue.bodies, "bus": bus.bodies, "store": lambda: records.of("ownerrez-events")}[target]()
    assert len(found) == 1


def test_a_queue_that_keeps_the_order_is_told_what_belongs_together(
    programs: Programs, role_env: dict, records: Records, aws: AWSDouble
) -> None:
    url = make_queue(aws, ".fifo", FifoQueue="true")
    queue, env = Target(aws, url, f"sqs:{url}"), role_env | {"EVENTS_TARGET": f"sqs:{url}"}
    for body in (update(7), update(7), update(8), revocation(), {}):
        send(programs, env, body)
    groups = [message["Attributes"]["MessageGroupId"] for message in queue.received()]
    assert groups == ["booking/7", "booking/7", "booking/8", "user/347482730", "user/unknown"]


def test_an_event_reaches_a_bus_as_its_source_and_kind(
    programs: Programs, role_env: dict, records: Records, bus: Target
) -> None:
    bodies = [update(), update(action="entity_delete", entity=None), revocation(), {"action": "a b"}]
    for body in bodies:
        send(programs, role_env | {"EVENTS_TARGET": bus.setting}, body)
    found = [json.loads(body) for body in bus.bodies()]
    assert [event["detail"]["event"] for event in found] == bodies
    assert {event["source"] for event in found} == {"ownerrez"}
    assert [event["detail-type"] for event in found] == [
        "booking.entity_update",
        "booking.entity_delete",
        "api_application.application_authorization_revoked",
        "unknown.unknown",
    ]
    assert waiting(records) == []


def test_what_came_while_the_target_was_away_goes_on_later_in_order(
    programs: Programs, role_env: dict, records: Records, queue: Target
) -> None:
    env = role_env | {"EVENTS_TARGET": queue.setting}
    away = env | {"AWS_ENDPOINT_URL_SQS": f"http://127.0.0.1:{free_port()}"}
    bodies = [json.dumps(update(number % 2)) for number in range(4)]
    for body in bodies:
        run = send(programs, away, body)
        (line,) = [log for log in run.logs if log["message"] == "an event could not be passed on and waits"]
        assert line["level"] == "WARN" and line["event"] == "booking.entity_update"
        assert line["reason"] == "SQS SendMessage: no connection could be made"
        # Both entities are paused by now; the later events wait behind the earlier ones.
        if len(waiting(records)) == 2:
            break
    for body in bodies[2:]:
        send(programs, away, body)
    assert [event["event"] for event in waiting(records)] == bodies and queue.texts() == []
    assert pass_on(programs, env) == {"passedOn": 0, "givenUp": 0, "waiting": 2}, "two entities wait"
    end_pauses(records)
    assert pass_on(programs, env) == {"passedOn": 4, "givenUp": 0, "waiting": 0}
    found = queue.texts()
    assert waiting(records) == []
    for entity in (bodies[::2], bodies[1::2]):
        assert [text for text in found if text in entity] == entity


def test_the_next_webhook_brings_what_was_left(
    programs: Programs, role_env: dict, records: Records, queue: Target
) -> None:
    env = role_env | {"EVENTS_TARGET": queue.setting}
    bodies = [json.dumps(update(number)) for number in range(2)]
    send(programs, env | {"AWS_ENDPOINT_URL_SQS": f"http://127.0.0.1:{free_port()}"}, bodies[0])
    end_pauses(records)
    send(programs, env, bodies[1])
    assert queue.texts() == bodies


def test_an_event_that_the_target_refuses_holds_back_its_own_entity_only(
    programs: Programs, role_env: dict, records: Records, aws: AWSDouble
) -> None:
    url = make_queue(aws, MaximumMessageSize="1024")
    queue, env = Target(aws, url, f"sqs:{url}"), role_env | {"EVENTS_TARGET": f"sqs:{url}"}
    large = json.dumps(update(1, entity={"notes": "x" * 2000}))
    later, other = json.dumps(update(1)), json.dumps(update(2))
    for body in (large, later, other):
        send(programs, env, body)
    assert queue.texts() == [other]
    assert [event["event"] for event in waiting(records)] == [large, later]
    first = waiting(records)[0]
    assert first["attempts"] == "1" and int(first["pausedUntil"]) / 1000 == pytest.approx(time.time() + 60, abs=30)

    for attempt in range(2, 8):
        end_pauses(records)
        assert pass_on(programs, env) == {"passedOn": 0, "givenUp": 0, "waiting": 1}
        assert waiting(records)[0]["attempts"] == str(attempt)
    end_pauses(records)
    run = programs.run("ownerrez-webhook", SCHEDULED, env=env)
    assert run.answer == {"passedOn": 1, "givenUp": 1, "waiting": 0}
    assert queue.texts() == [later], "the entity goes on without it"
    (given_up,) = records.of("ownerrez-given-up")
    assert given_up["event"] == large and given_up["attempts"] == "8", "it is kept for people to look after"
    (line,) = [log for log in run.logs if log["message"] == "an event was given up"]
    assert (line["level"], line["attempts"]) == ("ERROR", 8)
    assert line["reason"].startswith("SQS SendMessage: the request was refused")


def test_a_target_that_is_not_there_is_given_time_before_events_are_given_up(
    programs: Programs, role_env: dict, records: Records, queue: Target
) -> None:
    env = role_env | {"EVENTS_TARGET": queue.setting + "-gone"}
    body = json.dumps(update())
    send(programs, env, body)
    lies = aside("booking/16879744")
    ((event,), (sort,)) = records.of(lies), records.keys(lies)
    records.put(lies, sort, event | {"attempts": "78"})
    end_pauses(records)
    assert pass_on(programs, env) == {"passedOn": 0, "givenUp": 0, "waiting": 1}
    (event,) = waiting(records)
    assert event["attempts"] == "79"
    assert int(event["pausedUntil"]) / 1000 == pytest.approx(time.time() + 3600, abs=60), "an hour at most"
    end_pauses(records)
    assert pass_on(programs, env) == {"passedOn": 0, "givenUp": 1, "waiting": 0}
    assert [event["event"] for event in records.of("ownerrez-given-up")] == [body]


@pytest.mark.parametrize("setting", ["sqs", "eventbridge"])
def test_a_role_without_the_permission_loses_nothing(
    setting: str, programs: Programs, webhook_env: dict, records: Records, aws: AWSDouble, queue: Target, bus: Target
) -> None:
    target = queue if setting == "sqs" else bus
    actions = ["GetItem", "PutItem", "DeleteItem", "Query", "TransactWriteItems"]
    credentials = aws.role_env("nobody", [f"dynamodb:{action}" for action in actions])
    env = webhook_env | aws.env | {"EVENTS_TARGET": target.setting}
    run = send(programs, env | credentials, update())
    (line,) = [log for log in run.logs if log["message"] == "an event could not be passed on and waits"]
    assert "the credentials do not allow this" in line["reason"]
    assert len(waiting(records)) == 1
    end_pauses(records)
    assert pass_on(programs, env)["passedOn"] == 1
    assert len(target.bodies()) == 1


def test_many_at_once_all_arrive_and_each_entity_in_order(
    programs: Programs, role_env: dict, records: Records, queue: Target
) -> None:
    env = role_env | {"EVENTS_TARGET": queue.setting}

    def history(entity: int) -> None:
        # OwnerRez waits for an answer before it sends the next event.
        for number in range(6):
            send(programs, env, update(entity, entity={"n": number}))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(history, range(4)))
    # Whoever was at it when the last ones came has passed them on, or leaves them to the next one.
    pass_on(programs, env)
    found = [json.loads(text) for text in queue.texts()]
    for entity in range(4):
        numbers = [event["entity"]["n"] for event in found if event["entity_id"] == entity]
        assert numbers == list(range(6)), "in order, and without a crash no event twice"


def test_while_somebody_else_passes_on_an_event_is_left_to_them(
    programs: Programs, role_env: dict, records: Records, queue: Target
) -> None:
    env = role_env | {"EVENTS_TARGET": queue.setting}
    send(programs, env, update(1))
    queue.received()
    records.put("ownerrez-inbox-lease", shard(), {})
    body = json.dumps(update(2))
    send(programs, env, body)
    assert pass_on(programs, env) == {"passedOn": 0, "givenUp": 0, "waiting": 0}
    assert queue.texts() == [] and [event["event"] for event in waiting(records)] == [body]
    records.remove("ownerrez-inbox-lease", shard())
    assert pass_on(programs, env)["passedOn"] == 1
    assert queue.texts() == [body]


def test_a_long_inbox_is_worked_off_in_pages(
    programs: Programs, role_env: dict, records: Records, queue: Target
) -> None:
    env = role_env | {"EVENTS_TARGET": queue.setting}
    send(programs, env, update())
    queue.received()
    bodies = [json.dumps(update(number)) for number in range(60)]
    for number, body in enumerate(bodies):
        records.put(inbox(), f"{1790000000000 + number}-00", {"event": body})
    assert pass_on(programs, env, {"passOn": True}) == {"passedOn": 60, "givenUp": 0, "waiting": 0}
    assert queue.texts() == bodies


def test_what_goes_beside_an_event_tells_old_from_new(
    programs: Programs, role_env: dict, records: Records, queue: Target, bus: Target
) -> None:
    body = json.dumps(update(entity={"updated_utc": "2026-08-30T12:00:00.1234567Z"}))
    started = time.time()
    send(programs, role_env | {"EVENTS_TARGET": "store:"}, body)
    (kept,) = records.of("ownerrez-events")
    assert kept["updatedUtc"] == "2026-08-30T12:00:00.1234567Z"
    assert (kept["source"], kept["connection"]) == ("webhook", str(ACCOUNT)) and "subject" not in kept
    send(programs, role_env | {"EVENTS_TARGET": queue.setting}, json.loads(body) | {"id": 1, "entity_id": 1})
    sqs = queue.aws.client("sqs")
    (message,) = sqs.receive_message(QueueUrl=queue.url, MessageAttributeNames=["All"])["Messages"]
    attributes = message["MessageAttributes"]
    assert attributes["updatedUtc"] == {"DataType": "String", "StringValue": "2026-08-30T12:00:00.1234567Z"}
    assert attributes["receivedAt"]["DataType"] == "Number"
    send(programs, role_env | {"EVENTS_TARGET": bus.setting}, json.loads(body) | {"id": 2, "entity_id": 2})
    (event,) = [json.loads(each) for each in bus.bodies()]
    tellers = dict(resource.split("/") for resource in event["resources"])
    assert tellers["updatedUtc"] == "2026-08-30T12:00:00.1234567Z"
    for received in (kept["receivedAt"], attributes["receivedAt"]["StringValue"], tellers["receivedAt"]):
        assert started - 1 <= int(received) / 1000 <= time.time() + 1


@pytest.mark.parametrize("where", ["waiting", "aside", "former"])
@pytest.mark.parametrize(
    "wrong", [{"event": '{"id":'}, {}, {"event": "{}", "sort": "no time"}], ids=["text", "none", "key"]
)
def test_a_record_that_cannot_be_read_is_given_up_and_holds_nobody_up(
    wrong: dict, where: str, programs: Programs, role_env: dict, records: Records, queue: Target
) -> None:
    env = role_env | {"EVENTS_TARGET": queue.setting}
    send(programs, env, update(1))
    assert len(queue.texts()) == 1
    wrong = dict(wrong)
    sort = wrong.pop("sort", "1790000000000-00")
    records.put({"waiting": inbox(), "aside": aside("booking/1"), "former": "ownerrez-inbox"}[where], sort, wrong)
    if where == "aside":
        records.put(f"ownerrez-inbox-paused#{shard()}", "000000000000001-booking/1", {})
    later = json.dumps(update(1))
    run = send(programs, env, later)
    assert queue.texts() == [later] and waiting(records) == []
    assert records.keys("ownerrez-given-up") == [sort] and records.of("ownerrez-given-up") == [wrong]
    (line,) = [log for log in run.logs if log["message"] == "a record of the inbox is no event, and was given up"]
    assert line["level"] == "ERROR"


def test_a_record_in_no_form_of_ours_is_given_up_as_it_is(
    programs: Programs, role_env: dict, records: Records, queue: Target
) -> None:
    env = role_env | {"EVENTS_TARGET": queue.setting}
    send(programs, env, update(1))
    queue.received()
    records.put(inbox(), "1790000000000-00", {"event": "{}"})
    records.spoil(inbox(), "1790000000000-00")
    later = json.dumps(update(1))
    send(programs, env, later)
    assert queue.texts() == [later] and waiting(records) == []
    (given_up,) = records.of("ownerrez-given-up")
    assert list(given_up) == ["unreadable"] and "spoiled" in given_up["unreadable"]


def test_a_pause_in_no_form_of_ours_holds_up_nobody(
    programs: Programs, role_env: dict, records: Records, queue: Target
) -> None:
    env = role_env | {"EVENTS_TARGET": queue.setting}
    send(programs, env, update(1))
    queue.received()
    pauses, past = f"ownerrez-inbox-paused#{shard()}", "000000000000001-booking/7"
    for sort in (past, "no-time"):
        records.put(pauses, sort, {})
        records.spoil(pauses, sort)
    later = json.dumps(update(1))
    send(programs, env, later)
    assert queue.texts() == [later] and waiting(records) == [] and records.of(pauses) == []
    assert records.keys("ownerrez-given-up") == ["no-time"]


def test_what_waits_is_not_read_again_and_again(
    programs: Programs, role_env: dict, records: Records, queue: Target
) -> None:
    env = role_env | {"EVENTS_TARGET": queue.setting}
    send(programs, env, update(1))
    queue.received()
    until = int(time.time() * 1000) + 3_600_000
    text = json.dumps(update(7, entity={"notes": "x" * 20_000}))
    for number in range(40):
        records.put(aside("booking/7"), f"{1790000000000 + number}-00", {"event": text, "pausedUntil": f"{until}"})
    records.put(f"ownerrez-inbox-paused#{shard()}", f"{until:015}-booking/7", {})
    before = records.text()
    assert pass_on(programs, env) == {"passedOn": 0, "givenUp": 0, "waiting": 1}
    assert records.text() == before
    other, later = json.dumps(update(8)), json.dumps(update(7))
    send(programs, env, other)
    send(programs, env, later)
    assert queue.texts() == [other]
    assert records.of(inbox()) == [] and len(waiting(records)) == 41, "it waits behind what came before it"
    end_pauses(records)
    assert pass_on(programs, env) == {"passedOn": 41, "givenUp": 0, "waiting": 0}
    assert queue.texts() == [text] * 40 + [later]


def test_more_entities_than_a_page_wait_each_with_what_comes_later(
    programs: Programs, role_env: dict, records: Records, queue: Target
) -> None:
    env = role_env | {"EVENTS_TARGET": queue.setting}
    send(programs, env, update(0))
    queue.received()
    until = int(time.time() * 1000) + 3_600_000
    for entity in range(60):
        event = {"event": json.dumps(update(entity)), "attempts": "1", "pausedUntil": f"{until + entity}"}
        records.put(aside(f"booking/{entity}"), f"{1790000000000 + entity}-00", event)
        records.put(f"ownerrez-inbox-paused#{shard()}", f"{until + entity:015}-booking/{entity}", {})
    for entity in (3, 55, 60):
        send(programs, env, update(entity))
    assert [json.loads(text)["entity_id"] for text in queue.texts()] == [60]
    assert len(records.of(aside("booking/3"))) == len(records.of(aside("booking/55"))) == 2
    end_pauses(records)
    assert pass_on(programs, env) == {"passedOn": 62, "givenUp": 0, "waiting": 0}
    assert waiting(records) == [] and not [name for name in records.partitions() if name.startswith("ownerrez-inbox")]


def test_what_an_older_build_has_left_in_the_inbox_goes_before_what_came_later(
    programs: Programs, role_env: dict, records: Records, queue: Target
) -> None:
    env = role_env | {"EVENTS_TARGET": queue.setting}
    send(programs, env, update(1))
    queue.received()
    then = int(time.time() * 1000) - 60_000
    bodies = [json.dumps(update(number % 3, user_id=ACCOUNT + number % 2)) for number in range(30)]
    for number, body in enumerate(bodies):
        event = {"event": body, "receivedAt": f"{then + number}"}
        paused = {"attempts": "3", "pausedUntil": f"{then + 10_000_000}"} if number % 5 == 0 else {}
        records.put("ownerrez-inbox", f"{then + number}-00aabbccddee", event | paused)
    later = json.dumps(update(1))
    send(programs, env, later)
    found = queue.texts()
    assert sorted(found) == sorted([*bodies, later]) and records.of("ownerrez-inbox") == []
    for account in (ACCOUNT, ACCOUNT + 1):
        wanted = [body for body in [*bodies, later] if json.loads(body)["user_id"] == account]
        assert [body for body in found if json.loads(body)["user_id"] == account] == wanted


def test_accounts_are_worked_off_by_themselves(
    programs: Programs, role_env: dict, records: Records, queue: Target
) -> None:
    env = role_env | {"EVENTS_TARGET": queue.setting}
    send(programs, env, update(1))
    queue.received()
    other = next(account for account in range(1, 99) if shard(account) != shard())
    records.put("ownerrez-inbox-lease", shard(), {})
    held, free = json.dumps(update(2)), json.dumps(update(3, user_id=other))
    for body in (held, free):
        send(programs, env, body)
    assert queue.texts() == [free], "whoever holds one part of the inbox holds up no other"
    records.remove("ownerrez-inbox-lease", shard())
    # Without a schedule, webhooks of others look after it in turn.
    stream = "\n".join(json.dumps(webhook(update(4, user_id=other))) for _ in range(16))
    assert programs.run("ownerrez-webhook", stream, "--stream", env=env).exit_code == 0
    assert held in queue.texts()


def test_with_little_time_left_nothing_is_begun_and_nothing_lost(
    role_env: dict, records: Records, queue: Target, printed: Printed, tmp_path: Path
) -> None:
    env = role_env | {"EVENTS_TARGET": queue.setting, "STORE_EPHEMERAL": "allowed"}
    with RuntimeAPI() as api, Runtime("ownerrez-webhook", api, env, printed, tmp_path) as runtime:
        assert api.invoke(webhook(update(1)), seconds=4).http.status == 200
        api.wait_for_pollers(1)
        assert queue.texts() == [] and len(waiting(records)) == 1
        assert api.invoke(webhook(update(2))).http.status == 200
        api.wait_for_pollers(1)
        assert [json.loads(text)["entity_id"] for text in queue.texts()] == [1, 2]
        counted = [(line.get("EventsAccepted"), line.get("EventsPassedOn")) for line in runtime.metrics]
        assert counted == [(None, None), (1, None), (1, 2)]
        assert runtime.metrics[-1]["EventsWaiting"] == 0


def test_on_lambda_the_answer_does_not_wait_for_the_target(
    role_env: dict, records: Records, printed: Printed, tmp_path: Path, silence: str
) -> None:
    env = role_env | {"EVENTS_TARGET": "sqs:https://sqs.us-east-1.amazonaws.com/123456789012/events"}
    env |= {"AWS_ENDPOINT_URL_SQS": silence, "STORE_EPHEMERAL": "allowed"}
    with RuntimeAPI() as api, Runtime("ownerrez-webhook", api, env, printed, tmp_path):
        # The target never answers: with the answer behind it there would be none.
        assert api.invoke(webhook(update())).http.status == 200
        assert len(waiting(records)) == 1


@pytest.fixture
def silence() -> Iterator[str]:
    """Somebody who takes connections and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_the_metrics_tell_what_became_of_events(
    role_env: dict, records: Records, queue: Target, printed: Printed, tmp_path: Path
) -> None:
    env = role_env | {"EVENTS_TARGET": queue.setting + "-gone", "STORE_EPHEMERAL": "allowed"}
    body = update()
    with RuntimeAPI() as api, Runtime("ownerrez-webhook", api, env, printed, tmp_path) as runtime:
        for event in (webhook(body), webhook(body)):
            assert api.invoke(event).http.status == 200
        api.wait_for_pollers(1)
        lies = aside("booking/16879744")
        ((event,), (sort,)) = records.of(lies), records.keys(lies)
        records.put(lies, sort, event | {"attempts": "79"})
        end_pauses(records)
        assert api.invoke(SCHEDULED).json == {"passedOn": 0, "givenUp": 1, "waiting": 0}
        api.wait_for_pollers(1)
        lines = [
            {name: value for name, value in line.items() if name.startswith("Events")} for line in runtime.metrics[1:]
        ]
    assert lines == [
        {"EventsAccepted": 1, "EventsRefused": 1, "EventsWaiting": 1},
        {"EventsDuplicate": 1, "EventsWaiting": 1},
        {"EventsRefused": 1, "EventsGivenUp": 1, "EventsWaiting": 0},
    ]


@pytest.mark.parametrize(
    "setting",
    ["", "s3:bucket", "store:here", "sqs:", "sqs:events", "sqs:http://sqs.us-east-1.amazonaws.com/1/events"]
    + ["sqs:https://sqs.us-east-1.amazonaws.com/events", "sqs:https://sqs.us-east-1.amazonaws.com/1/a/b"]
    + ["sqs:https://sqs.us-east-1.amazonaws.com/1/e?x=1", "sqs:https://user@sqs.us-east-1.amazonaws.com/1/events"]
    + ["sqs:https://sqs.us-east-1.amazonaws.com/1/ev ents", "eventbridge:", "eventbridge:a b"]
    + ["pubsub:", "pubsub:topic", "pubsub:projects/partner-test/topics/", "pubsub:projects/partner-test/topics/a/b"]
    + ["http://events.example.com/", "https://", "https:", "https://a@events.example.com/", "https://a.example.com/?k=1"]
    + ["pubsub:projects/Partner/topics/abc", "pubsub:projects/partner-test/topics/a%2Fb"],
)
def test_another_target_is_none(setting: str, programs: Programs, role_env: dict) -> None:
    run = programs.run("ownerrez-webhook", webhook(update()), env=role_env | {"EVENTS_TARGET": setting})
    assert run.exit_code == (2 if setting else 0), "what is set to nothing is not set"
    expected = b"EVENTS_TARGET: expected store:, sqs:QUEUE_URL, eventbridge:BUS, pubsub:projects/P/topics/T or https://HOST/PATH"
    assert (expected in run.stderr) == bool(setting)


def test_a_target_of_aws_s_needs_credentials(programs: Programs, role_env: dict, queue: Target) -> None:
    env = role_env | {"EVENTS_TARGET": queue.setting, "AWS_SECRET_ACCESS_KEY": ""}
    run = programs.run("ownerrez-webhook", webhook(update()), env=env)
    assert run.exit_code == 2 and b"AWS_SECRET_ACCESS_KEY: is required" in run.stderr


def test_over_http_the_answer_comes_first_and_the_events_follow(
    role_env: dict, records: Records, queue: Target, printed: Printed, tmp_path: Path
) -> None:
    env = role_env | {"EVENTS_TARGET": queue.setting}
    bodies = [json.dumps(update(1, entity={"n": number, "notes": "x" * 100_000})).encode() for number in range(3)]
    with Service("ownerrez-webhook", env, printed, tmp_path) as service:
        with service.connect() as stranger:
            stranger.send(request("POST", WEBHOOK, bodies[0], Authorization=basic(password="another")))
            assert stranger.answer().status == 401
        with service.connect() as connection:
            for body in bodies:
                connection.send(request("POST", WEBHOOK, body, Authorization=basic()))
                assert connection.answer().status == 200
        found: list[str] = []
        for _ in range(200):
            found += queue.texts()
            if len(found) == len(bodies):
                break
            time.sleep(0.1)
    assert [text.encode() for text in found] == bodies
    assert waiting(records) == []
