"""Each function may touch the partitions that it keeps records in, and no others.

That the functions get by with that is shown by every other test over DynamoDB: the double there refuses the rest.
"""

import re
from fnmatch import fnmatchcase

import pytest
from aws_double import AWSDouble
from botocore.exceptions import ClientError
from least_privilege import IDENTITIES, Rules, refusal, rules, statements
from programs import FUNCTIONS, ROOT

KEY = {"partition": {"S": "consent#person-1"}, "sort": {"S": "1"}}


def test_every_statement_on_the_table_is_for_certain_partitions() -> None:
    assert sorted(statements()) == sorted(FUNCTIONS)
    for function, each in statements().items():
        for statement in each:
            assert statement["Resource"] == {"Fn::GetAtt": ["Records", "Arn"]}, function
            assert set(statement["Condition"]) == {"ForAllValues:StringLike"}, function
            assert not [action for action in statement["Action"] if action == "dynamodb:Scan"], "it has no key"


def test_the_partitions_are_those_that_the_sources_name() -> None:
    sources = "".join(file.read_text() for file in (ROOT / "Sources").rglob("*.swift"))
    allowed = {name for each in rules().values() for rule in each for name in rule["partitions"]}
    for name in allowed:
        assert len(name.rstrip("*#")) > 3, f"{name} is nearly everything"
        assert f'"{name.rstrip("*")}' in sources, f"nobody keeps records in {name}"
    named = set(re.findall(r'"((?:[a-z]+-)*[a-z]+#)\\\(', sources))
    named.discard("checkpoint#")  # a sort key, in ownerrez-account#..
    named -= {"admin-audit#", "erased#", "erasure#"}  # the operator's tool's, which no function reads or writes
    beyond = {name for name in named if not any(fnmatchcase(f"{name}1", pattern) for pattern in allowed)}
    assert beyond == set(), "records that no role allows"


@pytest.mark.parametrize(
    "operation, body, refused",
    [
        ("GetItem", {"Key": {"partition": {"S": "link#1"}}}, ""),
        ("GetItem", {"Key": {"partition": {"S": "links"}}}, "GetItem of the partition links"),
        ("GetItem", {"Key": {"partition": {"S": "Link#1"}}}, "GetItem of the partition Link#1"),
        ("PutItem", {"Item": {"partition": {"S": "link#1"}}}, "PutItem of the partition link#1"),
        ("Query", {"ExpressionAttributeValues": {":partition": {"S": "link#1"}}}, "Query of the partition link#1"),
        ("Scan", {}, "Scan of the partition "),
        (
            "TransactWriteItems",
            {
                "TransactItems": [
                    {"Put": {"Item": {"partition": {"S": "day#1"}}}},
                    {"Delete": {"Key": {"partition": {"S": "link#1"}}}},
                ]
            },
            "DeleteItem of the partition link#1",
        ),
    ],
)
def test_the_rules_are_read_as_iam_reads_them(operation: str, body: dict, refused: str) -> None:
    allowed: Rules = [
        {"actions": ["GetItem"], "partitions": ["link#*"]},
        {"actions": ["PutItem"], "partitions": ["day#*"]},
    ]
    assert refusal(allowed, operation, body) == refused


def test_links_are_removed_by_whoever_makes_them_and_consents_by_nobody() -> None:
    def allows(function: str, action: str, partition: str) -> bool:
        return refusal(rules()[function], action, {"Key": {"partition": {"S": partition}}}) == ""

    kept = ["link#1", "ownli-user#1", "consent#1", "ownli-intent#1"]
    assert [allows("user-opt-in", "DeleteItem", name) for name in kept] == [True, True, False, False]
    assert [function for function in FUNCTIONS if allows(function, "PutItem", "link#1")] == ["user-opt-in"]
    assert [function for function in FUNCTIONS if allows(function, "DeleteItem", "link#1")] == ["user-opt-in"]
    assert not [function for function in FUNCTIONS if allows(function, "DeleteItem", "consent#1")]


def test_the_double_refuses_what_the_template_does_not_allow(aws: AWSDouble, table: str) -> None:
    general = aws.client("dynamodb")
    general.put_item(TableName=table, Item=KEY)
    identity = IDENTITIES[aws.access_key_id]["reward-grant"]
    own = aws.client("dynamodb", identity)
    with pytest.raises(ClientError, match="AccessDenied"):
        own.get_item(TableName=table, Key=KEY)
    assert aws.refusals() == ["GetItem of the partition consent#person-1"]
    assert "Item" not in own.get_item(TableName=table, Key=KEY | {"partition": {"S": "link#person-1"}})
