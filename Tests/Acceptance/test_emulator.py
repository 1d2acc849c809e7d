"""The functions under AWS's own Lambda Runtime Interface Emulator."""

from pathlib import Path
from typing import Callable

import people
import pytest
from emulator import Emulator
from events import event_bridge, http_api, load_balancer, rest_api, sqs
from programs import FUNCTIONS, HTTPAnswer, Printed
from sandbox import TOKEN, Sandbox

PERSON = {"sub": people.SUBJECT}
Start = Callable[..., Emulator]


@pytest.fixture
def start(emulator_path: Path, lambda_env: dict, printed: Printed, tmp_path: Path) -> Start:
    def start(function: str, **settings: str) -> Emulator:
        return Emulator(emulator_path, function, lambda_env | settings, printed, tmp_path)

    return start


def test_token_relay_answers_every_kind_of_event(start: Start) -> None:
    with start("token-relay") as emulator:
        for shape in (http_api, rest_api):
            answer = HTTPAnswer(emulator.invoke(shape("POST", "/api/ownli/token", claims=PERSON)).json())
            assert answer.status == 200
            assert set(answer.json) == {"access_token", "expires_in", "scope"}
        assert HTTPAnswer(emulator.invoke(load_balancer("POST", "/api/ownli/token")).json()).status == 401


def test_user_opt_in_links_and_finds(start: Start) -> None:
    with start("user-opt-in") as emulator:
        event = http_api("POST", "/api/ownli/users", people.opt_in(), claims=PERSON)
        linked = HTTPAnswer(emulator.invoke(event).json())
        assert linked.status == 200
        found = HTTPAnswer(emulator.invoke(rest_api("GET", "/api/ownli/users/me", claims=PERSON)).json())
        assert (found.status, found.json) == (200, linked.json)


def test_reward_grant_takes_every_way_in(start: Start, sandbox: Sandbox) -> None:
    def order(number: int) -> dict:
        return {"userId": user, "amount": 25.1, "actionCode": "purchase", "clientReference": f"order-{number}"}

    user = sandbox.create_user()
    with start("reward-grant") as emulator:
        assert emulator.invoke(order(1)).json()["status"] == "Confirmed"
        assert emulator.invoke(event_bridge(order(2))).json()["idempotentReplay"] is False
        assert emulator.invoke(sqs(order(3), "no JSON", order(4))).json() == {
            "batchItemFailures": [{"itemIdentifier": "message-1"}]
        }
        event = http_api("POST", "/api/ownli/rewards/grant", order(5), service=people.SERVICE)
        assert HTTPAnswer(emulator.invoke(event).json()).status == 200


def test_a_failure_is_a_function_error(start: Start) -> None:
    order = {"userId": "XT_USRnobody", "amount": 25, "actionCode": "purchase", "clientReference": "order-1"}
    with start("reward-grant") as emulator:
        answer = emulator.invoke(order)
        assert answer.status_code == 200, "as Lambda has it"
        assert answer.json()["errorType"] == "Function.PermanentFailure"
        assert answer.json()["errorMessage"].startswith("ERROR_USER_NOT_FOUND: ")
        assert emulator.invoke({"neither": "nor"}).json()["errorType"] == "Runtime.InvalidEvent"
        failures = emulator.invoke(sqs(order)).json()["batchItemFailures"]
        assert failures == [{"itemIdentifier": "message-0"}], "and it goes on"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_wrong_configuration_is_an_init_error(function: str, start: Start) -> None:
    with start(function, LOG_LEVEL="loud") as emulator:
        answer = emulator.invoke("{}")
        assert answer.status_code == 502
        assert answer.json()["errorType"] == "Runtime.InvalidConfiguration"
        assert "LOG_LEVEL" in answer.json()["errorMessage"]


def test_a_silent_upstream_is_answered_before_the_function_times_out(start: Start, sandbox: Sandbox) -> None:
    sandbox.fault(TOKEN, "silence", 50)
    with start("token-relay", AWS_LAMBDA_FUNCTION_TIMEOUT="3") as emulator:
        answer = HTTPAnswer(emulator.invoke(http_api("POST", "/api/ownli/token", claims=PERSON)).json())
        assert answer.outcome == (504, "UPSTREAM_TIMEOUT")
