"""OwnerRez's webhook: who may send, what is kept, and that it is kept once, over each backend of the store."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Optional

import people
import pytest
from emulator import free_port
from events import HTTP_SHAPES, http_api
from ownerrez import ACCOUNT, ENV, WEBHOOK, basic, revocation, update, waiting, webhook
from programs import ROOT, HTTPAnswer, Printed, Programs, Run
from records import Records, SQLite
from runtime_api import Runtime, RuntimeAPI
from samtranslator.yaml_helper import yaml_parse
from web import Service, request

KEPT = "ownerrez-events"


def send(programs: Programs, env: dict, body: Any, **options: Any) -> HTTPAnswer:
    return programs.run("ownerrez-webhook", webhook(body, **options), env=env).http


def kept(records: Records) -> list[str]:
    """The events that the company can read, oldest first, as they came."""
    assert waiting(records) == [], "nothing waits"
    return [event["event"] for event in records.of(KEPT)]


def accepted(answer: HTTPAnswer) -> bool:
    return (answer.status, answer.json) == (200, {"accepted": True})


def test_an_event_is_stored_to_the_byte_and_answered(programs: Programs, webhook_env: dict, records: Records) -> None:
    started = time.time()
    text = json.dumps(update(), indent=2) + "\n "
    assert accepted(send(programs, webhook_env, text))
    assert kept(records) == [text]
    ((event,), (sort,)) = records.of(KEPT), records.keys(KEPT)
    assert set(event) == {"event", "receivedAt", "source", "connection"}
    assert started - 1 <= int(event["receivedAt"]) / 1000 <= time.time() + 1
    assert re.fullmatch(event["receivedAt"] + "-[0-9]{3}[0-9a-f]{12}", sort)
    known = [f'ownerrez-event#"{json.loads(text)["id"]}"', f"ownerrez-told#{ACCOUNT}/booking/16879744"]
    assert sorted(records.partitions()) == sorted([KEPT, *known]), "no lease is left"


def test_events_are_kept_in_the_order_in_which_they_came(
    programs: Programs, webhook_env: dict, records: Records
) -> None:
    bodies = [json.dumps(update(number % 3)) for number in range(6)]
    stream = "\n".join(json.dumps(webhook(body)) for body in bodies)
    run = programs.run("ownerrez-webhook", stream, "--stream", env=webhook_env)
    assert [json.loads(line)["statusCode"] for line in run.stdout.splitlines()] == [200] * 6
    assert kept(records) == bodies


@pytest.mark.parametrize("shape", HTTP_SHAPES)
def test_every_shape_of_event_brings_it(
    shape: str, programs: Programs, webhook_env: dict, records: Records
) -> None:
    headers = {"authorization": basic(), "content-type": "application/json"}
    event = HTTP_SHAPES[shape]("POST", WEBHOOK, update(), headers=headers)
    assert accepted(programs.run("ownerrez-webhook", event, env=webhook_env).http)
    assert len(kept(records)) == 1


# Credentials


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """Where the store does not matter."""
    return ENV | {"STORE_URL": f"sqlite:{tmp_path}/store.sqlite"}


def refused(answer: HTTPAnswer) -> None:
    assert answer.outcome == (401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"] == 'Basic realm="ownerrez-webhook", charset="UTF-8"'


USER, PASSWORD = people.WEBHOOK_USER, people.WEBHOOK_PASSWORD
GOOD = basic()

BAD_CREDENTIALS = {
    "none": None,
    "an empty field": "",
    "the scheme alone": "Basic",
    "the scheme and a space": "Basic ",
    "another scheme": GOOD.replace("Basic", "Bearer"),
    "no scheme": GOOD.removeprefix("Basic "),
    "another password": basic(password="another"),
    "no password": basic(password=""),
    "a password that begins the same": basic(password=PASSWORD[:-1]),
    "a password that goes on": basic(password=PASSWORD + "x"),
    "the part before the password's colon": basic(password=PASSWORD.split(":")[0]),
    "the password's other case": basic(password=PASSWORD.upper()),
    "another user": basic(user="somebody"),
    "the user's other case": basic(user=USER.upper()),
    "no user": basic(user=""),
    "user and password swapped": basic(user=PASSWORD, password=USER),
    "no colon": "Basic d2ViaG9vay11c2Vy",
    "no base64": "Basic !!!!",
    "base64 without its padding": GOOD.rstrip("="),
    "base64 with a space in it": GOOD[:20] + " " + GOOD[20:],
    "base64 and something after it": GOOD + "AAAA",
    "base64 of no UTF-8": "Basic //4=",
    "the credentials in the clear": f"Basic {USER}:{PASSWORD}",
    "two fields in one": f"{GOOD}, {GOOD}",
    "the previous password, which nobody set": basic(password=people.WEBHOOK_PASSWORD_PREVIOUS),
}


@pytest.mark.parametrize("case", BAD_CREDENTIALS)
def test_bad_credentials_are_401_and_store_nothing(case: str, programs: Programs, env: dict, tmp_path: Path) -> None:
    refused(send(programs, env, update(), authorization=BAD_CREDENTIALS[case]))
    assert Records(SQLite(tmp_path)).partitions() == []


def test_a_field_with_a_line_break_is_none(programs: Programs, env: dict, tmp_path: Path) -> None:
    answer = send(programs, env, update(), authorization=GOOD[:20] + "\n" + GOOD[20:])
    assert answer.status == 400
    assert Records(SQLite(tmp_path)).partitions() == []


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC", "bAsIc"])
def test_the_scheme_is_of_any_case(scheme: str, programs: Programs, env: dict) -> None:
    assert accepted(send(programs, env, update(), authorization=GOOD.replace("Basic", scheme)))


@pytest.mark.parametrize("values", [[GOOD, GOOD], [GOOD, basic(password="x")], [basic(password="x"), GOOD]])
def test_two_authorization_fields_are_refused(values: list, programs: Programs, env: dict) -> None:
    event = HTTP_SHAPES["rest-api"]("POST", WEBHOOK, update(), headers={"content-type": "application/json"})
    event["multiValueHeaders"]["Authorization"] = values
    refused(programs.run("ownerrez-webhook", event, env=env).http)


@pytest.mark.parametrize("body", [None, "", "no JSON", "x" * 300_000, b"\xff\xfe"])
def test_credentials_come_before_the_body(body: Any, programs: Programs, env: dict) -> None:
    refused(send(programs, env, body, authorization=basic(password="another"), headers={"content-type": "text/x"}))


def test_two_passwords_are_good_while_one_replaces_the_other(programs: Programs, env: dict) -> None:
    env |= {"OWNERREZ_WEBHOOK_PASSWORD_PREVIOUS": people.WEBHOOK_PASSWORD_PREVIOUS}
    for password in (people.WEBHOOK_PASSWORD, people.WEBHOOK_PASSWORD_PREVIOUS):
        assert accepted(send(programs, env, update(), authorization=basic(password=password)))
    refused(send(programs, env, update(), authorization=basic(password="another")))


@pytest.mark.parametrize(
    "missing", ["OWNERREZ_WEBHOOK_USER", "OWNERREZ_WEBHOOK_PASSWORD", "TOKEN_ENCRYPTION_KEYS", "OWNERREZ_CLIENT_ID"]
)
def test_without_its_credentials_it_does_not_start(missing: str, programs: Programs, env: dict) -> None:
    run = programs.run("ownerrez-webhook", webhook(update()), env=env | {missing: ""})
    assert run.exit_code == 2 and run.stdout == b""
    assert f"{missing}: is required".encode() in run.stderr


@pytest.mark.parametrize("user", ["a:b", "a\tb", "a\nb"])
def test_a_user_s_name_that_no_header_can_carry_is_a_problem(user: str, programs: Programs, env: dict) -> None:
    run = programs.run("ownerrez-webhook", webhook(update()), env=env | {"OWNERREZ_WEBHOOK_USER": user})
    assert run.exit_code == 2 and b"OWNERREZ_WEBHOOK_USER: expected" in run.stderr


def test_passwords_may_come_from_files(programs: Programs, env: dict, tmp_path: Path) -> None:
    for name in ("OWNERREZ_WEBHOOK_PASSWORD", "OWNERREZ_WEBHOOK_PASSWORD_PREVIOUS"):
        env.pop(name, None)
        (tmp_path / name).write_text(getattr(people, name.removeprefix("OWNERREZ_")) + "\n")
        env[f"{name}_FILE"] = str(tmp_path / name)
    for password in (people.WEBHOOK_PASSWORD, people.WEBHOOK_PASSWORD_PREVIOUS):
        assert accepted(send(programs, env, update(), authorization=basic(password=password)))


def test_a_refusal_is_a_warning_and_a_figure(
    webhook_env: dict, printed: Printed, tmp_path: Path
) -> None:
    env = webhook_env | {"STORE_EPHEMERAL": "allowed"}
    with RuntimeAPI() as api, Runtime("ownerrez-webhook", api, env, printed, tmp_path) as runtime:
        assert api.invoke(webhook(update(), authorization=basic(password="guess"))).http.status == 401
        assert api.invoke(webhook("{", headers={"content-type": "application/json"})).http.status == 400
        api.wait_for_pollers(1)
        counted = [{name: line[name] for name in line if name.startswith("Webhook")} for line in runtime.metrics]
        assert [each for each in counted if each] == [{"WebhookRefused": 1}, {"WebhookNotTaken": 1}]
        (line,) = [line for line in runtime.logs if line.get("message") == "credentials were refused"]
        assert line["level"] == "WARN"


def test_a_webhook_that_is_too_large_is_a_figure_that_an_alarm_watches(
    webhook_env: dict, printed: Printed, tmp_path: Path
) -> None:
    env = webhook_env | {"STORE_EPHEMERAL": "allowed"}
    with RuntimeAPI() as api, Runtime("ownerrez-webhook", api, env, printed, tmp_path) as runtime:
        large = webhook("x" * 300_000, headers={"content-type": "application/json"})
        assert api.invoke(large).http.status == 413
        api.wait_for_pollers(1)
        (line,) = [line for line in runtime.metrics if "BodiesNotTaken" in line]
    resources = yaml_parse((ROOT / "template.yaml").read_text())["Resources"].values()
    alarms = [each["Properties"] for each in resources if each["Type"] == "AWS::CloudWatch::Alarm"]
    of_webhooks = [{"Name": "service", "Value": line["service"]}]
    watched = {alarm["MetricName"] for alarm in alarms if alarm.get("Dimensions") == of_webhooks}
    assert line["service"] == "ownerrez-webhook" and watched & set(line) == {"BodiesNotTaken"}


def test_after_some_refusals_in_a_row_a_refusal_takes_its_time_and_what_is_right_does_not(
    env: dict, printed: Printed, tmp_path: Path
) -> None:
    wrong = request("POST", WEBHOOK, json.dumps(update()).encode(), Authorization=basic(password="guess"))
    with Service("ownerrez-webhook", env, printed, tmp_path) as service, service.connect() as guesser:

        def guess() -> float:
            started = time.monotonic()
            guesser.send(wrong)
            assert guesser.answer().status == 401
            return time.monotonic() - started

        for _ in range(10):
            guess()
        assert guess() > 0.9
        # All that wait at once leave room for those who have the password.
        with ExitStack() as stack:
            guessers = [stack.enter_context(service.connect()) for _ in range(100)]
            for connection in guessers:
                connection.send(wrong)
            with service.connect() as ownerrez:
                ownerrez.send(request("POST", WEBHOOK, json.dumps(update()).encode(), Authorization=GOOD))
                assert ownerrez.answer().status == 200
            assert {connection.answer().status for connection in guessers} == {401}
        warned = [line for line in service.lines if line["message"] == "credentials were refused"]
        assert len(warned) == 111 and {line["level"] for line in warned} == {"WARN"}


def test_guessers_who_are_more_than_the_seats_keep_nobody_out(env: dict, printed: Printed, tmp_path: Path) -> None:
    wrong = request("POST", WEBHOOK, json.dumps(update()).encode(), Authorization=basic(password="guess"))
    right = request("POST", WEBHOOK, json.dumps(update()).encode(), Authorization=GOOD, Connection="close")
    # With so few descriptors there are 32 seats.
    with Service("ownerrez-webhook", env, printed, tmp_path, descriptors=128) as service:
        with service.connect() as guesser:
            for _ in range(10):
                guesser.send(wrong)
                assert guesser.answer().status == 401
        for _ in range(5):
            with ExitStack() as stack:
                for _ in range(60):
                    stack.enter_context(service.connect()).send(wrong)
                with service.connect() as ownerrez:
                    ownerrez.send(right)
                    assert ownerrez.answer().status == 200


# What is taken


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "post"])
def test_another_method_is_told_which_is_answered(method: str, programs: Programs, env: dict) -> None:
    answer = programs.run("ownerrez-webhook", http_api(method, WEBHOOK, headers={"authorization": GOOD}), env=env).http
    assert answer.outcome == (405, "METHOD_NOT_ALLOWED") and answer.headers["allow"] == "POST"


@pytest.mark.parametrize("path", [WEBHOOK + "/", "/", "//webhooks/ownerrez", "/webhooks/%6fwnerrez", "/webhooks"])
def test_another_path_is_not_found_and_never_a_redirect(path: str, programs: Programs, env: dict) -> None:
    event = webhook(update())
    event["rawPath"] = path
    answer = programs.run("ownerrez-webhook", event, env=env).http
    assert answer.outcome == (404, "NOT_FOUND") and "location" not in answer.headers


BAD_BODIES = {
    "no body": (None, 400, "BODY_REQUIRED"),
    "an empty body": ("", 400, "BODY_REQUIRED"),
    "null": ("null", 400, "INVALID_JSON"),
    "an array": ("[]", 400, "INVALID_JSON"),
    "a string": ('"x"', 400, "INVALID_JSON"),
    "half an object": ('{"id":', 400, "INVALID_JSON"),
    "deep nesting": ('{"a":' * 5000 + "1" + "}" * 5000, 400, "INVALID_JSON"),
    "two members of one name": ('{"id":1,"id":2}', 400, "INVALID_JSON"),
    "invalid UTF-8": (b'{"id":"\xff"}', 400, "INVALID_JSON"),
    "a NUL byte": (b'{"id":"a\x00b"}', 400, "INVALID_JSON"),
    "a body over the limit": ('{"x":"' + "x" * 204_800 + '"}', 413, "BODY_TOO_LARGE"),
    "a body far over the limit": ('{"x":"' + "x" * 5_000_000 + '"}', 413, "BODY_TOO_LARGE"),
}


@pytest.mark.parametrize("case", BAD_BODIES)
def test_a_body_that_is_no_event_is_refused(case: str, programs: Programs, env: dict, tmp_path: Path) -> None:
    body, status, code = BAD_BODIES[case]
    assert send(programs, env, body).outcome == (status, code)
    assert Records(SQLite(tmp_path)).partitions() == []


@pytest.mark.parametrize("number", ["9007199254740993", "-0", "1e-400", "25.100000000000001"])
def test_an_odd_number_stays_what_it_was(
    number: str, programs: Programs, webhook_env: dict, records: Records
) -> None:
    text = f'{{"id":"n","entity":{{"total":{number}}}}}'
    assert accepted(send(programs, webhook_env, text))
    assert kept(records) == [text]


@pytest.mark.parametrize(
    "member",
    [r'"notes":"a\u0000b"', r'"notes":"\ud83d"', r'"\ud83d":1', '"n":123456789012345678901', '"n":1e400', '"id":1e400']
    + ['"n":' + "[" * 500 + "]" * 500, r'"user_id":"\udc00"', r'"action":"\u0000"'],
)
def test_valid_json_is_kept_to_the_byte_whatever_it_holds(
    member: str, programs: Programs, webhook_env: dict, records: Records
) -> None:
    text = "{" + member + "}"
    assert accepted(send(programs, webhook_env, text))
    assert kept(records) == [text]


def test_base64_that_is_none_is_refused(programs: Programs, env: dict) -> None:
    event = webhook("!!!") | {"isBase64Encoded": True}
    assert programs.run("ownerrez-webhook", event, env=env).http.outcome == (400, "INVALID_BODY")


@pytest.mark.parametrize(
    "headers",
    [{}, {"Content-Type": "application/json; charset=utf-8"}, {"content-type": "APPLICATION/JSON"}]
    + [{"content-type": "application/vnd.ownerrez+json"}, {"content-type": "text/json"}],
)
def test_any_type_that_is_json_or_none_is_taken(headers: dict, programs: Programs, env: dict) -> None:
    assert accepted(send(programs, env, update(), headers=headers))


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "+json/x"])
def test_another_type_is_refused(kind: str, programs: Programs, env: dict) -> None:
    answer = send(programs, env, update(), headers={"content-type": kind})
    assert answer.outcome == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_large_entity_is_taken(programs: Programs, webhook_env: dict, records: Records) -> None:
    text = json.dumps(update(entity={"notes": '"' * 90_000}))
    assert len(text) < 204_800
    assert accepted(send(programs, webhook_env, text))
    assert kept(records) == [text]


ODD_EVENTS: dict[str, dict] = {
    "an unknown action": update(action="entity_teleport"),
    "an unknown type": update(entity_type="spaceship"),
    "an unknown user": update(user_id=1),
    "no user": update(user_id=None),
    "a user that is no number": update(user_id={"x": 1}),
    "no action": update(action=None),
    "an action that is no word": update(action="a b\r\nc <script>"),
    "a type of 10 kB": update(entity_type="x" * 10_000),
    "no entity": update(entity=None, categories=None, action="entity_delete"),
    "an entity id that is a text": update(entity_id="16879744"),
    "no id": update(id=None),
    "an empty id": update(id=""),
    "an id of 2 kB": update(id="x" * 2048),
    "an id that is a list": update(id=[1]),
    "a test": {"id": 1, "user_id": 2, "action": "webhook_test", "entity_type": "booking", "entity_id": 3},
    "nothing": {},
    "a revocation of nobody": revocation(user_id=None),
    "a revocation of a text": revocation(user_id="347482730"),
    "a revocation of less than nobody": revocation(user_id=-1),
    "a revocation of whom nobody knows": revocation(user_id=99),
}


@pytest.mark.parametrize("case", ODD_EVENTS)
def test_an_odd_event_is_taken_and_kept(case: str, programs: Programs, webhook_env: dict, records: Records) -> None:
    text = json.dumps(ODD_EVENTS[case])
    assert accepted(send(programs, webhook_env, text))
    assert kept(records) == [text]


# Once


@pytest.mark.parametrize("identifier", ["17e9b27d-2d93-42ef-835c-1201c28ebe90", 5, "5"])
def test_the_same_id_twice_is_one_event(
    identifier: Any, programs: Programs, webhook_env: dict, records: Records
) -> None:
    for status in ("pending", "active"):
        assert accepted(send(programs, webhook_env, update(id=identifier, entity={"status": status})))
    assert [json.loads(event)["entity"] for event in kept(records)] == [{"status": "pending"}]


def test_a_number_and_its_text_are_two_ids(programs: Programs, webhook_env: dict, records: Records) -> None:
    for identifier in (5, "5"):
        assert accepted(send(programs, webhook_env, update(id=identifier)))
    assert len(kept(records)) == 2


@pytest.mark.parametrize("identifier", [None, "", True, 1.5])
def test_without_an_id_every_event_counts(
    identifier: Optional[Any], programs: Programs, webhook_env: dict, records: Records
) -> None:
    for _ in range(2):
        assert accepted(send(programs, webhook_env, update(id=identifier)))
    assert len(kept(records)) == 2


def test_the_same_id_many_times_at_once_is_one_event(programs: Programs, webhook_env: dict, records: Records) -> None:
    body = update()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(programs, webhook_env, body), range(16)))
    assert all(accepted(answer) for answer in answers)
    assert len(kept(records)) == 1


def test_different_events_at_once_are_all_kept(programs: Programs, webhook_env: dict, records: Records) -> None:
    bodies = [json.dumps(update(number)) for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda body: send(programs, webhook_env, body), bodies))
    assert all(accepted(answer) for answer in answers)
    # Whoever stored an event while another process passed on has left it to that one.
    assert sorted(kept(records)) == sorted(bodies)


def test_with_the_store_down_ownerrez_is_asked_to_come_again(programs: Programs, env: dict) -> None:
    aws = {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "x"}
    down = env | aws | {"STORE_URL": "dynamodb:table", "AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"}
    answer = send(programs, down, update())
    assert answer.outcome == (503, "STORE_UNAVAILABLE") and answer.headers["retry-after"] == "1"


def test_nothing_of_an_event_is_in_the_log(programs: Programs, webhook_env: dict) -> None:
    # What is printed is searched for the guest's data after every test; ids are nobody's business either.
    body = update()
    run: Run = programs.run("ownerrez-webhook", webhook(body), env=webhook_env | {"LOG_LEVEL": "trace"})
    assert accepted(run.http)
    for word in (body["id"], str(ACCOUNT), str(body["entity_id"])):
        assert word.encode() not in run.stderr, run.stderr
