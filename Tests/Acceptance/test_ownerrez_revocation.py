"""OwnerRez says that an account has disconnected the app: exactly the connection that is meant goes, once."""

import json
import time

import pytest
from ownerrez import ACCOUNT, REFRESH_TOKEN, SCHEDULED, TOKEN, OwnerRezAPI, connect, is_connected, revocation, update
from ownerrez import end_pauses, inbox, kept, told, waiting, webhook
from programs import Programs, Run
from records import Records

# Without an id, as in OwnerRez's guide, and as it has been seen since.
FORMS = {
    "as in the guide": revocation(),
    "as it is now": revocation(id="abc", entity_type="api_application", entity_id=12345),
}


def send(programs: Programs, env: dict, body: dict) -> Run:
    run = programs.run("ownerrez-webhook", webhook(body), env=env)
    assert run.http.status == 200
    return run


@pytest.fixture(autouse=True)
def made(programs: Programs, webhook_env: dict) -> None:
    """The store, so that there is something to put a connection into."""
    send(programs, webhook_env, {"id": "first", "action": "webhook_test"})


@pytest.mark.parametrize("form", FORMS)
def test_a_revoked_connection_is_removed_and_the_company_told(
    form: str, programs: Programs, webhook_env: dict, records: Records, ownerrez: OwnerRezAPI
) -> None:
    connect(records)
    ownerrez.alive.clear()
    send(programs, webhook_env, FORMS[form])
    assert not is_connected(records)
    assert ownerrez.asked == [TOKEN]
    assert kept(records)[1:] == [FORMS[form]]
    assert told(records) == ["revoked"] and waiting(records) == []
    assert records.keys(f"ownerrez-account#{ACCOUNT}") == ["revoked"], "for who is just connecting it"


@pytest.mark.parametrize("form", FORMS)
def test_a_repetition_does_no_harm(
    form: str, programs: Programs, webhook_env: dict, records: Records, ownerrez: OwnerRezAPI
) -> None:
    connect(records)
    ownerrez.alive.clear()
    for _ in range(3):
        send(programs, webhook_env, FORMS[form])
    assert not is_connected(records)
    connect(records, ago=-1, token="at_thenewone")
    send(programs, webhook_env, FORMS[form])
    assert is_connected(records), "it is younger than the revocation"
    assert ownerrez.asked == [TOKEN]


def test_a_revocation_older_than_the_connection_does_not_kill_it(
    programs: Programs, webhook_env: dict, records: Records, ownerrez: OwnerRezAPI
) -> None:
    # Received while the person was connecting again, and passed on after that.
    ownerrez.alive.clear()
    then = int(time.time() * 1000) - 5000
    records.put(inbox(), f"{then}-00", {"event": json.dumps(revocation())})
    connect(records, ago=4)
    assert programs.run("ownerrez-webhook", SCHEDULED, env=webhook_env).answer["passedOn"] == 1
    assert is_connected(records) and ownerrez.asked == []


def test_a_revocation_of_an_older_token_that_comes_late_does_not_either(
    programs: Programs, webhook_env: dict, records: Records, ownerrez: OwnerRezAPI
) -> None:
    connect(records)
    send(programs, webhook_env, revocation())
    assert ownerrez.asked == [TOKEN], "OwnerRez takes the present token"
    assert is_connected(records)


@pytest.mark.parametrize("status", [429, 500, 403])
def test_when_ownerrez_cannot_be_asked_it_is_decided_later(
    status: int, programs: Programs, webhook_env: dict, records: Records, ownerrez: OwnerRezAPI
) -> None:
    connect(records)
    ownerrez.status = status
    other = update()
    run = send(programs, webhook_env, revocation())
    (line,) = [log for log in run.logs if log["message"] == "an event could not be passed on and waits"]
    assert line["reason"].startswith("OwnerRez cannot be asked about a connection")
    send(programs, webhook_env, other)
    assert is_connected(records)
    assert [json.loads(event["event"]) for event in waiting(records)] == [revocation()]
    assert kept(records)[1:] == [other], "others go on"
    ownerrez.status = None
    ownerrez.alive.clear()
    end_pauses(records)
    assert programs.run("ownerrez-webhook", SCHEDULED, env=webhook_env).answer["passedOn"] == 2, "and what became of it"
    assert not is_connected(records) and waiting(records) == []


def test_a_token_that_nobody_can_open_any_more_goes_by_the_time_alone(
    programs: Programs, webhook_env: dict, records: Records, ownerrez: OwnerRezAPI
) -> None:
    connect(records, key=bytes(32))
    send(programs, webhook_env, revocation())
    assert not is_connected(records) and ownerrez.asked == []


def test_a_token_whose_key_is_missing_is_not_judged_until_the_key_is_there(
    programs: Programs, webhook_env: dict, records: Records, ownerrez: OwnerRezAPI
) -> None:
    connect(records, key_id="k0")
    run = send(programs, webhook_env, revocation())
    (line,) = [log for log in run.logs if log["message"] == "an event could not be passed on and waits"]
    assert line["reason"].endswith("a stored token's key is not in TOKEN_ENCRYPTION_KEYS")
    assert is_connected(records) and len(waiting(records)) == 1


def test_an_expired_token_that_nothing_renews_and_that_is_refused_counts_as_revoked(
    programs: Programs, webhook_env: dict, records: Records, ownerrez: OwnerRezAPI
) -> None:
    connect(records, expires=time.time() - 3600)
    ownerrez.alive.clear()
    send(programs, webhook_env, revocation())
    assert not is_connected(records)


# The policy "Standard": tokens expire, and the connection lives on


@pytest.mark.parametrize("told", [True, False])
def test_a_connection_whose_access_token_has_merely_expired_is_renewed_and_stays(
    told: bool, programs: Programs, webhook_env: dict, records: Records, ownerrez: OwnerRezAPI
) -> None:
    connect(records, refresh=REFRESH_TOKEN, expires=time.time() - 3600 if told else 0)
    ownerrez.alive.clear()
    ownerrez.refresh_tokens.add(REFRESH_TOKEN)
    for _ in range(2):  # late, repeated or forged
        send(programs, webhook_env, revocation())
    assert is_connected(records), "only a refused renewal ends it"
    assert ownerrez.renewed == [REFRESH_TOKEN], "the renewed pair is stored"
    (present,) = ownerrez.alive
    assert ownerrez.asked == ([] if told else [TOKEN]) + [present, present] and ownerrez.ended == []


def test_a_refused_renewal_ends_it_and_leaves_no_token_alive(
    programs: Programs, webhook_env: dict, records: Records, ownerrez: OwnerRezAPI
) -> None:
    # The access token is to be renewed, and would live on for some minutes.
    connect(records, refresh=REFRESH_TOKEN, expires=time.time() + 100)
    send(programs, webhook_env, revocation())
    assert not is_connected(records)
    assert ownerrez.renewed == [REFRESH_TOKEN]
    assert ownerrez.alive == set() and set(ownerrez.ended) == {TOKEN, REFRESH_TOKEN}


def test_a_connection_that_cannot_be_renewed_now_is_judged_later(
    programs: Programs, webhook_env: dict, records: Records, ownerrez: OwnerRezAPI
) -> None:
    connect(records, refresh=REFRESH_TOKEN, expires=time.time() - 3600)
    ownerrez.refresh_tokens.add(REFRESH_TOKEN)
    ownerrez.status = 500
    run = send(programs, webhook_env, revocation())
    (line,) = [log for log in run.logs if log["message"] == "an event could not be passed on and waits"]
    assert line["reason"].startswith("OwnerRez cannot be asked about a connection")
    assert is_connected(records) and len(waiting(records)) == 1 and ownerrez.ended == []


def test_a_late_update_does_not_bring_a_revoked_connection_back(
    programs: Programs, webhook_env: dict, records: Records, ownerrez: OwnerRezAPI
) -> None:
    connect(records)
    ownerrez.alive.clear()
    send(programs, webhook_env, revocation())
    send(programs, webhook_env, update())
    assert not is_connected(records)
    assert len(kept(records)) == 3, "it is kept all the same"


def test_somebody_else_s_revocation_is_no_business_of_this_connection(
    programs: Programs, webhook_env: dict, records: Records, ownerrez: OwnerRezAPI
) -> None:
    connect(records)
    ownerrez.alive.clear()
    for user in (ACCOUNT + 1, str(ACCOUNT), -ACCOUNT, None):
        send(programs, webhook_env, revocation(user_id=user))
    assert is_connected(records) and ownerrez.asked == []
