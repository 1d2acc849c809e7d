"""AWS on loopback: moto's server with signature checking on, and a user whose keys it takes."""

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from pathlib import Path
from typing import Any, Mapping

import boto3

sys.path.insert(0, str(Path(__file__).parent))

from least_privilege import IDENTITIES, Rules  # noqa: E402

REGION = "us-east-1"

# Creating the user, its policy and its key is all that goes unsigned; the reset that starts a test is no AWS call.
UNSIGNED_CALLS = 3


def policy(actions: list[str]) -> str:
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class AWSDouble:
    """One moto server, in a process of its own."""

    def __init__(self) -> None:
        # A log on a pipe that nobody reads would stop it in the end.
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("moto_server.py"), "-H", "127.0.0.1", "-p", "0"],
            env=os.environ | {"INITIAL_NO_AUTH_ACTION_COUNT": str(UNSIGNED_CALLS), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr
        for line in self.process.stderr:
            if "Running on http" in line:
                self.url = line.split()[-1].strip()
                break
        else:
            raise AssertionError("moto did not start")
        self._drain()
        self._wait()
        self._make_user()

    def _drain(self) -> None:
        assert self.process.stderr
        stream = self.process.stderr
        threading.Thread(target=lambda: [None for _ in stream], daemon=True).start()

    def _wait(self) -> None:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{self.url}/moto-api/data.json", timeout=5)
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("moto does not answer")

    def _make_user(self) -> None:
        iam = boto3.client(
            "iam", endpoint_url=self.url, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x"
        )
        iam.create_user(UserName="functions")
        iam.put_user_policy(UserName="functions", PolicyName="all", PolicyDocument=policy(["*"]))
        key = iam.create_access_key(UserName="functions")["AccessKey"]
        self.access_key_id: str = key["AccessKeyId"]
        self.secret_access_key: str = key["SecretAccessKey"]

    def guard(self, rules: dict[str, Rules]) -> None:
        """From now on a function that is given the general user's environment has its own key, and these rules."""
        iam = self.client("iam")
        by_key: dict[str, Rules] = {}
        IDENTITIES[self.access_key_id] = identities = {}
        for function, each in rules.items():
            iam.create_user(UserName=function)
            iam.put_user_policy(UserName=function, PolicyName="all", PolicyDocument=policy(["*"]))
            key = iam.create_access_key(UserName=function)["AccessKey"]
            by_key[key["AccessKeyId"]] = each
            identities[function] = {
                "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
            }
        self._ask("rules", by_key)

    def refusals(self) -> list[str]:
        """What the rules refused since they were last asked for."""
        return self._ask("refusals", {})["refusals"]

    def _ask(self, what: str, value: dict) -> dict:
        request = urllib.request.Request(f"{self.url}/least-privilege/{what}", json.dumps(value).encode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    @property
    def env(self) -> dict[str, str]:
        """What a function finds it by."""
        return {
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_ENDPOINT_URL": self.url,
        }

    def role_env(self, name: str, actions: list[str]) -> dict[str, str]:
        """The same for a role that may do this and nothing else, as Lambda has it: its credentials are temporary."""
        iam = self.client("iam")
        name = f"{name}-{uuid.uuid4()}"
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(["sts:AssumeRole"]))["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(actions))
        role = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]
        return self.env | {
            "AWS_ACCESS_KEY_ID": role["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": role["SecretAccessKey"],
            "AWS_SESSION_TOKEN": role["SessionToken"],
        }

    def client(self, service: str, identity: Mapping[str, str] = {}) -> Any:
        """As the general user, or as a function."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=identity.get("AWS_ACCESS_KEY_ID", self.access_key_id),
            aws_secret_access_key=identity.get("AWS_SECRET_ACCESS_KEY", self.secret_access_key),
        )

    def make_table(self, name: str) -> None:
        """The table of template.yaml, as far as its keys and its TTL go."""
        database = self.client("dynamodb")
        database.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("partition", "sort")],
            KeySchema=[
                {"AttributeName": "partition", "KeyType": "HASH"},
                {"AttributeName": "sort", "KeyType": "RANGE"},
            ],
        )
        database.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
        )

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
