"""scripts/deploy-gcp, with gcloud's double: what it refuses, what it plans, what it deploys, and who may do what then."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from door import Door
from gcloud import GATEWAY_HOST, NUMBER, PROJECT, Project
from gcp import sources
from openapi_spec_validator import OpenAPIV2SpecValidator
from programs import ROOT
from test_template import settings

# What a deployment has to be told.
PARAMETERS = {
    "Environment": "sandbox",
    "Project": PROJECT,
    "Region": "europe-west1",
    "OwnliClientId": "client-1",
    "OwnliPartnerId": "partner-1",
    "OwnliSecret": "ownli",
    "OwnliTermsUrl": "https://partner.example/ownli-terms?a=1&b=2",
    "OwnliTermsVersion": "2026-01",
    "OwnerRezClientId": "c_abc123",
    "OwnerRezSecret": "ownerrez",
    "OwnerRezWebhookUser": "ownerrez",
    "OwnerRezWebhookSecret": "ownerrez-webhook",
    "TokenKeysSecret": "token-keys",
    "AppUrl": "https://app.partner.example",
    "Issuer": "https://id.partner.example/",
    "JwksUrl": "https://id.partner.example/jwks.json",
    "Audience": "app,web",
}
SECRETS = {"ownli", "ownerrez", "ownerrez-webhook", "token-keys"}
FUNCTIONS = sorted(sources())

RELAY = f"token-relay-sandbox-{NUMBER}.europe-west1.run.app"
GRANT = f"reward-grant-sandbox-{NUMBER}.europe-west1.run.app"
CLOSED = {
    f"{GATEWAY_HOST}/api/ownli/token": 401,
    f"{GATEWAY_HOST}/api/ownli/rewards/grant": 401,
    f"{RELAY}/api/ownli/token": 403,
    f"{GRANT}/api/ownli/rewards/grant": 403,
}


def account(name: str) -> str:
    return f"{name}-sandbox@{PROJECT}.iam.gserviceaccount.com"


def arguments(**changes: str) -> list[str]:
    """A change to an empty text takes a parameter out."""
    return [f"{name}={value}" for name, value in (PARAMETERS | changes).items() if value]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """What a deployment needs of the project; packaging is done already."""
    directory = tmp_path / "directory"
    (directory / "scripts").mkdir(parents=True)
    (directory / "dist").mkdir()
    for script in ("common.sh", "deploy-gcp"):
        shutil.copy(ROOT / "scripts" / script, directory / "scripts")
    shutil.copytree(ROOT / "scripts" / "gcp", directory / "scripts" / "gcp")
    package = directory / "scripts" / "package"
    package.write_text("#!/bin/sh\ntouch packaged\n")
    package.chmod(0o755)
    for function in FUNCTIONS:
        (directory / "dist" / function).symlink_to(ROOT / "dist" / function)
    return directory


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A PATH with what the script uses, and no gcloud."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in "bash cat curl cut dirname env paste readelf sed seq sh sha256sum sleep sort touch".split():
        path = shutil.which(name)
        assert path, f"{name} is missing"
        (tools / name).symlink_to(path)
    return tools


@pytest.fixture
def project(tools: Path, tmp_path: Path) -> Project:
    """A project of Google Cloud's with the secrets in it, and a gcloud for it."""
    (tmp_path / "google").mkdir()
    double = tools / "gcloud"
    double.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name("gcloud.py")} {tmp_path}/google "$@"\n')
    double.chmod(0o755)
    project = Project(tmp_path / "google")
    for secret in SECRETS:
        project.add("secrets", secret)
    return project


def deploy(directory: Path, tools: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess:
    command = [directory / "scripts" / "deploy-gcp", *arguments]
    env = {"PATH": str(tools), "HOME": str(directory)} | env
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)


def refusal(directory: Path, tools: Path, *arguments: str) -> list[str]:
    done = deploy(directory, tools, *arguments)
    assert (done.returncode, done.stdout) == (1, ""), done
    assert not (directory / "packaged").exists(), "refused before anything is built or sent"
    return done.stderr.splitlines()


@pytest.fixture
def deployed(directory: Path, tools: Path, project: Project, tmp_path: Path) -> Project:
    door = Door(CLOSED)
    done = deploy(directory, tools, *arguments(), **door.open(tmp_path, *{each.split("/")[0] for each in CLOSED}))
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"https://{GATEWAY_HOST}\n"
    assert door.asked == [f"POST {each}" for each in CLOSED]
    return project


def test_all_that_is_missing_is_named_at_once(directory: Path, tools: Path) -> None:
    assert [line.split()[1:4] for line in refusal(directory, tools)] == [[name, "is", "missing:"] for name in PARAMETERS]


WRONG = {
    "Environment": "test",
    "Project": "Shop",
    "Region": "Europe",
    "OwnliClientId": "a|b",
    "OwnliSecret": "projects/shop/secrets/ownli",
    "OwnliTermsUrl": "http://partner.example/ownli-terms",
    "UserTokenCache": "yes",
    "ContactPolicy": "none",
    "RewardMaxAmount": "1e2",
    "RewardActionCodes": "a b",
    "RewardAllowedCallers": "arn:aws:iam::123456789012:role/shop",
    "OwnerRezClientId": "s_secret",
    "OwnerRezWebhookUser": "user:password",
    "AppUrl": "app.partner.example",
    "Issuer": 'https://id.partner.example"',
    "JwksUrl": "https://id.partner.example/keys\nx: y",
    "CorsAllowedOrigins": "*",
}


def test_all_that_is_wrong_is_named_at_once(directory: Path, tools: Path) -> None:
    said = refusal(directory, tools, *arguments(**WRONG), "RewardMaxAmmount=5.00")
    wrong = {line.split()[1] for line in said if " is to be " in line}
    assert wrong == set(WRONG)
    assert "error: there is no parameter RewardMaxAmmount" in said


@pytest.mark.parametrize("agreement", ["", "no"])
@pytest.mark.parametrize("plan", [[], ["--plan"]])
def test_production_without_the_agreement_is_refused(plan: list, agreement: str, directory: Path, tools: Path) -> None:
    given = arguments(Environment="production", ProductionRewards=agreement)
    (said,) = refusal(directory, tools, *plan, *given)
    assert "ProductionRewards=agreed" in said


def test_with_the_agreement_production_is_called(directory: Path, tools: Path) -> None:
    done = deploy(directory, tools, "--plan", *arguments(Environment="production", ProductionRewards="agreed"))
    assert "OWNLI_BASE_URL=https://api.ownli.app|" in done.stdout
    assert "OWNLI_PRODUCTION_REWARDS=agreed" in done.stdout
    assert "sandbox" not in done.stdout


def test_without_gcloud_it_says_where_that_is(directory: Path, tools: Path) -> None:
    assert refusal(directory, tools, *arguments()) == [
        "error: gcloud is missing: https://cloud.google.com/sdk/docs/install"
    ]


def test_a_project_that_cannot_be_seen_is_named(directory: Path, tools: Path, project: Project) -> None:
    said = refusal(directory, tools, *arguments(Project="nobodys-shop"))
    assert said[-1].startswith("error: the project nobodys-shop cannot be seen")


def test_secrets_that_are_missing_are_named_at_once(directory: Path, tools: Path, project: Project) -> None:
    said = refusal(directory, tools, *arguments(OwnerRezSecret="ownerez", TokenKeysSecret="keys"))
    assert said == [f"error: the secret {name} is not there, or has no version" for name in ("keys", "ownerez")]


def planned(directory: Path, tools: Path, **changes: str) -> list[str]:
    done = deploy(directory, tools, "--plan", *arguments(**changes))
    assert (done.returncode, done.stderr) == (0, "")
    assert not (directory / "packaged").exists() and not (directory / "dist" / "openapi.yaml").exists()
    return done.stdout.splitlines()


def step(line: str) -> str:
    """What a line of the plan does, without its flags: the part that creates, where it would look first."""
    line = re.sub(r"^(\w+)=\$\((.*)\)$", r"\2 > \1", line)
    line = re.sub(r"^if .*; else (.*); fi$", r"\1, or update", line)
    words = shlex.split(line.rpartition(" || ")[2])
    return " ".join(word.split("@")[0] for word in words[1:] if not word.startswith("--"))


PLAN = """
services enable
projects describe shop-partners > PROJECT_NUMBER
iam service-accounts create token-relay-sandbox
iam service-accounts create user-opt-in-sandbox
iam service-accounts create reward-grant-sandbox
iam service-accounts create ownerrez-connect-sandbox
iam service-accounts create ownerrez-webhook-sandbox
iam service-accounts create api-gateway-sandbox
iam service-accounts create reward-push-sandbox
firestore databases create
firestore fields ttls update expires
pubsub topics create rewards-sandbox
pubsub topics create reward-dead-letters-sandbox
pubsub subscriptions create reward-dead-letters-sandbox
api-gateway apis create partner-functions-sandbox
api-gateway api-configs create CONFIG
api-gateway gateways create partner-functions-sandbox, or update
api-gateway gateways describe partner-functions-sandbox > GATEWAY_HOST
secrets add-iam-policy-binding ownli
beta run deploy token-relay-sandbox
run services add-iam-policy-binding token-relay-sandbox
secrets add-iam-policy-binding ownli
projects add-iam-policy-binding shop-partners
beta run deploy user-opt-in-sandbox
run services add-iam-policy-binding user-opt-in-sandbox
secrets add-iam-policy-binding ownli
projects add-iam-policy-binding shop-partners
beta run deploy reward-grant-sandbox
run services add-iam-policy-binding reward-grant-sandbox
secrets add-iam-policy-binding ownerrez
secrets add-iam-policy-binding token-keys
projects add-iam-policy-binding shop-partners
beta run deploy ownerrez-connect-sandbox
run services add-iam-policy-binding ownerrez-connect-sandbox
secrets add-iam-policy-binding ownerrez-webhook
secrets add-iam-policy-binding token-keys
projects add-iam-policy-binding shop-partners
beta run deploy ownerrez-webhook-sandbox
run services add-iam-policy-binding ownerrez-webhook-sandbox
beta services identity create
iam service-accounts add-iam-policy-binding reward-push-sandbox
pubsub subscriptions create rewards-sandbox, or update
pubsub topics add-iam-policy-binding reward-dead-letters-sandbox
pubsub subscriptions add-iam-policy-binding rewards-sandbox
"""


def test_the_plan_has_every_step_in_its_order_and_needs_no_gcloud(directory: Path, tools: Path) -> None:
    steps = [step(line) for line in planned(directory, tools) if not line.startswith("#")]
    assert steps == PLAN.strip().splitlines()


def test_the_plan_says_word_for_word_how_a_function_is_deployed(directory: Path, tools: Path) -> None:
    (line,) = [line for line in planned(directory, tools) if " deploy token-relay-sandbox " in line]
    assert line == (
        "gcloud beta run deploy token-relay-sandbox --project=shop-partners --region=europe-west1 --quiet"
        " --source=dist/token-relay --no-build --base-image=osonly24 --command=./bootstrap"
        " --service-account=token-relay-sandbox@shop-partners.iam.gserviceaccount.com --no-allow-unauthenticated"
        " --ingress=all --cpu=1 --memory=512Mi --cpu-throttling --concurrency=80 --min-instances=0 --max-instances=20"
        " --timeout=28 '--set-env-vars=^|^AUTH_GATEWAY_HEADER=x-apigateway-api-userinfo"
        "|GOOGLE_CLOUD_PROJECT=shop-partners|OWNLI_BASE_URL=https://api.sandbox.ownli.app|OWNLI_CLIENT_ID=client-1"
        "|OWNLI_PARTNER_ID=partner-1|OWNLI_USER_TOKEN_CACHE=off"
        "|OWNLI_CLIENT_SECRET_FILE=/secrets/OWNLI_CLIENT_SECRET/value'"
        " --set-secrets=/secrets/OWNLI_CLIENT_SECRET/value=ownli:latest"
    )


def test_what_is_planned_is_what_is_done(directory: Path, tools: Path, deployed: Project) -> None:
    (config,) = [name for kind, name in deployed.resources if kind == "api-gateway api-configs"]
    placeholders = {"PROJECT_NUMBER": NUMBER, "GATEWAY_HOST": GATEWAY_HOST, "CONFIG": config}
    done = deploy(directory, tools, "--plan", *arguments())
    plan = re.sub("|".join(placeholders), lambda found: placeholders[found[0]], done.stdout)
    wanted = []
    for line in plan.splitlines():
        if line.startswith("#"):
            continue
        line = re.sub(r"^\w+=\$\((.*)\)$", r"\1", line)
        line = re.sub(r"^if (.*); then .*; else (.*); fi$", r"\1 || \2", line)
        wanted += [shlex.split(part)[1:] for part in line.split(" || ")]
    begun = deployed.commands.index(wanted[0])
    assert deployed.commands[begun:] == wanted


def test_it_may_be_run_again_and_makes_nothing_twice(
    directory: Path, tools: Path, deployed: Project, tmp_path: Path
) -> None:
    before, bindings = deployed.resources, deployed.bindings
    already = len(deployed.commands)
    door = Door(CLOSED).open(tmp_path, *{each.split("/")[0] for each in CLOSED})
    assert deploy(directory, tools, *arguments(), **door).returncode == 0
    again = [" ".join(words) for words in deployed.commands[already:]]
    assert not [words for words in again if " create " in words and "identity create" not in words]
    assert [words for words in again if "gateways update" in words or "subscriptions update rewards" in words]
    assert (deployed.resources, deployed.bindings) == (before, bindings)


def test_another_description_gets_another_config(
    directory: Path, tools: Path, deployed: Project, tmp_path: Path
) -> None:
    door = Door(CLOSED).open(tmp_path, *{each.split("/")[0] for each in CLOSED})
    assert deploy(directory, tools, *arguments(Audience="other"), **door).returncode == 0
    assert len([name for kind, name in deployed.resources if kind == "api-gateway api-configs"]) == 2


@pytest.mark.parametrize(
    "failing", ["firestore databases create", "api-gateway gateways describe", "beta run deploy reward-grant-sandbox"]
)
def test_a_failure_in_the_middle_stops_it_and_it_goes_on_from_there(
    failing: str, directory: Path, tools: Path, project: Project, tmp_path: Path
) -> None:
    (project.directory / "failing").write_text(failing)
    done = deploy(directory, tools, *arguments())
    assert (done.returncode, done.stdout) == (1, "")
    assert "PERMISSION_DENIED" in done.stderr and f": gcloud {failing}" in done.stderr
    assert " ".join(project.commands[-1]).startswith(failing), "nothing is done after it"
    (project.directory / "failing").unlink()
    door = Door(CLOSED).open(tmp_path, *{each.split("/")[0] for each in CLOSED})
    assert deploy(directory, tools, *arguments(), **door).returncode == 0


@pytest.mark.parametrize("address", CLOSED)
def test_a_door_that_stands_open_is_an_error(
    address: str, directory: Path, tools: Path, project: Project, tmp_path: Path
) -> None:
    door = Door(CLOSED | {address: 200}).open(tmp_path, *{each.split("/")[0] for each in CLOSED})
    done = deploy(directory, tools, *arguments(), **door)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"POST https://{address} by nobody answered 200" in done.stderr


RIGHTS = {
    "token-relay": {"ownli"},
    "user-opt-in": {"ownli", "records"},
    "reward-grant": {"ownli", "records"},
    "ownerrez-connect": {"ownerrez", "token-keys", "records"},
    "ownerrez-webhook": {"ownerrez-webhook", "token-keys", "records"},
}
RECORDS = (
    f'expression=resource.name=="projects/{PROJECT}/databases/partner-functions-sandbox",'
    "title=partner-functions-sandbox"
)


def test_nobody_may_do_more_than_they_need(deployed: Project) -> None:
    wanted = []
    for function, rights in RIGHTS.items():
        for right in rights:
            binding = {"member": account(function)}
            if right == "records":
                binding |= {"on": f"projects {PROJECT}", "role": "roles/datastore.user", "condition": RECORDS}
            else:
                binding |= {"on": f"secrets {right}", "role": "roles/secretmanager.secretAccessor"}
            wanted.append(binding)
        service = f"run services {function}-sandbox"
        wanted.append({"on": service, "member": account("api-gateway"), "role": "roles/run.invoker"})
    pubsub = f"service-{NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com"
    for on, role in {
        f"iam service-accounts {account('reward-push')}": "roles/iam.serviceAccountTokenCreator",
        "pubsub topics reward-dead-letters-sandbox": "roles/pubsub.publisher",
        "pubsub subscriptions rewards-sandbox": "roles/pubsub.subscriber",
    }.items():
        wanted.append({"on": on, "member": pubsub, "role": role})

    def key(binding: dict) -> str:
        return str(sorted(binding.items()))

    assert sorted(deployed.bindings, key=key) == sorted(wanted, key=key)


def test_every_service_is_private_and_has_an_account_of_its_own(deployed: Project) -> None:
    services = deployed.load("services")
    assert sorted(services) == [f"{function}-sandbox" for function in FUNCTIONS]
    for name, service in services.items():
        assert "no-allow-unauthenticated" in service["flags"]
        assert service["flags"]["service-account"].startswith(f"{name}@")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_given_what_it_requires_and_nothing_it_does_not_know(function: str, deployed: Project) -> None:
    known = settings(function)
    service = deployed.load("services")[f"{function}-sandbox"]
    given = service["settings"]
    missing = [name for name, needed in known.items() if needed and not {name, f"{name}_FILE"} & set(given)]
    unknown = [name for name in given if name.removesuffix("_FILE") not in known]
    assert (missing, unknown) == ([], [])
    files = {value for name, value in given.items() if name.endswith("_FILE")}
    assert files == set(service["mounts"]), "what is mounted is what is read"


def test_no_secret_is_given_only_names(directory: Path, tools: Path, deployed: Project) -> None:
    for name, service in deployed.load("services").items():
        for setting, value in service["settings"].items():
            if re.search("SECRET|PASSWORD|KEYS", setting):
                assert setting.endswith("_FILE") and value.startswith("/secrets/"), (name, setting)
        assert {mount.partition(":")[0] for mount in service["mounts"].values()} <= SECRETS
    assert not re.search(r"secrets versions access|--data-file", (directory / "scripts" / "deploy-gcp").read_text()[1500:])


def test_the_description_is_filled_in(directory: Path, deployed: Project) -> None:
    text = (directory / "dist" / "openapi.yaml").read_text()
    description = yaml.safe_load(text)
    assert list(OpenAPIV2SpecValidator(description).iter_errors()) == []
    people, servers = (description["securityDefinitions"][name] for name in ("people", "servers"))
    assert people["x-google-issuer"] == PARAMETERS["Issuer"]
    assert people["x-google-jwks_uri"] == PARAMETERS["JwksUrl"]
    assert people["x-google-audiences"] == PARAMETERS["Audience"]
    assert servers["x-google-audiences"] == f"https://{GRANT}"
    assert description["paths"]["/api/ownli/token"]["post"]["x-google-backend"]["address"] == f"https://{RELAY}"
    assert not re.findall(r"(?:issuer|app|" + "|".join(FUNCTIONS) + r")\.example\b", text.replace("@example", ""))


def test_messages_are_pushed_through_the_gateway_and_what_fails_is_kept(deployed: Project) -> None:
    flags = {}
    for words in deployed.commands:
        if words[:4] == ["pubsub", "subscriptions", "create", "rewards-sandbox"]:
            flags = dict(word[2:].split("=", 1) for word in words if word.startswith("--"))
    assert flags["push-endpoint"] == f"https://{GATEWAY_HOST}/pubsub/rewards"
    assert flags["push-auth-token-audience"] == f"https://{GRANT}"
    assert flags["dead-letter-topic"] == "reward-dead-letters-sandbox"
    callers = deployed.load("services")["reward-grant-sandbox"]["settings"]["REWARD_ALLOWED_CALLERS"]
    assert callers == flags["push-auth-service-account"] == account("reward-push")
    assert ("pubsub subscriptions", "reward-dead-letters-sandbox") in deployed.resources


def test_other_callers_come_before_pubsub(directory: Path, tools: Path) -> None:
    shop = "orders@shop-1.iam.gserviceaccount.com"
    plan = "\n".join(planned(directory, tools, RewardAllowedCallers=shop))
    assert f"|REWARD_ALLOWED_CALLERS={shop},{account('reward-push')}|" in plan


def test_people_come_back_through_the_gateway_or_into_the_app(directory: Path, tools: Path) -> None:
    plan = "\n".join(planned(directory, tools))
    assert "|OWNERREZ_REDIRECT_URI=https://GATEWAY_HOST/oauth/ownerrez/callback|" in plan
    plan = "\n".join(planned(directory, tools, OwnerRezRedirectUri="com.example.app://ownerrez"))
    assert "|OWNERREZ_REDIRECT_URI=com.example.app://ownerrez|" in plan


def test_a_password_can_be_replaced_without_losing_an_event(directory: Path, tools: Path) -> None:
    plan = "\n".join(planned(directory, tools, OwnerRezWebhookPreviousSecret="ownerrez-webhook-old"))
    assert "/secrets/OWNERREZ_WEBHOOK_PASSWORD_PREVIOUS/value=ownerrez-webhook-old:latest" in plan
    assert "gcloud secrets add-iam-policy-binding ownerrez-webhook-old " in plan
