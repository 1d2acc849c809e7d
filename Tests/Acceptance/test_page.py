"""The demonstration's page, as people use it, in a real browser."""

import re
from typing import Iterator

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from browser import Browser
from development import Development
from programs import Printed

SENTENCE = "By continuing, you agree to Ownli's Terms of Service and Privacy Policy."
PRIVACY = "https://support.ownli.co/hc/en-us/articles/360011276138-Ownli-Privacy-Policy"
REFUSAL = "Failed to load resource: the server responded with a status of"


@pytest.fixture
def page(chromium: Browser, development: Development, printed: Printed) -> Iterator[Browser]:
    development.start_over()
    before = len(development.printed)
    chromium.show(development.url)
    yield chromium
    printed.add("partner-dev up", development.printed[before:].encode())
    assert chromium.complaints(expected=[REFUSAL]) == []


def sign_in(page: Browser, name: str = "Ada Lovelace") -> None:
    page.until(lambda: page.all("#users button"), "nobody can sign in")
    next(button for button in page.all("#users button") if name in button.text).click()


def opt_in(page: Browser) -> None:
    sign_in(page)
    page.press("#continue")
    page.wait_for_text("#greeting", "Hello, Ada")
    page.wait_for_text("#token", "••••••")


def test_a_person_sees_what_is_kept_about_them_and_has_receipts_that_verify(page: Browser) -> None:
    opt_in(page)
    page.press("#show-kept")
    page.wait_for_text("#kept-about", "1 consent, 0 withdrawals, 0 rewards, 0 OwnerRez accounts, 0 events")
    page.wait_for_text("#receipts", "given")
    page.until(lambda: page.text("#receipts .badge") == "verified", "the receipt does not verify")
    see(page, "App calls Gateway GET /api/ownli/users/me/export", "person", "200")
    page.press("#withdraw")
    page.wait_for_text("#said", "Withdrawn (204)")
    assert page.find("#receipts").text == "", "what was shown was true before"
    page.press("#show-kept")
    page.wait_for_text("#kept-about", "1 consent, 1 withdrawal")
    page.wait_for_text("#receipts", "withdrawn")
    assert page.find("#save-kept").get_attribute("href").startswith("blob:")
    page.press("#sign-out")
    assert not page.find("#kept").is_displayed()


def calls(page: Browser) -> list[str]:
    """The rows of the picture, the oldest group last: `App calls Gateway POST /api/..`."""
    rows = page.driver.execute_script(
        "return [...document.querySelectorAll('#calls summary')].map((row) =>"
        " [...row.querySelectorAll('.who, .what, .how')].map((part) => part.textContent).join(' '))"
    )
    return [" ".join(row.replace("→", "").split()) for row in rows]


def see(page: Browser, *parts: str) -> None:
    """Waits for a row that holds all of these."""
    page.until(lambda: [row for row in calls(page) if all(part in row for part in parts)], f"no call {parts}")


def test_the_whole_story(page: Browser) -> None:
    sign_in(page)
    page.until(lambda: page.find("#screen-consent").is_displayed())
    assert page.text("#sentence") == SENTENCE
    terms, privacy = page.find("#terms"), page.find("#privacy")
    assert (terms.text, terms.get_attribute("href")) == ("Terms of Service", "https://partner.example/ownli-terms")
    assert (privacy.text, privacy.get_attribute("href")) == ("Privacy Policy", PRIVACY)
    assert page.find("#continue").get_attribute("aria-describedby") == "sentence"
    # What is verified cannot be changed.
    assert page.find("#email").get_attribute("readonly") and page.find("#phone").get_attribute("readonly")

    page.press("#continue")
    page.wait_for_text("#said", "Your consent was stored before anything was sent to Ownli")
    page.wait_for_text("#token", "eyJhbG••••••")
    assert page.text("#token-scope") == "user"
    first = page.text("#countdown")
    assert first.startswith(("59:", "60:"))
    page.until(lambda: page.text("#countdown") != first, "the countdown stands still")
    page.press("#refresh")
    page.wait_for_text("#said", "fresh token")

    page.press("#buy")
    page.wait_for_text("#said", "Your reward is here")
    assert page.text("#total") == "$25.10"
    assert "$25.10 Confirmed" in page.text("#rewards").replace("\n", " ")
    page.press("#claim")
    page.wait_for_text("#rewards", "Claimed")
    page.press("#claim")
    page.wait_for_text("#said", "There are no confirmed rewards")

    see(page, "App calls Gateway POST /api/ownli/users", "person", "200")
    see(page, "Gateway calls user-opt-in Invoke POST /api/ownli/users", "200", "MB")
    see(page, "user-opt-in calls Ownli POST /api/users", "admin", "200")
    see(page, "App calls Shop", "202")
    see(page, "RewardQueue calls reward-grant Invoke 1 message", "all done", "ms", "MB")
    see(page, "reward-grant calls Ownli POST /api/rewards/grant", "admin", "200")
    see(page, "App calls Ownli", "rewards/claim", "user", "200")
    page.wait_for_text("#queues", "RewardQueue: 0 waiting, 1 done, 0 in the dead letters")

    page.press("#sign-out")
    page.until(lambda: page.find("#screen-sign-in").is_displayed())
    sign_in(page)
    page.wait_for_text("#total", "$25.10")


def test_a_person_withdraws_and_may_agree_again(page: Browser) -> None:
    opt_in(page)
    page.press("#withdraw")
    page.wait_for_text("#said", "Withdrawn (204)")
    assert page.find("#screen-consent").is_displayed() and not page.find("#screen-home").is_displayed()
    see(page, "App calls Gateway DELETE /api/ownli/users/me", "person", "204")
    see(page, "Gateway calls user-opt-in Invoke DELETE /api/ownli/users/me", "204")
    page.press("#continue")
    page.wait_for_text("#greeting", "Hello, Ada")
    page.wait_for_text("#token", "••••••")


def test_without_consent_nothing_leaves(page: Browser, development: Development) -> None:
    sign_in(page)
    page.press("#no-consent")
    page.wait_for_text("#said", "without consent nothing about you is sent anywhere")
    see(page, "Gateway calls user-opt-in Invoke POST /api/ownli/users", "400")
    assert not [call for call in development.calls() if call["to"] == "Ownli"]
    assert page.find("#screen-consent").is_displayed()


def test_who_has_no_verified_phone_types_one(page: Browser) -> None:
    sign_in(page, "Grace Hopper")
    page.press("#continue")
    page.wait_for_text("#said", "phone: ")
    page.find("#phone").send_keys("+15556668888")
    Select(page.find("#state")).select_by_visible_text("NY")
    page.press("#continue")
    page.wait_for_text("#greeting", "Hello, Grace")


def test_who_types_somebody_else_s_phone_number_is_told_to_prove_it(page: Browser) -> None:
    opt_in(page)
    page.press("#sign-out")
    sign_in(page, "Grace Hopper")
    page.until(lambda: page.find("#screen-consent").is_displayed())
    page.find("#phone").send_keys("+15556667777")
    Select(page.find("#state")).select_by_visible_text("NY")
    page.press("#continue")
    page.wait_for_text("#said", "has to verify it first")
    assert page.find("#screen-consent").is_displayed()


def test_a_call_opens_and_holds_what_was_carried_without_secrets(page: Browser) -> None:
    opt_in(page)
    see(page, "token-relay calls Ownli POST /api/auth/token")
    summaries = page.all("#calls summary")
    for summary in summaries:
        page.driver.execute_script("arguments[0].click()", summary)
    text = page.text("#calls")
    assert '"scope": "user"' in text and '"clientId": "sandbox-client"' in text
    held = page.driver.execute_script("return JSON.parse(sessionStorage.session).idToken")
    whole = page.driver.page_source
    for secret in ["sandbox-secret", held, held.split(".")[2]]:
        assert secret not in whole
    assert not [word for word in whole.split('"') if word.startswith("eyJhbGciOiJub25lIn0.")]


def test_an_expired_token_is_replaced(page: Browser) -> None:
    opt_in(page)
    page.press("#expire")
    page.wait_for_text("#said", "the app got another and asked again")
    see(page, "App calls Ownli", "rewards", "401")
    page.press("#buy")
    page.wait_for_text("#said", "Your reward is here")


def test_an_upstream_that_is_busy_once_is_asked_again(page: Browser) -> None:
    sign_in(page)
    page.press("input[value=once]")
    page.wait_for_text("#said", "the next call with 503")
    page.press("#continue")
    page.wait_for_text("#greeting", "Hello, Ada")
    see(page, "user-opt-in calls Ownli POST /api/auth/token", "503")
    see(page, "user-opt-in calls Ownli POST /api/auth/token", "admin", "200")


def test_an_upstream_that_stays_busy_costs_nobody_their_reward(page: Browser) -> None:
    opt_in(page)
    page.press("input[value=busy]")
    page.wait_for_text("#said", "every call with 503")
    page.press("#refresh")
    page.wait_for_text("#said", "The function tried three times")
    page.press("#buy")
    page.wait_for_text("#said", "the reward waits in the queue")
    see(page, "RewardQueue calls reward-grant", "1 failed")
    page.press("input[value=none]")
    page.wait_for_text("#queues", "0 waiting, 1 done")
    page.press("#expire")
    page.wait_for_text("#total", "$25.10")


def test_a_slow_upstream_is_waited_for(page: Browser) -> None:
    sign_in(page)
    page.press("input[value=slow]")
    page.wait_for_text("#said", "3 seconds")
    page.press("#continue")
    page.until(lambda: page.find("#continue").get_attribute("aria-busy") == "true", "nothing says that it works on it")
    see(page, "user-opt-in calls Ownli", "under way")
    page.wait_for_text("#greeting", "Hello, Ada")


def test_starting_over_forgets_everybody(page: Browser) -> None:
    opt_in(page)
    page.press("#start-over")
    page.until(lambda: page.find("#screen-sign-in").is_displayed())
    page.until(lambda: page.find("#no-calls").is_displayed())
    sign_in(page)
    page.until(lambda: page.find("#screen-consent").is_displayed())


def test_a_reload_goes_on_where_one_was(page: Browser) -> None:
    opt_in(page)
    page.driver.refresh()
    page.wait_for_text("#greeting", "Hello, Ada")


def test_it_works_without_a_mouse(page: Browser) -> None:
    page.until(lambda: page.all("#users button"))
    page.tab_to("#users button")
    page.key(Keys.ENTER)
    page.until(lambda: page.find("#screen-consent").is_displayed())
    # The focus follows to the new screen.
    assert page.driver.switch_to.active_element.text == "Earn rewards with Ownli"
    page.tab_to("#terms")
    page.tab_to("#continue")
    page.key(Keys.ENTER)
    page.wait_for_text("#greeting", "Hello, Ada")
    page.tab_to("#buy")
    page.key(Keys.SPACE)
    page.wait_for_text("#said", "Your reward is here")
    page.tab_to("#calls summary")
    page.key(Keys.ENTER)
    page.until(lambda: page.find("#calls pre").is_displayed())
    page.tab_to("#calls pre")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_everybody_can_read_it(page: Browser, development: Development, width: int, dark: bool) -> None:
    page.show(development.url, width=width, dark=dark)
    assert page.violations() == []
    sign_in(page)
    page.press("#no-consent")
    page.wait_for_text("#said", "without consent")
    assert page.violations() == []
    page.press("#continue")
    page.wait_for_text("#greeting", "Hello, Ada")
    page.press("#buy")
    page.wait_for_text("#said", "Your reward is here")
    page.press("input[value=busy]")
    page.wait_for_text("#said", "every call with 503")
    page.press("#refresh")
    page.wait_for_text("#said", "three times")
    page.driver.execute_script("document.querySelector('#calls li li summary').click()")
    page.until(lambda: page.find("#calls pre").is_displayed())
    assert page.violations() == []
    assert page.overflow == 0


@pytest.mark.parametrize("width", [320, 600, 840, 1920])
def test_it_fits_every_width(page: Browser, development: Development, width: int) -> None:
    page.show(development.url, width=width)
    opt_in(page)
    see(page, "App calls Ownli")
    page.driver.execute_script("document.querySelectorAll('#calls summary').forEach((row) => row.click())")
    page.until(lambda: page.find("#calls pre").is_displayed())
    assert page.overflow == 0


def test_nothing_comes_from_anywhere_else(page: Browser, development: Development) -> None:
    opt_in(page)
    loaded = page.driver.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert loaded and not [name for name in loaded if not name.startswith((development.url + "/", "data:"))]
    scripts = [name for name in loaded if name.endswith(".js")]
    assert len(scripts) > 5
    for path in ["/", "/_dev/style.css", *(name.removeprefix(development.url) for name in scripts)]:
        answer = development.call("GET", path)
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert "http" not in answer.text.replace("http://www.w3.org/2000/svg", "")


def connect(page: Browser, decision: str) -> None:
    """To OwnerRez's own page, and back with what the person decided there."""
    page.press("#connect")
    page.press(f"button[value={decision}]")
    page.until(lambda: page.find("#ownerrez").is_displayed())


def test_ownerrez_is_connected_and_disconnected(page: Browser, development: Development) -> None:
    opt_in(page)
    connect(page, "approve")
    page.wait_for_text("#said", "Connected to OwnerRez")
    # Neither code nor state stay in the address.
    assert page.driver.current_url == development.url + "/"
    page.wait_for_text("#connections", "connected")
    see(page, "Browser calls OwnerRez POST /oauth/authorize", "302")
    see(page, "Browser calls Gateway GET /oauth/ownerrez/callback?code=tc_", "••••••", "303")
    see(page, "ownerrez-connect calls OwnerRez POST /oauth/access_token", "all", "200")
    page.press("#connections button")
    page.wait_for_text("#said", "the access was revoked at OwnerRez, then forgotten here")
    see(page, "ownerrez-connect calls OwnerRez DELETE /oauth/access_token/at_", "••••••", "204")
    page.until(lambda: page.find("#no-connections").is_displayed())
    assert development.call("GET", "/_sandbox/ownerrez").json()["tokens"] == 0


def test_who_denies_ownerrez_is_not_connected(page: Browser, development: Development) -> None:
    opt_in(page)
    connect(page, "deny")
    page.wait_for_text("#said", "Nothing was connected")
    assert page.driver.current_url == development.url + "/"
    assert page.find("#no-connections").is_displayed() and page.find("#connect").is_displayed()
    see(page, "Browser calls Gateway GET /oauth/ownerrez/callback?error=access_denied", "303")
    assert not [row for row in calls(page) if "POST /oauth/access_token" in row]


def test_what_happens_at_ownerrez_arrives_by_the_webhook(page: Browser) -> None:
    opt_in(page)
    page.press("#booking")
    page.wait_for_text("#said", "Connect OwnerRez first")
    connect(page, "approve")
    page.wait_for_text("#connections", "connected")
    page.press("#booking")
    page.wait_for_text("#said", "It is one event")
    see(page, "OwnerRez calls Gateway POST /webhooks/ownerrez", "200")
    see(page, "ownerrez-webhook calls Back office POST /events", "204")
    page.wait_for_text("#events", "booking.entity_create")
    page.press("#revoke")
    page.wait_for_text("#said", "the connection is gone here too")
    see(page, "Gateway calls ownerrez-webhook Invoke POST /webhooks/ownerrez", "200")
    page.until(lambda: page.find("#no-connections").is_displayed())


def connected(page: Browser) -> None:
    opt_in(page)
    connect(page, "approve")
    page.wait_for_text("#connections", "connected")
    page.wait_for_text("#subscriptions", "booking: create, update, delete")


def events(page: Browser) -> list[str]:
    """The events that the company's server got, the latest first."""
    return [row.text.replace("\n", " ") for row in page.all("#events summary")]


def test_what_no_webhook_told_of_is_found_by_the_upkeep(page: Browser) -> None:
    connected(page)
    see(page, "ownerrez-connect calls OwnerRez POST /v2/webhooksubscriptions", "201")
    page.press("#booking")
    page.wait_for_text("#events", "booking.entity_create")
    page.press("#lost-booking")
    page.wait_for_text("#said", "nobody was told")
    page.press("#upkeep")
    page.wait_for_text("#said", "found what no webhook told of: 1")
    see(page, "Back office calls ownerrez-api Invoke upkeep", "200")
    see(page, "ownerrez-api calls OwnerRez GET /v2/bookings?since_utc=", "200")
    page.until(lambda: len(events(page)) == 3, "these are not the three events")
    found, told, made = events(page)
    assert "booking.entity_update" in found and "reconcile user-42" in found, found
    assert "booking.entity_create" in told and "webhook user-42" in told, told
    assert "connection.connected" in made and "connection user-42" in made, made
    later, earlier = (re.findall("sequence (\\S+)", row)[0] for row in (found, told))
    assert later > earlier
    page.press("#upkeep")
    page.wait_for_text("#said", "nothing that was missed")


def test_the_company_s_server_calls_ownerrez_through_a_connection(page: Browser, development: Development) -> None:
    opt_in(page)
    page.press("#get-bookings")
    page.wait_for_text("#said", "Connect OwnerRez first")
    connect(page, "approve")
    page.wait_for_text("#connections", "connected")
    page.press("#booking")
    page.wait_for_text("#events", "booking.entity_create")
    page.press("#get-bookings")
    page.wait_for_text("#said", "answered your back office with 200")
    page.wait_for_text("#bookings", '"status": "pending"')
    see(page, "Back office calls ownerrez-api Invoke GET bookings", "200")
    see(page, "ownerrez-api calls OwnerRez GET /v2/bookings?since_utc=", "all", "200")
    assert page.violations() == [] and page.overflow == 0
    page.press("#start-over")
    page.until(lambda: page.find("#no-events").is_displayed())


def test_ownerrez_secrets_are_not_in_the_picture(page: Browser, development: Development) -> None:
    opt_in(page)
    connect(page, "approve")
    page.wait_for_text("#connections", "connected")
    seen = development.call("GET", "/_dev/calls?after=0").text
    assert not re.findall(r"(?:at|rt|tc)_[a-z0-9]{4,}", seen)
    assert "s_sandbox" not in seen and "Basic Y19" not in seen
    assert not re.findall(r"__Host-[^=\"]*=[^•\"]", seen)
