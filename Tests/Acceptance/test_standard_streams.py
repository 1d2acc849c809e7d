"""One event in, one answer out: files, standard input, --stream, exit statuses."""

import json
from pathlib import Path

import people
import pytest
from events import event_bridge, http_api
from programs import FUNCTIONS, PACKAGED, Programs, bootstrap
from sandbox import TOKEN, Sandbox

PERSON = {"sub": people.SUBJECT}
RELAY = http_api("POST", "/api/ownli/token", claims=PERSON)


def test_an_event_comes_from_standard_input(programs: Programs, env: dict) -> None:
    run = programs.run("token-relay", RELAY, env=env)
    assert run.exit_code == 0
    assert run.answer["statusCode"] == 200
    assert [line["message"] for line in run.logs] == ["answered"]


def test_an_event_comes_from_a_file(programs: Programs, env: dict, tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(RELAY))
    run = programs.run("user-opt-in", None, str(path), env=env)
    assert run.http.outcome == (404, "NOT_FOUND")


def test_a_file_that_is_not_there_fails_the_invocation(programs: Programs, env: dict, tmp_path: Path) -> None:
    run = programs.run("token-relay", None, str(tmp_path / "none.json"), env=env)
    assert run.exit_code == 1
    assert set(run.answer) == {"errorType", "errorMessage"}


def test_an_error_status_is_still_an_answer(programs: Programs, env: dict) -> None:
    run = programs.run("token-relay", http_api("POST", "/api/ownli/token"), env=env)
    assert run.exit_code == 0
    assert run.http.outcome == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    "event",
    [b"", b" \n", b"{", b"null", b"[]", b'"text"', b"{}", b"\xff\xfe", b'{"a":1,"a":2}', b"[" * 5000, b'{"Records":{}}']
    + [b'{"a\\u0000b":1}', b'{"detail-type":"warm-up"}', b'{"source":"serverless-plugin-warmup"}'],
)
def test_an_event_of_no_known_shape_fails_with_invalid_event(
    function: str, event: bytes, programs: Programs, env: dict
) -> None:
    run = programs.run(function, event, env=env)
    assert run.exit_code == 1
    assert run.answer["errorType"] == "Runtime.InvalidEvent"
    assert set(run.answer) == {"errorType", "errorMessage"}
    assert any(line["level"] == "ERROR" for line in run.logs)


def test_an_unknown_event_is_told_which_shapes_are_understood(programs: Programs, env: dict) -> None:
    message = programs.run("reward-grant", {"Records": [{"cf": {"config": {}}}]}, env=env).answer["errorMessage"]
    for shape in ("HTTP API", "REST API", "Function URL", "load balancer", "SQS", "EventBridge", "clientReference"):
        assert shape in message


def test_a_failed_message_is_a_failed_invocation(programs: Programs, env: dict) -> None:
    run = programs.run("reward-grant", event_bridge({"clientReference": "order-1"}), env=env)
    assert run.exit_code == 1
    assert run.answer["errorType"] == "Function.PermanentFailure"
    assert run.answer["errorMessage"].startswith("INVALID_PARAMETERS: ")


def test_a_stream_answers_line_by_line_in_order(programs: Programs, env: dict, sandbox: Sandbox) -> None:
    paths = ["/api/ownli/token", "/nowhere", "/api/ownli/token"]
    lines = [json.dumps(http_api("POST", path, claims=PERSON)) for path in paths]
    lines.insert(1, "no JSON")
    run = programs.run("token-relay", "\n".join(lines), "--stream", env=env)  # the last line has no line break
    assert run.exit_code == 0
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    assert [answer.get("statusCode") for answer in answers] == [200, None, 404, 200]
    assert answers[1]["errorType"] == "Runtime.InvalidEvent"
    assert len(sandbox.calls(TOKEN)) == 2


def test_a_stream_takes_windows_line_breaks_and_empty_lines(programs: Programs, env: dict) -> None:
    line = json.dumps(RELAY).encode()
    run = programs.run("token-relay", b"\r\n" + line + b"\r\n\r\n" + line + b"\r\n\n", "--stream", env=env)
    assert run.exit_code == 0
    assert [json.loads(answer)["statusCode"] for answer in run.stdout.splitlines()] == [200, 200]


def test_a_stream_of_nothing_answers_nothing(programs: Programs, env: dict) -> None:
    run = programs.run("token-relay", b"", "--stream", env=env)
    assert (run.exit_code, run.stdout) == (0, b"")


def test_a_stream_says_which_invocation_was_the_cold_start(programs: Programs, env: dict) -> None:
    lines = "\n".join([json.dumps(RELAY)] * 2)
    logs = programs.run("token-relay", lines, "--stream", env=env).logs
    assert [line.get("coldStart") for line in logs] in ([True, False], [True, None])


def test_the_last_line_of_the_log_says_it_all(programs: Programs, env: dict) -> None:
    line = programs.run("token-relay", RELAY, env=env).logs[-1]
    assert line["route"] == "/api/ownli/token" or line["route"] == "POST /api/ownli/token"
    assert line["status"] == 200
    assert line["upstream"][0]["call"] == "POST /api/auth/token"
    assert line["requestId"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_version_is_told(function: str, programs: Programs) -> None:
    run = programs.run(function, None, "--version", env={})
    assert run.exit_code == 0
    name, libraries = run.stdout.decode().splitlines()
    assert name.startswith(f"{function} ")
    # As the list of what is inside has them: `3.0.17` is the beginning of Debian's `3.0.17-1~deb12u2`.
    listed = json.loads((PACKAGED / f"{function}.cdx.json").read_text())["components"]
    inside = {each["name"]: each["version"] for each in listed}
    names = {"libcurl": "curl", "OpenSSL": "openssl", "c-ares": "c-ares", "SQLite": "sqlite3"}
    told = {names[library]: version for library, _, version in (each.partition("/") for each in libraries.split())}
    assert set(told) == set(names.values()) & set(inside)
    for library, version in told.items():
        assert version and inside[library].startswith(version), library


def test_an_unknown_option_is_refused(programs: Programs, env: dict) -> None:
    run = programs.run("token-relay", None, "--nonsense", env=env)
    assert run.exit_code == 2
    assert b"--nonsense" in run.stderr and b"usage" in run.stderr


def test_a_reader_that_left_does_not_kill_the_function(programs: Programs, env: dict) -> None:
    # Standard output is closed before the answer is written.
    command = ["/bin/sh", "-c", 'exec "$0" >&-', str(bootstrap("token-relay"))]
    assert programs.run("token-relay", RELAY, env=env, command=command).exit_code in (0, 1)
