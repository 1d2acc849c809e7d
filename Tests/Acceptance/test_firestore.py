"""Functions whose records are in Firestore: a double that is as strict as Google's reference, behind access tokens."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Iterator

import people
import pytest
from emulator import free_port
from events import http_api
from google_double import GoogleDouble
from programs import HTTPAnswer, Programs
from records import Firestore, Records
from sandbox import USERS, Sandbox

OPT_IN = "/api/ownli/users"
# Of one phone number: all of them find the same user.
PROVEN = {"phone_number": people.PHONE, "phone_number_verified": "true"}


@pytest.fixture
def records(google: GoogleDouble) -> Records:
    return Records(Firestore(google))


@pytest.fixture
def store_env(env: dict[str, str], records: Records) -> dict[str, str]:
    return env | records.env


def event(method: str = "POST", subject: str = people.SUBJECT, **claims: str) -> dict:
    if method == "GET":
        return http_api("GET", OPT_IN + "/me", claims={"sub": subject})
    return http_api("POST", OPT_IN, people.opt_in(), claims={"sub": subject} | claims)


def call(programs: Programs, env: dict, *arguments: Any, **options: Any) -> HTTPAnswer:
    return programs.run("user-opt-in", event(*arguments, **options), env=env).http


def test_an_opt_in_is_in_the_database(
    programs: Programs, store_env: dict, records: Records, google: GoogleDouble
) -> None:
    assert call(programs, store_env, "GET").outcome == (404, "NOT_LINKED")
    run = programs.run("user-opt-in", event(), env=store_env)
    assert run.http.status == 200
    linked = run.http.json["ownliUserId"]
    calls = [each["call"] for log in run.logs for each in log.get("upstream", [])]
    assert calls == [
        "GET metadata token",
        "firestore runQuery",  # of consents and withdrawals
        "firestore commit",
        "firestore batchGet",
        "firestore commit",
        "POST /api/auth/token",
        "POST /api/users",
        "firestore runQuery",
        # That they have not withdrawn left a record that has expired: Firestore finds it there, and is told so.
        "firestore commit",
        "firestore batchGet",
        "firestore commit",
    ]
    assert google.calls["token"] == 2, "one for each process, which the next calls share"
    assert sorted(records.partitions()) == [
        f"consent#{people.SUBJECT}",
        f"link#{people.SUBJECT}",
        f"ownli-user#{linked}",
    ]
    assert all(expires <= time.time() * 1000 for expires in records.expiries()), "the intent alone: a link never expires"
    assert people.PHONE not in records.text() and people.LAST_NAME not in records.text()
    assert call(programs, store_env, "GET").json == run.http.json
    assert call(programs, store_env).json == run.http.json, "once more changes nothing"


def test_documents_are_what_google_s_console_shows(programs: Programs, store_env: dict, records: Records) -> None:
    call(programs, store_env)
    backend = records.backend
    assert isinstance(backend, Firestore)
    (link,) = [fields for fields in backend.fields() if fields["partition"]["stringValue"].startswith("link#")]
    assert set(link) == {"partition", "sort", "attributes", "revision"}
    assert link["sort"] == {"stringValue": "ownli"}
    assert {"ownliUserId"} <= set(json.loads(link["attributes"]["stringValue"]))


def test_a_reward_is_looked_up_by_our_own_user(programs: Programs, store_env: dict) -> None:
    linked = call(programs, store_env).json["ownliUserId"]
    order = {"internalUserId": people.SUBJECT, "amount": 25.1, "actionCode": "purchase", "clientReference": "order-1"}
    assert programs.run("reward-grant", order, env=store_env).answer["userId"] == linked


def test_one_person_many_times_at_once_gets_one_link(
    programs: Programs, store_env: dict, records: Records, sandbox: Sandbox
) -> None:
    sandbox.fault(USERS, "delay", 6, milliseconds=500)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: call(programs, store_env), range(6)))
    assert [answer.status for answer in answers] == [200] * 6
    assert len({answer.text for answer in answers}) == 1
    assert len(records.partitions()) == 3


def test_of_people_who_claim_one_ownli_user_at_once_one_wins(
    programs: Programs, store_env: dict, records: Records, sandbox: Sandbox
) -> None:
    sandbox.fault(USERS, "delay", 4, milliseconds=500)
    subjects = [f"person-{number}" for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda subject: call(programs, store_env, subject=subject, **PROVEN), subjects))
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409]
    (winner,) = [subject for subject, answer in zip(subjects, answers) if answer.status == 200]
    assert [name for name in records.partitions() if name.startswith("link#")] == [f"link#{winner}"]


@pytest.mark.parametrize("kind", ["ABORTED", "UNAVAILABLE", "INTERNAL", "RESOURCE_EXHAUSTED", "lost", "reset"])
@pytest.mark.parametrize("place", [0, 1])
def test_what_passes_is_tried_again(
    kind: str, place: int, programs: Programs, store_env: dict, records: Records, google: GoogleDouble
) -> None:
    google.fault("commit", *[""] * place, kind)
    assert call(programs, store_env).status == 200
    assert len(records.partitions()) == 3


def test_a_token_that_is_not_taken_is_replaced_once(
    programs: Programs, store_env: dict, records: Records, google: GoogleDouble
) -> None:
    google.fault("commit", "", "UNAUTHENTICATED")
    assert call(programs, store_env).status == 200
    assert google.calls["token"] == 2


WRONG = {
    "no such database": ({"STORE_URL": "firestore:partner-test/nothing-here"}, "what was asked for does not exist"),
    "nobody there": (
        {"CLOUDSDK_API_ENDPOINT_OVERRIDES_FIRESTORE": f"http://127.0.0.1:{free_port()}"},
        "no connection could be made",
    ),
    "no metadata server": (
        {"GCE_METADATA_HOST": f"127.0.0.1:{free_port()}"},
        "no access token: the metadata server: no connection could be made",
    ),
}


def refused(programs: Programs, env: dict, sandbox: Sandbox, reason: str) -> None:
    """The caller is told nothing but to try again; the log and --check say what is wrong."""
    run = programs.run("user-opt-in", event(), env=env)
    assert run.http.outcome == (503, "STORE_UNAVAILABLE")
    (detail,) = [log["detail"] for log in run.logs if "detail" in log]
    assert detail.startswith(f"Firestore: {reason}"), detail
    check = programs.run("user-opt-in", None, "--check", env=env)
    assert check.exit_code == 1
    assert f"failed  read from the store: STORE_UNAVAILABLE, Firestore: {reason}" in check.stdout.decode()
    assert b"Ada" not in run.stdout + run.stderr + check.stdout + check.stderr, "Google's words are not repeated"
    assert sandbox.calls(USERS) == [], "without a store nothing is shared"


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said(case: str, programs: Programs, store_env: dict, sandbox: Sandbox) -> None:
    changes, reason = WRONG[case]
    refused(programs, store_env | changes, sandbox, reason)


ANSWERS = {
    "PERMISSION_DENIED": "the service account may not do this (PERMISSION_DENIED)",
    "UNAUTHENTICATED": "the access token was not accepted (UNAUTHENTICATED)",
    "html": "unexpected answer: no JSON",
    "redirect": "the request was refused (status 302)",
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_answers_that_are_none_are_told_apart(
    kind: str, programs: Programs, store_env: dict, sandbox: Sandbox, google: GoogleDouble
) -> None:
    for method in ("commit", "batchGet"):
        google.fault(method, *[kind] * 9)
    refused(programs, store_env, sandbox, ANSWERS[kind])


def test_without_a_service_account_there_is_no_token(
    programs: Programs, store_env: dict, sandbox: Sandbox, google: GoogleDouble
) -> None:
    google.fault("token", *["404"] * 9)
    refused(programs, store_env, sandbox, "no access token: the metadata server answered with status 404")


def test_a_metadata_server_that_is_busy_is_asked_again(
    programs: Programs, store_env: dict, google: GoogleDouble
) -> None:
    google.fault("token", "503", "429")
    assert call(programs, store_env).status == 200


def test_check_reads_from_the_database(programs: Programs, store_env: dict) -> None:
    run = programs.run("user-opt-in", None, "--check", env=store_env)
    assert run.exit_code == 0, run.stdout
    assert b"ok      read from the store" in run.stdout


@pytest.fixture
def emulator() -> Iterator[GoogleDouble]:
    double = GoogleDouble(emulates=True)
    yield double
    double.stop()


def test_an_emulator_is_called_as_its_owner(programs: Programs, env: dict, emulator: GoogleDouble) -> None:
    env |= Firestore(emulator).env
    assert call(programs, env).status == 200
    assert emulator.calls["token"] == 0 and emulator.calls["commit"] == 4


def test_cloud_run_takes_it_as_durable(programs: Programs, store_env: dict) -> None:
    run = programs.run("user-opt-in", event(), env=store_env | {"K_SERVICE": "user-opt-in"})
    assert run.http.status == 200
    refused = programs.run("user-opt-in", event(), env=store_env | {"K_SERVICE": "x", "STORE_URL": "sqlite:x.sqlite"})
    assert refused.exit_code == 2 and b"firestore:PROJECT" in refused.stderr


def test_help_lists_google_s_own_settings(programs: Programs) -> None:
    text = programs.run("user-opt-in", None, "--help", env={}).stdout.decode()
    for name in ("FIRESTORE_EMULATOR_HOST", "GCE_METADATA_HOST", "CLOUDSDK_API_ENDPOINT_OVERRIDES_FIRESTORE"):
        assert name in text, name
