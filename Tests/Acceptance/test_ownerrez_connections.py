"""What becomes of connections is told in the stream of OwnerRez's events: by ownerrez-connect, which leaves it in the
inbox, and by ownerrez-webhook, which passes it on.
"""

import json
import re
import time

import people
import pytest
from connect import CONNECTIONS, Flow
from oauth_provider import Provider
from ownerrez import ACCOUNT, ENV, SCHEDULED, inbox, is_connected, told, waiting
from programs import Programs
from records import Records

ME = "GET /v2/users/me"


@pytest.fixture
def flow(programs: Programs, connect_env: dict[str, str]) -> Flow:
    return Flow(programs, connect_env)


def test_a_connection_and_its_end_are_told_of_and_passed_on_by_the_schedule(
    flow: Flow, provider: Provider, records: Records, programs: Programs
) -> None:
    flow.connect(provider)
    flow.connect(provider)
    assert is_connected(records)
    assert flow.call("DELETE", f"{CONNECTIONS}/{ACCOUNT}").status == 204
    assert not is_connected(records)
    assert records.keys("ownerrez-events") == [], "ownerrez-connect leaves that to others"
    for record in records.of(inbox()):
        assert set(record) == {"event", "source", "subject"} and record["source"] == "connection"
        event = json.loads(record["event"])
        assert re.fullmatch("[0-9a-f]{32}", event.pop("id"))
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["entity"].pop("connected_at"))
        assert event.pop("action") in ("connected", "reconnected", "disconnected")
        assert event == {"user_id": ACCOUNT, "entity_type": "connection", "entity_id": ACCOUNT, "entity": {}}
    env = flow.env | ENV
    assert programs.run("ownerrez-webhook", SCHEDULED, env=env).answer == {"passedOn": 3, "givenUp": 0, "waiting": 0}
    assert waiting(records) == [] and told(records) == ["connected", "reconnected", "disconnected"]


def test_what_comes_to_nothing_is_not_told_of(flow: Flow, provider: Provider, records: Records) -> None:
    begun = flow.begin()
    flow.callback(provider.decide(begun.url, "deny"), begun.cookie)
    assert flow.call("DELETE", f"{CONNECTIONS}/{ACCOUNT}").status == 404
    flow.connect(provider, people.OTHER_SUBJECT)
    begun = flow.begin()
    flow.callback(provider.decide(begun.url), begun.cookie)
    (event,) = waiting(records)
    assert (event["subject"], json.loads(event["event"])["action"]) == (people.OTHER_SUBJECT, "connected")


def test_a_revocation_that_races_the_save_is_told_of_behind_the_connection(
    flow: Flow, provider: Provider, records: Records
) -> None:
    begun = flow.begin()

    def revoked() -> None:
        provider.books.tokens[-1].revoked = True
        now = int(time.time() * 1000)
        records.put(f"ownerrez-account#{ACCOUNT}", "revoked", {"receivedAt": str(now)}, now + 3_600_000)

    provider.meanwhile("POST /oauth/access_token", revoked)
    flow.callback(provider.decide(begun.url), begun.cookie)
    assert told(records) == ["connected", "revoked"] and not is_connected(records)


def test_a_connection_that_was_found_revoked_shows_it_without_a_check(
    flow: Flow, provider: Provider, records: Records
) -> None:
    flow.connect(provider)
    (plain,) = flow.connections()
    both = (f"ownerrez-account#{ACCOUNT}", "connection"), (f"ownerrez-user#{people.SUBJECT}", str(ACCOUNT))
    for partition, sort in both:
        (found,) = [each for name, key, each in records.all() if (name, key) == (partition, sort)]
        records.put(partition, sort, found | {"revokedAt": str(int(time.time() * 1000))})
    before = provider.routes()
    assert flow.connections() == [plain | {"status": "revoked"}]
    assert flow.connections(query="check=true") == [plain | {"status": "revoked"}]
    assert provider.routes() == before, "OwnerRez is not asked"
    flow.connect(provider)
    (anew,) = flow.connections()
    assert set(anew) == set(plain), "it is as new"
    assert told(records) == ["connected", "reconnected"]


def test_a_renewal_that_is_refused_is_told_of_once(flow: Flow, provider: Provider, records: Records) -> None:
    provider.books.expires_in = 200
    flow.connect(provider)
    provider.books.tokens[0].revoked = True
    for _ in range(3):
        assert flow.connections(query="check=true")[0]["status"] == "revoked"
    assert provider.routes().count("POST /oauth/access_token") == 2, "the connection's, and one renewal"
    assert told(records) == ["connected", "refresh_failed"]
    assert "status" not in flow.connections()[0], "the access token may be taken for some time"
    assert flow.call("DELETE", f"{CONNECTIONS}/{ACCOUNT}").status == 204
    assert told(records) == ["connected", "refresh_failed", "disconnected"]


def test_a_connection_of_an_older_build_is_listed_when_its_user_looks(
    flow: Flow, provider: Provider, records: Records
) -> None:
    flow.connect(provider)
    laid = [each for each in records.all() if each[0].startswith(("ownerrez-account#", "ownerrez-user#"))]
    records.remove("ownerrez-connections", str(ACCOUNT))
    for partition, sort, attributes in laid:
        records.put(partition, sort, {name: value for name, value in attributes.items() if name != "listedAt"})
    assert records.keys("ownerrez-connections") == []
    for _ in range(2):
        assert flow.connections(query="check=true")[0]["status"] == "active"
        assert is_connected(records) and records.keys("ownerrez-connections") == [str(ACCOUNT)]
    assert told(records) == ["connected"]


def test_what_is_told_of_a_connection_holds_no_token_and_no_name(
    flow: Flow, provider: Provider, records: Records
) -> None:
    flow.connect(provider)
    flow.call("DELETE", f"{CONNECTIONS}/{ACCOUNT}")
    for record in waiting(records):
        for token in provider.books.tokens:
            assert token.access_token not in record["event"]
