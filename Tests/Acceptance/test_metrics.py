"""CloudWatch metrics: lines of the log in the embedded metric format, on Lambda and nowhere else."""

from pathlib import Path
from typing import Callable

import people
import pytest
from events import http_api
from programs import FUNCTIONS, Printed, Programs
from runtime_api import Runtime, RuntimeAPI
from sandbox import GRANT, Sandbox

RELAY = http_api("POST", "/api/ownli/token", claims={"sub": people.SUBJECT})

Start = Callable[..., Runtime]


@pytest.fixture
def start(lambda_env: dict, printed: Printed, tmp_path: Path) -> Start:
    def start(function: str, api: RuntimeAPI, **settings: str) -> Runtime:
        return Runtime(function, api, lambda_env | settings, printed, tmp_path)

    return start


def directive(line: dict) -> dict:
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    return directive


def names(line: dict) -> set[str]:
    return {metric["Name"] for metric in directive(line)["Metrics"]}


def queued(*references: str, user: str) -> dict:
    body = '{"userId":"%s","amount":5,"actionCode":"purchase","clientReference":"%s"}'
    records = [
        {"messageId": f"m-{index}", "eventSource": "aws:sqs", "body": body % (user, reference)}
        for index, reference in enumerate(references)
    ]
    return {"Records": records}


def test_one_line_per_invocation_and_one_for_the_cold_start(start: Start) -> None:
    settings = {"AWS_LAMBDA_FUNCTION_NAME": "prod-relay", "POWERTOOLS_METRICS_NAMESPACE": "Shop"}
    with RuntimeAPI() as api, start("token-relay", api, **settings) as runtime:
        first, second = api.send(RELAY), api.send(RELAY)
        first.post(), second.post()
        api.wait_for_pollers(1)
        cold, one, two = runtime.metrics
    assert names(cold) == {"ColdStart"} and cold["ColdStart"] == 1
    assert (cold["function_name"], cold["service"]) == ("prod-relay", "token-relay")
    assert directive(cold)["Dimensions"] == [["function_name", "service"]]
    for line, invocation in ((one, first), (two, second)):
        assert line["requestId"] == invocation.request_id
        assert directive(line)["Namespace"] == "Shop"
        assert directive(line)["Dimensions"] == [["service"]] and line["service"] == "token-relay"
        assert names(line) == {"UpstreamLatency", "Retries"}
        assert set(line["upstream"]) == {"POST /api/auth/token"}


def test_a_batch_counts_what_became_of_it(start: Start, sandbox: Sandbox) -> None:
    user = sandbox.create_user()
    with RuntimeAPI() as api, start("reward-grant", api) as runtime:
        api.invoke(queued("a", "b", user=user))
        sandbox.fault(GRANT, "status", status=500)
        api.invoke(queued("a", user=user))
        api.invoke(queued("a", user="XT_USRsomebody"))
        api.wait_for_pollers(1)
        _, first, again, other = runtime.metrics
    assert (first["Messages"], first["FailedMessages"], first["Grants"]) == (2, 0, 2)
    assert (first["TokenCacheMisses"], first["TokenCacheHits"]) == (1, 1)
    assert len(first["UpstreamLatency"]) == 3
    assert (again["Replays"], again["Retries"]) == (1, 1) and "Grants" not in again
    assert (other["Messages"], other["FailedMessages"]) == (1, 1)


def test_metrics_can_be_switched_off(start: Start) -> None:
    with RuntimeAPI() as api, start("token-relay", api, POWERTOOLS_METRICS_DISABLED="true") as runtime:
        api.invoke(RELAY)
        api.wait_for_pollers(1)
        assert len(runtime.logs) == 1 and runtime.metrics == []


def test_there_are_none_outside_lambda(env: dict, programs: Programs) -> None:
    run = programs.run("token-relay", RELAY, env=env)
    assert b"_aws" not in run.stdout + run.stderr


@pytest.mark.parametrize("function", FUNCTIONS)
def test_help_lists_the_settings(function: str, programs: Programs) -> None:
    text = programs.run(function, None, "--help", env={}).stdout.decode()
    for name in ("NAMESPACE", "DISABLED"):
        assert f"POWERTOOLS_METRICS_{name}" in text
    assert "POWERTOOLS_SERVICE_NAME" in text
