"""AWS on loopback: moto's server, with SAM's own translator in the place where CloudFormation has it."""

import json
import os
import subprocess
from contextlib import contextmanager
from typing import Any, Iterator, Mapping, Optional

import boto3
import pytest
from moto.cloudformation import models as cloudformation
from moto.server import ThreadedMotoServer
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

import moto_resources  # noqa: F401 - moto finds them
from conditions import Decided
from programs import MACHINE, PACKAGED, ROOT, SHIPPED

# Their logical names.
LOGICAL = {
    "token-relay": "TokenRelay",
    "user-opt-in": "UserOptIn",
    "reward-grant": "RewardGrant",
    "ownerrez-connect": "OwnerRezConnect",
    "ownerrez-webhook": "OwnerRezWebhook",
    "ownerrez-api": "OwnerRezApi",
    "partner-admin": "PartnerAdmin",
}

REGION = "us-east-1"
BUCKET = "code"
CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}

# What a deployment has to be told.
PARAMETERS = {
    "Environment": "sandbox",
    "OwnliClientId": "client-1",
    "OwnliPartnerId": "partner-1",
    "OwnliSecretName": "partner-functions/ownli",
    "OwnliTermsUrl": "https://partner.example/ownli-terms",
    "OwnliTermsVersion": "2026-01",
    "OwnerRezClientId": "c_partner",
    "OwnerRezSecretName": "partner-functions/ownerrez",
    "OwnerRezRedirectUri": "https://api.partner.example/oauth/ownerrez/callback",
    "AppUrl": "https://app.partner.example",
    "OwnerRezWebhookUser": "webhook-user",
    "Issuer": "https://id.partner.example/",
    "Audience": "app",
    "AlarmEmail": "operations@partner.example",
    "Architecture": MACHINE,
}

# The same for a company that uses one partner alone.
ONLY = {
    "ownli": {name: value for name, value in PARAMETERS.items() if name != "AppUrl" and "OwnerRez" not in name},
    "ownerrez": {name: value for name, value in PARAMETERS.items() if "Ownli" not in name},
}

# What moto 5.2 does not create of a template. It is checked in the translated template instead.
NOT_IN_MOTO = {
    "AWS::ApiGatewayV2::Stage",
    "AWS::CloudWatch::Alarm",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::SNS::Subscription",
    "AWS::SQS::QueuePolicy",
}


def template(canary: str = "off") -> dict:
    """template.yaml as it is deployed and `aws cloudformation package` leaves it: the code is in a bucket."""
    command = "source scripts/common.sh; source scripts/aws/template.sh; canary=$1; deployed_template"
    text = subprocess.run(["bash", "-c", command, "bash", canary], cwd=ROOT, capture_output=True, text=True, check=True)
    source = yaml_parse(text.stdout)
    for resource in source["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            function = resource["Properties"]["CodeUri"].rpartition("/")[2]
            resource["Properties"]["CodeUri"] = f"s3://{BUCKET}/{function}.zip"
    return source


def translated(source: dict, parameters: Mapping[str, str] = PARAMETERS) -> dict:
    """What CloudFormation makes of a SAM template."""

    class NoManagedPolicies:
        def load(self) -> dict:
            return {}

    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)  # SAM asks it for the partition
    return transform(source, dict(parameters), NoManagedPolicies())


def decided(source: dict, parameters: Mapping[str, str] = PARAMETERS) -> Decided:
    """What becomes of it, translated, with these parameters."""
    return Decided(translated(source, parameters), parameters)


@contextmanager
def whole_change_sets() -> Iterator[None]:
    """What moto leaves out of a change set: SAM's translator before it, and the stack's outputs after it."""
    parse, apply = cloudformation.ChangeSet._parse_template, cloudformation.ChangeSet.apply

    def parse_and_translate(change_set: cloudformation.ChangeSet) -> None:
        parse(change_set)
        change_set.template_dict = translated(change_set.template_dict, change_set.parameters)

    def apply_with_outputs(change_set: cloudformation.ChangeSet) -> None:
        apply(change_set)
        change_set.stack.template_dict = change_set.template_dict
        change_set.stack.output_map = change_set.stack._create_output_map()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cloudformation.ChangeSet, "_parse_template", parse_and_translate)
        patch.setattr(cloudformation.ChangeSet, "apply", apply_with_outputs)
        yield


class Cloud:
    """A moto server in this process, empty at first."""

    def __init__(self) -> None:
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        self.client("s3").create_bucket(Bucket=BUCKET)

    def stop(self) -> None:
        self._server.stop()

    def client(self, service: str) -> Any:
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, **CREDENTIALS)


class Stack:
    """The template, translated and created."""

    def __init__(self, cloud: Cloud, name: str, only: Optional[str] = None, canary: str = "off", **changes: str):
        self.name = name
        self.cloud = cloud
        parameters = (ONLY[only] if only else PARAMETERS) | changes
        decision = decided(template(canary), parameters)
        self.template = decision.template
        self.wanted = decision.there("Resources")
        for function in SHIPPED:
            cloud.client("s3").upload_file(str(PACKAGED / f"{function}.zip"), BUCKET, f"{function}.zip")
        formation = cloud.client("cloudformation")
        formation.create_stack(
            StackName=name,
            TemplateBody=json.dumps(self.template),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=["CAPABILITY_IAM"],
        )
        (description,) = formation.describe_stacks(StackName=name)["Stacks"]
        assert description["StackStatus"] == "CREATE_COMPLETE", description
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in description["Outputs"]}
        pages = formation.get_paginator("list_stack_resources").paginate(StackName=name)
        listed = [resource for page in pages for resource in page["StackResourceSummaries"]]
        made = [each for each in listed if each["ResourceType"]]
        self.created = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in made}

    def resources(self, kind: str) -> dict[str, dict]:
        """Of the translated template: logical names, and resources that this stack has."""
        return {name: each for name, each in self.wanted.items() if each["Type"] == kind}

    def environment(self, function: str) -> dict[str, str]:
        """What Lambda would set for it."""
        configuration = self.cloud.client("lambda").get_function_configuration(FunctionName=f"{self.name}-{function}")
        return configuration["Environment"]["Variables"]
