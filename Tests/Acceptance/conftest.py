"""What every test has: the sandbox, a runner of functions, and the guard against leaks."""

import platform
import shutil
import sys
import uuid
from pathlib import Path
from typing import Iterator

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import emulator  # noqa: E402
import least_privilege  # noqa: E402
import ownerrez as ownerrez_double  # noqa: E402
import people  # noqa: E402
from aws_double import AWSDouble  # noqa: E402
from browser import Browser  # noqa: E402
from cloud import Cloud, Stack  # noqa: E402
from development import Development  # noqa: E402
from google_double import GoogleDouble  # noqa: E402
from oauth_provider import Provider  # noqa: E402
from programs import SHIPPED, Printed, Programs  # noqa: E402
from records import DynamoDB, Firestore, Records, SQLite  # noqa: E402
from sandbox import Sandbox  # noqa: E402


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "native: looks at a process, which under an emulator would be the emulator's")


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    running_sandbox.reset()
    running_sandbox.forget_calls()
    return running_sandbox


@pytest.fixture(autouse=True)
def printed(request: pytest.FixtureRequest) -> Iterator[Printed]:
    """After each test: no secret, token or personal data in anything that a function printed."""
    printed = Printed()
    yield printed
    tokens = request.getfixturevalue("running_sandbox").tokens() if "sandbox" in request.fixturenames else set()
    if "provider" in request.fixturenames:
        tokens |= request.getfixturevalue("running_provider").secrets()
    printed.check(tokens)


@pytest.fixture
def programs(printed: Printed) -> Programs:
    return Programs(printed)


@pytest.fixture
def env(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    """The whole environment of a function: the sandbox as upstream, a store of the test's own."""
    return {
        "OWNLI_BASE_URL": sandbox.url,
        "OWNLI_CLIENT_ID": people.CLIENT_ID,
        "OWNLI_CLIENT_SECRET": people.CLIENT_SECRET,
        "OWNLI_PARTNER_ID": people.PARTNER_ID,
        # So that a token takes no opt-in first: test_relay_recipients.py has the default.
        "RELAY_TO": "anyone",
        "STORE_URL": f"sqlite:{tmp_path}/store.sqlite",
        "OWNLI_TERMS_URL": "https://ownli.example/terms",
        "IDENTIFIER_HASH_KEY": people.HASH_KEY,
        "OWNLI_TERMS_VERSION": "2026-01-01",
        "REWARD_ALLOWED_CALLERS": people.SERVICE,
        "OWNERREZ_API_URL": sandbox.url,
        "OWNERREZ_CLIENT_ID": "c_sandbox",
        "OWNERREZ_CLIENT_SECRET": "s_sandbox",
        "OWNERREZ_REDIRECT_URI": "https://api.partner.example/oauth/ownerrez/callback",
        "OWNERREZ_WEBHOOK_USER": people.WEBHOOK_USER,
        "OWNERREZ_WEBHOOK_PASSWORD": people.WEBHOOK_PASSWORD,
        "TOKEN_ENCRYPTION_KEYS": people.ENCRYPTION_KEYS,
        "APP_URL": "https://app.partner.example",
    }


@pytest.fixture
def lambda_env(env: dict[str, str]) -> dict[str, str]:
    """The same on Lambda, where a store in a file has to be asked for."""
    return env | {"STORE_EPHEMERAL": "allowed"}


@pytest.fixture(scope="session")
def aws() -> Iterator[AWSDouble]:
    """DynamoDB behind signatures, where each function may do what the template lets it do."""
    double = AWSDouble()
    double.guard(least_privilege.rules())
    yield double
    double.stop()


@pytest.fixture
def table(aws: AWSDouble) -> Iterator[str]:
    """An empty table of the test's own."""
    name = f"test-{uuid.uuid4()}"
    aws.make_table(name)
    aws.refusals()
    yield name
    assert aws.refusals() == [], "template.yaml does not allow the function to do this"


@pytest.fixture
def dynamodb_env(env: dict[str, str], aws: AWSDouble, table: str) -> dict[str, str]:
    """The environment of a function that keeps its records in DynamoDB."""
    return env | aws.env | {"STORE_URL": f"dynamodb:{table}"}


@pytest.fixture
def google(printed: Printed) -> Iterator[GoogleDouble]:
    """Google Cloud behind access tokens, which are nobody else's to see."""
    double = GoogleDouble()
    yield double
    double.stop()
    printed.tokens |= double.issued


@pytest.fixture(params=["sqlite", "dynamodb", "firestore"])
def records(request: pytest.FixtureRequest, tmp_path: Path) -> Records:
    """Each backend of the store."""
    if request.param == "sqlite":
        return Records(SQLite(tmp_path))
    if request.param == "dynamodb":
        return Records(DynamoDB(request.getfixturevalue("aws"), request.getfixturevalue("table")))
    return Records(Firestore(request.getfixturevalue("google")))


@pytest.fixture
def ownerrez(printed: Printed) -> Iterator[ownerrez_double.OwnerRezAPI]:
    double = ownerrez_double.OwnerRezAPI()
    yield double
    double.stop()
    printed.tokens |= {*double.alive, *double.refresh_tokens, *double.asked, *double.renewed, *double.ended}
    printed.tokens.add(ownerrez_double.CLIENT_SECRET)


@pytest.fixture
def webhook_env(records: Records, ownerrez: ownerrez_double.OwnerRezAPI) -> dict[str, str]:
    """The whole environment of ownerrez-webhook."""
    return ownerrez_double.ENV | ownerrez.env | records.env


@pytest.fixture(scope="session")
def running_provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.stop()


@pytest.fixture
def provider(running_provider: Provider) -> Provider:
    """An independent OAuth 2 provider in OwnerRez's place. What it hands out is nobody else's to see."""
    running_provider.reset()
    return running_provider


@pytest.fixture
def connect_env(records: Records, provider: Provider) -> dict[str, str]:
    """The environment of ownerrez-connect, over each store."""
    env = provider.env | {"APP_URL": "https://app.partner.example", "TOKEN_ENCRYPTION_KEYS": people.ENCRYPTION_KEYS}
    return env | records.env


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    cloud = Cloud()
    yield cloud
    cloud.stop()


@pytest.fixture(scope="session")
def stack(cloud: Cloud) -> Stack:
    return Stack(cloud, "sandbox")


@pytest.fixture(scope="session")
def development() -> Iterator[Development]:
    development = Development()
    yield development
    development.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if platform.freedesktop_os_release()["ID"] == "ubuntu":
        pytest.skip("Ubuntu has no package of a browser")
    browser = Browser()
    yield browser
    browser.stop()


@pytest.fixture(scope="session")
def emulator_path() -> Path:
    return emulator.fetch()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rebuild-all", action="store_true", help="builds every function a second time, and not one only")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "rebuilt" in metafunc.fixturenames:
        metafunc.parametrize("rebuilt", SHIPPED if metafunc.config.getoption("rebuild_all") else SHIPPED[:1])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Skipped tests are said aloud: they leave a gap in what ships."""
    for report in terminalreporter.stats.get("skipped", []):
        terminalreporter.write_line(f"SKIPPED {report.nodeid}: {report.longrepr[2]}", yellow=True, bold=True)


# Debian's tools that tests need; scripts/setup installs them.
for tool in ("curl", "openssl", "slowhttptest", "wrk"):
    assert shutil.which(tool), f"{tool} is missing: run scripts/setup first"
