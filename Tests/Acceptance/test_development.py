"""`partner-dev up`: the gateway, the functions' processes, the queue, and what is said of them."""

import os
import re
import shutil
import signal
import stat
import subprocess
from pathlib import Path
from typing import Iterator

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

import api
from development import OPT_IN, Development, eventually
from programs import MACHINE, ROOT, Printed, bootstrap
from sandbox import built_tool


@pytest.fixture
def up(development: Development, printed: Printed) -> Iterator[Development]:
    development.start_over()
    before = len(development.printed)
    yield development
    printed.add("partner-dev up", development.printed[before:].encode())


def between(calls: list[dict]) -> list[tuple]:
    return [(call["from"], call["to"], call["method"], call["path"], call.get("scope"), call["status"]) for call in calls]


def test_an_opt_in_crosses_every_part(up: Development) -> None:
    headers = up.sign_in()
    assert up.call("GET", "/api/ownli/users/me", headers=headers).json()["error_code"] == "NOT_LINKED"
    answer = up.call("POST", "/api/ownli/users", headers=headers, json=OPT_IN)
    assert answer.status_code == 200, answer.text
    assert up.call("GET", "/api/ownli/users/me", headers=headers).json() == answer.json()
    opt_in = up.calls()[2:6]
    agent = "python-requests"
    assert between(opt_in) == [
        (agent, "Gateway", "POST", "/api/ownli/users", "person", 200),
        ("Gateway", "user-opt-in", "Invoke", "POST /api/ownli/users", None, 200),
        ("user-opt-in", "Ownli", "POST", "/api/auth/token", "admin", 200),
        ("user-opt-in", "Ownli", "POST", "/api/users?returnExistingUserIfExists=true", "admin", 200),
    ]
    # Each was made for the one that caused it.
    numbers = [call["number"] for call in opt_in]
    assert [call.get("cause") for call in opt_in] == [None, numbers[0], numbers[1], numbers[1]]
    invocation = opt_in[1]
    assert invocation["milliseconds"] > 0 and 500 < invocation["memoryKiB"] < 100_000


def test_the_description_of_all_routes_is_there_for_tools_on_this_machine(up: Development) -> None:
    assert up.call("GET", "/_dev/openapi.yaml").text == api.OPENAPI.read_text()
    answer = up.call("GET", "/_dev/openapi.json", headers={"Origin": "http://localhost:3000"})
    assert answer.json() == api.description()
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"
    assert up.call("GET", "/_dev/openapi.json", headers={"Origin": "https://elsewhere.example"}).status_code == 403


def test_the_picture_holds_no_secret(up: Development) -> None:
    headers = up.sign_in()
    up.opt_in(headers)
    token = up.call("POST", "/api/ownli/token", headers=headers).json()["access_token"]
    seen = up.call("GET", "/_dev/calls?after=0").text
    assert "sandbox-secret" not in seen
    assert token not in seen and token[:6] + "•" in seen
    assert headers["Authorization"].split()[1] not in seen
    assert token not in up.printed


def test_a_purchase_is_rewarded_by_the_queue(up: Development) -> None:
    headers = up.sign_in()
    up.call("POST", "/api/ownli/users", headers=headers, json=OPT_IN)
    order = up.call("POST", "/_dev/purchases", headers=headers).json()["order"]
    eventually(lambda: up.queue()["delivered"] == 1)
    grant = up.calls()[-1]
    assert between([grant]) == [("reward-grant", "Ownli", "POST", "/api/rewards/grant", "admin", 200)]
    assert order in grant["request"]["body"]


def test_a_reward_for_who_has_not_opted_in_is_tried_again_and_stays_visible(up: Development) -> None:
    up.call("POST", "/_dev/purchases", headers=up.sign_in())
    invoked = eventually(lambda: [call for call in up.calls() if call["to"] == "reward-grant" and call.get("note")])
    assert invoked[0]["note"] == "1 failed"
    assert up.queue()["waiting"] == 1
    up.start_over()
    assert up.queue()["waiting"] == 0


def test_nobody_grants_themselves_a_reward(up: Development) -> None:
    headers = up.sign_in()
    for method, path in [("POST", "/api/ownli/rewards/grant"), ("GET", "/api/ownli/rewards")]:
        answer = up.call(method, path, headers=headers)
        assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})
    assert up.call("POST", "/_dev/purchases").status_code == 401
    assert not [call for call in up.calls() if call["to"] == "reward-grant"]


def test_identities_verify_with_anybody_who_reads_the_keys(up: Development) -> None:
    configuration = up.call("GET", "/_dev/issuer/.well-known/openid-configuration").json()
    assert configuration["issuer"] == f"{up.url}/_dev/issuer"
    keys = KeySet.import_key_set(up.http.get(configuration["jwks_uri"], timeout=10).json())
    token = jwt.decode(up.sign_in()["Authorization"].split()[1], keys, algorithms=["RS256"])
    assert token.claims["iss"] == configuration["issuer"]
    assert (token.claims["sub"], token.claims["email_verified"]) == ("user-42", True)
    assert up.call("POST", "/_dev/sign-in", json={"user": "nobody"}).status_code == 404
    assert up.call("POST", "/_dev/sign-in", data=b"\xff").status_code == 404


def test_only_its_own_name_is_answered(up: Development) -> None:
    port = up.url.rsplit(":", 1)[1]
    assert up.call("GET", "/", headers={"Host": f"evil.example:{port}"}).status_code == 421
    assert up.call("POST", "/_dev/sign-in", headers={"Host": "evil.example"}).status_code == 421
    moved = up.call("GET", "/", headers={"Host": f"localhost:{port}"}, allow_redirects=False)
    assert (moved.status_code, moved.headers["Location"]) == (302, f"{up.url}/")


def test_only_pages_of_this_machine_have_a_say(up: Development) -> None:
    for path in ["/_dev/sign-in", "/_dev/start-over", "/_sandbox/reset", "/_ownli/api/auth/token"]:
        for origin in ["https://evil.example", "null", "http://127.0.0.1.evil.example"]:
            answer = up.call("POST", path, headers={"Origin": origin}, json={"user": "user-42"})
            assert answer.status_code == 403 and "Access-Control-Allow-Origin" not in answer.headers
    app = {"Origin": "http://localhost:5173"}
    answer = up.call("POST", "/_dev/sign-in", headers=app, json={"user": "user-42"})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, app["Origin"])
    headers = app | {"Authorization": f"Bearer {answer.json()['id_token']}"}
    up.opt_in(headers)
    answer = up.call("POST", "/api/ownli/token", headers=headers)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, app["Origin"])
    asked = app | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    answer = up.call("OPTIONS", "/api/ownli/token", headers=asked)
    assert answer.status_code == 204 and "POST" in answer.headers["Access-Control-Allow-Methods"].split(",")


def test_a_function_that_dies_is_started_again(up: Development) -> None:
    headers = up.sign_in()
    up.opt_in(headers)
    assert up.call("POST", "/api/ownli/token", headers=headers).status_code == 200
    for process in up.processes():
        os.kill(process, signal.SIGKILL)
    up.wait_for_line("token-relay .*was killed by signal 9; the next invocation starts it again")
    assert up.call("POST", "/api/ownli/token", headers=headers).status_code == 200
    assert up.calls()[-2]["coldStart"] is True


@pytest.fixture
def workshop(tmp_path: Path) -> Path:
    """A repository with one function that is built, and others that are not."""
    shutil.copy(ROOT / "template.yaml", tmp_path)
    directory = tmp_path / "dist" / MACHINE / "token-relay"
    directory.mkdir(parents=True)
    shutil.copy(bootstrap("token-relay"), directory)
    return tmp_path


def test_builds_come_and_go(workshop: Path) -> None:
    up = Development(root=workshop, RELAY_TO="anyone")
    try:
        missing = f"there is no executable: dist/{MACHINE}/user-opt-in/bootstrap or .build/debug/user-opt-in ("
        assert re.search("user-opt-in +" + re.escape(missing), up.printed)
        headers = up.sign_in()
        assert up.call("POST", "/api/ownli/token", headers=headers).status_code == 200
        answer = up.call("GET", "/api/ownli/users/me", headers=headers)
        assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})
        assert "there is no executable" in up.calls()[-1]["note"]

        debug = workshop / ".build/debug"
        debug.mkdir(parents=True)
        shutil.copy(bootstrap("user-opt-in"), debug / "user-opt-in")
        up.wait_for_line("user-opt-in .*runs .build/debug/user-opt-in, process")
        assert up.call("GET", "/api/ownli/users/me", headers=headers).status_code == 404

        newer = debug / "token-relay"
        newer.write_text(f"#!/bin/sh\necho 'another build'\nexec {bootstrap('token-relay')}\n")
        newer.chmod(newer.stat().st_mode | stat.S_IXUSR)
        up.wait_for_line("token-relay .*runs .build/debug/token-relay, process")
        up.wait_for_line("token-relay .*another build")
        assert up.call("POST", "/api/ownli/token", headers=headers).status_code == 200
    finally:
        children = up.processes()
        assert up.stop() == 0
    assert children
    eventually(lambda: not [pid for pid in children if is_running(pid)])


def test_a_function_that_does_not_start_says_why(workshop: Path) -> None:
    broken = workshop / "dist" / MACHINE / "token-relay/bootstrap"
    broken.write_text("#!/bin/sh\necho 'the configuration is wrong' >&2\nexit 3\n")
    up = Development(root=workshop, RELAY_TO="anyone")
    try:
        eventually(lambda: "the configuration is wrong" in up.printed)
        answer = up.call("POST", "/api/ownli/token", headers=up.sign_in())
        assert answer.status_code == 500
        assert "exited with status 3" in up.calls()[-1]["note"]
    finally:
        up.stop()


def test_its_children_end_with_it_even_when_it_is_killed(workshop: Path) -> None:
    up = Development(root=workshop, RELAY_TO="anyone")
    assert up.call("POST", "/api/ownli/token", headers=up.sign_in()).status_code == 200
    children = up.processes()
    up.process.kill()
    up.process.wait()
    assert children
    eventually(lambda: not [pid for pid in children if is_running(pid)])


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    "arguments, status, said",
    [
        (["--port", "{taken}"], 1, "port {taken} is taken: end the program that listens there, or choose another"),
        (["--root", "/nowhere"], 1, "/nowhere/template.yaml cannot be read: No such file or directory"),
        (["--root", "{empty}"], 1, "it has no resource of type AWS::Serverless::Function"),
        (["--port", "70000"], 2, "usage: partner-dev up"),
        (["--speed", "1"], 2, "usage: partner-dev up"),
    ],
)
def test_what_is_wrong_is_said(
    development: Development, tmp_path: Path, arguments: list[str], status: int, said: str
) -> None:
    (tmp_path / "template.yaml").write_text("Resources: {}\n")
    words = {"taken": development.url.rsplit(":", 1)[1], "empty": str(tmp_path)}
    command = [built_tool(), "up", "--root", str(ROOT), *(argument.format(**words) for argument in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout) == (status, "")
    assert said.format(**words) in done.stderr
