"""The binary and its certs, and nothing else at all."""

import json
import os
import shutil
from pathlib import Path

import people
import pytest
from events import http_api, sqs
from programs import OWNLI_FUNCTIONS, Programs, Run, bootstrap
from sandbox import Sandbox

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="an empty root takes root: run as root, or in a container")

PERSON = {"sub": people.SUBJECT}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root" / "tmp").mkdir(parents=True)
    return tmp_path / "root"


def run_in(root: Path, with_proc: bool, function: str, event: dict, programs: Programs, env: dict) -> Run:
    shutil.copytree(bootstrap(function).parent, root, dirs_exist_ok=True)
    command = ["chroot", str(root), "/bootstrap"]
    if with_proc:
        (root / "proc").mkdir()
        mount = f"mount -t proc proc '{root}/proc' && exec chroot '{root}' /bootstrap"
        command = ["unshare", "--mount", "--pid", "--fork", "/bin/sh", "-c", mount]
    return programs.run(function, event, env=env | {"PATH": os.environ["PATH"]}, command=command)


@pytest.fixture
def rooted(env: dict[str, str]) -> dict[str, str]:
    return env | {"STORE_URL": "sqlite:/tmp/store.sqlite"}


@pytest.mark.parametrize("with_proc", [True, False], ids=["with /proc", "without /proc"])
def test_the_relay_works(root: Path, with_proc: bool, programs: Programs, rooted: dict) -> None:
    event = http_api("POST", "/api/ownli/token", claims=PERSON)
    assert run_in(root, with_proc, "token-relay", event, programs, rooted).http.status == 200


@pytest.mark.parametrize("with_proc", [True, False], ids=["with /proc", "without /proc"])
def test_the_opt_in_works_and_leaves_its_store(root: Path, with_proc: bool, programs: Programs, rooted: dict) -> None:
    event = http_api("POST", "/api/ownli/users", people.opt_in(), claims=PERSON)
    answer = run_in(root, with_proc, "user-opt-in", event, programs, rooted).http
    assert answer.status == 200
    assert (root / "tmp" / "store.sqlite").exists()


@pytest.mark.parametrize("with_proc", [True, False], ids=["with /proc", "without /proc"])
def test_a_batch_is_granted_by_several_threads(
    root: Path, with_proc: bool, programs: Programs, rooted: dict, sandbox: Sandbox
) -> None:
    user = sandbox.create_user()
    orders = [
        {"userId": user, "amount": 5, "actionCode": "purchase", "clientReference": f"order-{number}"}
        for number in range(10)
    ]
    run = run_in(root, with_proc, "reward-grant", sqs(*orders), programs, rooted)
    assert run.exit_code == 0 and run.answer == {"batchItemFailures": []}


@pytest.mark.parametrize("function", OWNLI_FUNCTIONS)
def test_https_is_tried_with_the_certs_at_hand(
    function: str, root: Path, programs: Programs, rooted: dict, sandbox: Sandbox
) -> None:
    # No network is asked for: the port is closed. What counts is that a handle for TLS can be set up at all.
    event = {
        "token-relay": http_api("POST", "/api/ownli/token", claims=PERSON),
        "user-opt-in": http_api("POST", "/api/ownli/users", people.opt_in(), claims=PERSON),
        "reward-grant": http_api(
            "POST",
            "/api/ownli/rewards/grant",
            {"userId": "XT_USR1", "amount": 5, "actionCode": "purchase", "clientReference": "order-1"},
            service=people.SERVICE,
        ),
    }[function]
    base = {"OWNLI_BASE_URL": "https://127.0.0.1:9"}
    guards = {"OWNLI_PRODUCTION_REWARDS": "agreed"}
    run = run_in(root, False, function, event, programs, rooted | base | guards)
    assert run.http.outcome == (502, "UPSTREAM_ERROR"), json.dumps(run.answer)
