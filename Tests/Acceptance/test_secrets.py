"""Secrets out of AWS Secrets Manager: moto's server, which checks signatures, session tokens and policies."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping

import boto3
import people
import pytest
from emulator import free_port, wait_for_port
from events import http_api
from programs import Printed, Programs, bootstrap
from runtime_api import Runtime, RuntimeAPI
from sandbox import TOKEN, Sandbox

RELAY = http_api("POST", "/api/ownli/token", claims={"sub": people.SUBJECT})
REGION = "eu-central-1"
WRONG_SECRET = "not-the-secret-4f1d"
SETTING = "OWNLI_CLIENT_SECRET_SECRET"
# Of the functions: a refused secret is fetched again once the last time is this long ago.
PAUSE_SECONDS = 60

Settings = dict[str, str]


def allow(*actions: str, resource: str = "*") -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class SecretsManager:
    """Secrets Manager behind signatures, and a role that may read secrets and do nothing else."""

    def __init__(self) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "--port", str(port)],
            # The three actions that make the administrator; each after them has to be signed.
            env=dict(os.environ) | {"INITIAL_NO_AUTH_ACTION_COUNT": "3"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for_port(port)
        self.credentials = {"AccessKeyId": "nobody", "SecretAccessKey": "nothing"}
        iam = self.client("iam")
        iam.create_user(UserName="administrator")
        key = iam.create_access_key(UserName="administrator")["AccessKey"]
        iam.put_user_policy(UserName="administrator", PolicyName="all", PolicyDocument=allow("*"))
        self.credentials = key
        self.secrets = self.client("secretsmanager")
        self.role = self._role()

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=self.credentials["AccessKeyId"],
            aws_secret_access_key=self.credentials["SecretAccessKey"],
        )

    def _role(self) -> Settings:
        """The environment of a function with the role, as Lambda sets it."""
        iam, trust = self.client("iam"), {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        arn = iam.create_role(RoleName="relay", AssumeRolePolicyDocument=document)["Role"]["Arn"]
        policy = allow("secretsmanager:GetSecretValue")
        iam.put_role_policy(RoleName="relay", PolicyName="read", PolicyDocument=policy)
        session = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="relay")["Credentials"]
        return {
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
            "AWS_SESSION_TOKEN": session["SessionToken"],
        }

    def put(self, name: str, text: str) -> str:
        """Returns the secret's ARN."""
        try:
            return self.secrets.create_secret(Name=name, SecretString=text)["ARN"]
        except self.secrets.exceptions.ResourceExistsException:
            return self.secrets.put_secret_value(SecretId=name, SecretString=text)["ARN"]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture(scope="module")
def vault() -> Iterator[SecretsManager]:
    vault = SecretsManager()
    yield vault
    vault.stop()


@pytest.fixture
def settings(env: Settings, vault: SecretsManager, printed: Printed) -> Callable[..., Settings]:
    """The environment of a function whose secret is in the vault."""
    printed.tokens |= {vault.role["AWS_SECRET_ACCESS_KEY"], vault.role["AWS_SESSION_TOKEN"], WRONG_SECRET}

    def settings(reference: str, **changes: str) -> Settings:
        without = {name: value for name, value in env.items() if name != "OWNLI_CLIENT_SECRET"}
        return without | vault.role | {SETTING: reference} | changes

    return settings


class Stream:
    """A function that is asked again and again, over `--stream`."""

    def __init__(self, function: str, env: Mapping[str, str], printed: Printed, log: Path) -> None:
        self.printed, self.log = printed, log
        with open(log, "wb") as stderr:
            self.process = subprocess.Popen(
                [bootstrap(function), "--stream"],
                env=dict(env),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )

    def ask(self, event: dict) -> int:
        """The answer's status."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(event).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        self.printed.add("an answer", line, may_hold_token=True)
        return json.loads(line)["statusCode"]

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate(timeout=10)
        self.printed.add("standard error", self.log.read_bytes())


@pytest.mark.parametrize("form", ["id", "id#key", "arn", "arn#key"])
def test_a_secret_comes_from_the_vault(
    form: str, settings: Callable, vault: SecretsManager, programs: Programs
) -> None:
    text = json.dumps({"clientSecret": people.CLIENT_SECRET}) if "#" in form else people.CLIENT_SECRET
    name = "prod/" + form.replace("#", "-")
    arn = vault.put(name, text)
    reference = (arn if form.startswith("arn") else name) + ("#clientSecret" if "#" in form else "")
    assert programs.run("token-relay", RELAY, env=settings(reference)).http.status == 200


def test_check_fetches_it_and_shows_nothing_of_it(
    settings: Callable, vault: SecretsManager, programs: Programs
) -> None:
    vault.put("prod/checked", people.CLIENT_SECRET)
    run = programs.run("token-relay", None, "--check", env=settings("prod/checked"))
    assert run.exit_code == 0, run.stdout
    assert b"<redacted>" in run.stdout and b"ok      Ownli gives a user token" in run.stdout


def test_help_and_version_fetch_nothing(settings: Callable, programs: Programs) -> None:
    nowhere = settings("prod/none", AWS_ENDPOINT_URL="http://127.0.0.1:1")
    for option in ("--help", "--version"):
        run = programs.run("token-relay", None, option, env=nowhere)
        assert run.exit_code == 0 and run.stderr == b""


def test_a_secret_in_a_variable_asks_nothing_of_aws(env: Settings, programs: Programs) -> None:
    run = programs.run("token-relay", RELAY, env=env | {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
    assert run.http.status == 200


PROBLEMS = {
    "missing": ("prod/none", {}, r"ResourceNotFoundException"),
    "wrong key": ("prod/json#other", {}, r"no such key"),
    "not JSON": ("prod/text#key", {}, r"not a JSON object"),
    "wrong key of the caller": ("prod/text", {"AWS_ACCESS_KEY_ID": "AKIANOBODY"}, r"could not be fetched"),
    "wrong signature": ("prod/text", {"AWS_SECRET_ACCESS_KEY": "wrong"}, r"could not be fetched"),
    "wrong session": ("prod/text", {"AWS_SESSION_TOKEN": "ended"}, r"could not be fetched"),
    "nobody there": ("prod/text", {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, r"no connection could be made"),
    "no id": (WRONG_SECRET + " !", {}, r"expected the id or ARN"),
}


@pytest.fixture
def text_and_json(vault: SecretsManager) -> None:
    vault.put("prod/text", people.CLIENT_SECRET)
    vault.put("prod/json", json.dumps({"key": people.CLIENT_SECRET}))


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.usefixtures("text_and_json")
def test_a_problem_is_named_and_the_function_does_not_start(
    problem: str, settings: Callable, programs: Programs
) -> None:
    reference, changes, expected = PROBLEMS[problem]
    run = programs.run("token-relay", RELAY, env=settings(reference, **changes))
    assert run.exit_code == 2 and run.stdout == b""
    (line,) = [line for line in run.stderr.decode().splitlines() if line.startswith("  ")]
    assert line.startswith(f"  {SETTING}: ") and expected in line, line


def test_without_credentials_they_are_what_is_missing(settings: Callable, programs: Programs) -> None:
    env = {name: value for name, value in settings("prod/text").items() if not name.startswith("AWS_")}
    run = programs.run("token-relay", RELAY, env=env)
    assert run.exit_code == 2
    for name in ("AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        assert f"  {name}: is required" in run.stderr.decode()


def test_on_lambda_it_is_an_error_of_the_init(settings: Callable, printed: Printed, tmp_path: Path) -> None:
    with RuntimeAPI() as api, Runtime("token-relay", api, settings("prod/none"), printed, tmp_path) as runtime:
        error = api.init_error().json
        assert runtime.wait() != 0
    assert error["errorType"] == "Runtime.InvalidConfiguration"
    assert error["errorMessage"].startswith(f"{SETTING}: ") and "ResourceNotFound" in error["errorMessage"]


def test_a_rotation_needs_no_restart_and_makes_no_storm(
    settings: Callable, vault: SecretsManager, sandbox: Sandbox, printed: Printed, tmp_path: Path
) -> None:
    vault.put("prod/rotated", json.dumps({"key": WRONG_SECRET}))
    started = time.monotonic()
    with Stream("token-relay", settings("prod/rotated#key"), printed, tmp_path / "log") as function:
        assert [function.ask(RELAY) for _ in range(5)] == [502] * 5
        assert len(sandbox.calls(TOKEN)) == 5, "a secret that has not changed is not sent twice"
        vault.put("prod/rotated", json.dumps({"key": people.CLIENT_SECRET}))
        # There is no other clock than the machine's: the one test that has to wait.
        time.sleep(max(0, started + PAUSE_SECONDS + 2 - time.monotonic()))
        sandbox.forget_calls()
        assert [function.ask(RELAY) for _ in range(3)] == [200] * 3
        assert [call["status"] for call in sandbox.calls(TOKEN)] == [401, 200, 200, 200]
    assert (tmp_path / "log").read_text().count(f"{SETTING}: fetched again") == 1
