"""Both OwnerRez functions and OwnerRez's double at once: an account is connected, tells of bookings, and is revoked."""

import json
import time
from pathlib import Path
from typing import Callable, Iterator
from urllib.parse import parse_qsl, urlsplit

import people
import pytest
from connect import Flow, went_back
from ownerrez import WEBHOOK, update
from programs import Printed, Programs
from records import Records, SQLite
from sandbox import Sandbox
from web import Service


@pytest.fixture
def together(env: dict, sandbox: Sandbox, printed: Printed, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of both, with the webhook served over HTTP where the double sends to."""
    env |= {"OWNERREZ_AUTHORIZE_URL": f"{sandbox.url}/oauth/authorize"}
    sandbox.set_app(redirect_uri=env["OWNERREZ_REDIRECT_URI"])
    with Service("ownerrez-webhook", env, printed, tmp_path) as service:
        sandbox.set_webhook(service.url + WEBHOOK, people.WEBHOOK_USER, people.WEBHOOK_PASSWORD)
        yield env


def wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(300):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError("it never came to that")


@pytest.mark.parametrize("form", ["guide", "newer"])
def test_a_connection_lives_until_ownerrez_says_that_it_is_revoked(
    form: str, together: dict, sandbox: Sandbox, programs: Programs, tmp_path: Path
) -> None:
    flow, records = Flow(programs, together), Records(SQLite(tmp_path))
    begun = flow.begin()
    location = sandbox.decide(begun.url)
    assert went_back(flow.callback(dict(parse_qsl(urlsplit(location).query)), begun.cookie)) == "connected"
    (connection,) = flow.connections()
    account = int(connection["id"])

    bodies = [update(number, user_id=account) for number in range(3)]
    sandbox.send_events(*bodies, copies=2)
    wait_until(lambda: len(records.of("ownerrez-events")) == 3)
    assert {json.loads(each["event"])["entity_id"] for each in records.of("ownerrez-events")} == {0, 1, 2}
    assert flow.connections() == [connection]

    sandbox.revoke_account(account, form)
    wait_until(lambda: flow.connections() == [])
    wait_until(lambda: len(records.of("ownerrez-events")) == 4)
    assert records.of("ownerrez-inbox") == []
