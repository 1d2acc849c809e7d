"""What moto has, and does not make of templates: HTTP APIs, and what a gradual release consists of."""

import json
from typing import Any

from moto.apigatewayv2.models import apigatewayv2_backends
from moto.awslambda.models import LambdaVersion, lambda_backends
from moto.codedeploy.models import codedeploy_backends
from moto.core.common_models import CloudFormationModel


class Made:
    """A resource by its name or ARN. (moto finds the models that are CloudFormationModel's own subclasses.)"""

    resource_type: str

    def __init__(self, identity: str):
        self.physical_resource_id = identity

    @classmethod
    def cloudformation_type(cls) -> str:
        return cls.resource_type


class HttpApi(Made, CloudFormationModel):
    __module__ = "moto.apigatewayv2.models"  # moto files its models by it
    resource_type = "AWS::ApiGatewayV2::Api"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict, account_id: str, region_name: str, **_: Any
    ) -> "HttpApi":
        unset = dict.fromkeys(
            ["api_key_selection_expression", "cors_configuration", "description", "disable_schema_validation"]
            + ["disable_execute_api_endpoint", "route_selection_expression", "version"]
        )
        backend = apigatewayv2_backends[account_id][region_name]
        api = backend.create_api(name=resource_name, protocol_type="HTTP", tags={}, **unset)
        api.import_api(json.dumps(cloudformation_json["Properties"]["Body"]), fail_on_warnings=True)
        return cls(api.api_id)


class Alias(Made, CloudFormationModel):
    __module__ = "moto.awslambda.models"
    resource_type = "AWS::Lambda::Alias"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict, account_id: str, region_name: str, **_: Any
    ) -> "Alias":
        wanted = cloudformation_json["Properties"]
        backend = lambda_backends[account_id][region_name]
        made = backend.create_alias(wanted["Name"], wanted["FunctionName"], wanted["FunctionVersion"], "", "")
        return cls(made.arn)


# What an alias asks a version for.
LambdaVersion.get_cfn_attribute = lambda version, name: str(getattr(version, name.lower()))


class Application(Made, CloudFormationModel):
    __module__ = "moto.codedeploy.models"
    resource_type = "AWS::CodeDeploy::Application"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict, account_id: str, region_name: str, **_: Any
    ) -> "Application":
        platform = cloudformation_json["Properties"]["ComputePlatform"]
        codedeploy_backends[account_id][region_name].create_application(resource_name, platform, [])
        return cls(resource_name)


class DeploymentGroup(Made, CloudFormationModel):
    __module__ = "moto.codedeploy.models"
    resource_type = "AWS::CodeDeploy::DeploymentGroup"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict, account_id: str, region_name: str, **_: Any
    ) -> "DeploymentGroup":
        wanted = cloudformation_json["Properties"]
        codedeploy_backends[account_id][region_name].create_deployment_group(
            wanted["ApplicationName"],
            resource_name,
            wanted["DeploymentConfigName"],
            *[None] * 3,
            wanted["ServiceRoleArn"],
            auto_rollback_configuration=api_shape(wanted["AutoRollbackConfiguration"]),
            deployment_style=api_shape(wanted["DeploymentStyle"]),
        )
        return cls(resource_name)


def api_shape(value: dict) -> dict:
    """CodeDeploy's API writes names with a small letter first, where templates have a large one."""
    return {name[0].lower() + name[1:]: each for name, each in value.items()}
