"""AWS credentials as they come outside of Lambda, against AWS's double, which checks every signature."""

import json
import socket
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Iterator

import people
import pytest
from aws_double import AWSDouble
from door import read_head
from events import http_api
from programs import Programs

OPT_IN = http_api("POST", "/api/ownli/users", people.opt_in(), claims={"sub": people.SUBJECT})
TOKEN = "container-token-8c1f"


@pytest.fixture
def keyless(dynamodb_env: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in dynamodb_env.items() if "ACCESS_KEY" not in name}


def test_a_profile_for_local_runs(aws: AWSDouble, keyless: dict, programs: Programs, tmp_path: Path) -> None:
    keys = f"aws_access_key_id = {aws.access_key_id}\naws_secret_access_key = {aws.secret_access_key}\n"
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(f"[default]\naws_access_key_id = other\n\n[dev]\n{keys}")
    env = keyless | {"AWS_PROFILE": "dev", "HOME": str(tmp_path)}
    assert programs.run("user-opt-in", OPT_IN, env=env).http.status == 200
    run = programs.run("user-opt-in", OPT_IN, env=env | {"AWS_PROFILE": "other"})
    assert run.exit_code == 2 and b"AWS_PROFILE" in run.stderr


class Container:
    """Hands out a role's credentials to whoever has the token, as ECS's agent does."""

    def __init__(self, answer: dict) -> None:
        self.answer = json.dumps(answer).encode()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/v1/credentials"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                head = read_head(connection)
                is_known = head.startswith("GET /v1/credentials ") and f"Authorization: {TOKEN}\r\n" in head
                body = self.answer if is_known else b"{}"
                status = b"200 OK" if is_known else b"403 Forbidden"
                connection.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body)


@pytest.fixture
def container(aws: AWSDouble) -> Iterator[Container]:
    role = aws.role_env("container", ["dynamodb:*"])
    expires = datetime.now(timezone.utc) + timedelta(hours=1)
    container = Container(
        {
            "AccessKeyId": role["AWS_ACCESS_KEY_ID"],
            "SecretAccessKey": role["AWS_SECRET_ACCESS_KEY"],
            "Token": role["AWS_SESSION_TOKEN"],
            "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
    )
    yield container
    container.listener.close()


def test_a_container(container: Container, keyless: dict, programs: Programs, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN + "\n")
    env = keyless | {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": container.url,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token"),
    }
    run = programs.run("user-opt-in", OPT_IN, env=env)
    assert run.http.status == 200
    (tmp_path / "token").write_text("another")
    assert programs.run("user-opt-in", OPT_IN, env=env).http.status == 503
    assert TOKEN.encode() not in run.stdout + run.stderr
