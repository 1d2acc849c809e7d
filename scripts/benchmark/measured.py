"""What is measured: the floor in C, our functions as they are deployed, and the peers that were named."""

import base64
import dataclasses
import io
import os
import subprocess
import zipfile
from pathlib import Path

from tools import SOURCES, tool
from upstream import Upstream

PACKAGED = Path(os.environ["PACKAGED"])
PERSON = b'{"sub":"person","iss":"https://issuer.example"}'

# What Lambda gives a function, and the settings without which none starts. Logging and metrics are on.
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin", "LANG": "en_US.UTF-8", "TZ": ":UTC",
    "AWS_LAMBDA_FUNCTION_NAME": "measured", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/measured",
    "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_SESSION_TOKEN": "x",
    "OWNLI_CLIENT_ID": "client-0123456789", "OWNLI_CLIENT_SECRET": "secret-0123456789abcdef",
    "OWNLI_PARTNER_ID": "partner-1", "OWNLI_TERMS_URL": "https://partner.example/ownli-terms",
    "OWNLI_TERMS_VERSION": "2026-01", "IDENTIFIER_HASH_KEY": base64.b64encode(bytes(32)).decode(),
}  # fmt: skip


@dataclasses.dataclass
class Measured:
    name: str
    bootstrap: Path
    event: Path = SOURCES / "token-relay.json"
    settings: dict[str, str] = dataclasses.field(default_factory=dict)
    speaks_tls: bool = True

    @property
    def zip_bytes(self) -> int:
        """Of what ships; of another program, alone in a zip of its own."""
        shipped = self.bootstrap.parent.with_suffix(".zip")
        if self.bootstrap.is_relative_to(PACKAGED):
            return shipped.stat().st_size
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            archive.write(self.bootstrap, "bootstrap")
        return len(packed.getvalue())


def harness(
    measured: list[Measured], upstream: Upstream, starts: int, calls: int, how: str = "keep", idle: int = 0
) -> dict[str, list[float]]:
    """What harness.c prints of each program, by its name."""
    command = [str(tool("harness")), str(starts), str(calls), how, str(idle)]
    for program in measured:
        command += [f"{name}={value}" for name, value in (upstream.settings | program.settings).items()]
        command += [program.name, str(program.bootstrap), str(program.event)]
    done = subprocess.run(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, check=True)
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    return {name: [float(value) for value in values] for name, *values in lines}


def function(name: str) -> Path:
    path = PACKAGED / name / "bootstrap"
    if not path.exists():
        raise SystemExit(f"{path} is missing: run scripts/package")
    return path


FLOOR = "C"
RELAY = "token-relay"
DYNAMODB = {"STORE_URL": "dynamodb:measured"}
OPT_IN = SOURCES / "user-opt-in.json"


def programs(peers: list[Measured], directory: Path) -> list[Measured]:
    """In columns of the table. `directory` is for SQLite's file."""
    sqlite = {"STORE_URL": f"sqlite:{directory}/store.sqlite", "STORE_EPHEMERAL": "allowed"}
    rewards = function("reward-grant")
    return [
        Measured(FLOOR, tool("relay"), speaks_tls=False),
        Measured(RELAY, function("token-relay"), settings={"RELAY_TO": "anyone"}),
        Measured("+ SQLite", function("token-relay"), settings=sqlite),
        Measured("+ DynamoDB", function("token-relay"), settings=DYNAMODB),
        Measured("user-opt-in", function("user-opt-in"), OPT_IN, DYNAMODB),
        Measured("reward-grant", rewards, SOURCES / "reward-grant.json", DYNAMODB),
        Measured("10 grants", rewards, SOURCES / "ten-grants.json", DYNAMODB),
        *peers,
    ]


def opt_in(upstream: dict[str, str], directory: Path) -> None:
    """With SQLite, token-relay needs somebody who has opted in: the person of its event."""
    event = directory / "opt-in.json"
    event.write_text(OPT_IN.read_text().replace("person-@@@@@@@@", "person").replace("@@@@@@@@", "25550100"))
    settings = ENVIRONMENT | upstream | {"STORE_URL": f"sqlite:{directory}/store.sqlite"}
    done = subprocess.run([function("user-opt-in"), event], env=settings, capture_output=True, text=True)
    if "ownliUserId" not in done.stdout:
        raise SystemExit(f"nobody could be opted in: {done.stdout} {done.stderr}")
