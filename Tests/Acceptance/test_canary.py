"""A stack that is deployed with --canary, made in moto: versions, aliases, and how CodeDeploy goes on and back."""

from typing import Any

import pytest
from cloud import LOGICAL, NOT_IN_MOTO, Cloud, Stack
from programs import FUNCTIONS

# Told once, by NOT_IN_MOTO.
pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse AWS")

TYPE = "Linear10PercentEvery2Minutes"


@pytest.fixture(scope="module")
def gradual(cloud: Cloud) -> Stack:
    return Stack(cloud, "gradual", canary=TYPE, AdminFunction="on")


def group(stack: Stack, function: str) -> dict[str, Any]:
    name = stack.created[f"{LOGICAL[function]}DeploymentGroup"]
    application = stack.created["ServerlessDeploymentApplication"]
    codedeploy = stack.cloud.client("codedeploy")
    return codedeploy.get_deployment_group(applicationName=application, deploymentGroupName=name)["deploymentGroupInfo"]


def test_all_of_it_is_created_but_what_moto_does_not_know(gradual: Stack) -> None:
    missing = {each["Type"] for name, each in gradual.wanted.items() if name not in gradual.created}
    assert missing == NOT_IN_MOTO


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_a_version_and_an_alias_that_leads_there(function: str, gradual: Stack) -> None:
    client = gradual.cloud.client("lambda")
    name = f"gradual-{function}"
    assert {each["Version"] for each in client.list_versions_by_function(FunctionName=name)["Versions"]} == {"$LATEST", "1"}
    alias = client.get_alias(FunctionName=name, Name="live")
    assert alias["FunctionVersion"] == "1"
    assert gradual.created[f"{LOGICAL[function]}Aliaslive"] == alias["AliasArn"]


def test_the_operator_s_tool_has_none(gradual: Stack) -> None:
    client = gradual.cloud.client("lambda")
    assert client.list_aliases(FunctionName="gradual-partner-admin")["Aliases"] == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_codedeploy_moves_the_alias_and_goes_back_at_alarms(function: str, gradual: Stack) -> None:
    found = group(gradual, function)
    assert found["deploymentConfigName"] == f"CodeDeployDefault.Lambda{TYPE}"
    style = {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
    assert found["deploymentStyle"] == style
    rollback = found["autoRollbackConfiguration"]
    assert rollback["enabled"] and "DEPLOYMENT_STOP_ON_ALARM" in rollback["events"]
    # moto makes no alarms of templates, nor tells of a group's.
    alarms = gradual.wanted[f"{LOGICAL[function]}DeploymentGroup"]["Properties"]["AlarmConfiguration"]
    assert alarms["Enabled"]
    watched = [each["Name"]["Ref"] for each in alarms["Alarms"]]
    assert watched == [f"{LOGICAL[function]}Errors", f"{LOGICAL[function]}Throttles", "ApiFailures"]
    assert {gradual.wanted[name]["Type"] for name in watched} == {"AWS::CloudWatch::Alarm"}
    policy = gradual.wanted[f"{LOGICAL[function]}Aliaslive"]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    assert policy["DeploymentGroupName"] == {"Ref": f"{LOGICAL[function]}DeploymentGroup"}


def test_what_invokes_directly_is_given_the_alias(gradual: Stack) -> None:
    assert gradual.outputs["RewardGrantFunction"].endswith(":function:gradual-reward-grant:live")
    assert gradual.outputs["OwnerRezApiFunction"].endswith(":function:gradual-ownerrez-api:live")
