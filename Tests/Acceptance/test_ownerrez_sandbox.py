"""Both OwnerRez functions over one store, against the sandbox that sends its webhooks itself."""

import json
import time
from pathlib import Path
from typing import Callable, Iterator
from urllib.parse import urlsplit

import people
import pytest
from connect import APP, Flow, went_back
from ownerrez import WEBHOOK, waiting
from programs import Printed, Programs
from records import Records, SQLite
from sandbox import ACCOUNT, EXCHANGE, ME, OWNERREZ_CLIENT, OWNERREZ_SECRET, Sandbox
from web import Service

OTHER_ACCOUNT = 347311458


@pytest.fixture
def store(tmp_path: Path) -> Records:
    return Records(SQLite(tmp_path))


@pytest.fixture
def sandbox_env(sandbox: Sandbox, store: Records) -> dict[str, str]:
    return store.env | {
        "OWNERREZ_CLIENT_ID": OWNERREZ_CLIENT,
        "OWNERREZ_CLIENT_SECRET": OWNERREZ_SECRET,
        "OWNERREZ_REDIRECT_URI": sandbox.ownerrez()["redirect_uri"],
        "OWNERREZ_AUTHORIZE_URL": f"{sandbox.url}/oauth/authorize",
        "OWNERREZ_API_URL": sandbox.url,
        "OWNERREZ_WEBHOOK_USER": people.WEBHOOK_USER,
        "OWNERREZ_WEBHOOK_PASSWORD": people.WEBHOOK_PASSWORD,
        "TOKEN_ENCRYPTION_KEYS": people.ENCRYPTION_KEYS,
        "APP_URL": APP,
    }


@pytest.fixture
def flow(programs: Programs, sandbox_env: dict[str, str]) -> Flow:
    return Flow(programs, sandbox_env)


@pytest.fixture
def webhook(sandbox: Sandbox, sandbox_env: dict[str, str], printed: Printed, tmp_path: Path) -> Iterator[Service]:
    with Service("ownerrez-webhook", sandbox_env, printed, tmp_path) as service:
        sandbox.set_webhook(service.url + WEBHOOK, people.WEBHOOK_USER, people.WEBHOOK_PASSWORD)
        yield service


def connect(flow: Flow, sandbox: Sandbox, account: int = ACCOUNT, subject: str = people.SUBJECT) -> str:
    """Returns what the app is told."""
    begun = flow.begin(subject=subject)
    return went_back(flow.callback(urlsplit(sandbox.approve(begun.url, account)).query, begun.cookie))


def wait_until(holds: Callable[[], bool]) -> None:
    """What follows a webhook's answer takes its time."""
    for _ in range(300):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError("it never came to that")


@pytest.mark.parametrize("form", ["guide", "newer"])
def test_a_connection_lives_until_the_person_ends_it_at_ownerrez(
    form: str, flow: Flow, webhook: Service, sandbox: Sandbox
) -> None:
    assert connect(flow, sandbox) == "connected"
    assert connect(flow, sandbox, OTHER_ACCOUNT, people.OTHER_SUBJECT) == "connected"
    assert [entry["status"] for entry in flow.connections(query="check=true")] == ["active"]
    sandbox.revoke_account(ACCOUNT, form)
    assert [delivery["outcome"] for delivery in sandbox.deliveries()] == ["200"]
    wait_until(lambda: flow.connections() == [])
    (other,) = flow.connections(people.OTHER_SUBJECT, "check=true")
    assert (other["id"], other["status"]) == (str(OTHER_ACCOUNT), "active")


def test_what_a_person_ends_with_us_is_ended_at_ownerrez(flow: Flow, sandbox: Sandbox) -> None:
    assert connect(flow, sandbox) == "connected"
    assert flow.call("DELETE", f"/api/ownerrez/connections/{ACCOUNT}").status == 204
    assert sandbox.ownerrez()["tokens"] == 0


def test_a_person_who_refuses_is_not_connected(flow: Flow, sandbox: Sandbox) -> None:
    begun = flow.begin()
    assert went_back(flow.callback(urlsplit(sandbox.deny(begun.url)).query, begun.cookie)) == "denied"
    assert sandbox.calls(EXCHANGE) == []


@pytest.mark.parametrize("fault", ["drop", "reset"])
def test_a_code_is_sent_once_whatever_becomes_of_the_answer(fault: str, flow: Flow, sandbox: Sandbox) -> None:
    sandbox.fault(EXCHANGE, fault)
    assert connect(flow, sandbox) == "failed"
    assert len(sandbox.calls(EXCHANGE)) == 1
    assert flow.connections() == []
    assert connect(flow, sandbox) == "connected", "when the person starts again"


def test_a_pair_that_is_over_is_renewed(flow: Flow, sandbox: Sandbox) -> None:
    sandbox.set_app(policy="standard", token_seconds=1)
    assert connect(flow, sandbox) == "connected"
    sandbox.set_app(token_seconds=2_592_000)
    assert flow.connections(query="check=true")[0]["status"] == "active"
    assert flow.connections(query="check=true")[0]["status"] == "active"
    grants = [call["body"].split("&")[0] for call in sandbox.calls(EXCHANGE)]
    assert grants == ["grant_type=authorization_code", "grant_type=refresh_token"]


def test_a_busy_ownerrez_ends_no_connection(flow: Flow, sandbox: Sandbox) -> None:
    assert connect(flow, sandbox) == "connected"
    sandbox.answer(ME, 429, '{"code":429,"error":"Rate limit exceeded."}', times=10)
    flow.call("GET", "/api/ownerrez/connections", query="check=true")
    assert [entry["id"] for entry in flow.connections()] == [str(ACCOUNT)]


def test_copies_in_any_order_are_each_kept_once(webhook: Service, store: Records, sandbox: Sandbox) -> None:
    events = [
        {"id": f"event-{number}", "user_id": ACCOUNT, "action": "entity_update", "entity_type": "booking"}
        | {"entity_id": number, "entity": {"id": number, "guest": people.LAST_NAME}}
        for number in range(5)
    ]
    sandbox.send_events(*events, copies=3, reversed=True)
    assert [delivery["outcome"] for delivery in sandbox.deliveries()] == ["200"] * 15
    wait_until(lambda: waiting(store) == [])
    kept = [json.loads(event["event"])["id"] for event in store.of("ownerrez-events")]
    assert kept == [f"event-{number}" for number in (4, 3, 2, 1, 0)]
