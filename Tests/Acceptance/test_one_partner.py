"""A company that uses Ownli alone, or OwnerRez alone: the stack, the functions, the operator's tool and a developer's
day have what belongs to this partner, and nothing of the other."""

import json
import re
from pathlib import Path
from typing import Any, Iterator

import events
import people
import pytest
from admin import OPERATOR_ENV, WRONG_USAGE, Admin
from browser import Browser
from cloud import LOGICAL, NOT_IN_MOTO, ONLY, PARAMETERS, Cloud, Stack, decided, template
from conditions import Decided
from development import Development
from ownerrez import connect
from programs import FUNCTIONS, THEIRS, Printed, Programs
from records import Records, SQLite
from test_page import REFUSAL
from test_stack import OWNERREZ_SECRET, SECRET, needs
from test_template import CALLS, ELSEWHERE, OPEN, SCHEDULED, routes, settings, startable

# Told once, by NOT_IN_MOTO.
pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse AWS")

# As names of resources, outputs and parameters begin.
NAMES = {"ownli": r"(?i)ownli|token-?relay|user-?opt-?in|reward", "ownerrez": r"(?i)owner-?rez"}
OTHER = {"ownli": "ownerrez", "ownerrez": "ownli"}

each_partner = pytest.mark.parametrize("only", ONLY)


@pytest.fixture(scope="session")
def stacks(cloud: Cloud) -> dict[str, Stack]:
    return {only: Stack(cloud, f"only-{only}", only, AdminFunction="on") for only in ONLY}


# The stack


@each_partner
def test_the_stack_holds_nothing_of_the_other_partner(only: str, stacks: dict[str, Stack]) -> None:
    stack = stacks[only]
    missing = {each["Type"] for name, each in stack.wanted.items() if name not in stack.created}
    assert missing <= NOT_IN_MOTO
    foreign = NAMES[OTHER[only]]
    # partner-admin is told how long anything is kept; an export shows all that is kept; for the dashboard see below.
    apart = ("PartnerAdmin", "UserOptInRole", "Dashboard")
    told = {name for name in stack.wanted if not name.startswith(apart)}
    assert [name for name in told if re.search(foreign, json.dumps({name: stack.wanted[name]}))] == []
    assert [name for name in stack.outputs if re.search(foreign, name)] == []
    assert len(told) > 30


@each_partner
def test_everything_that_is_referred_to_is_there(only: str, stacks: dict[str, Stack]) -> None:
    decision = decided(template(), ONLY[only] | {"AdminFunction": "on"})
    there = {**decision.there("Resources"), **decision.template["Parameters"]}
    found = set(references([decision.there("Resources"), decision.there("Outputs")]))
    assert len(found) > 20
    assert [name for name in found if not name.startswith("AWS::") and name not in there] == []


def references(value: Any) -> Iterator[str]:
    """Logical names, in a template in which conditions are decided."""
    if isinstance(value, list):
        for each in value:
            yield from references(each)
    elif isinstance(value, dict):
        if set(value) == {"Ref"}:
            yield value["Ref"]
        elif set(value) == {"Fn::GetAtt"}:
            yield value["Fn::GetAtt"][0]
        elif set(value) == {"Fn::Sub"}:
            text, own = value["Fn::Sub"] if isinstance(value["Fn::Sub"], list) else (value["Fn::Sub"], {})
            yield from references(list(own.values()))
            yield from (name.split(".")[0] for name in re.findall(r"\$\{([^!}]+)\}", text) if name not in own)
        else:
            yield from references(list(value.values()))


@each_partner
def test_the_api_has_this_partner_s_routes_alone(only: str, stacks: dict[str, Stack]) -> None:
    stack = stacks[only]
    made = stack.cloud.client("apigatewayv2").get_routes(ApiId=stack.created["Api"])["Items"]
    answered = set().union(*(routes(function) for function in THEIRS[only])) - ELSEWHERE
    assert {route["RouteKey"] for route in made} == answered
    (stage,) = stack.resources("AWS::ApiGatewayV2::Stage").values()
    assert set(stage["Properties"].get("RouteSettings", {})) <= answered


@each_partner
def test_the_dashboard_begins_at_the_top_and_has_no_hole(only: str, stacks: dict[str, Stack]) -> None:
    stack = stacks[only]
    dashboard = stack.cloud.client("cloudwatch").get_dashboard(DashboardName=stack.created["Dashboard"])
    widgets = json.loads(dashboard["DashboardBody"])["widgets"]
    rows = sorted({widget["y"] for widget in widgets})
    assert rows == list(range(0, 6 * len(rows), 6))
    assert len({(widget["x"], widget["y"]) for widget in widgets}) == len(widgets)
    assert not re.search(NAMES[OTHER[only]], dashboard["DashboardBody"])


@each_partner
def test_its_functions_have_what_they_require_start_and_answer(
    only: str, stacks: dict[str, Stack], programs: Programs, tmp_path: Path
) -> None:
    for function in THEIRS[only]:
        given = stacks[only].environment(function)
        required = [name for name, is_required in settings(function).items() if is_required]
        assert [name for name in required if name not in given and name + "_SECRET" not in given] == []
        env = startable(given, tmp_path)
        for route in routes(function) - OPEN - SCHEDULED:
            method, path = route.split()
            if route in CALLS and method != "GET":
                continue
            answer = programs.run(function, events.http_api(method, path), env=env).http
            assert answer.outcome == (401, "UNAUTHENTICATED"), route


def test_the_operator_s_tool_reads_the_secret_that_there_is(stacks: dict[str, Stack]) -> None:
    for only, secret in ("ownli", SECRET), ("ownerrez", OWNERREZ_SECRET):
        allowed = needs(stacks[only], "partner-admin")
        assert [resource for resource in allowed if ":secretsmanager:" in resource] == [secret]
        assert len([resource for resource in allowed if ":sqs:" in resource]) == (4 if only == "ownli" else 0)
        environment = stacks[only].environment("partner-admin")
        name = secret.partition(":secret:")[2].removesuffix("-??????")
        assert environment["IDENTIFIER_HASH_KEY_SECRET"] == f"{name}#identifierHashKey"
        told = {setting for setting in ("OWNLI_CLIENT_ID", "OWNERREZ_CLIENT_ID") if setting in environment}
        assert told == {f"{only.upper()}_CLIENT_ID"}


# What is refused


def refusals(parameters: dict[str, str]) -> list[str]:
    return decided(template(), parameters).refusals()


@each_partner
def test_all_that_a_partner_wants_is_named_at_once(only: str) -> None:
    assert refusals(ONLY[only]) == []
    client = {"ownli": "OwnliClientId", "ownerrez": "OwnerRezClientId"}[only]
    bare = {name: value for name, value in ONLY[only].items() if name == client or name in ONLY[OTHER[only]]}
    left_out = set(ONLY[only]) - set(bare)
    assert len(left_out) == 4
    assert {said.rpartition(" wants ")[2] for said in refusals(bare)} == left_out


def test_without_any_partner_there_is_nothing_to_deploy() -> None:
    common = {name: value for name, value in ONLY["ownli"].items() if name in ONLY["ownerrez"]}
    (refusal,) = refusals(common)
    assert "give OwnliClientId, OwnerRezClientId or both" in refusal
    assert refusals(PARAMETERS) == []


def test_conditions_are_decided_as_cloudformation_has_them() -> None:
    conditions = {"A": {"Fn::Equals": [{"Ref": "P"}, "x"]}, "B": {"Fn::Not": [{"Condition": "A"}]}}
    source = {"Parameters": {"P": {"Default": "x"}}, "Conditions": conditions}
    value = {"one": {"Fn::If": ["A", 1, 2]}, "two": {"Fn::If": ["B", 1, {"Ref": "AWS::NoValue"}]}}
    assert Decided(source, {}).resolved(value) == {"one": 1}
    assert Decided(source, {"P": "y"}).resolved([value]) == [{"one": 2, "two": 1}]


# The operator's tool


@pytest.fixture
def admin(printed: Printed, tmp_path: Path, programs: Programs, env: dict[str, str]) -> Admin:
    """Of a company without OwnerRez and without a queue of rewards."""
    settings = {name: value for name, value in env.items() if not name.startswith(("OWNERREZ", "TOKEN_ENCRYPTION"))}
    programs.run("user-opt-in", events.http_api("GET", "/api/ownli/users/me"), env=settings)
    return Admin(printed, settings | OPERATOR_ENV)


@pytest.mark.parametrize(
    "words, partner, setting",
    [
        (["connections", "check", "1"], "OwnerRez", "OWNERREZ_CLIENT_ID"),
        (["connections", "disconnect", "1"], "OwnerRez", "OWNERREZ_CLIENT_ID"),
        (["tokens", "reseal"], "OwnerRez", "OWNERREZ_CLIENT_ID"),
        (["rewards", "redrive"], "Ownli", "REWARD_QUEUE_URL"),
    ],
)
def test_what_belongs_to_a_partner_says_that_there_is_none(
    words: list[str], partner: str, setting: str, admin: Admin
) -> None:
    outcome = admin.run(*words)
    assert outcome.exit_code == WRONG_USAGE
    said = f"where {partner} is not used, and {setting} not set, there is nothing for this command to do"
    assert said in outcome.stderr
    assert said not in admin.run(*words, **{setting: "https://sqs.us-east-1.amazonaws.com/1/x"}).stderr


@pytest.mark.parametrize(
    "words", [["connections", "list"], ["events", "list"], ["store", "migrate"], ["audit", "list"], ["rewards", "totals"]]
)
def test_everything_else_works_without_the_other_s_settings(words: list[str], admin: Admin) -> None:
    outcome = admin.run(*words)
    assert "is not used" not in outcome.stderr and outcome.exit_code == 0, outcome.stderr


def test_nobody_is_erased_whose_connections_cannot_be_ended(admin: Admin, tmp_path: Path) -> None:
    """OwnerRez was used before, and is not any more."""
    records = Records(SQLite(tmp_path))
    connect(records, listed=True)
    before = list(records.all())
    assert admin.tried("person", "erase", people.SUBJECT).error["error_code"] == "OWNERREZ_NOT_CONFIGURED"
    assert [each for each in before if each not in list(records.all())] == []


# A developer's day


@pytest.fixture(scope="module", params=ONLY)
def alone(request: pytest.FixtureRequest) -> Iterator[tuple[str, Development]]:
    development = Development("--only", request.param)
    yield request.param, development
    development.stop()


def test_the_gateway_has_this_partner_s_functions_alone(alone: tuple[str, Development]) -> None:
    only, up = alone
    running = {each["name"] for each in up.call("GET", "/_dev/about").json()["functions"]} - {"partner-admin"}
    assert running == set(THEIRS[only])
    assert "exited with status" not in up.printed, up.printed
    headers = up.sign_in()
    statuses = {
        "ownli": up.call("GET", "/api/ownli/users/me/export", headers=headers).status_code,
        "ownerrez": up.call("GET", "/api/ownerrez/connections", headers=headers).status_code,
    }
    assert statuses == {only: 200, OTHER[only]: 404}


def test_the_page_shows_this_partner_s_parts_alone(
    alone: tuple[str, Development], chromium: Browser, printed: Printed
) -> None:
    only, up = alone
    page = chromium
    up.start_over()
    page.show(up.url)
    page.press("#users button")
    if only == "ownli":
        page.press("#continue")
        page.wait_for_text("#total", "$0.00")
        page.press("#show-kept")
        page.wait_for_text("#kept-about", "1 consent, 0 withdrawals, 0 rewards")
    else:
        page.press("#connect")
        page.press("button[value=approve]")
        page.wait_for_text("#connections", "connected")
    shown = page.text("body")
    assert not re.search(NAMES[OTHER[only]], shown), shown
    assert page.violations() == [] and page.overflow == 0
    page.press("#start-over")
    page.until(lambda: page.find("#screen-sign-in").is_displayed())
    assert page.complaints(expected=[REFUSAL]) == []
    printed.add("partner-dev up", up.printed.encode())


def test_the_page_of_routes_shows_this_partner_s_alone(alone: tuple[str, Development], chromium: Browser) -> None:
    only, up = alone
    chromium.show(up.url + "/_dev/api")
    chromium.until(lambda: chromium.all("li.route"))
    badges = {badge.text for badge in chromium.all("li.route summary .badge")}
    assert badges == set(THEIRS[only])
    assert chromium.violations() == []
