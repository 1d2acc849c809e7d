"""OwnerRez's events on their way to a topic of Pub/Sub, the records being in Firestore: all of it on Google Cloud."""

import base64
import json
import time

import people
import pytest
from google_double import GoogleDouble
from ownerrez import ACCOUNT, connect, end_pauses, unwrapped, update, waiting, webhook
from programs import Programs, Run
from records import Firestore, Records


@pytest.fixture
def records(google: GoogleDouble) -> Records:
    return Records(Firestore(google))


@pytest.fixture
def topic(google: GoogleDouble) -> str:
    return google.make_topic()


def send(programs: Programs, env: dict, topic: str, body: str) -> Run:
    run = programs.run("ownerrez-webhook", webhook(body), env=env | {"EVENTS_TARGET": f"pubsub:{topic}"})
    assert run.http.status == 200
    return run


@pytest.mark.parametrize("format", ["envelope", "verbatim"])
def test_an_event_reaches_a_topic_to_the_byte(
    format: str, programs: Programs, webhook_env: dict, records: Records, google: GoogleDouble, topic: str
) -> None:
    event = update()
    text = json.dumps(event, indent=1, ensure_ascii=False) + "\n"
    connect(records)
    send(programs, webhook_env | {"EVENTS_FORMAT": format}, topic, text)
    (message,) = google.topics[topic]
    data = base64.b64decode(message["data"]).decode()
    assert (data if format == "verbatim" else unwrapped(data)) == text
    if format == "envelope":
        assert (json.loads(data)["subject"], json.loads(data)["connection"]) == (people.SUBJECT, str(ACCOUNT))
    assert message["orderingKey"] == f"{event['entity_type']}/{event['entity_id']}"
    received = message["attributes"].pop("receivedAt")
    assert received.isdecimal() and message["attributes"] == {"kind": f"{event['entity_type']}.{event['action']}"}
    assert waiting(records) == [] and records.of("ownerrez-events") == [], "what is passed on is not kept"


def test_the_largest_event_that_is_taken_is_published(
    programs: Programs, webhook_env: dict, records: Records, google: GoogleDouble, topic: str
) -> None:
    text = json.dumps(update(entity={"notes": "x" * 204_000}))
    text += " " * (204_800 - len(text))
    send(programs, webhook_env, topic, text)
    (message,) = google.topics[topic]
    assert unwrapped(base64.b64decode(message["data"]).decode()) == text and waiting(records) == []


@pytest.mark.parametrize("kind", ["UNAVAILABLE", "RESOURCE_EXHAUSTED", "ABORTED", "UNAUTHENTICATED", "reset"])
def test_what_passes_is_tried_again(
    kind: str, programs: Programs, webhook_env: dict, records: Records, google: GoogleDouble, topic: str
) -> None:
    google.fault("publish", kind)
    send(programs, webhook_env, topic, json.dumps(update()))
    assert len(google.topics[topic]) == 1 and waiting(records) == []


REFUSALS = {
    "PERMISSION_DENIED": "the service account may not do this (PERMISSION_DENIED)",
    "NOT_FOUND": "what was asked for does not exist (NOT_FOUND)",
    "INVALID_ARGUMENT": "the request was refused (INVALID_ARGUMENT)",
    "html": "unexpected answer: no JSON",
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_what_is_refused_waits_and_goes_with_a_later_invocation(
    kind: str, programs: Programs, webhook_env: dict, records: Records, google: GoogleDouble, topic: str
) -> None:
    google.fault("publish", kind)
    body = json.dumps(update())
    run = send(programs, webhook_env, topic, body)
    (reason,) = [log["reason"] for log in run.logs if "reason" in log]
    assert reason == f"Pub/Sub publish: {REFUSALS[kind]}"
    (event,) = waiting(records)
    assert event["event"] == body and google.topics[topic] == []
    assert int(event["pausedUntil"]) > time.time() * 1000
    end_pauses(records)
    send(programs, webhook_env, topic, json.dumps(update(id="another")))
    assert len(google.topics[topic]) == 2 and waiting(records) == []
