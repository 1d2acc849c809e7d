"""The stack that the template makes: read back from moto, or from the translated template what moto leaves out."""

import ast
import io
import json
import subprocess
import zipfile
from typing import Any

import pytest

from cloud import BUCKET, LOGICAL, NOT_IN_MOTO, PARAMETERS, Cloud, Stack
from programs import FUNCTIONS, MACHINE, bootstrap

# Told once, by NOT_IN_MOTO.
pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse AWS")

DEAD_LETTERS = ["RewardDeadLetters", "RewardFailedInvocations", "RewardUndeliveredEvents"]
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:partner-functions/ownli-??????"
OWNERREZ_SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:partner-functions/ownerrez-??????"
DEAD_LETTERS = ["RewardDeadLetters", "RewardFailedInvocations", "RewardUndeliveredEvents"]


def queue(stack: Stack, name: str) -> dict[str, str]:
    sqs = stack.cloud.client("sqs")
    return sqs.get_queue_attributes(QueueUrl=stack.created[name], AttributeNames=["All"])["Attributes"]


def function(stack: Stack, name: str) -> dict[str, Any]:
    return stack.cloud.client("lambda").get_function_configuration(FunctionName=stack.created[LOGICAL[name]])


def table_arn(stack: Stack) -> str:
    return stack.cloud.client("dynamodb").describe_table(TableName=stack.created["Records"])["Table"]["TableArn"]


def needs(stack: Stack, name: str) -> dict[str, set[str]]:
    """What a function's role allows: resources, and actions on each."""
    iam = stack.cloud.client("iam")
    role = stack.created[f"{LOGICAL[name]}Role"]
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
    (policy,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    allowed: dict[str, set[str]] = {}
    document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    # moto keeps a stack's policies as Python prints them, and None where AWS::NoValue takes something away.
    for statement in filter(None, ast.literal_eval(document)["Statement"]):
        assert set(statement) - {"Condition"} == {"Effect", "Action", "Resource"} and statement["Effect"] == "Allow"
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        for resource in filter(None, resources):
            allowed.setdefault(resource, set()).update(actions)
    return allowed


def secrets_read(stack: Stack, name: str) -> set[str]:
    allowed = needs(stack, name)
    return {resource for resource, actions in allowed.items() if actions == {"secretsmanager:GetSecretValue"}}


def test_all_is_created_but_what_moto_does_not_know(stack: Stack) -> None:
    missing = {each["Type"] for name, each in stack.wanted.items() if name not in stack.created}
    assert missing == NOT_IN_MOTO


def test_the_table_has_the_stores_keys_and_bills_by_request(stack: Stack) -> None:
    table = stack.cloud.client("dynamodb").describe_table(TableName=stack.created["Records"])["Table"]
    keys = {key["AttributeName"]: key["KeyType"] for key in table["KeySchema"]}
    types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
    assert keys == {"partition": "HASH", "sort": "RANGE"}
    assert types == {"partition": "S", "sort": "S"}
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_the_table_lets_records_expire_is_encrypted_recoverable_and_outlives_the_stack(stack: Stack) -> None:
    # moto's CloudFormation leaves most of it out.
    declared = stack.template["Resources"]["Records"]
    properties = declared["Properties"]
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["SSESpecification"] == {"SSEEnabled": True}
    assert (declared["DeletionPolicy"], declared["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert "TableName" not in properties, "a name of its own would keep the stack from coming back"
    table = stack.cloud.client("dynamodb").describe_table(TableName=stack.created["Records"])["Table"]
    assert table["DeletionProtectionEnabled"] is True


def test_rewards_that_keep_failing_go_to_the_dead_letters(stack: Stack) -> None:
    redrive = json.loads(queue(stack, "RewardQueue")["RedrivePolicy"])
    assert redrive["deadLetterTargetArn"] == queue(stack, "RewardDeadLetters")["QueueArn"]
    assert int(redrive["maxReceiveCount"]) == 12


def test_a_reward_that_waits_for_its_budget_is_a_dead_letter_before_it_is_too_old(stack: Stack) -> None:
    attributes = queue(stack, "RewardQueue")
    tries = int(json.loads(attributes["RedrivePolicy"])["maxReceiveCount"])
    # Hidden for 11:45 hours at most, so that it comes back at least twice and at most three times a day.
    assert tries > 3 * 3, "three midnights without room in the budget"
    assert tries / 2 * 24 * 3600 < int(attributes["MessageRetentionPeriod"]) / 2, "time is left to move it back"


@pytest.mark.parametrize("name", ["RewardQueue", *DEAD_LETTERS])
def test_queues_are_encrypted_and_keep_what_they_have_as_long_as_can_be(name: str, stack: Stack) -> None:
    attributes = queue(stack, name)
    assert attributes["SqsManagedSseEnabled"] == "true"
    assert int(attributes["MessageRetentionPeriod"]) == 14 * 24 * 3600


def test_the_queue_feeds_reward_grant_and_takes_back_single_messages(stack: Stack) -> None:
    source = queue(stack, "RewardQueue")["QueueArn"]
    mappings = stack.cloud.client("lambda").list_event_source_mappings(EventSourceArn=source)
    (mapping,) = mappings["EventSourceMappings"]
    configuration = function(stack, "reward-grant")
    assert mapping["FunctionArn"] == configuration["FunctionArn"]
    assert mapping["BatchSize"] == 10
    # moto does not keep these two.
    declared = stack.template["Resources"]["RewardGrantQueue"]["Properties"]
    assert declared["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert declared["ScalingConfig"] == {"MaximumConcurrency": 5}
    assert int(queue(stack, "RewardQueue")["VisibilityTimeout"]) == 6 * configuration["Timeout"]


def test_where_money_moves_concurrency_is_bounded(stack: Stack) -> None:
    reserved = stack.cloud.client("lambda").get_function_concurrency(FunctionName=stack.created["RewardGrant"])
    assert reserved["ReservedConcurrentExecutions"] == 10
    queue_share = stack.template["Resources"]["RewardGrantQueue"]["Properties"]["ScalingConfig"]["MaximumConcurrency"]
    assert queue_share < reserved["ReservedConcurrentExecutions"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_runs_what_is_packaged_and_answers_before_the_gateway_gives_up(name: str, stack: Stack) -> None:
    configuration = function(stack, name)
    assert (configuration["Runtime"], configuration["Handler"]) == ("provided.al2023", "bootstrap")
    assert configuration["Architectures"] == [MACHINE]
    assert configuration["Timeout"] < 30
    code = stack.template["Resources"][LOGICAL[name]]["Properties"]["Code"]
    archive = stack.cloud.client("s3").get_object(Bucket=BUCKET, Key=code["S3Key"])["Body"].read()
    bootstrap = zipfile.ZipFile(io.BytesIO(archive)).getinfo("bootstrap")
    assert bootstrap.external_attr >> 16 & 0o111 == 0o111, "an executable"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_logs_json_into_a_group_of_its_own(name: str, stack: Stack) -> None:
    declared = stack.template["Resources"][LOGICAL[name]]["Properties"]["LoggingConfig"]
    assert declared == {"LogFormat": "JSON", "LogGroup": {"Ref": f"{LOGICAL[name]}Log"}}
    assert stack.created[f"{LOGICAL[name]}Log"] == f"/aws/lambda/{stack.name}-{name}"


def test_every_log_is_kept_as_long_as_was_said(stack: Stack) -> None:
    pages = stack.cloud.client("logs").get_paginator("describe_log_groups").paginate()
    groups = [group for page in pages for group in page["logGroups"]]
    ours = {group["logGroupName"]: group.get("retentionInDays") for group in groups}
    names = [stack.created[name] for name in stack.resources("AWS::Logs::LogGroup")]
    assert len(names) == 1 + len(FUNCTIONS)
    assert {ours[name] for name in names} == {30}


def test_token_relay_may_read_the_secret_and_links_and_nothing_else(stack: Stack) -> None:
    log = f"arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/{stack.name}-token-relay"
    assert needs(stack, "token-relay") == {
        log: {"logs:CreateLogStream", "logs:PutLogEvents"},
        SECRET: {"secretsmanager:GetSecretValue"},
        table_arn(stack): {"dynamodb:GetItem"},
    }


def test_user_opt_in_may_keep_records_besides_and_delete_some(stack: Stack) -> None:
    """Which those are, test_least_privilege.py says."""
    allowed = needs(stack, "user-opt-in")
    assert len(allowed) == 3 and allowed[SECRET] == {"secretsmanager:GetSecretValue"}
    records = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:Query"}
    assert allowed[table_arn(stack)] == records


def test_reward_grant_may_keep_records_take_from_its_queue_and_leave_what_failed(stack: Stack) -> None:
    allowed = needs(stack, "reward-grant")
    assert len(allowed) == 5 and allowed[SECRET] == {"secretsmanager:GetSecretValue"}
    records = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:Query"}
    assert allowed[table_arn(stack)] == records
    takes = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"}
    assert allowed[queue(stack, "RewardQueue")["QueueArn"]] == takes
    assert allowed[queue(stack, "RewardFailedInvocations")["QueueArn"]] == {"sqs:SendMessage"}


def test_ownerrez_connect_may_keep_and_delete_records_and_read_its_own_secret(stack: Stack) -> None:
    allowed = needs(stack, "ownerrez-connect")
    assert len(allowed) == 3 and allowed[OWNERREZ_SECRET] == {"secretsmanager:GetSecretValue"}
    records = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:Query"}
    assert allowed[table_arn(stack)] == records


@pytest.mark.parametrize(
    "parameters, target, extra",
    [
        ({}, "store:", {}),
        (
            {"OwnerRezEventQueue": "bookings.fifo"},
            "sqs:https://sqs.us-east-1.amazonaws.com/123456789012/bookings.fifo",
            {"arn:aws:sqs:us-east-1:123456789012:bookings.fifo": {"sqs:SendMessage"}},
        ),
        (
            {"OwnerRezEventBus": "bookings"},
            "eventbridge:bookings",
            {"arn:aws:events:us-east-1:123456789012:event-bus/bookings": {"events:PutEvents"}},
        ),
        ({"OwnerRezEventUrl": "https://events.partner.example/"}, "https://events.partner.example/", {}),
    ],
)
def test_ownerrez_webhook_may_keep_records_and_pass_events_on_to_its_one_target(
    parameters: dict, target: str, extra: dict, cloud: Cloud
) -> None:
    stack = Stack(cloud, f"events-{len(target)}", **parameters)
    assert stack.environment("ownerrez-webhook")["EVENTS_TARGET"] == target
    allowed = needs(stack, "ownerrez-webhook")
    assert allowed[OWNERREZ_SECRET] == {"secretsmanager:GetSecretValue"}
    records = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:Query"}
    assert allowed[table_arn(stack)] == records
    assert len(allowed) == 3 + len(extra) and {arn: allowed[arn] for arn in extra} == extra


def test_ownerrez_api_may_keep_records_and_nothing_else(stack: Stack) -> None:
    allowed = needs(stack, "ownerrez-api")
    assert allowed[OWNERREZ_SECRET] == {"secretsmanager:GetSecretValue"}
    assert allowed[table_arn(stack)] == {f"dynamodb:{what}" for what in ("GetItem", "PutItem", "DeleteItem", "Query")}
    assert len(allowed) == 3


def test_what_waits_in_the_inbox_is_passed_on_by_a_schedule(stack: Stack) -> None:
    events = stack.cloud.client("events")
    rule = events.describe_rule(Name=stack.created["OwnerRezWebhookLeftovers"])
    assert rule["ScheduleExpression"] == "rate(5 minutes)"
    (target,) = events.list_targets_by_rule(Rule=stack.created["OwnerRezWebhookLeftovers"])["Targets"]
    assert target["Arn"] == function(stack, "ownerrez-webhook")["FunctionArn"] and "Input" not in target


def test_connections_are_looked_after_by_a_schedule(stack: Stack) -> None:
    events = stack.cloud.client("events")
    rule = events.describe_rule(Name=stack.created["OwnerRezApiUpkeep"])
    assert rule["ScheduleExpression"] == "rate(2 minutes)"
    (target,) = events.list_targets_by_rule(Rule=stack.created["OwnerRezApiUpkeep"])["Targets"]
    assert target["Arn"] == function(stack, "ownerrez-api")["FunctionArn"]
    assert json.loads(target["Input"]) == {"upkeep": True}


def test_the_webhook_is_throttled_by_itself(stack: Stack) -> None:
    (stage,) = stack.resources("AWS::ApiGatewayV2::Stage").values()
    limits = stage["Properties"]["RouteSettings"]["POST /webhooks/ownerrez"]
    assert limits["ThrottlingRateLimit"] > 0 and limits["ThrottlingBurstLimit"] > 0


def test_the_webhook_can_have_a_secret_of_its_own(cloud: Cloud) -> None:
    stack = Stack(cloud, "own-secret", OwnerRezWebhookSecretName="partner-functions/webhook")
    assert secrets_read(stack, "ownerrez-webhook") == {OWNERREZ_SECRET.replace("ownerrez", "webhook")}
    assert secrets_read(stack, "ownerrez-connect") == {OWNERREZ_SECRET}


@pytest.mark.parametrize("own", ["", "partner-functions/webhook"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_role_reads_the_secrets_that_its_function_is_told_of(name: str, own: str, cloud: Cloud) -> None:
    stack = Stack(cloud, f"secrets-{name}-{bool(own)}", OwnerRezWebhookSecretName=own, OwnerRezWebhookRotating="yes")
    told = {value.partition("#")[0] for value in stack.environment(name).values() if "#" in value}
    assert secrets_read(stack, name) == {f"{SECRET.partition(':secret:')[0]}:secret:{each}-??????" for each in told}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_role_allows_an_open_end_and_only_lambda_takes_it(name: str, stack: Stack) -> None:
    for resource, actions in needs(stack, name).items():
        assert "*" not in resource and resource.startswith("arn:aws:"), resource
        assert not [action for action in actions if "*" in action]
    role = stack.cloud.client("iam").get_role(RoleName=stack.created[f"{LOGICAL[name]}Role"])["Role"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_only_the_api_and_the_rule_may_invoke_and_only_as_declared(stack: Stack) -> None:
    permissions = stack.resources("AWS::Lambda::Permission")
    assert len(permissions) == 24
    for permission in permissions.values():
        properties = permission["Properties"]
        assert properties["Action"] == "lambda:InvokeFunction" and properties["SourceArn"]
        assert properties["Principal"] in {"apigateway.amazonaws.com", "events.amazonaws.com"}


def test_events_that_ask_for_a_reward_reach_reward_grant_or_their_dead_letters(stack: Stack) -> None:
    events = stack.cloud.client("events")
    rule = events.describe_rule(Name=stack.created["RewardGrantDue"])
    assert json.loads(rule["EventPattern"]) == {
        "account": ["123456789012"],
        "source": ["rewards"],
        "detail-type": ["Reward Due"],
    }
    assert (rule["EventBusName"], rule["State"]) == ("default", "ENABLED")
    (target,) = events.list_targets_by_rule(Rule=stack.created["RewardGrantDue"])["Targets"]
    assert target["Arn"] == function(stack, "reward-grant")["FunctionArn"]
    assert target["DeadLetterConfig"]["Arn"] == queue(stack, "RewardUndeliveredEvents")["QueueArn"]
    assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == 86400


def test_the_rule_can_be_switched_off(cloud: Cloud) -> None:
    stack = Stack(cloud, "no-events", RewardEvents="off")
    rule = cloud.client("events").describe_rule(Name=stack.created["RewardGrantDue"])
    assert rule["State"] == "DISABLED"


def test_only_that_rule_may_leave_events_with_the_dead_letters(stack: Stack) -> None:
    (policy,) = stack.resources("AWS::SQS::QueuePolicy").values()
    assert policy["Properties"]["Queues"] == [{"Ref": "RewardUndeliveredEvents"}]
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": {"Fn::GetAtt": ["RewardUndeliveredEvents", "Arn"]},
        "Condition": {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["RewardGrantDue", "Arn"]}}},
    }


def test_asynchronous_invocations_that_failed_are_kept(stack: Stack) -> None:
    (configuration,) = stack.resources("AWS::Lambda::EventInvokeConfig").values()
    properties = configuration["Properties"]
    assert properties["FunctionName"] == {"Ref": "RewardGrant"} and properties["Qualifier"] == "$LATEST"
    destination = properties["DestinationConfig"]["OnFailure"]["Destination"]
    assert destination == {"Fn::GetAtt": ["RewardFailedInvocations", "Arn"]}


def test_alarms_watch_what_can_fail_and_tell_the_mail(stack: Stack) -> None:
    watched = set()
    for alarm in stack.resources("AWS::CloudWatch::Alarm").values():
        properties = alarm["Properties"]
        assert properties["AlarmActions"] == [{"Ref": "Alarms"}]
        assert properties["TreatMissingData"] == "notBreaching", "silence at night is no alarm"
        if "Metrics" in properties:
            dollars, cents = properties["Metrics"]
            assert (dollars["Expression"], dollars["ReturnData"]) == (f"{cents['Id']} / 100", True)
            assert properties["Threshold"] == {"Ref": "RewardAlarmDollars"} and cents["MetricStat"]["Period"] == 86400
            properties |= cents["MetricStat"]["Metric"] | {"Statistic": cents["MetricStat"]["Stat"]}
        value = properties["Dimensions"][-1]["Value"]
        of = value if isinstance(value, str) else value.get("Ref") or value["Fn::GetAtt"][0]
        watched.add((of, properties["MetricName"], properties.get("Statistic") or properties["ExtendedStatistic"]))
    errors = {(name, metric, "Sum") for name in map(LOGICAL.get, FUNCTIONS) for metric in ("Errors", "Throttles")}
    dead = {(name, "ApproximateNumberOfMessagesVisible", "Maximum") for name in DEAD_LETTERS}
    age = ("RewardQueue", "ApproximateAgeOfOldestMessage", "Maximum")
    slow = {("Api", "Latency", "p99"), ("RewardGrant", "Duration", "p99")}
    slow |= {("POST /webhooks/ownerrez", "Latency", "p99")}
    ours = {(name, "TokensNotRevoked", "Sum") for name in ("ownerrez-connect", "ownerrez-api")}
    ours |= {("reward-grant", what, "Sum") for what in ("GrantedCents", "BudgetExhausted")}
    ours |= {("ownerrez-webhook", f"Events{what}", "Sum") for what in ("Refused", "GivenUp")}
    ours |= {("ownerrez-webhook", f"Webhook{what}", "Sum") for what in ("Refused", "NotTaken")}
    ours |= {("ownerrez-webhook", what, "Sum") for what in ("TokensNotRevoked", "BodiesNotTaken")}
    ours |= {("ownerrez-api", what, "Sum") for what in ("EventsMissedByWebhook", "ReconcileFailed")}
    assert watched == errors | dead | slow | ours | {age, ("Api", "5xx", "Sum")}
    (mail,) = stack.resources("AWS::SNS::Subscription").values()
    assert mail["Properties"] == {"TopicArn": {"Ref": "Alarms"}, "Protocol": "email", "Endpoint": {"Ref": "AlarmEmail"}}
    assert stack.created["Alarms"].startswith("arn:aws:sns:") and "@" in PARAMETERS["AlarmEmail"]


def test_the_dashboard_shows_this_stack(stack: Stack) -> None:
    dashboard = stack.cloud.client("cloudwatch").get_dashboard(DashboardName=stack.created["Dashboard"])
    widgets = json.loads(dashboard["DashboardBody"])["widgets"]
    queues = {url.rpartition("/")[2] for name, url in stack.created.items() if name in ["RewardQueue", *DEAD_LETTERS]}
    ours = queues | {stack.created[name] for name in [*map(LOGICAL.get, FUNCTIONS), "Api"]} | set(FUNCTIONS)
    for widget in widgets:
        assert widget["properties"]["region"] == "us-east-1"
        for metric in widget["properties"]["metrics"]:
            assert metric[3] in ours, metric
            assert metric[0].startswith("AWS/") or metric[0] == stack.name


def test_the_outputs_are_what_callers_need(stack: Stack) -> None:
    assert stack.outputs == {
        "ApiUrl": f"https://{stack.created['Api']}.execute-api.us-east-1.amazonaws.com",
        "RewardQueueUrl": stack.created["RewardQueue"],
        "RewardDeadLetterUrls": ",".join(stack.created[name] for name in DEAD_LETTERS),
        "RewardQueueArn": queue(stack, "RewardQueue")["QueueArn"],
        "RewardGrantFunction": f"{stack.name}-reward-grant",
        "OwnerRezApiFunction": f"{stack.name}-ownerrez-api",
        "OwnerRezWebhookUrl": f"{stack.outputs['ApiUrl']}/webhooks/ownerrez",
        "RecordsTable": stack.created["Records"],
    }


def test_the_operators_tool_is_a_function_where_that_is_wanted_and_nothing_invokes_it(cloud: Cloud) -> None:
    stack = Stack(cloud, "with-admin", AdminFunction="on", OwnerRezEventQueue="bookings")
    assert stack.outputs["PartnerAdminFunction"] == f"{stack.name}-partner-admin"
    assert [name for name in stack.resources("AWS::Lambda::Permission") if name.startswith(LOGICAL["partner-admin"])] == []
    found = needs(stack, "partner-admin")
    log = f"arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/{stack.name}-partner-admin"
    items = ("GetItem", "PutItem", "DeleteItem", "Query", "Scan")
    looks = ("DescribeTable", "DescribeTimeToLive", "DescribeContinuousBackups")
    secrets = {"secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"}
    dead = {"ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility"}
    letters = {queue(stack, name)["QueueArn"]: {f"sqs:{action}" for action in dead} for name in DEAD_LETTERS}
    assert found == {
        log: {"logs:CreateLogStream", "logs:PutLogEvents"},
        SECRET: secrets,
        OWNERREZ_SECRET: secrets,
        table_arn(stack): {f"dynamodb:{action}" for action in items + looks},
        queue(stack, "RewardQueue")["QueueArn"]: {"sqs:SendMessage", "sqs:GetQueueAttributes"},
        "arn:aws:sqs:us-east-1:123456789012:bookings": {"sqs:GetQueueAttributes"},
    } | letters
    environment = stack.environment("partner-admin")
    assert environment["STORE_URL"] == f"dynamodb:{stack.created['Records']}"
    assert environment["REWARD_DEAD_LETTER_URLS"] == stack.outputs["RewardDeadLetterUrls"]


def test_the_operators_tool_knows_every_setting_that_it_is_given(cloud: Cloud) -> None:
    stack = Stack(cloud, "admin-settings", AdminFunction="on", ConsentController="Shop")
    tool = str(bootstrap("partner-admin"))
    listed = subprocess.run([tool, "--help"], capture_output=True, text=True, env={}).stdout
    names = [line.split("  ")[1].split() for line in listed.splitlines() if line.startswith("  ")]
    known = ""
    for name in names:
        command = [word for word in name if word.islower()]
        known += subprocess.run([tool, *command, "--help"], capture_output=True, text=True, env={}).stdout
    ours = {"POWERTOOLS_METRICS_NAMESPACE", "TRACING"}
    environment = stack.environment("partner-admin")
    given = {name.removesuffix("_SECRET") if "#" in value else name for name, value in environment.items()}
    assert [name for name in sorted(given - ours) if f"  {name} " not in known] == []
