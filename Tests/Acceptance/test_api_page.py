"""The page of all routes that scripts/dev serves, in a real browser."""

import subprocess
from typing import Iterator

import api
import pytest
from browser import Browser
from development import Development
from programs import Printed
from selenium.webdriver.common.keys import Keys

MEANINGS = {it["const"]: it["description"] for it in api.description()["components"]["schemas"]["ErrorCode"]["oneOf"]}


@pytest.fixture
def page(chromium: Browser, development: Development, printed: Printed) -> Iterator[Browser]:
    development.start_over()
    before = len(development.printed)
    show(chromium, development)
    yield chromium
    printed.add("partner-dev up", development.printed[before:].encode())
    assert chromium.complaints() == []


def show(page: Browser, development: Development, route: str = "", **options) -> None:
    # An address that differs by its last part alone would load nothing.
    page.driver.get("about:blank")
    page.show(f"{development.url}/_dev/api{'#' if route else ''}{route}", **options)
    page.until(lambda: page.all(".route"), "there are no routes")


def open_all(page: Browser) -> None:
    page.driver.execute_script("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    page.until(lambda: len(page.all(".about-route")) == len(page.all(".route")))


def test_every_route_stands_with_those_who_call_it(page: Browser) -> None:
    shown = page.driver.execute_script(
        "return [...document.querySelectorAll('.route summary')].map((row) =>"
        " [row.closest('.group').querySelector('h2'), ...row.children].map((part) => part.textContent))"
    )
    routes = [(it, it.method + it.path.replace("+}", "}")) for it in api.operations()]
    expected = [[it.raw["tags"][0], route, it.raw["summary"], it.function] for it, route in routes]
    assert sorted(shown) == sorted(expected)


def test_a_route_holds_every_code_that_it_answers(page: Browser) -> None:
    open_all(page)
    for it in api.operations():
        said = page.driver.execute_script(
            f"return [...document.querySelectorAll('#{it.raw['operationId']} dt:has(.status)')].map((term) => "
            "[...term.children, term.nextSibling].map((part) => part.textContent))"
        )
        expected = [
            [status, *named]
            for status, answer in it.answers.items()
            for named in ([[code, MEANINGS[code].replace("`", "")] for code in sorted(answer.codes)] or [[]])
            if status >= "400"
        ]
        # Where no code of ours is answered, it says in words what the status means.
        assert sorted(each if len(each) == 3 else each[:1] for each in said) == sorted(expected), it.route


def test_an_address_leads_to_its_route(page: Browser, development: Development) -> None:
    show(page, development, "optIn")
    page.until(lambda: page.find("#optIn .about-route").is_displayed())
    assert page.all("#getLink .about-route") == []
    text = page.text("#optIn")
    for word in ["word for word", '"firstName": "Ada"', "address.state", "string, required. Of the US", "ownliUserId"]:
        assert word in text, word


def test_it_works_without_a_mouse(page: Browser) -> None:
    page.tab_to("#giveToken summary")
    page.key(Keys.ENTER)
    page.until(lambda: page.find("#giveToken .about-route").is_displayed())
    page.tab_to("#giveToken .try button")
    page.key(Keys.ENTER)
    page.wait_for_text("#giveToken .try button", "Copied")
    assert page.text("#copied") == "Copied."


def test_the_lines_for_a_shell_do_what_they_say(page: Browser, development: Development) -> None:
    open_all(page)

    def line(route: str) -> str:
        return page.driver.execute_script(f"return document.querySelector('#{route} .try pre')?.textContent ?? ''")

    signing_in = page.driver.execute_script("return document.querySelector('.group > .try pre').textContent")
    secrets = "OWNERREZ_WEBHOOK_USER=ownerrez; OWNERREZ_WEBHOOK_PASSWORD=sandbox-webhook-password"
    statuses = {"optIn": 200, "getLink": 200, "giveToken": 200, "listOwnRewards": 200, "claimOwnRewards": 409}
    statuses |= {"beginConnection": 201, "listConnections": 200, "completeConnection": 400, "disconnect": 404}
    statuses |= {"takeEvent": 200, "exportPerson": 200, "withdraw": 204}
    for route, status in statuses.items():
        script = f"{signing_in}\n{secrets}\n{line(route)} -s -o /dev/null -w '%{{http_code}}'"
        done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout) == (0, str(status)), (route, script, done)
    for it in api.operations():
        route = it.raw["operationId"]
        match it.schemes:
            case ("iam", *_):
                assert line(route).startswith('curl "https://$API/api/') and "--aws-sigv4" in line(route)
            case ("person",) | ("webhook",):
                assert route in statuses
            case _:
                assert line(route) == ""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 840, 1280])
def test_everybody_can_read_it(page: Browser, development: Development, width: int, dark: bool) -> None:
    show(page, development, width=width, dark=dark)
    assert page.violations() == []
    open_all(page)
    assert page.violations() == []
    assert page.overflow == 0


def test_nothing_comes_from_anywhere_else(page: Browser, development: Development) -> None:
    loaded = page.driver.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert loaded and not [name for name in loaded if not name.startswith((development.url + "/", "data:"))]
    files = [name.removeprefix(development.url) for name in loaded if name.endswith((".js", ".css"))]
    assert len(files) > 4
    for path in ["/_dev/api", *files]:
        answer = development.call("GET", path)
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_the_demonstration_leads_there_and_back(page: Browser, development: Development) -> None:
    page.driver.get(development.url)
    page.press(".top a")
    page.until(lambda: page.all(".route"))
    page.driver.find_element("link text", "The demonstration").click()
    page.until(lambda: page.all("#users"))
