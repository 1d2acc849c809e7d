"""scripts/deploy-gcp, with gcloud's double: what it refuses, plans and deploys, and who may do what then."""

import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import people
import pytest
import requests
import yaml
from api import routes, sources
from door import Door
from gcloud import GATEWAY_HOST, NUMBER, PROJECT, Project
from gcp import standard
from google_double import GoogleDouble
from least_privilege import rules
from openapi_spec_validator import OpenAPIV2SpecValidator
from programs import PACKAGED, ROOT, Printed
from test_template import settings
from web import Service

# What a deployment has to be told.
PARAMETERS = {
    "Environment": "sandbox",
    "Project": PROJECT,
    "Region": "europe-west1",
    "OwnliClientId": "client-1",
    "OwnliPartnerId": "partner-1",
    "OwnliSecretName": "ownli",
    "IdentifierKeySecretName": "identifier-key",
    "OwnliTermsUrl": "https://partner.example/ownli-terms?a=1&b=2",
    "OwnliTermsVersion": "2026-01",
    "OwnerRezClientId": "c_abc123",
    "OwnerRezSecretName": "ownerrez",
    "OwnerRezWebhookUser": "ownerrez",
    "OwnerRezWebhookSecretName": "ownerrez-webhook",
    "TokenKeysSecretName": "token-keys",
    "AppUrl": "https://app.partner.example",
    "Issuer": "https://id.partner.example/",
    "JwksUrl": "https://id.partner.example/jwks.json",
    "Audience": "app,web",
    "AlarmEmail": "operations@partner.example",
}
SECRETS = {"ownli", "identifier-key", "ownerrez", "ownerrez-webhook", "token-keys"}
FUNCTIONS = sorted(sources())
OTHERS_SECRETS = {"Ownli": {"ownli", "identifier-key"}, "OwnerRez": {"ownerrez", "ownerrez-webhook", "token-keys"}}
# What an OwnerRez-only plan may not hold.
OF_OWNLI = r"(?<!-)\bownli|token-relay|user-opt-in|reward|identifier"

RELAY = f"token-relay-sandbox-{NUMBER}.europe-west1.run.app"
GRANT = f"reward-grant-sandbox-{NUMBER}.europe-west1.run.app"
CALLS = f"ownerrez-api-sandbox-{NUMBER}.europe-west1.run.app"
WEBHOOK = f"ownerrez-webhook-sandbox-{NUMBER}.europe-west1.run.app"
CLOSED = {
    f"{GATEWAY_HOST}/api/ownli/token": 401,
    f"{GATEWAY_HOST}/api/ownli/rewards/grant": 401,
    f"{RELAY}/api/ownli/token": 403,
    f"{GRANT}/api/ownli/rewards/grant": 403,
    f"{GATEWAY_HOST}/api/ownerrez/connections": 401,
    f"{CALLS}/api/ownerrez/connections/1/v2/bookings": 403,
}
# Jobs, what they call, where that is, and the function that answers.
SCHEDULES = [
    ("ownerrez-leftovers", "/api/ownerrez/leftovers", WEBHOOK, "ownerrez-webhook"),
    ("ownerrez-upkeep", "/api/ownerrez/upkeep", CALLS, "ownerrez-api"),
]
HOSTS = {address.partition("/")[0] for address in CLOSED}


def partner_of(parameter: str) -> str | None:
    """Whose a parameter is."""
    if parameter.startswith("OwnerRez") or parameter in ("TokenKeysSecretName", "AppUrl"):
        return "OwnerRez"
    return "Ownli" if parameter.startswith(("Ownli", "IdentifierKey")) else None


def account(name: str) -> str:
    return f"{name}-sandbox@{PROJECT}.iam.gserviceaccount.com"


def arguments(**changes: str) -> list[str]:
    """A change to an empty text takes a parameter out."""
    return [f"{name}={value}" for name, value in (PARAMETERS | changes).items() if value]


@dataclass
class Place:
    """Where someone deploys from: what a deployment needs of the project, a PATH, and a project of Google Cloud's."""

    root: Path

    @classmethod
    def make(cls, root: Path) -> "Place":
        """Packaging is done already. There is no gcloud yet."""
        place = cls(root)
        (place.directory / "scripts").mkdir(parents=True)
        (place.directory / "dist/x86_64").mkdir(parents=True)
        for script in ("common.sh", "deploy-gcp"):
            shutil.copy(ROOT / "scripts" / script, place.directory / "scripts")
        shutil.copytree(ROOT / "scripts" / "gcp", place.directory / "scripts" / "gcp")
        place._program("scripts/package", "touch packaged")
        for function in FUNCTIONS:
            (place.directory / "dist/x86_64" / function).symlink_to(PACKAGED / function)
        (root / "tools").mkdir()
        for name in "bash cat curl cut dirname env mkdir paste readelf sed seq sh sha256sum sleep sort touch".split():
            path = shutil.which(name)
            assert path, f"{name} is missing"
            (root / "tools" / name).symlink_to(path)
        return place

    def with_google(self) -> "Place":
        self.project.directory.mkdir()
        for secret in SECRETS:
            self.project.add("secrets", secret)
        double = Path(__file__).with_name("gcloud.py")
        self._program("../tools/gcloud", f'exec {sys.executable} -I -S {double} "$CLOUDSDK_CONFIG" "$@"')
        return self

    def copy(self, root: Path) -> "Place":
        shutil.copytree(self.root, root, symlinks=True)
        return Place(root)

    @property
    def directory(self) -> Path:
        return self.root / "directory"

    @property
    def project(self) -> Project:
        return Project(self.root / "google")

    def deploy(self, *arguments: str, **env: str) -> subprocess.CompletedProcess:
        command = [self.directory / "scripts" / "deploy-gcp", *arguments]
        paths = {"PATH": f"{self.root}/tools", "HOME": f"{self.root}", "CLOUDSDK_CONFIG": f"{self.project.directory}"}
        return subprocess.run(command, env=paths | env, capture_output=True, text=True, timeout=120)

    def refusal(self, *arguments: str) -> list[str]:
        done = self.deploy(*arguments)
        assert (done.returncode, done.stdout) == (1, ""), done
        assert not (self.directory / "packaged").exists(), "refused before anything is built or sent"
        return done.stderr.splitlines()

    def plan(self, **changes: str) -> list[str]:
        done = self.deploy("--plan", *arguments(**changes))
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    def _program(self, path: str, text: str) -> None:
        program = self.directory / path
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place.make(tmp_path / "place")


@pytest.fixture
def cloud_place(place: Place) -> Place:
    """With a project, and nothing in it but the secrets."""
    return place.with_google()


@pytest.fixture(scope="module")
def deployed_once(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place.make(tmp_path_factory.mktemp("deployed") / "place").with_google()
    door = Door(CLOSED)
    done = place.deploy(*arguments(), **door.open(place.root, *HOSTS))
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"https://{GATEWAY_HOST}\n"
    assert door.asked == [f"POST {each}" for each in CLOSED]
    return place


@pytest.fixture
def deployed(deployed_once: Place, tmp_path: Path) -> Place:
    """Where everything has been deployed already."""
    return deployed_once.copy(tmp_path / "place")


def missing(said: list[str]) -> list[str]:
    return [line.split()[1] for line in said if " is missing: " in line]


def test_all_that_is_missing_is_named_at_once(place: Place) -> None:
    said = place.refusal()
    needed = [name for name in PARAMETERS if partner_of(name) is None]
    assert missing(said) == needed and len(said) == len(needed) + 1
    assert said[-1] == "error: there is nothing to deploy: give OwnliClientId, OwnerRezClientId or both"
    said = place.refusal("OwnliClientId=client-1", "OwnerRezClientId=c_1")
    assert missing(said) == [name for name in PARAMETERS if not name.endswith("ClientId")]
    assert len(said) == len(missing(said))


@pytest.mark.parametrize("partner", ["Ownli", "OwnerRez"])
def test_all_that_is_missing_of_the_one_partner_is_named_at_once(partner: str, place: Place) -> None:
    client = f"{partner}ClientId"
    shared = {name: value for name, value in PARAMETERS.items() if partner_of(name) is None}
    said = place.refusal(f"{client}={PARAMETERS[client]}", *(f"{name}={value}" for name, value in shared.items()))
    assert missing(said) == [name for name in PARAMETERS if partner_of(name) == partner and name != client]


@pytest.mark.parametrize("partner", ["Ownli", "OwnerRez"])
def test_a_company_with_one_partner_deploys_nothing_of_the_other(partner: str, place: Place, tmp_path: Path) -> None:
    other = "OwnerRez" if partner == "Ownli" else "Ownli"
    others = {name: "" for name in PARAMETERS if partner_of(name) == other}
    done = place.deploy("--plan", *arguments(**others))
    assert done.returncode == 0 and f"{other} is left out: {other}ClientId is empty" in done.stderr
    theirs = OF_OWNLI if other == "Ownli" else "ownerrez"
    assert done.stdout and not re.findall(theirs, done.stdout, re.IGNORECASE)

    place.with_google()
    closed = {address: status for address, status in CLOSED.items() if not re.search(theirs, address)}
    door = Door(closed)
    done = place.deploy(*arguments(**others), **door.open(place.root, *HOSTS))
    assert done.returncode == 0, done.stderr
    assert closed and door.asked == [f"POST {each}" for each in closed]
    mine = {function for function in FUNCTIONS if function.startswith("ownerrez") == (partner == "OwnerRez")}
    deployed = {name for kind, name in place.project.resources if kind == "run services"}
    assert deployed == {f"{function}-sandbox" for function in mine}
    assert all(binding["on"].removeprefix("secrets ") not in OTHERS_SECRETS[other] for binding in place.project.bindings)

    text = (place.directory / "dist" / "openapi.yaml").read_text()
    assert list(OpenAPIV2SpecValidator(standard(text)).iter_errors()) == []
    described = yaml.safe_load(text)
    answered = {route.split()[1].replace("{path+}", "{path=**}") for function in mine for route in routes(function)}
    assert set(described["paths"]) == answered
    audiences = described["securityDefinitions"]["servers"]["x-google-audiences"].split(",")
    assert audiences == ([f"https://{GRANT}"] if partner == "Ownli" else [f"https://{CALLS}", f"https://{WEBHOOK}"])


def test_production_of_ownerrez_alone_needs_no_agreement_with_ownli(place: Place) -> None:
    others = {name: "" for name in PARAMETERS if partner_of(name) == "Ownli"}
    assert place.deploy("--plan", *arguments(Environment="production", **others)).returncode == 0


WRONG = {
    "Environment": "test",
    "Project": "Shop",
    "Region": "Europe",
    "OwnliClientId": "a|b",
    "OwnliSecretName": "projects/shop/secrets/ownli",
    "OwnliTermsUrl": "http://partner.example/ownli-terms",
    "UserTokenCache": "yes",
    "ContactPolicy": "none",
    "RetentionConsents": "5 years",
    "ConsentController": 'Shop "Söhne"',
    "RewardMaxAmount": "1e2",
    "RewardDailyLimit": "5.001",
    "RewardDailyLimitPerUser": "many",
    "RewardActionCodes": "a b",
    "RetentionAudit": "36501",
    "RetentionEvents": "0",
    "RetentionGivenUp": "never",
    "RewardAllowedCallers": "arn:aws:iam::123456789012:role/shop",
    "OwnerRezClientId": "s_secret",
    "OwnerRezReconcile": "all",
    "OwnerRezWebhookUser": "user:password",
    "AppUrl": "app.partner.example",
    "Issuer": 'https://id.partner.example"',
    "JwksUrl": "https://id.partner.example/keys\nx: y",
    "CorsAllowedOrigins": "*",
    "AlarmEmail": "operations",
    "LogRetentionDays": "3651",
    "RewardAlarmDollars": "0",
    "Tracing": "yes",
    "SubjectClaim": "user id",
}


def test_all_that_is_wrong_is_named_at_once(place: Place) -> None:
    said = place.refusal(*arguments(**WRONG), "RewardMaxAmmount=5.00")
    wrong = {line.split()[1] for line in said if " is to be " in line}
    assert wrong == set(WRONG)
    assert "error: there is no parameter RewardMaxAmmount; scripts/deploy-gcp --help lists them" in said


@pytest.mark.parametrize("agreement", ["", "no"])
@pytest.mark.parametrize("plan", [[], ["--plan"]])
def test_production_without_the_agreement_is_refused(plan: list, agreement: str, place: Place) -> None:
    given = arguments(Environment="production", ProductionRewards=agreement)
    (said,) = place.refusal(*plan, *given)
    assert "ProductionRewards=agreed" in said


def test_with_the_agreement_production_is_called(place: Place) -> None:
    done = place.deploy("--plan", *arguments(Environment="production", ProductionRewards="agreed"))
    assert "OWNLI_BASE_URL=https://api.ownli.app|" in done.stdout
    assert "OWNLI_PRODUCTION_REWARDS=agreed" in done.stdout
    assert "sandbox" not in done.stdout


def test_the_claim_that_names_a_person_is_told_to_who_serves_people(place: Place) -> None:
    assert "AUTH_SUBJECT_CLAIM" not in place.deploy("--plan", *arguments()).stdout
    plan = place.deploy("--plan", *arguments(SubjectClaim="oid")).stdout
    told = [line for line in plan.splitlines() if "AUTH_SUBJECT_CLAIM=oid|" in line]
    functions = ["token-relay", "user-opt-in", "ownerrez-connect"]
    assert [name for name in functions if any(f"deploy {name}-sandbox " in line for line in told)] == functions
    assert len(told) == len(functions)


def test_without_gcloud_it_says_where_that_is(place: Place) -> None:
    assert place.refusal(*arguments()) == [
        "error: gcloud is missing: https://cloud.google.com/sdk/docs/install"
    ]


def test_a_project_that_cannot_be_seen_is_named(cloud_place: Place) -> None:
    said = cloud_place.refusal(*arguments(Project="nobodys-shop"))
    assert said[-1].startswith("error: the project nobodys-shop cannot be seen")


def test_secrets_that_are_missing_are_named_at_once(cloud_place: Place) -> None:
    said = cloud_place.refusal(*arguments(OwnerRezSecretName="ownerez", TokenKeysSecretName="keys"))
    assert said == [f"error: the secret {name} is not there, or has no version" for name in ("keys", "ownerez")]


def step(line: str) -> str:
    """What a line of the plan does, without its flags: the part that creates, where it would look first."""
    line = re.sub(r"^(\w+)=\$\((.*)\)$", r"\2 > \1", line)
    line = re.sub(r"^if .*; else (.*); fi$", r"\1 or update", line)
    words = shlex.split(line.rpartition(" || ")[2])
    names = [word.partition("@")[0] for word in words[1:] if not word.startswith("--")]
    return " ".join(name for name in names if not name.endswith(".googleapis.com"))


PLAN = """
services enable
projects describe shop-partners > PROJECT_NUMBER
iam service-accounts create token-relay-sandbox
iam service-accounts create user-opt-in-sandbox
iam service-accounts create reward-grant-sandbox
iam service-accounts create ownerrez-connect-sandbox
iam service-accounts create ownerrez-webhook-sandbox
iam service-accounts create ownerrez-api-sandbox
iam service-accounts create api-gateway-sandbox
iam service-accounts create reward-push-sandbox
iam service-accounts create ownerrez-schedule-sandbox
firestore databases create
firestore fields ttls update expires
firestore indexes fields update attributes
pubsub topics create rewards-sandbox
pubsub topics create reward-dead-letters-sandbox
pubsub subscriptions create reward-dead-letters-sandbox
api-gateway apis create partner-functions-sandbox
api-gateway api-configs create CONFIG
api-gateway gateways create partner-functions-sandbox or update
api-gateway gateways describe partner-functions-sandbox > GATEWAY_HOST
secrets add-iam-policy-binding ownli
projects add-iam-policy-binding shop-partners
beta run deploy token-relay-sandbox
run services add-iam-policy-binding token-relay-sandbox
secrets add-iam-policy-binding ownli
secrets add-iam-policy-binding identifier-key
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
secrets add-iam-policy-binding ownerrez
secrets add-iam-policy-binding ownerrez-webhook
secrets add-iam-policy-binding token-keys
projects add-iam-policy-binding shop-partners
beta run deploy ownerrez-webhook-sandbox
run services add-iam-policy-binding ownerrez-webhook-sandbox
secrets add-iam-policy-binding ownerrez
secrets add-iam-policy-binding token-keys
projects add-iam-policy-binding shop-partners
beta run deploy ownerrez-api-sandbox
run services add-iam-policy-binding ownerrez-api-sandbox
beta services identity create
iam service-accounts add-iam-policy-binding reward-push-sandbox
pubsub subscriptions create rewards-sandbox or update
pubsub topics add-iam-policy-binding reward-dead-letters-sandbox
pubsub subscriptions add-iam-policy-binding rewards-sandbox
scheduler jobs create http ownerrez-leftovers-sandbox or update
scheduler jobs create http ownerrez-upkeep-sandbox or update
"""


def test_the_plan_has_every_step_in_its_order_and_needs_no_gcloud(place: Place) -> None:
    watching = re.compile("gcloud (beta )?(logging|monitoring) ")
    steps = [step(line) for line in place.plan() if not line.startswith("#") and not watching.search(line)]
    assert steps == PLAN.strip().splitlines()


def test_the_plan_says_word_for_word_how_a_function_is_deployed(place: Place) -> None:
    (line,) = [line for line in place.plan() if " deploy token-relay-sandbox " in line]
    assert line == (
        "gcloud beta run deploy token-relay-sandbox --project=shop-partners --region=europe-west1 --quiet"
        " --source=dist/x86_64/token-relay --no-build --base-image=osonly24 --command=./bootstrap"
        " --service-account=token-relay-sandbox@shop-partners.iam.gserviceaccount.com --no-allow-unauthenticated"
        " --ingress=all --cpu=1 --memory=512Mi --cpu-throttling --concurrency=80 --min-instances=0 --max-instances=20"
        " --timeout=28 '--set-env-vars=^|^AUTH_GATEWAY_HEADER=x-apigateway-api-userinfo"
        "|GOOGLE_CLOUD_PROJECT=shop-partners|STORE_URL=firestore:shop-partners/partner-functions-sandbox"
        "|OWNLI_BASE_URL=https://api.sandbox.ownli.app|OWNLI_CLIENT_ID=client-1"
        "|OWNLI_PARTNER_ID=partner-1|OWNLI_USER_TOKEN_CACHE=off|RELAY_TO=linked"
        "|OWNLI_CLIENT_SECRET_SECRET=projects/shop-partners/secrets/ownli' --clear-secrets"
    )


def test_what_is_planned_is_what_is_done(deployed_once: Place) -> None:
    (config,) = [name for kind, name in deployed_once.project.resources if kind == "api-gateway api-configs"]
    placeholders = {"PROJECT_NUMBER": NUMBER, "GATEWAY_HOST": GATEWAY_HOST, "CONFIG": config}
    done = deployed_once.deploy("--plan", *arguments())
    plan = re.sub("|".join(placeholders), lambda found: placeholders[found[0]], done.stdout)
    wanted = []
    for line in plan.splitlines():
        if line.startswith("#"):
            continue
        line = re.sub(r"^\w+=\$\((.*?)\); if .*; else \w+=\$\((.*)\); fi$", r"\1 || \2", line)
        line = re.sub(r"^\S+?=\$\((.*)\)$", r"\1", line)
        line = re.sub(r"^if (.*); then .*; else (.*); fi$", r"\1 || \2", line)
        wanted += [shlex.split(part)[1:] for part in line.split(" || ")]
    begun = deployed_once.project.commands.index(wanted[0])
    assert deployed_once.project.commands[begun:] == wanted


def test_it_may_be_run_again_and_makes_nothing_twice(deployed: Place, tmp_path: Path) -> None:
    before, bindings = deployed.project.resources, deployed.project.bindings
    already = len(deployed.project.commands)
    door = Door(CLOSED).open(tmp_path, *HOSTS)
    assert deployed.deploy(*arguments(), **door).returncode == 0
    again = [" ".join(words) for words in deployed.project.commands[already:]]
    assert not [words for words in again if " create " in words and "identity create" not in words]
    assert [words for words in again if "gateways update" in words or "subscriptions update rewards" in words]
    assert (deployed.project.resources, deployed.project.bindings) == (before, bindings)


def test_another_description_gets_another_config(deployed: Place, tmp_path: Path) -> None:
    door = Door(CLOSED).open(tmp_path, *HOSTS)
    assert deployed.deploy(*arguments(Audience="other"), **door).returncode == 0
    assert len([name for kind, name in deployed.project.resources if kind == "api-gateway api-configs"]) == 2


@pytest.mark.parametrize(
    "failing", ["firestore databases create", "api-gateway gateways describe", "beta run deploy token-relay-sandbox"]
)
def test_a_failure_in_the_middle_stops_it(failing: str, cloud_place: Place) -> None:
    cloud_place.project.fail(failing)
    done = cloud_place.deploy(*arguments())
    assert (done.returncode, done.stdout) == (1, "")
    assert "PERMISSION_DENIED" in done.stderr and f": gcloud {failing}" in done.stderr
    assert " ".join(cloud_place.project.commands[-1]).startswith(failing), "nothing is done after it"


def test_what_was_stopped_is_taken_up_again(deployed_once: Place, cloud_place: Place) -> None:
    cloud_place.project.fail("pubsub topics create")
    assert cloud_place.deploy(*arguments()).returncode == 1
    cloud_place.project.fail("")
    door = Door(CLOSED).open(cloud_place.root, *HOSTS)
    assert cloud_place.deploy(*arguments(), **door).returncode == 0
    assert cloud_place.project.resources == deployed_once.project.resources
    assert cloud_place.project.bindings == deployed_once.project.bindings


@pytest.mark.parametrize("address", [f"{GATEWAY_HOST}/api/ownli/token", f"{GRANT}/api/ownli/rewards/grant"])
def test_a_door_that_stands_open_is_an_error(
    address: str, cloud_place: Place, tmp_path: Path
) -> None:
    door = Door(CLOSED | {address: 200}).open(tmp_path, *HOSTS)
    done = cloud_place.deploy(*arguments(), **door)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"POST https://{address} by nobody answered 200" in done.stderr


RIGHTS = {
    "token-relay": {"ownli", "records"},
    "user-opt-in": {"ownli", "identifier-key", "records"},
    "reward-grant": {"ownli", "records"},
    "ownerrez-connect": {"ownerrez", "token-keys", "records"},
    "ownerrez-webhook": {"ownerrez", "ownerrez-webhook", "token-keys", "records"},
    "ownerrez-api": {"ownerrez", "token-keys", "records"},
}
RECORDS = (
    f'expression=resource.name=="projects/{PROJECT}/databases/partner-functions-sandbox",'
    "title=partner-functions-sandbox"
)


def writes(function: str) -> bool:
    """Whether it changes records, as AWS's template has it."""
    return any(set(rule["actions"]) - {"GetItem", "Query"} for rule in rules()[function])


def test_nobody_may_do_more_than_they_need(deployed_once: Place) -> None:
    wanted = []
    for function, rights in RIGHTS.items():
        for right in rights:
            binding = {"member": account(function)}
            if right == "records":
                role = "roles/datastore.user" if writes(function) else "roles/datastore.viewer"
                binding |= {"on": f"projects {PROJECT}", "role": role, "condition": RECORDS}
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

    assert sorted(deployed_once.project.bindings, key=key) == sorted(wanted, key=key)


def test_every_service_is_private_and_has_an_account_of_its_own(deployed_once: Place) -> None:
    services = deployed_once.project.load("services")
    assert sorted(services) == [f"{function}-sandbox" for function in FUNCTIONS]
    for name, service in services.items():
        assert "no-allow-unauthenticated" in service["flags"]
        assert service["flags"]["service-account"].startswith(f"{name}@")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_given_what_it_requires_and_nothing_it_does_not_know(function: str, deployed_once: Place) -> None:
    known = settings(function)
    service = deployed_once.project.load("services")[f"{function}-sandbox"]
    given = service["settings"]
    missing = [name for name, needed in known.items() if needed and not {name, f"{name}_SECRET"} & set(given)]
    unknown = [name for name in given if name not in known and name.removesuffix("_SECRET") not in known]
    assert (missing, unknown) == ([], [])


SECRET_TEXTS = {
    "OWNLI_CLIENT_SECRET": people.CLIENT_SECRET,
    "OWNERREZ_CLIENT_SECRET": "s_8b1dsealed",
    "OWNERREZ_WEBHOOK_PASSWORD": people.WEBHOOK_PASSWORD,
    "TOKEN_ENCRYPTION_KEYS": people.ENCRYPTION_KEYS,
    "IDENTIFIER_HASH_KEY": people.HASH_KEY,
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_serves_with_it_and_lets_nobody_in(
    function: str, deployed_once: Place, google: GoogleDouble, printed: Printed, tmp_path: Path
) -> None:
    env = dict(deployed_once.project.load("services")[f"{function}-sandbox"]["settings"]) | google.env
    for name, text in SECRET_TEXTS.items():
        if f"{name}_SECRET" in env:
            google.vault.add(env[f"{name}_SECRET"], text + "\n")
    if "STORE_URL" in env:
        assert env["STORE_URL"] == f"firestore:{PROJECT}/partner-functions-sandbox"
        env["STORE_URL"] = f"sqlite:{tmp_path}/store.sqlite"
    with Service(function, env, printed, tmp_path) as service, requests.Session() as session:
        session.trust_env = False  # no proxy
        for method, path in (route.split() for route in routes(function)):
            answer = session.request(method, service.url + path.replace("{id}", "1").replace("{path+}", "bookings"))
            if answer.status_code == 405:
                assert method not in env["OWNERREZ_ALLOWED_METHODS"].split(",")
                continue
            assert answer.status_code == (400 if path == "/oauth/ownerrez/callback" else 401), path


def test_no_secret_is_given_only_names(deployed_once: Place) -> None:
    for name, service in deployed_once.project.load("services").items():
        for setting, value in service["settings"].items():
            if re.search("SECRET|PASSWORD|KEYS", setting):
                assert setting.endswith("_SECRET"), (name, setting)
                assert value.removeprefix(f"projects/{PROJECT}/secrets/") in SECRETS, (name, setting)
    assert not [words for words in deployed_once.project.commands if words[:3] == ["secrets", "versions", "access"]]


def test_the_description_is_filled_in(deployed_once: Place) -> None:
    text = (deployed_once.directory / "dist" / "openapi.yaml").read_text()
    description = yaml.safe_load(text)
    assert list(OpenAPIV2SpecValidator(standard(text)).iter_errors()) == []
    people, servers = (description["securityDefinitions"][name] for name in ("people", "servers"))
    assert people["x-google-issuer"] == PARAMETERS["Issuer"]
    assert people["x-google-jwks_uri"] == PARAMETERS["JwksUrl"]
    assert people["x-google-audiences"] == PARAMETERS["Audience"]
    assert servers["x-google-audiences"] == ",".join(f"https://{host}" for host in (GRANT, CALLS, WEBHOOK))
    assert description["paths"]["/api/ownli/token"]["post"]["x-google-backend"]["address"] == f"https://{RELAY}"
    assert not re.findall(r"(?:issuer|app|" + "|".join(FUNCTIONS) + r")\.example\b", text.replace("@example", ""))


def test_messages_are_pushed_through_the_gateway_and_what_fails_is_kept(deployed_once: Place) -> None:
    flags = {}
    for words in deployed_once.project.commands:
        if words[:4] == ["pubsub", "subscriptions", "create", "rewards-sandbox"]:
            flags = dict(word[2:].split("=", 1) for word in words if word.startswith("--"))
    assert flags["push-endpoint"] == f"https://{GATEWAY_HOST}/pubsub/rewards"
    assert flags["push-auth-token-audience"] == f"https://{GRANT}"
    assert flags["dead-letter-topic"] == "reward-dead-letters-sandbox"
    callers = deployed_once.project.load("services")["reward-grant-sandbox"]["settings"]["REWARD_ALLOWED_CALLERS"]
    assert callers == flags["push-auth-service-account"] == account("reward-push")
    assert ("pubsub subscriptions", "reward-dead-letters-sandbox") in deployed_once.project.resources


def test_schedules_call_through_the_gateway_as_an_account_of_their_own(deployed_once: Place) -> None:
    jobs = {}
    for words in deployed_once.project.commands:
        if words[:4] == ["scheduler", "jobs", "create", "http"]:
            jobs[words[4]] = dict(word[2:].split("=", 1) for word in words if word.startswith("--"))
    services = deployed_once.project.load("services")
    for name, path, host, function in SCHEDULES:
        flags = jobs.pop(f"{name}-sandbox")
        assert flags["uri"] == f"https://{GATEWAY_HOST}{path}" and flags["schedule"] == "*/2 * * * *"
        assert flags["oidc-token-audience"] == f"https://{host}"
        callers = services[f"{function}-sandbox"]["settings"]["OWNERREZ_SCHEDULE_CALLERS"]
        assert callers == flags["oidc-service-account-email"] == account("ownerrez-schedule")
        assert f"POST {path}" in routes(function)
    assert jobs == {}


def test_services_call_ownerrez_where_they_are_listed(place: Place) -> None:
    (line,) = [line for line in place.plan() if " deploy ownerrez-api-sandbox " in line]
    assert "OWNERREZ_ALLOWED_CALLERS" not in line and "|OWNERREZ_ALLOWED_METHODS=GET|" in line
    bookings = "bookings@shop-1.iam.gserviceaccount.com"
    plan = "\n".join(place.plan(OwnerRezAllowedCallers=bookings, OwnerRezAllowedMethods="GET,PATCH"))
    assert f"|OWNERREZ_ALLOWED_CALLERS={bookings}" in plan and "|OWNERREZ_ALLOWED_METHODS=GET,PATCH|" in plan


def test_connections_are_subscribed_to_the_gateway_s_address(place: Place) -> None:
    assert "OWNERREZ_SUBSCRIPTIONS" not in "\n".join(place.plan())
    wanted = "booking:entity_create,entity_update;guest:entity_create"
    plan = place.plan(OwnerRezSubscriptions=wanted)
    subscribing = [line for line in plan if f"|OWNERREZ_SUBSCRIPTIONS={wanted}|" in line]
    assert len(subscribing) == 2 and "ownerrez-connect" in subscribing[0] and "ownerrez-api" in subscribing[1]
    assert all("|OWNERREZ_WEBHOOK_URL=https://GATEWAY_HOST/webhooks/ownerrez|" in line for line in subscribing)


def test_other_callers_come_before_pubsub(place: Place) -> None:
    shop = "orders@shop-1.iam.gserviceaccount.com"
    plan = "\n".join(place.plan(RewardAllowedCallers=shop))
    assert f"|REWARD_ALLOWED_CALLERS={shop},{account('reward-push')}|" in plan


def test_people_come_back_through_the_gateway_or_into_the_app(place: Place) -> None:
    plan = "\n".join(place.plan())
    assert "|OWNERREZ_REDIRECT_URI=https://GATEWAY_HOST/oauth/ownerrez/callback|" in plan
    plan = "\n".join(place.plan(OwnerRezRedirectUri="com.example.app://ownerrez"))
    assert "|OWNERREZ_REDIRECT_URI=com.example.app://ownerrez|" in plan


def test_events_go_on_to_a_topic_that_only_the_webhook_may_publish_to(place: Place) -> None:
    assert "|EVENTS_TARGET=store:|EVENTS_FORMAT=envelope|" in "\n".join(place.plan())
    assert "|EVENTS_FORMAT=verbatim|" in "\n".join(place.plan(OwnerRezEventFormat="verbatim"))
    topic = f"projects/{PROJECT}/topics/ownerrez"
    plan = place.plan(OwnerRezEventTopic=topic)
    assert f"|EVENTS_TARGET=pubsub:{topic}" in "\n".join(plan)
    granted = [step for step in plan if step.startswith(f"gcloud pubsub topics add-iam-policy-binding {topic} ")]
    assert len(granted) == 1
    assert f"--member=serviceAccount:{account('ownerrez-webhook')} --role=roles/pubsub.publisher" in granted[0]


def test_events_are_posted_to_an_address_with_a_secret_that_the_webhook_alone_reads(place: Place) -> None:
    url = "https://events.partner.example/ownerrez"
    plan = place.plan(OwnerRezEventUrl=url, OwnerRezEventSecretName="events")
    assert f"|EVENTS_TARGET={url}|" in "\n".join(plan)
    assert "|EVENTS_SIGNING_SECRET_SECRET=projects/shop-partners/secrets/events'" in "\n".join(plan)
    granted = [step for step in plan if step.startswith("gcloud secrets add-iam-policy-binding events ")]
    assert len(granted) == 1 and account("ownerrez-webhook") in granted[0]
    plan = place.plan(OwnerRezEventUrl=url, OwnerRezEventSecretName="events", OwnerRezEventPreviousSecretName="old")
    assert "|EVENTS_SIGNING_SECRET_PREVIOUS_SECRET=projects/shop-partners/secrets/old'" in "\n".join(plan)


def test_receipts_are_signed_with_a_key_that_user_opt_in_alone_reads(place: Place) -> None:
    name = "Shop & Söhne, Inc."
    assert "CONSENT_CONTROLLER" not in "\n".join(place.plan())
    assert place.refusal("--plan", *arguments(ConsentController=name)) == [
        "error: ReceiptKeySecretName is missing: receipts in the name of ConsentController are signed"
    ]
    plan = place.plan(ConsentController=name, ReceiptKeySecretName="receipts")
    (told,) = [step for step in plan if "CONSENT_CONTROLLER" in step]
    assert "deploy user-opt-in-sandbox" in told and f"|CONSENT_CONTROLLER={name}|" in told
    assert "|RECEIPT_SIGNING_KEY_SECRET=projects/shop-partners/secrets/receipts'" in told
    granted = [step for step in plan if step.startswith("gcloud secrets add-iam-policy-binding receipts ")]
    assert len(granted) == 1 and account("user-opt-in") in granted[0]


def test_events_have_one_target_and_an_address_has_a_secret(place: Place) -> None:
    topic = f"projects/{PROJECT}/topics/ownerrez"
    for url in ("https://events.partner.example/?key=1", "http://events.partner.example/"):
        changes = {"OwnerRezEventUrl": url, "OwnerRezEventSecretName": "events"}
        assert place.refusal("--plan", *arguments(**changes)) == [
            "error: OwnerRezEventUrl is to be the https address of your server that OwnerRez's events are posted to"
        ]
    said = place.refusal("--plan", *arguments(OwnerRezEventUrl="https://events.partner.example", OwnerRezEventTopic=topic))
    assert [line.partition(":")[2].split()[0] for line in said] == ["OwnerRez's", "OwnerRezEventSecretName"]


def test_a_password_can_be_replaced_without_losing_an_event(place: Place) -> None:
    plan = "\n".join(place.plan(OwnerRezWebhookPreviousSecretName="ownerrez-webhook-old"))
    assert "|OWNERREZ_WEBHOOK_PASSWORD_PREVIOUS_SECRET=projects/shop-partners/secrets/ownerrez-webhook-old'" in plan
    assert "gcloud secrets add-iam-policy-binding ownerrez-webhook-old " in plan
