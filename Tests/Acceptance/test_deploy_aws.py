"""scripts/deploy-aws, with the AWS CLI, against moto: what it refuses, what it plans, what it deploys."""

import io
import json
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Iterator

import pytest
import yaml

from cloud import BUCKET, ONLY, PARAMETERS, REGION, Cloud, template, translated, whole_change_sets
from door import Door
from programs import FUNCTIONS, MACHINE, PACKAGED, ROOT, SHIPPED, THEIRS

# moto's own way to say what NOT_IN_MOTO lists.
pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse AWS")

# e_machine, by ELF's specification.
ELF_MACHINE = {"x86_64": 62, "arm64": 183}
INVOKED = re.compile("AWS::Lambda::(Permission|EventSourceMapping)|AWS::Events::Rule")
SANDBOX = [f"{name}={value}" for name, value in PARAMETERS.items()]
PRODUCTION = ["Environment=production", *SANDBOX[1:]]
SHARED = [f"{name}={PARAMETERS[name]}" for name in ("Issuer", "Audience", "AlarmEmail")]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What a deployment needs of the project; packaging is done already."""
    project = tmp_path / "project"
    (project / "scripts").mkdir(parents=True)
    (project / "dist" / MACHINE).mkdir(parents=True)
    shutil.copy(ROOT / "template.yaml", project)
    for script in ("common.sh", "deploy-aws"):
        shutil.copy(ROOT / "scripts" / script, project / "scripts")
    shutil.copytree(ROOT / "scripts" / "aws", project / "scripts" / "aws")
    package = project / "scripts" / "package"
    package.write_text('#!/bin/sh\necho "$@" >packaged\n')
    package.chmod(0o755)
    for function in SHIPPED:
        (project / "dist" / MACHINE / function).symlink_to(PACKAGED / function)
    return project


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A PATH with what the script uses, and the AWS CLI of the tests' environment."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in "awk bash cat curl cut date dirname env grep python3 readelf sed seq sh sleep sort touch tr".split():
        path = shutil.which(name)
        assert path, f"{name} is missing"
        (tools / name).symlink_to(path)
    (tools / "aws").symlink_to(Path(sys.executable).parent / "aws")
    return tools


@pytest.fixture
def account(tools: Path, tmp_path: Path, cloud: Cloud) -> dict[str, str]:
    """The environment of someone who may deploy."""
    # moto's CloudFormation finds a template in a bucket under this name and in this style of address only.
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[default]\ns3 =\n    addressing_style = path\n")
    return {
        "PATH": str(tools),
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": cloud.url.replace("127.0.0.1", "localhost"),
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def deploy(project: Path, env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess:
    command = [project / "scripts" / "deploy-aws", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)


def refusal(project: Path, env: dict[str, str], *arguments: str) -> str:
    done = deploy(project, env, *arguments)
    assert (done.returncode, done.stdout) == (1, ""), done
    assert not (project / "packaged").exists(), "refused before anything is built or sent"
    return done.stderr


def stacks(cloud: Cloud) -> set[str]:
    return {stack["StackName"] for stack in cloud.client("cloudformation").describe_stacks()["Stacks"]}


HOSTS = f"*.execute-api.{REGION}.amazonaws.com"
DOORS = {
    "ownli": {"/api/ownli/token": 401, "/api/ownli/rewards/grant": 403},
    "ownerrez": {"/api/ownerrez/connections": 401, "/api/ownerrez/connections/1/v2/bookings": 403},
}
CLOSED = DOORS["ownli"] | DOORS["ownerrez"]


@pytest.fixture
def change_sets() -> Iterator[None]:
    with whole_change_sets():
        yield


@pytest.mark.parametrize(
    "agreement", [[], ["ProductionRewards=no"], ["ProductionRewards=agreed", "ProductionRewards=no"]]
)
@pytest.mark.parametrize("plan", [[], ["--plan"]])
def test_production_without_the_agreement_is_refused_before_anything_is_sent(
    plan: list[str], agreement: list[str], project: Path
) -> None:
    nothing = {"PATH": "/usr/bin:/bin", "HOME": str(project)}
    said = refusal(project, nothing, *plan, "--bucket", BUCKET, *PRODUCTION, *agreement)
    assert "ProductionRewards=agreed" in said


@pytest.mark.parametrize("given", [[], ["Environment=test"], ["Environment="]])
def test_the_environment_is_always_said(given: list[str], project: Path, account: dict[str, str]) -> None:
    assert "say Environment=sandbox" in refusal(project, account, "--bucket", BUCKET, *given)


def test_a_misspelt_parameter_is_no_parameter(project: Path, account: dict[str, str]) -> None:
    said = refusal(project, account, "--bucket", BUCKET, *SANDBOX, "RewardMaxAmmount=5.00")
    assert "no parameter RewardMaxAmmount" in said and "RewardMaxAmount" in said


def test_without_the_aws_cli_it_says_where_that_is(project: Path, account: dict[str, str], tools: Path) -> None:
    (tools / "aws").unlink()
    assert "the AWS CLI is missing: https://" in refusal(project, account, "--bucket", BUCKET, *SANDBOX)


def test_without_a_bucket_it_asks_for_one(project: Path, account: dict[str, str]) -> None:
    assert "say --bucket BUCKET" in refusal(project, account, *SANDBOX)


def test_without_a_region_it_asks_for_one(project: Path, account: dict[str, str]) -> None:
    del account["AWS_REGION"]
    assert "no region: set AWS_REGION" in refusal(project, account, "--bucket", BUCKET, *SANDBOX)


def test_without_credentials_it_says_so(project: Path, account: dict[str, str]) -> None:
    del account["AWS_ACCESS_KEY_ID"], account["AWS_SECRET_ACCESS_KEY"]
    said = refusal(project, account, "--bucket", BUCKET, *SANDBOX)
    assert "does not take your credentials" in said and said.count("\n") == 1


def test_a_bucket_that_is_not_there_is_named(project: Path, account: dict[str, str]) -> None:
    assert "the bucket nobodys cannot be used" in refusal(project, account, "--bucket", "nobodys", *SANDBOX)


@pytest.mark.parametrize("given", [True, False])
def test_binaries_for_another_processor_are_not_sent(
    given: bool, project: Path, account: dict[str, str], cloud: Cloud
) -> None:
    """The default is arm64, which is cheaper on AWS."""
    other = "x86_64" if given and MACHINE == "arm64" else "arm64"
    for name in ("arm64", "x86_64"):
        if not (project / "dist" / name).exists():
            (project / "dist" / name).symlink_to(project / "dist" / MACHINE)
    wrong = project / "dist" / other / "token-relay"
    wrong.unlink()
    wrong.mkdir()
    elf = bytearray((PACKAGED / "token-relay/bootstrap").read_bytes())
    elf[18:20] = ELF_MACHINE["x86_64" if other == "arm64" else "arm64"].to_bytes(2, "little")
    (wrong / "bootstrap").write_bytes(elf)
    architecture = [f"Architecture={other}"] if given else []
    parameters = [each for each in SANDBOX if not each.startswith("Architecture=")]
    done = deploy(project, account, "--bucket", BUCKET, "--stack", "foreign", *parameters, *architecture)
    assert done.returncode == 1 and f"token-relay/bootstrap is for" in done.stderr and f", not for {other}" in done.stderr
    assert cloud.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="foreign/")["KeyCount"] == 0


def test_a_plan_shows_what_would_change_and_changes_nothing(
    project: Path, account: dict[str, str], cloud: Cloud, change_sets: None
) -> None:
    done = deploy(project, account, "--plan", "--bucket", BUCKET, "--stack", "planned", *SANDBOX)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["Add", "RewardQueue", "AWS::SQS::Queue"] in lines
    assert ["Add", "TokenRelay", "AWS::Lambda::Function"] in lines
    assert not [name for name in cloud.client("sqs").list_queues().get("QueueUrls", []) if "planned-" in name]
    assert "planned-token-relay" not in str(cloud.client("lambda").list_functions()["Functions"])


def test_it_deploys_and_tries_the_door(
    project: Path, account: dict[str, str], cloud: Cloud, change_sets: None, tmp_path: Path
) -> None:
    door = Door(CLOSED)
    done = deploy(project, account | door.open(tmp_path, HOSTS), "--bucket", BUCKET, *SANDBOX)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(rf"https://[a-z0-9]+\.execute-api\.{REGION}\.amazonaws\.com\n", done.stdout)
    assert door.asked == [f"POST {path}" for path in CLOSED]
    assert "partner-functions-sandbox" in stacks(cloud)
    code = cloud.client("lambda").get_function(FunctionName="partner-functions-sandbox-token-relay")
    assert code["Configuration"]["Environment"]["Variables"]["OWNLI_CLIENT_ID"] == PARAMETERS["OwnliClientId"]


@pytest.mark.parametrize("only", ONLY)
def test_of_one_partner_the_doors_are_tried_that_there_are(
    only: str, project: Path, account: dict[str, str], cloud: Cloud, change_sets: None, tmp_path: Path
) -> None:
    door = Door(DOORS[only])
    parameters = [f"{name}={value}" for name, value in ONLY[only].items()]
    environment = account | door.open(tmp_path, HOSTS)
    done = deploy(project, environment, "--bucket", BUCKET, "--stack", f"alone-{only}", *parameters)
    assert done.returncode == 0, done.stderr
    assert door.asked == [f"POST {path}" for path in DOORS[only]]


def test_a_stack_of_ownerrez_alone_needs_no_agreement_on_rewards(project: Path, account: dict[str, str]) -> None:
    parameters = [f"{name}={value}" for name, value in ONLY["ownerrez"].items() if name != "Environment"]
    said = refusal(project, account, "--bucket", "nobodys", "Environment=production", *parameters)
    assert "the bucket nobodys cannot be used" in said, "that is looked at later"
    said = refusal(project, account, "--bucket", "nobodys", "Environment=production", *parameters, "OwnliClientId=x")
    assert "ProductionRewards=agreed" in said


def test_the_code_arrives_whole_and_executable(
    project: Path, account: dict[str, str], cloud: Cloud, change_sets: None
) -> None:
    assert deploy(project, account, "--plan", "--bucket", BUCKET, "--stack", "sent", *SANDBOX).returncode == 0
    archives = sent(cloud, "sent")
    assert len(archives) == len(FUNCTIONS)
    for archive in archives:
        assert archive.getinfo("bootstrap").external_attr >> 16 & 0o111 == 0o111
        assert any(name.startswith("certs/") for name in archive.namelist())


def sent(cloud: Cloud, stack: str) -> list[zipfile.ZipFile]:
    """The code that lies in the bucket."""
    s3 = cloud.client("s3")
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{stack}/")["Contents"]
    bodies = [s3.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read() for each in listed]
    return [zipfile.ZipFile(io.BytesIO(body)) for body in bodies if body[:2] == b"PK"]


@pytest.mark.parametrize("admin", ["off", "on"])
@pytest.mark.parametrize("only", ONLY)
def test_only_code_that_is_deployed_is_built_and_sent(
    only: str, admin: str, project: Path, account: dict[str, str], cloud: Cloud, change_sets: None
) -> None:
    wanted = [*THEIRS[only], *(["partner-admin"] if admin == "on" else [])]
    for name in {*SHIPPED} - {*wanted}:
        (project / "dist" / MACHINE / name).unlink()
    stack = f"code-{only}-{admin}"
    parameters = [f"{name}={value}" for name, value in (ONLY[only] | {"AdminFunction": admin}).items()]
    done = deploy(project, account, "--plan", "--bucket", BUCKET, "--stack", stack, *parameters)
    assert done.returncode == 0, done.stderr
    assert (project / "packaged").read_text().split() == ["--architecture", MACHINE, *wanted]
    assert len(sent(cloud, stack)) == len(wanted)


def test_an_update_sends_the_code_of_what_the_stack_keeps(
    project: Path, account: dict[str, str], cloud: Cloud, change_sets: None, tmp_path: Path
) -> None:
    stack = ["--bucket", BUCKET, "--stack", "kept"]
    done = deploy(project, account | Door(CLOSED).open(tmp_path, HOSTS), *stack, *SANDBOX)
    assert done.returncode == 0, done.stderr
    deploy(project, account, "--plan", *stack, "Environment=sandbox", f"Architecture={MACHINE}", "OwnerRezClientId=")
    assert (project / "packaged").read_text().split()[2:] == THEIRS["ownli"]


def test_a_stack_of_neither_partner_is_refused_before_anything_is_built(
    project: Path, account: dict[str, str]
) -> None:
    without = [each for each in SANDBOX if "ClientId" not in each]
    assert "there is nothing to deploy: give" in refusal(project, account, "--bucket", BUCKET, "--stack", "none", *without)


@pytest.mark.parametrize("path", CLOSED)
def test_a_door_that_stands_open_is_an_error(
    path: str, project: Path, account: dict[str, str], cloud: Cloud, change_sets: None, tmp_path: Path
) -> None:
    door = Door(CLOSED | {path: 200})
    stack = f"open{list(CLOSED).index(path)}"
    done = deploy(project, account | door.open(tmp_path, HOSTS), "--bucket", BUCKET, "--stack", stack, *SANDBOX)
    assert done.returncode == 1
    assert f"POST {path} by nobody answered 200" in done.stderr


# Without an account


@pytest.fixture
def nobody(tmp_path: Path) -> dict[str, str]:
    """Somebody without an account and without the AWS CLI, whose Python has SAM's translator."""
    python = tmp_path / "python3"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return {"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path)}


def plan(project: Path, env: dict[str, str], *arguments: str) -> dict:
    command = [project / "scripts" / "deploy-aws", "--plan", *arguments, *SANDBOX]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (project / "packaged").exists()
    return yaml.safe_load(done.stdout)


def test_without_a_bucket_the_plan_is_the_cloudformation_that_sam_makes(project: Path, nobody: dict[str, str]) -> None:
    planned, expected = plan(project, nobody), translated(template())
    for each in planned, expected:
        for resource in each["Resources"].values():
            resource.get("Properties", {}).pop("Code", None)
    assert planned == json.loads(json.dumps(expected)), "but for where the code is"
    assert plan(project, nobody, "--canary", "off")["Resources"].keys() == planned["Resources"].keys()


@pytest.mark.parametrize(
    "given, said",
    [
        ([], ["Issuer is missing: ", "Audience is missing: ", "AlarmEmail is missing: ", "There is nothing to deploy"]),
        (
            [*SHARED, "OwnliClientId=c", "OwnliSecretName=ownli", "RewardMaxAmount=lots", "RewardAlarmDollars=0"],
            [
                "RewardMaxAmount is to be dollars from 1.00 to 100.00",
                "RewardAlarmDollars is to be a whole number, 1 or more",
                "Ownli wants OwnliPartnerId",
                "Ownli wants OwnliTermsUrl",
                "Ownli wants OwnliTermsVersion",
            ],
        ),
        (
            [*SHARED, "OwnerRezClientId=c_1", "AppUrl=http://app.example", "DomainName=api.example"],
            [
                "AppUrl is to be an address with https",
                "OwnerRez wants OwnerRezSecretName",
                "OwnerRez wants OwnerRezWebhookUser",
                "DomainName wants DomainCertificateId",
            ],
        ),
    ],
)
def test_without_a_bucket_it_says_what_a_first_deployment_would_be_refused_for(
    given: list[str], said: list[str], project: Path, nobody: dict[str, str]
) -> None:
    done = deploy(project, nobody, "--plan", "Environment=sandbox", *given)
    told = done.stderr.splitlines()
    assert done.returncode == 0 and done.stdout
    assert told[0] == "a first deployment would be refused:" and len(told[1:]) == len(said), done.stderr
    assert all(line.startswith(f"  {reason}") for line, reason in zip(told[1:], said))


def test_with_canary_every_caller_comes_by_the_alias(project: Path, nobody: dict[str, str]) -> None:
    planned = plan(project, nobody, "--canary", "Canary10Percent10Minutes")
    resources = planned["Resources"]
    aliases = {name for name, each in resources.items() if each["Type"] == "AWS::Lambda::Alias"}
    assert len(aliases) == len(FUNCTIONS)
    called = [
        each["Properties"].get("FunctionName") or each["Properties"]["Targets"][0]["Arn"]
        for each in resources.values()
        if INVOKED.fullmatch(each["Type"])
    ]
    assert len(called) > 24 and {each["Ref"] for each in called} == aliases
    by_routes = re.findall(r"functions/\$\{(\w+)", str(resources["Api"]["Properties"]["Body"]))
    assert by_routes and set(by_routes) <= aliases
    assert resources["RewardGrantEventInvokeConfig"]["Properties"]["Qualifier"] == "live"
    assert planned["Outputs"]["RewardGrantFunction"]["Value"] == {"Ref": "RewardGrantAliaslive"}
    assert not [name for name in resources if name.startswith("PartnerAdmin") and ("Alias" in name or "Deploy" in name)]


def test_with_canary_a_function_goes_back_at_its_own_alarms(project: Path, nobody: dict[str, str]) -> None:
    resources = plan(project, nobody, "--canary", "Linear10PercentEvery2Minutes")["Resources"]
    groups = {name: each for name, each in resources.items() if each["Type"] == "AWS::CodeDeploy::DeploymentGroup"}
    assert len(groups) == len(FUNCTIONS)
    for name, group in groups.items():
        function = name.removesuffix("DeploymentGroup")
        alarms = [alarm["Name"]["Ref"] for alarm in group["Properties"]["AlarmConfiguration"]["Alarms"]]
        assert alarms == [f"{function}Errors", f"{function}Throttles", "ApiFailures"]
        assert "DEPLOYMENT_STOP_ON_ALARM" in group["Properties"]["AutoRollbackConfiguration"]["Events"]
        assert "Linear10PercentEvery2Minutes" in str(group["Properties"]["DeploymentConfigName"])
        assert group["Condition"] == resources[function]["Condition"]
        assert resources[f"{function}Aliaslive"]["UpdatePolicy"]


def test_with_canary_each_deployment_publishes_a_version(project: Path, nobody: dict[str, str]) -> None:
    """Of a parameter that alone has changed SAM knows nothing, and of a release's name it takes ten letters."""
    before = int(time.time())
    resources = plan(project, nobody, "--canary", "Canary10Percent10Minutes")["Resources"]
    versions = [name for name, each in resources.items() if each["Type"] == "AWS::Lambda::Version"]
    releases = {int(name.rpartition("Version")[2], 16) for name in versions}
    assert len(versions) == len(FUNCTIONS) and all(before <= release <= time.time() for release in releases)


def test_an_unknown_canary_is_refused(project: Path, nobody: dict[str, str]) -> None:
    said = refusal(project, nobody, "--plan", "--canary", "Canary50Percent", *SANDBOX)
    assert "--canary wants off or one of: Canary10Percent5Minutes" in said


def test_a_stack_that_shifts_gradually_does_not_stop_doing_so_by_an_oversight(
    project: Path, account: dict[str, str], tools: Path
) -> None:
    real = (tools / "aws").resolve()
    (tools / "aws").unlink()
    (tools / "aws").write_text(f'#!/bin/sh\n[ "$2" = describe-stack-resource ] || exec {real} "$@"\n')
    (tools / "aws").chmod(0o755)
    said = refusal(project, account, "--bucket", BUCKET, *SANDBOX)
    assert "is deployed with --canary: say it again, or --canary off" in said
