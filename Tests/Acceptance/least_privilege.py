"""What the template lets each function do with the table, as rules for the doubles.

A function that tests run over DynamoDB has an identity of its own there, and moto's server refuses what the template does
not allow it: dynamodb:LeadingKeys means nothing to moto itself. So a function that keeps records where template.yaml does
not expect them fails here as it would on AWS.
"""

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Mapping

from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]

# Actions on partitions, both with wildcards as IAM has them.
Rules = list[dict[str, list[str]]]
# By the general user's access key: what the functions have in its place.
IDENTITIES: dict[str, dict[str, dict[str, str]]] = {}


def listed(value: object) -> list:
    return value if isinstance(value, list) else [value]


def statements() -> dict[str, list[dict]]:
    """The functions' statements on the table; not those of the operator's tool, which looks through all of it."""
    resources = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]
    found: dict[str, list[dict]] = {}
    for name, resource in resources.items():
        if resource["Type"] != "AWS::Serverless::Function" or resource.get("Condition") == "HasAdminFunction":
            continue
        function = resource["Properties"]["CodeUri"].rpartition("/")[2]
        (policy,) = resources[f"{name}Role"]["Properties"]["Policies"]
        plain = [each for each in policy["PolicyDocument"]["Statement"] if "Action" in each]
        found[function] = [each for each in plain if listed(each["Action"])[0].startswith("dynamodb:")]
    return found


def rules() -> dict[str, Rules]:
    return {
        function: [
            {
                "actions": [action.removeprefix("dynamodb:") for action in listed(statement["Action"])],
                "partitions": listed(statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]),
            }
            for statement in each
        ]
        for function, each in statements().items()
    }


def partitions(operation: str, body: dict) -> list[tuple[str, str]]:
    """What a request wants: actions, each with its leading key."""
    if operation == "TransactWriteItems":
        writes = [write for item in body["TransactItems"] for write in item.items()]
        names = {"ConditionCheck": "ConditionCheckItem"}
        return [each for name, write in writes for each in partitions(names.get(name, f"{name}Item"), write)]
    if operation == "TransactGetItems":
        return [each for item in body["TransactItems"] for each in partitions("GetItem", item["Get"])]
    if operation == "Query":
        return [(operation, body["ExpressionAttributeValues"][":partition"]["S"])]
    key = body.get("Key") or body.get("Item") or {"partition": {"S": ""}}
    return [(operation, key["partition"]["S"])]


def refusal(allowed: Rules, operation: str, body: dict) -> str:
    """Empty if it is allowed."""
    for action, partition in partitions(operation, body):
        if (action, partition) == ("GetItem", "check"):
            continue  # --check, which nobody runs with a role of the template's
        for rule in allowed:
            if action in rule["actions"] and any(fnmatchcase(partition, each) for each in rule["partitions"]):
                break
        else:
            return f"{action} of the partition {partition}"
    return ""


def with_own_identity(function: str, env: Mapping[str, str]) -> dict[str, str]:
    """The environment with the function's own key, where it has the general one."""
    return dict(env) | IDENTITIES.get(env.get("AWS_ACCESS_KEY_ID", ""), {}).get(function, {})
