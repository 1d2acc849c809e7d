"""template.yaml beside the functions: it is well-formed, opens no door, and gives each function what it asks for."""

import json
import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest

import api
import events
import people
from cloud import LOGICAL, PARAMETERS, Cloud, Stack, decided, template, translated
from conditions import Decided
from programs import FUNCTIONS, ROOT, Programs, bootstrap
from receiver import ANOTHER_SECRET, SECRET

# Told once, by NOT_IN_MOTO.
pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse AWS")

# The state and the cookie say whose flow it is.
OPEN = {"GET /oauth/ownerrez/callback"}
# The function checks OwnerRez's user and password.
BY_PASSWORD = {"POST /webhooks/ownerrez"}
# Schedules over HTTP are Google's, and so is Pub/Sub.
SCHEDULED = {"POST /api/ownerrez/leftovers", "POST /api/ownerrez/upkeep"}
ELSEWHERE = {"POST /pubsub/rewards"} | SCHEDULED
METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]
CALLS = {f"{method} /api/ownerrez/connections/{{id}}/v2/{{path+}}" for method in METHODS}
FOR_SERVERS = {"POST /api/ownli/rewards/grant", "GET /api/ownli/rewards", "GET /api/ownli/rewards/audit"} | CALLS


# What the template's secrets hold, key by key.
SECRETS = {
    "partner-functions/ownli#clientSecret": "sandbox-secret",
    "partner-functions/ownli#identifierHashKey": people.HASH_KEY,
    "partner-functions/ownli#receiptSigningKey": people.HASH_KEY,
    "partner-functions/ownerrez#clientSecret": "s_sandbox",
    "partner-functions/ownerrez#encryptionKeys": people.ENCRYPTION_KEYS,
    "partner-functions/ownerrez#webhookPassword": people.WEBHOOK_PASSWORD,
    "partner-functions/ownerrez#webhookPasswordPrevious": people.WEBHOOK_PASSWORD_PREVIOUS,
    "partner-functions/ownerrez#eventSigningSecret": SECRET,
    "partner-functions/ownerrez#eventSigningSecretPrevious": ANOTHER_SECRET,
}


@pytest.fixture(scope="module")
def operations() -> dict[str, dict]:
    """The API's routes, `POST /path`, as OpenAPI has them."""
    body = decided(template()).there("Resources")["Api"]["Properties"]["Body"]
    return {
        f"{method.upper()} {path}": operation
        for path, methods in body["paths"].items()
        for method, operation in methods.items()
    }


def routes(function: str) -> set[str]:
    """What the function answers, as its source says."""
    return set(api.routes(function))


def settings(function: str) -> dict[str, bool]:
    """What `--help` lists: names, and whether each is required."""
    text = subprocess.run(
        [bootstrap(function), "--help"], capture_output=True, text=True, check=True, env={}
    ).stdout
    lines = text.partition("\nsettings:\n")[2].splitlines()
    return {line.split()[0]: line.endswith("(required)") for line in lines if line.strip()}


def startable(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """With a secret and a store that are there without AWS."""
    kept = {name for name in environment if name.endswith("_SECRET") and "#" in environment[name]}
    there = {name.removesuffix("_SECRET"): SECRETS[environment[name]] for name in kept}
    if "STORE_URL" in environment:
        there["STORE_URL"] = f"sqlite:{tmp_path}/store.sqlite"
    return {name: value for name, value in environment.items() if name not in kept} | there


def test_cfn_lint_has_nothing_to_say() -> None:
    linter = Path(sys.executable).parent / "cfn-lint"
    done = subprocess.run([linter, "--", "template.yaml"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "cfn-lint" not in (ROOT / "template.yaml").read_text(), "no rule is ignored"
    assert not list(ROOT.glob(".cfnlintrc*"))


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_sam_translates_it(architecture: str) -> None:
    resources = translated(template(), PARAMETERS | {"Architecture": architecture})["Resources"]
    assert not [name for name, each in resources.items() if each["Type"].startswith("AWS::Serverless")]


def test_the_api_has_exactly_the_routes_that_the_functions_answer(operations: dict, stack: Stack) -> None:
    answered = {function: routes(function) - ELSEWHERE for function in FUNCTIONS}
    assert all(answered.values())
    assert set(operations) == set().union(*answered.values())
    for function in FUNCTIONS:
        for route in answered[function]:
            uri = operations[route]["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
            assert f"${{{LOGICAL[function]}.Arn}}" in uri, route
    made = stack.cloud.client("apigatewayv2").get_routes(ApiId=stack.created["Api"])["Items"]
    assert {route["RouteKey"] for route in made} == set(operations)


def test_every_route_is_authorised_people_by_token_and_servers_by_iam(operations: dict) -> None:
    guards = {route: operation.get("security") for route, operation in operations.items()}
    expected = {route: [{"AWS_IAM" if route in FOR_SERVERS else "AppUsers": []}] for route in operations}
    assert guards == expected | {route: [{"NONE": []}] for route in OPEN | BY_PASSWORD}, "and nothing else is open"


def test_the_guard_for_people_is_the_issuers_tokens_for_our_audience() -> None:
    schemes = translated(template())["Resources"]["Api"]["Properties"]["Body"]["components"]["securitySchemes"]
    assert schemes["AppUsers"]["x-amazon-apigateway-authorizer"] == {
        "type": "jwt",
        "identitySource": "$request.header.Authorization",
        "jwtConfiguration": {"issuer": {"Ref": "Issuer"}, "audience": {"Ref": "Audience"}},
    }
    assert schemes["AWS_IAM"]["x-amazon-apigateway-authtype"] == "awsSigv4"


def test_a_route_that_names_no_guard_gets_the_one_for_people() -> None:
    careless = template()
    del careless["Resources"]["TokenRelay"]["Properties"]["Events"]["Token"]["Properties"]["Auth"]
    paths = decided(careless).there("Resources")["Api"]["Properties"]["Body"]["paths"]
    assert paths["/api/ownli/token"]["post"]["security"] == [{"AppUsers": []}]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_given_what_it_requires_and_nothing_it_does_not_know(function: str, stack: Stack) -> None:
    known = settings(function)
    given = stack.environment(function)
    ways = ("", "_FILE", "_SECRET")
    missing = [name for name, required in known.items() if required and not any(name + way in given for way in ways)]
    unknown = [name for name in given if name.removesuffix("_SECRET") not in known]
    assert (missing, unknown) == ([], [])
    if "STORE_URL" in known:
        assert given["STORE_URL"] == f"dynamodb:{stack.created['Records']}"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_starts_with_it_and_answers_its_routes(
    function: str, stack: Stack, programs: Programs, tmp_path: Path
) -> None:
    env = startable(stack.environment(function), tmp_path)
    assert env.get("OWNLI_BASE_URL", "https://api.sandbox.ownli.app") == "https://api.sandbox.ownli.app"
    for route in routes(function) - OPEN - SCHEDULED:
        method, path = route.split()
        if route in CALLS and method != "GET":
            assert programs.run(function, events.http_api(method, path), env=env).http.status == 405
            continue
        # Nobody signed in: that is as far as a request gets without the outside.
        assert programs.run(function, events.http_api(method, path), env=env).http.outcome == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("agreement, exit_code", [("no", 2), ("agreed", 0)])
def test_rewards_in_production_start_with_the_agreement_only(
    agreement: str, exit_code: int, cloud: Cloud, programs: Programs, tmp_path: Path
) -> None:
    stack = Stack(cloud, f"production-{agreement}", Environment="production", ProductionRewards=agreement)
    env = startable(stack.environment("reward-grant"), tmp_path)
    assert env["OWNLI_BASE_URL"] == "https://api.ownli.app"
    run = programs.run("reward-grant", events.http_api("GET", "/api/ownli/rewards"), env=env)
    assert run.exit_code == exit_code
    assert (b"OWNLI_PRODUCTION_REWARDS" in run.stderr) == (exit_code == 2)


def refusals(**changes: str) -> list[str]:
    """What CloudFormation has against a deployment with these parameters."""
    return decided(template(), PARAMETERS | changes).refusals()


def test_cloudformation_refuses_production_without_the_agreement_too() -> None:
    (refusal,) = refusals(Environment="production")
    assert "Rewards in production cost money" in refusal
    assert refusals(Environment="production", ProductionRewards="agreed") == []
    assert refusals(Environment="production", OwnliClientId="") == [], "without Ownli there are no rewards"
    assert "Default" not in template()["Parameters"]["Environment"]


def test_no_secret_is_in_the_template_only_a_name(stack: Stack) -> None:
    source = template()
    secrets = [name for name in source["Parameters"] if re.search("secret|password|key|token$", name, re.IGNORECASE)]
    assert secrets == ["OwnliSecretName", "OwnerRezSecretName", "OwnerRezWebhookSecretName"]
    for name in secrets:
        assert not source["Parameters"][name].get("Default")
        assert not re.fullmatch(source["Parameters"][name]["AllowedPattern"], '{"clientSecret": "x"}')
    for function in FUNCTIONS:
        for name, value in stack.environment(function).items():
            if re.search("SECRET|PASSWORD|KEY", name):
                assert name.endswith("_SECRET") and value in SECRETS, name


def test_while_the_webhook_s_password_changes_the_previous_one_is_given_too(cloud: Cloud, stack: Stack) -> None:
    name = "OWNERREZ_WEBHOOK_PASSWORD_PREVIOUS_SECRET"
    assert name not in stack.environment("ownerrez-webhook")
    rotating = Stack(cloud, "rotating", OwnerRezWebhookRotating="yes").environment("ownerrez-webhook")
    assert rotating[name] == "partner-functions/ownerrez#webhookPasswordPrevious"


def test_events_go_on_to_one_target_at_most() -> None:
    targets = ["OwnerRezEventQueue", "OwnerRezEventBus", "OwnerRezEventUrl"]
    for count in range(4):
        for given in combinations(targets, count):
            assert (refusals(**dict.fromkeys(given, "x")) == []) == (count <= 1), given


DOMAIN = {
    "DomainName": "api.partner.example",
    "DomainCertificateId": "11111111-2222-3333-4444-555555555555",
}


def test_a_name_of_one_s_own_leads_to_the_whole_api_and_back_from_ownerrez() -> None:
    decision = decided(template(), PARAMETERS | DOMAIN | {"OwnerRezRedirectUri": "", "DomainHostedZoneId": "Z123"})
    assert decision.refusals() == []
    made = decision.there("Resources")
    assert made["Domain"]["Properties"]["DomainNameConfigurations"][0]["SecurityPolicy"] == "TLS_1_2"
    mapping = made["DomainMapping"]["Properties"]
    assert mapping["ApiId"] == {"Ref": "Api"} and made[mapping["Stage"]["Ref"]]["Type"] == "AWS::ApiGatewayV2::Stage"
    assert made["DomainRecord"]["Properties"]["AliasTarget"]["DNSName"] == {"Fn::GetAtt": ["Domain", "RegionalDomainName"]}
    assert "ApiMappingKey" not in mapping
    assert addresses(decision) == ["", "/oauth/ownerrez/callback", "/webhooks/ownerrez"]


def addresses(decision: Decided) -> list[str]:
    """Of the API under its own name: where that is, OwnerRez's callback and the webhook; without the name."""
    outputs = decision.there("Outputs")
    variables = decision.there("Resources")["OwnerRezConnect"]["Properties"]["Environment"]["Variables"]
    found = [outputs["DomainUrl"]["Value"], variables["OWNERREZ_REDIRECT_URI"], outputs["OwnerRezWebhookUrl"]["Value"]]
    texts = []
    for text, values in (each["Fn::Sub"] for each in found):
        path = values["Path"]
        texts.append(text.replace("${Path}", path if path == "" else path["Fn::Sub"]))
    assert all(text.startswith("https://${DomainName}") for text in texts)
    return [text.removeprefix("https://${DomainName}") for text in texts]


def test_a_path_of_one_s_own_name_leads_to_the_api_and_is_told_to_each_function() -> None:
    decision = decided(template(), PARAMETERS | DOMAIN | {"OwnerRezRedirectUri": "", "DomainBasePath": "partners"})
    assert decision.refusals() == []
    made = decision.there("Resources")
    assert made["DomainMapping"]["Properties"]["ApiMappingKey"] == {"Ref": "DomainBasePath"}
    under = "/${DomainBasePath}"
    assert addresses(decision) == [under, f"{under}/oauth/ownerrez/callback", f"{under}/webhooks/ownerrez"]
    for function in FUNCTIONS:
        variables = made[LOGICAL[function]]["Properties"]["Environment"]["Variables"]
        assert variables["BASE_PATH"] == {"Ref": "DomainBasePath"}


def test_a_path_of_one_s_own_name_is_one_that_functions_take(programs: Programs) -> None:
    pattern = template()["Parameters"]["DomainBasePath"]["AllowedPattern"]
    for path in ["partners", "partners/v1", "apis", "/partners", "partners/", "a//b", "a.b", "api", "oauth/v1", "webhooks"]:
        refused = {
            function
            for function in FUNCTIONS
            if b"BASE_PATH" in programs.run(function, None, "--check", env={"BASE_PATH": path}).stderr
        }
        assert bool(re.fullmatch(pattern, path)) == (refused == set()), path


def test_without_a_name_of_one_s_own_nothing_of_it_is_there_and_its_parts_want_each_other() -> None:
    without = decided(template())
    names = {*without.there("Resources"), *without.there("Outputs")}
    assert not [name for name in names if name.startswith("Domain")]
    assert refusals(DomainName="api.partner.example") == ["DomainName wants DomainCertificateId"]
    assert refusals(DomainHostedZoneId="Z123") == ["DomainHostedZoneId wants DomainName"]
    assert refusals(DomainBasePath="partners") == ["DomainBasePath wants DomainName"]
    assert refusals(OwnerRezRedirectUri="") == ["OwnerRez wants OwnerRezRedirectUri"]


def test_an_address_for_events_has_its_secret_and_while_that_changes_the_previous_one(
    cloud: Cloud, stack: Stack, tmp_path: Path, programs: Programs
) -> None:
    names = ["EVENTS_SIGNING_SECRET_SECRET", "EVENTS_SIGNING_SECRET_PREVIOUS_SECRET"]
    assert not [name for name in names if name in stack.environment("ownerrez-webhook")]
    parameters = {"OwnerRezEventUrl": "https://events.partner.example/ownerrez", "OwnerRezEventsRotating": "yes"}
    env = Stack(cloud, "address", **parameters).environment("ownerrez-webhook")
    assert (env["EVENTS_TARGET"], env["EVENTS_FORMAT"]) == (parameters["OwnerRezEventUrl"], "envelope")
    assert [env[name].partition("#")[2] for name in names] == ["eventSigningSecret", "eventSigningSecretPrevious"]
    run = programs.run("ownerrez-webhook", None, "--check", env=startable(env, tmp_path))
    assert run.exit_code == 0, run.stderr
    only_rotating = Stack(cloud, "rotating-nothing", OwnerRezEventsRotating="yes").environment("ownerrez-webhook")
    assert not [name for name in names if name in only_rotating]


def test_receipts_have_a_company_s_name_and_a_key(
    cloud: Cloud, stack: Stack, tmp_path: Path, programs: Programs
) -> None:
    names = ["CONSENT_CONTROLLER", "RECEIPT_SIGNING_KEY_SECRET"]
    assert not [name for name in names if name in stack.environment("user-opt-in")]
    env = Stack(cloud, "receipts", ConsentController="Shop & Söhne").environment("user-opt-in")
    assert [env[name] for name in names] == ["Shop & Söhne", "partner-functions/ownli#receiptSigningKey"]
    run = programs.run("user-opt-in", events.http_api("GET", "/api/ownli/users/me"), env=startable(env, tmp_path))
    assert run.http.outcome == (401, "UNAUTHENTICATED"), "it starts"


def test_what_is_subscribed_to_has_an_address() -> None:
    assert "OwnerRezSubscribedUrl" in refusals(OwnerRezSubscriptions="booking:entity_create")[0]
    address = "https://api.partner.example/webhooks/ownerrez"
    assert refusals(OwnerRezSubscriptions="booking:entity_create", OwnerRezSubscribedUrl=address) == []


@pytest.mark.parametrize(
    "origins, allowed",
    [
        ("", None),
        ("https://app.example.com,http://localhost:3000", ["https://app.example.com", "http://localhost:3000"]),
    ],
)
def test_web_apps_may_call_from_their_origins_only(origins: str, allowed: list | None, cloud: Cloud) -> None:
    stack = Stack(cloud, "web" if origins else "no-web", CorsAllowedOrigins=origins)
    cors = cloud.client("apigatewayv2").get_api(ApiId=stack.created["Api"]).get("CorsConfiguration")
    assert (cors or {}).get("AllowOrigins") == allowed
    if cors:
        assert cors["AllowMethods"] == ["DELETE", "GET", "POST"]
        assert cors["AllowHeaders"] == ["authorization", "content-type"]
        assert cors["AllowCredentials"] is True, "for the cookie that binds a flow to its browser"


@pytest.mark.parametrize(
    "parameter, refused",
    [
        ("CorsAllowedOrigins", "*"),
        ("CorsAllowedOrigins", "https://*.example.com"),
        ("CorsAllowedOrigins", "https://app.example.com/"),
        ("RewardAllowedCallers", "*"),
        ("RewardAllowedCallers", "arn:aws:iam::123456789012:role/*"),
        ("OwnerRezAllowedCallers", "*"),
        ("OwnerRezAllowedCallers", "arn:aws:iam::123456789012:role/*"),
        ("OwnerRezAllowedMethods", "*"),
        ("OwnerRezAllowedMethods", "GET,TRACE"),
        ("OwnliSecretName", "arn:aws:secretsmanager:us-east-1:123456789012:secret:ownli-AbCdEf"),
        ("OwnerRezRedirectUri", "http://api.partner.example/oauth/ownerrez/callback"),
        ("OwnerRezRedirectUri", "javascript:alert(1)"),
        ("AppUrl", "http://app.partner.example"),
        ("OwnerRezWebhookUser", "user:password"),
        ("OwnerRezEventQueue", "https://sqs.us-east-1.amazonaws.com/1/events"),
        ("OwnerRezEventQueue", "*"),
        ("OwnerRezEventBus", "*"),
        ("OwnerRezEventUrl", "http://events.partner.example/"),
        ("OwnerRezEventUrl", "https://events.partner.example/?key=1"),
        ("AppUrl", "https://app.partner.example/?next="),
        ("Issuer", "http://id.partner.example"),
        ("AlarmEmail", "operations"),
    ],
)
def test_what_would_open_a_door_or_lead_nowhere_is_no_value(parameter: str, refused: str) -> None:
    assert not re.fullmatch(template()["Parameters"][parameter]["AllowedPattern"], refused)
    if parameter in PARAMETERS:
        assert re.fullmatch(template()["Parameters"][parameter]["AllowedPattern"], PARAMETERS[parameter])


def test_the_access_log_holds_no_data_of_people(stack: Stack) -> None:
    (stage,) = stack.resources("AWS::ApiGatewayV2::Stage").values()
    log = stage["Properties"]["AccessLogSettings"]
    assert log["DestinationArn"] == {"Fn::GetAtt": ["ApiLog", "Arn"]}
    members = json.loads(log["Format"])
    assert "\n" not in log["Format"] and members["requestId"] == "$context.requestId"
    told = set(re.findall(r"\$context\.[A-Za-z.]+", log["Format"]))
    personal = r"path$|query|authorizer|sourceIp|userAgent|cognito|identity\.user$|header|body"
    assert not [variable for variable in told if re.search(personal, variable, re.IGNORECASE)]


def test_requests_are_throttled(stack: Stack) -> None:
    (stage,) = stack.resources("AWS::ApiGatewayV2::Stage").values()
    limits = stage["Properties"]["DefaultRouteSettings"]
    assert limits["ThrottlingRateLimit"] > 0 and limits["ThrottlingBurstLimit"] > 0
