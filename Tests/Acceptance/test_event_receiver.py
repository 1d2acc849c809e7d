"""Events posted to a server of the company's, signed as Standard Webhooks has it."""

import base64
import json
import os
import re
import ssl
import threading
import time
from pathlib import Path
from typing import Iterator
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import trustme
from emulator import free_port
from ownerrez import ACCOUNT, SCHEDULED, aside, end_pauses, inbox, unwrapped, update, waiting, webhook
from programs import ROOT, Printed, Programs, Run
from receiver import ANOTHER_SECRET, PATH, SECRET, Answer, Receiver
from records import Records
from runtime_api import Runtime, RuntimeAPI


@pytest.fixture
def receiver(printed: Printed) -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver
    printed.tokens |= {SECRET, ANOTHER_SECRET, *(s for each in receiver.deliveries for s in each.signatures)}


@pytest.fixture
def env(webhook_env: dict, receiver: Receiver) -> dict[str, str]:
    return webhook_env | receiver.env


def send(programs: Programs, env: dict, body: object) -> Run:
    run = programs.run("ownerrez-webhook", webhook(body), env=env)
    assert run.http.status == 200
    return run


def pass_on(programs: Programs, env: dict) -> dict:
    run = programs.run("ownerrez-webhook", SCHEDULED, env=env)
    assert run.exit_code == 0, (run.stdout, run.stderr)
    return run.answer


def reasons(run: Run) -> list[str]:
    return [line["reason"] for line in run.logs if line["message"] == "an event could not be passed on and waits"]


def test_an_event_is_posted_to_the_byte_and_verifies(
    programs: Programs, env: dict, records: Records, receiver: Receiver
) -> None:
    text = json.dumps(update(), indent=1, ensure_ascii=False) + "\n"
    before = int(time.time())
    run = send(programs, env, text)
    (delivery,) = receiver.deliveries
    assert unwrapped(delivery.body.decode()) == text and receiver.strangers == []
    assert before <= delivery.timestamp <= time.time() and len(delivery.signatures) == 1
    assert re.fullmatch("[0-9]{13}-[0-9a-f]{15}", delivery.id), "the arrival"
    assert waiting(records) == []
    calls = [each["call"] for each in run.logs[-1].get("upstream", [])]
    assert "receiver POST" in calls, "without its address, which may be a secret"


@pytest.mark.parametrize(
    "text",
    ['{}', ' {"a" :1e400,"b":-0}\n', r'{"a":"\ud83d","\u0000":"\",\"event\":{"}', '{"é":"\u2028😀","n":1.50}']
    + ['{"a":' + "[" * 500 + "]" * 500 + "}"],
)
def test_odd_json_is_in_its_envelope_to_the_byte(
    text: str, programs: Programs, env: dict, records: Records, receiver: Receiver
) -> None:
    send(programs, env, text)
    (delivery,) = receiver.taken
    assert delivery.text == text


def test_the_largest_event_that_is_taken_is_posted(
    programs: Programs, env: dict, records: Records, receiver: Receiver
) -> None:
    text = json.dumps(update(entity={"notes": "x" * 204_000}))
    text += " " * (204_800 - len(text))
    send(programs, env, text)
    assert [delivery.text for delivery in receiver.taken] == [text]


def test_verbatim_it_is_posted_as_it_came(
    programs: Programs, env: dict, records: Records, receiver: Receiver
) -> None:
    text = json.dumps(update(), indent=1, ensure_ascii=False) + "\n"
    send(programs, env | {"EVENTS_FORMAT": "verbatim"}, text)
    assert [delivery.body.decode() for delivery in receiver.taken] == [text]


def test_what_was_changed_on_the_way_does_not_verify(
    programs: Programs, env: dict, records: Records, receiver: Receiver
) -> None:
    send(programs, env, update())
    (delivery,) = receiver.deliveries
    headers = {
        "webhook-id": delivery.id,
        "webhook-timestamp": str(delivery.timestamp),
        "webhook-signature": delivery.signatures[0],
    }
    assert receiver.verifies(delivery.body, headers)
    assert not receiver.verifies(delivery.body.replace(b"pending", b"booked!"), headers)
    assert not receiver.verifies(delivery.body, headers | {"webhook-id": delivery.id + "0"})
    assert not receiver.verifies(delivery.body, headers | {"webhook-timestamp": str(delivery.timestamp - 1)})


def test_while_the_secret_changes_either_verifies(
    programs: Programs, env: dict, records: Records, printed: Printed
) -> None:
    rotating = {"EVENTS_SIGNING_SECRET": ANOTHER_SECRET, "EVENTS_SIGNING_SECRET_PREVIOUS": SECRET}
    for secret in (SECRET, ANOTHER_SECRET):
        with Receiver(secret) as receiver:
            send(programs, env | rotating | {"EVENTS_TARGET": receiver.url}, update())
            (delivery,) = receiver.taken
            assert len(delivery.signatures) == 2
    with Receiver(SECRET) as receiver:
        run = send(programs, env | {"EVENTS_SIGNING_SECRET": ANOTHER_SECRET, "EVENTS_TARGET": receiver.url}, update())
        assert receiver.taken == [] and reasons(run) == ["the receiver answered 401"]
    assert len(waiting(records)) == 1, "a wrong secret loses nothing"


def test_each_attempt_has_the_same_id_and_a_time_of_its_own(
    programs: Programs, env: dict, records: Records, receiver: Receiver
) -> None:
    receiver.answers = [Answer(403), Answer(500), Answer(502), Answer()]
    send(programs, env, update())
    time.sleep(1.1)
    end_pauses(records)
    assert pass_on(programs, env)["passedOn"] == 1
    assert [delivery.status for delivery in receiver.deliveries] == [403, 500, 502, 204]
    assert len({delivery.id for delivery in receiver.deliveries}) == 1
    first, last = receiver.deliveries[0], receiver.deliveries[-1]
    assert first.timestamp < last.timestamp and first.signatures != last.signatures


def test_what_came_while_the_receiver_was_away_goes_on_later_in_order(
    programs: Programs, env: dict, records: Records, receiver: Receiver
) -> None:
    away = env | {"EVENTS_TARGET": f"http://127.0.0.1:{free_port()}{PATH}"}
    bodies = [json.dumps(update(number % 2)) for number in range(4)]
    for body in bodies:
        run = send(programs, away, body)
        assert set(reasons(run)) <= {"the receiver: no connection could be made"}
    assert [event["event"] for event in waiting(records)] == bodies and receiver.deliveries == []
    end_pauses(records)
    assert pass_on(programs, env) == {"passedOn": 4, "givenUp": 0, "waiting": 0}
    assert waiting(records) == []
    for entity in (bodies[::2], bodies[1::2]):
        assert [text for text in receiver.texts if text in entity] == entity


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_an_event_that_is_refused_itself_holds_back_its_own_entity_and_is_given_up(
    status: int, programs: Programs, env: dict, records: Records, receiver: Receiver
) -> None:
    first, later, other = (json.dumps(update(number)) for number in (1, 1, 2))
    receiver.answers = [Answer(status, f"{first} is wrong".encode())]
    for body in (first, later, other):
        send(programs, env, body)
    assert receiver.texts == [other] and [event["event"] for event in waiting(records)] == [first, later]
    lies = aside("booking/1")
    event, sort = records.of(lies)[0], records.keys(lies)[0]
    records.put(lies, sort, event | {"attempts": "7"})
    end_pauses(records)
    receiver.answers = [Answer(status)]
    assert pass_on(programs, env) == {"passedOn": 1, "givenUp": 1, "waiting": 0}
    assert receiver.texts == [other, later]
    assert [event["event"] for event in records.of("ownerrez-given-up")] == [first]


@pytest.mark.parametrize(
    "answer, reason",
    [
        (Answer(410), "the receiver answered 410: it wants no more events"),
        (Answer(307, headers={"Location": "/elsewhere"}), "the receiver answered 307, a redirect, which is not followed"),
        (Answer(301, headers={"Location": "/elsewhere"}), "the receiver answered 301, a redirect, which is not followed"),
        (Answer(404), "the receiver answered 404"),
        (Answer(429, headers={"Retry-After": "600"}), "the receiver answered 429"),
    ],
    ids=["410", "307", "301", "404", "429"],
)
def test_a_receiver_that_takes_nothing_is_left_alone(
    answer: Answer, reason: str, programs: Programs, env: dict, records: Records, receiver: Receiver
) -> None:
    send(programs, env, update(1))
    receiver.deliveries.clear()
    body = json.dumps(update(1))
    answer.body = body.encode()
    receiver.answers = [answer]
    for number in range(3):
        records.put(inbox(), f"{1790000000000 + number}-00", {"event": json.dumps(update(number + 2))})
    run = send(programs, env, body)
    assert reasons(run) == [reason] and len(receiver.deliveries) == 1, "nothing else is tried after it"
    assert receiver.strangers == [], "no redirect is followed"
    assert len(waiting(records)) == 4
    paused = next(event for event in waiting(records) if "pausedUntil" in event)
    seconds = 600 if answer.status == 429 else 60
    assert int(paused["pausedUntil"]) / 1000 == pytest.approx(time.time() + seconds, abs=30)
    end_pauses(records)
    assert pass_on(programs, env) == {"passedOn": 4, "givenUp": 0, "waiting": 0}


@pytest.mark.parametrize(
    "answer", [Answer(200, b"x" * 10_000_000), Answer(200, endless=True)], ids=["ten megabytes", "endless"]
)
def test_a_success_is_one_however_long_the_answer(
    answer: Answer, programs: Programs, env: dict, records: Records, receiver: Receiver
) -> None:
    receiver.answers = [answer]
    send(programs, env, update(1))
    send(programs, env, update(2))
    assert len(receiver.deliveries) == len(receiver.taken) == 2 and waiting(records) == []


def test_a_slow_receiver_has_its_time_and_a_silent_one_costs_the_rest_of_the_pass_only(
    env: dict, records: Records, receiver: Receiver, printed: Printed, tmp_path: Path
) -> None:
    env = env | {"STORE_EPHEMERAL": "allowed"}
    receiver.answers = [Answer(seconds=3), Answer(seconds=30)]
    with RuntimeAPI() as api, Runtime("ownerrez-webhook", api, env, printed, tmp_path):
        assert api.invoke(webhook(update(1)), seconds=10).http.status == 200
        api.wait_for_pollers(1)
        assert len(receiver.deliveries) == 1 and waiting(records) == []
        # No answer in time: what became of it is stored all the same, within the invocation.
        assert api.invoke(webhook(update(2)), seconds=10).http.status == 200
        api.wait_for_pollers(1)
        (event,) = waiting(records)
        assert event["attempts"] == "1" and len(receiver.deliveries) == 2
        end_pauses(records)
        assert api.invoke(SCHEDULED).json["passedOn"] == 1
    assert len({delivery.id for delivery in receiver.deliveries}) == 2


def test_over_tls_the_certificate_is_verified(
    programs: Programs, webhook_env: dict, records: Records, printed: Printed, tmp_path: Path
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusted = tmp_path / "trusted.pem"
    authority.cert_pem.write_to_path(str(trusted))
    stranger = tmp_path / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(str(stranger))
    with Receiver(context=context) as receiver:
        env = webhook_env | receiver.env
        run = send(programs, env | {"SSL_CERT_FILE": str(stranger)}, update())
        assert reasons(run) == ["the receiver: TLS: the certificate is of an unknown authority"]
        assert receiver.deliveries == []
        end_pauses(records)
        assert pass_on(programs, env | {"SSL_CERT_FILE": str(trusted)})["passedOn"] == 1
        assert len(receiver.taken) == 1


@pytest.mark.parametrize("form", ["plain", "file"])
def test_check_says_whether_the_secret_is_one(
    form: str, programs: Programs, env: dict, records: Records, tmp_path: Path
) -> None:
    def settings(secret: str) -> dict:
        if form == "plain":
            return env | {"EVENTS_SIGNING_SECRET": secret}
        file = tmp_path / "signing"
        file.write_text(secret + "\n")
        return {n: v for n, v in env.items() if n != "EVENTS_SIGNING_SECRET"} | {"EVENTS_SIGNING_SECRET_FILE": str(file)}

    run = programs.run("ownerrez-webhook", None, "--check", env=settings(SECRET))
    assert run.exit_code == 0, run.stderr
    assert re.search(rb"^EVENTS_SIGNING_SECRET +<redacted>$", run.stdout, re.M)
    for wrong in (SECRET.removeprefix("whsec_"), "whsec_" + base64.b64encode(bytes(23)).decode(), SECRET[:-1]):
        run = programs.run("ownerrez-webhook", None, "--check", env=settings(wrong))
        assert run.exit_code == 2 and wrong.encode() not in run.stdout + run.stderr
        assert b"EVENTS_SIGNING_SECRET: expected whsec_ and base64 of 24 to 64 bytes" in run.stderr
    run = programs.run("ownerrez-webhook", webhook(update()), env=env | {"EVENTS_SIGNING_SECRET": ""})
    assert run.exit_code == 2 and b"EVENTS_SIGNING_SECRET: is required" in run.stderr


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Quiet."""


ARTICLE = ROOT / "Sources/PartnerCore/Documentation.docc/ownerrez-webhook.md"


def article_app() -> dict:
    """The receiver that ownerrez-webhook.md shows."""
    code = re.search(r"```python\n(.*?)```", ARTICLE.read_text(), re.S)
    assert code
    names: dict = {}
    exec(compile(code[1], ARTICLE.name, "exec"), names)
    return names


def test_the_receiver_of_the_readme_takes_each_event_once(
    programs: Programs, env: dict, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "EVENTS_SIGNING_SECRET", SECRET)
    names = article_app()
    handled: list = []
    names["handle"] = handled.append
    with make_server("127.0.0.1", 0, names["app"], handler_class=Quiet) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        env = env | {"EVENTS_TARGET": f"http://127.0.0.1:{server.server_port}/"}
        body = update()
        send(programs, env, body)
        # As if the process had been killed before it knew that the event was taken.
        (sort,) = names["seen"]
        records.put(inbox(ACCOUNT), sort, {"event": json.dumps(body)})
        assert pass_on(programs, env)["passedOn"] == 1
        run = send(programs, env | {"EVENTS_SIGNING_SECRET": ANOTHER_SECRET}, update())
        assert reasons(run) == ["the receiver answered 401"]
        server.shutdown()
    assert [event["event"] for event in handled] == [body]
