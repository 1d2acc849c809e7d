"""AWS Lambda's custom runtime protocol, with a double of the Runtime API that does what the emulator does not."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Optional

import people
import pytest
from events import http_api, rest_api
from programs import FUNCTIONS, Printed
from runtime_api import Post, Runtime, RuntimeAPI
from sandbox import TOKEN, Sandbox

RELAY = http_api("POST", "/api/ownli/token", claims={"sub": people.SUBJECT})
ORDER = {"userId": "XT_USRnobody", "amount": 5, "actionCode": "purchase", "clientReference": "order-1"}

Start = Callable[..., Runtime]


@pytest.fixture
def start(lambda_env: dict, printed: Printed, tmp_path: Path) -> Start:
    def start(function: str, api: RuntimeAPI, **settings: str) -> Runtime:
        return Runtime(function, api, lambda_env | settings, printed, tmp_path)

    return start


def assert_error(post: Post, kind: str, error_type: str) -> None:
    assert post.kind == kind
    assert set(post.json) == {"errorMessage", "errorType", "stackTrace"}
    assert post.json["errorType"] == error_type
    assert isinstance(post.json["errorMessage"], str) and post.json["stackTrace"] == []
    assert post.headers["lambda-runtime-function-error-type"] == error_type
    assert re.fullmatch(r"(Runtime|Function)\.[A-Z][a-zA-Z]+", error_type)


# The loop


def test_invocations_are_answered_one_after_the_other_on_one_connection(start: Start) -> None:
    with RuntimeAPI() as api, start("token-relay", api) as runtime:
        for _ in range(20):
            post = api.invoke(RELAY)
            assert post.http.status == 200
            assert post.headers["content-type"].startswith("application/json")
        assert runtime.is_running()
        assert api.connections == 1
        assert len(api.posts) == 20


def test_the_first_invocation_is_the_cold_start(start: Start) -> None:
    with RuntimeAPI() as api, start("token-relay", api) as runtime:
        first, second = api.send(RELAY), api.send(RELAY)
        first.post(), second.post()
        api.wait_for_pollers(1)
        logs = runtime.logs
    assert [line["requestId"] for line in logs] == [first.request_id, second.request_id]
    assert [line.get("coldStart", False) for line in logs] == [True, False]


def test_a_long_silence_on_next_is_waited_out(start: Start) -> None:
    with RuntimeAPI() as api, start("token-relay", api) as runtime:
        assert api.invoke(RELAY).http.status == 200
        time.sleep(12)  # longer than any time-out that an upstream call has
        assert runtime.is_running()
        assert api.invoke(RELAY).http.status == 200
        assert api.connections == 1


def test_the_environment_s_proxy_is_not_for_the_runtime_api(start: Start) -> None:
    proxy = "http://127.0.0.1:9"
    with RuntimeAPI() as api, start("token-relay", api, http_proxy=proxy, all_proxy=proxy, ALL_PROXY=proxy):
        assert api.invoke(RELAY).http.status == 200


@pytest.mark.parametrize("deadline", ["", "1999999999999", "9007199254740992"])
def test_a_missing_or_far_deadline_is_no_trouble(deadline: str, start: Start) -> None:
    with RuntimeAPI() as api, start("token-relay", api):
        assert api.invoke(RELAY, deadline=deadline).http.status == 200


@pytest.mark.parametrize(
    "deadline", ["soon", "-1", "1e13", "99999999999999999999999", "1799999999999.5", "0x10", "1 2"]
)
def test_a_bad_deadline_fails_its_invocation_only(deadline: str, start: Start, sandbox: Sandbox) -> None:
    with RuntimeAPI() as api, start("token-relay", api):
        assert_error(api.invoke(RELAY, deadline=deadline), "error", "Runtime.InvalidDeadline")
        assert sandbox.calls() == []
        assert api.invoke(RELAY).http.status == 200


def test_a_deadline_that_is_over_is_a_time_out_without_a_call(start: Start, sandbox: Sandbox) -> None:
    with RuntimeAPI() as api, start("token-relay", api):
        assert api.invoke(RELAY, deadline="1000").http.outcome == (504, "UPSTREAM_TIMEOUT")
        assert sandbox.calls() == []
        assert api.invoke(RELAY).http.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"},
        {"Lambda-Runtime-Trace-Id": ""},
        {"Lambda-Runtime-Trace-Id": "x" * 4000},
        {"Lambda-Runtime-Trace-Id": 'a"b\\c=\t%00'},
        {"Lambda-Runtime-Client-Context": '{"client":{"app_title":"x"}}', "Lambda-Runtime-Cognito-Identity": "{}"},
        {"Lambda-Runtime-Client-Context": "no JSON", "Lambda-Runtime-Cognito-Identity": "no JSON"},
        {"Lambda-Runtime-Aws-Tenant-Id": "tenant-1", "X-Unknown": "y" * 8000},
    ],
    ids=lambda headers: str(headers)[:50],
)
def test_whatever_headers_come_along_are_survived(headers: dict, start: Start) -> None:
    with RuntimeAPI() as api, start("token-relay", api):
        assert api.invoke(RELAY, headers=headers).http.status == 200
        assert api.invoke(RELAY).http.status == 200


# Answers that are not taken


@pytest.mark.parametrize("status", [400, 403, 413])
def test_a_refused_response_is_logged_and_the_loop_goes_on(status: int, start: Start) -> None:
    with RuntimeAPI() as api, start("token-relay", api) as runtime:
        api.post_statuses.append(status)
        refused = api.send(RELAY)
        assert refused.post().kind == "response"
        assert api.invoke(RELAY).http.status == 200
        assert [post.kind for post in api.posts] == ["response", "response"], "no /error after it"
        assert any(line["level"] == "ERROR" and line["requestId"] == refused.request_id for line in runtime.logs)


@pytest.mark.parametrize("status", [400, 403, 413])
def test_a_refused_error_is_logged_and_the_loop_goes_on(status: int, start: Start) -> None:
    with RuntimeAPI() as api, start("reward-grant", api):
        api.post_statuses.append(status)
        assert api.invoke("{}").kind == "error"
        assert_error(api.invoke("{}"), "error", "Runtime.InvalidEvent")
        assert len(api.posts) == 2


def test_a_container_error_ends_the_process(start: Start) -> None:
    with RuntimeAPI() as api, start("token-relay", api) as runtime:
        api.post_statuses.append(500)
        api.invoke(RELAY)
        assert runtime.wait() not in (0, None)
        assert len(api.posts) == 1


@pytest.mark.parametrize("status", [403, 500])
def test_a_next_that_is_refused_ends_the_process(status: int, start: Start) -> None:
    with RuntimeAPI() as api:
        api.next_statuses.append(status)
        with start("token-relay", api) as runtime:
            assert runtime.wait() == 1
            assert runtime.logs[-1]["level"] == "FATAL"


def test_a_next_without_a_request_id_ends_the_process(start: Start) -> None:
    with RuntimeAPI() as api:
        api.next_statuses.append(200)
        with start("token-relay", api) as runtime:
            assert runtime.wait() == 1
    assert api.posts == []


def test_a_runtime_api_that_hangs_up_ends_the_process(start: Start) -> None:
    with RuntimeAPI() as api, start("token-relay", api) as runtime:
        assert api.invoke(RELAY).http.status == 200
        api.wait_for_pollers(1)
        while runtime.is_running():
            api.hang_up()  # a reused connection may be tried once more
            time.sleep(0.05)
        assert runtime.wait() == 1


def test_a_runtime_api_that_is_not_there_ends_the_process(start: Start) -> None:
    gone = RuntimeAPI()
    gone.__exit__()
    with start("token-relay", gone) as runtime:
        assert runtime.wait() == 1


# Errors


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    "event",
    [b"", b"{}", b"null", b"[1]", b'{"a":"\xff\xfe\xc0"}', b'{"a\\n\\t\\u0001":1', b'{"a":"\n\t\x01"}', b"\xff\x00\x01"]
    + [b'{"Records":[{"cf":{"config":{"distributionId":"E1"}}}]}', b'{"source":"warm-up"}', b'"\\ud800"'],
)
def test_an_event_that_is_not_understood_is_posted_as_an_error(function: str, event: bytes, start: Start) -> None:
    with RuntimeAPI() as api, start(function, api):
        assert_error(api.invoke(event), "error", "Runtime.InvalidEvent")
        assert api.invoke(http_api("GET", "/nowhere")).http.status == 404


def test_a_failed_grant_is_posted_with_its_kind(start: Start, sandbox: Sandbox) -> None:
    with RuntimeAPI() as api, start("reward-grant", api):
        assert_error(api.invoke(ORDER), "error", "Function.PermanentFailure")
        sandbox.fault(TOKEN, "status", 50, status=500)
        sandbox.expire_tokens()
        assert_error(api.invoke(ORDER), "error", "Function.TransientFailure")


@pytest.mark.parametrize("shape", [http_api, rest_api])
def test_http_errors_go_out_as_responses(shape: Callable, start: Start, sandbox: Sandbox) -> None:
    sandbox.fault(TOKEN, "status", 50, status=401)
    with RuntimeAPI() as api, start("token-relay", api):
        event = shape("POST", "/api/ownli/token", claims={"sub": people.SUBJECT})
        assert api.invoke(event).http.outcome == (502, "UPSTREAM_REJECTED_CREDENTIALS")
        assert api.invoke(shape("POST", "/api/ownli/token")).http.outcome == (401, "UNAUTHENTICATED")


def test_a_request_id_is_the_same_in_the_answer_and_in_the_log(start: Start) -> None:
    with RuntimeAPI() as api, start("token-relay", api) as runtime:
        invocation = api.send(http_api("POST", "/api/ownli/token"))
        assert invocation.post().http.json["request_id"] == invocation.request_id
        api.wait_for_pollers(1)
        assert {line["requestId"] for line in runtime.logs} == {invocation.request_id}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_wrong_configuration_is_an_init_error(function: str, start: Start) -> None:
    with RuntimeAPI() as api, start(function, api, LOG_LEVEL="loud", SSL_CERT_FILE="/nowhere") as runtime:
        post = api.init_error()
        assert_error(post, "init-error", "Runtime.InvalidConfiguration")
        assert "LOG_LEVEL" in post.json["errorMessage"] and "SSL_CERT_FILE" in post.json["errorMessage"]
        assert runtime.wait() not in (0, None)
        assert len(api.posts) == 1
        assert runtime.logs[-1]["level"] == "FATAL"


@pytest.mark.parametrize("function", ["user-opt-in", "reward-grant"])
@pytest.mark.parametrize("store", ["", "sqlite:/tmp/store.sqlite"])
def test_a_store_that_lambda_would_lose_is_an_init_error(function: str, store: str, start: Start) -> None:
    with RuntimeAPI() as api, start(function, api, STORE_URL=store, STORE_EPHEMERAL="") as runtime:
        assert "STORE_URL" in api.init_error().json["errorMessage"]
        assert runtime.wait() not in (0, None)


# After a freeze


@pytest.mark.parametrize("ending", ["close", "reset"])
def test_connections_that_died_in_the_freeze_are_made_anew(ending: Any, start: Start) -> None:
    with RuntimeAPI(ending) as api, start("token-relay", api) as runtime:
        for _ in range(10):  # libcurl makes up for five of them in the life of a handle
            assert api.invoke(RELAY).http.status == 200
        assert runtime.is_running()
        assert api.connections > 10
        assert len({post.request_id for post in api.posts}) == 10


def test_a_thawed_process_calls_upstream_on_a_fresh_connection(start: Start, sandbox: Sandbox) -> None:
    with RuntimeAPI() as api, start("token-relay", api):
        assert api.invoke(RELAY).http.status == 200
        sandbox.fault(TOKEN, "reset", 1)
        assert api.invoke(RELAY).http.status == 200


# Managed Instances


def test_as_many_pollers_as_the_concurrency_says(start: Start, sandbox: Sandbox) -> None:
    sandbox.fault(TOKEN, "delay", 4, milliseconds=1000)
    with RuntimeAPI() as api, start("token-relay", api, AWS_LAMBDA_MAX_CONCURRENCY="4"):
        api.wait_for_pollers(4)
        assert api.connections == 4
        with ThreadPoolExecutor(4) as pool:
            posts = list(pool.map(lambda _: api.invoke(RELAY), range(40)))
        assert [post.http.status for post in posts] == [200] * 40
        assert api.most_pollers == 4


def test_every_poller_answers_for_its_own_invocation(start: Start) -> None:
    with RuntimeAPI() as api, start("token-relay", api, AWS_LAMBDA_MAX_CONCURRENCY="8"):
        invocations = [api.send(http_api("GET", "/nowhere")) for _ in range(200)]
        for invocation in invocations:
            assert invocation.post().http.json["request_id"] == invocation.request_id


@pytest.mark.parametrize("value", ["1", "0", "-3", "many", ""])
def test_another_concurrency_is_one(value: str, start: Start) -> None:
    with RuntimeAPI() as api, start("token-relay", api, AWS_LAMBDA_MAX_CONCURRENCY=value):
        assert api.invoke(RELAY).http.status == 200
        assert api.most_pollers <= 1


# Logs


@pytest.mark.parametrize(
    "settings,lines",
    [
        ({"AWS_LAMBDA_LOG_LEVEL": "ERROR", "AWS_LAMBDA_LOG_FORMAT": "JSON"}, 0),
        ({"AWS_LAMBDA_LOG_LEVEL": "error", "LOG_LEVEL": "debug"}, 0),
        ({"AWS_LAMBDA_LOG_LEVEL": "Info", "LOG_LEVEL": "error"}, 1),
        ({"LOG_LEVEL": "error"}, 0),
        ({}, 1),
    ],
)
def test_the_platform_s_log_level_wins(settings: dict, lines: int, start: Start) -> None:
    with RuntimeAPI() as api, start("token-relay", api, **settings) as runtime:
        api.invoke(RELAY)
        api.wait_for_pollers(1)
        assert len(runtime.logs) == lines


def test_the_platform_s_text_format_is_text(start: Start) -> None:
    with RuntimeAPI() as api, start("token-relay", api, AWS_LAMBDA_LOG_FORMAT="Text") as runtime:
        invocation = api.send(RELAY)
        invocation.post()
        api.wait_for_pollers(1)
        # Metrics are JSON in either format: CloudWatch takes them from nothing else.
        (line,) = [line for line in runtime.stdout.read_text().splitlines() if not line.startswith("{")]
        assert " INFO " in line and invocation.request_id in line


def test_what_goes_to_standard_error_is_nothing(start: Start) -> None:
    with RuntimeAPI() as api, start("token-relay", api) as runtime:
        api.invoke(RELAY)
        api.invoke("{}")
        api.wait_for_pollers(1)
        assert runtime.stderr.read_bytes() == b""


# Sizes


@pytest.mark.parametrize("size", [60_000, 5_900_000])
def test_a_large_event_is_read(size: int, start: Start) -> None:
    with RuntimeAPI() as api, start("user-opt-in", api):
        event = http_api("POST", "/api/ownli/users", people.opt_in(x="x" * size), claims={"sub": people.SUBJECT})
        expected: Optional[int] = 200 if size < 65_000 else 413
        assert api.invoke(event).http.status == expected
        assert api.invoke(http_api("GET", "/nowhere")).http.status == 404
