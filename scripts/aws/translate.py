"""What CloudFormation makes of template.yaml, which comes on standard input: after the transform of SAM, in YAML.

Arguments are parameters, Name=value. The code is nowhere yet: in its places in S3 the bucket is called BUCKET.
"""

import json
import os
import sys

import yaml
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    """The template names none."""

    def load(self) -> dict:
        return {}


def translated(text: str, parameters: dict[str, str]) -> dict:
    source = yaml_parse(text)
    for resource in source["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = f"s3://BUCKET/{resource['Properties']['CodeUri']}.zip"
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")  # for the partition alone
    return transform(source, parameters, NoManagedPolicies())


if __name__ == "__main__":
    made = translated(sys.stdin.read(), dict(argument.split("=", 1) for argument in sys.argv[1:]))
    # By way of JSON, so that YAML knows all types.
    yaml.safe_dump(json.loads(json.dumps(made)), sys.stdout, sort_keys=False, width=120)
