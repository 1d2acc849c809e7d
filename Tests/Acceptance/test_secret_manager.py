"""Secrets out of Google's Secret Manager, as the service account that a function runs as."""

import json
from typing import Callable

import people
import pytest
from google_double import GoogleDouble
from programs import Printed, Programs
from test_secrets import RELAY, SETTING, WRONG_SECRET

SECRET = "projects/shop-partners/secrets/ownli"
Settings = dict[str, str]


@pytest.fixture
def settings(env: Settings, google: GoogleDouble, printed: Printed) -> Callable[..., Settings]:
    """The environment of a function whose secret is in the vault."""
    printed.tokens |= {WRONG_SECRET}

    def settings(reference: str = SECRET, **changes: str) -> Settings:
        without = {name: value for name, value in env.items() if name != "OWNLI_CLIENT_SECRET"}
        return without | google.env | {SETTING: reference} | changes

    return settings


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        (SECRET, people.CLIENT_SECRET),
        (SECRET, people.CLIENT_SECRET + "\n"),
        (f"{SECRET}#clientSecret", json.dumps({"clientSecret": people.CLIENT_SECRET}) + "\n"),
        (f"{SECRET}/versions/2", people.CLIENT_SECRET),
    ],
    ids=["the latest version", "a file's", "a key of a JSON object", "a version by its number"],
)
def test_a_secret_comes_from_the_vault(
    reference: str, text: str, settings: Callable, google: GoogleDouble, programs: Programs
) -> None:
    google.vault.add(SECRET, WRONG_SECRET)
    google.vault.add(SECRET, text)
    if "versions" in reference:
        google.vault.add(SECRET, WRONG_SECRET)
    run = programs.run("token-relay", RELAY, env=settings(reference))
    assert run.http.status == 200
    assert google.calls == {"token": 1, "access": 1}


def test_check_fetches_it_and_shows_nothing_of_it(
    settings: Callable, google: GoogleDouble, programs: Programs
) -> None:
    google.vault.add(SECRET, people.CLIENT_SECRET)
    run = programs.run("token-relay", None, "--check", env=settings())
    assert run.exit_code == 0, run.stdout
    assert b"<redacted>" in run.stdout and b"ok      Ownli gives a user token" in run.stdout


def test_a_secret_elsewhere_asks_nothing_of_google(env: Settings, google: GoogleDouble, programs: Programs) -> None:
    assert programs.run("token-relay", RELAY, env=env | google.env).http.status == 200
    assert programs.run("token-relay", None, "--help", env=google.env | {SETTING: SECRET}).exit_code == 0
    assert not google.calls


@pytest.mark.parametrize("fault", ["UNAVAILABLE", "RESOURCE_EXHAUSTED", "UNAUTHENTICATED", "reset"])
def test_a_fault_that_passes_is_not_noticed(
    fault: str, settings: Callable, google: GoogleDouble, programs: Programs
) -> None:
    google.vault.add(SECRET, people.CLIENT_SECRET)
    google.fault("access", fault)
    assert programs.run("token-relay", RELAY, env=settings()).http.status == 200
    assert google.calls["access"] == 2


def spoil(google: GoogleDouble, **payload: str) -> None:
    google.vault.secrets[SECRET][-1].spoiled = payload


PROBLEMS: dict[str, tuple[Callable[[GoogleDouble], None], Settings, str]] = {
    "missing": (lambda google: google.vault.secrets.clear(), {}, "NOT_FOUND"),
    "denied": (lambda google: google.vault.denied.add(SECRET), {}, "PERMISSION_DENIED"),
    "disabled": (
        lambda google: setattr(google.vault.secrets[SECRET][-1], "state", "DISABLED"),
        {},
        "FAILED_PRECONDITION",
    ),
    "another checksum": (lambda google: spoil(google, dataCrc32c="1"), {}, "the checksum is another one"),
    "no base64": (lambda google: spoil(google, data="c2Vj!"), {}, "no base64"),
    "too large": (lambda google: spoil(google, data="QUFB" * 65_536), {}, "the answer is too large"),
    "no JSON": (lambda google: google.fault("access", "html"), {}, "no JSON"),
    "no account": (lambda google: google.fault("token", "404"), {}, "the metadata server answered with status 404"),
    "no metadata server": (lambda _: None, {"GCE_METADATA_HOST": "127.0.0.1:1"}, "no connection could be made"),
    "no such key": (lambda _: None, {SETTING: f"{SECRET}#other"}, "not a JSON object"),
    "no path": (lambda _: None, {SETTING: "projects/shop-partners/secrets/"}, "expected projects/PROJECT/secrets/"),
}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_problem_is_named_and_the_function_does_not_start(
    problem: str, settings: Callable, google: GoogleDouble, programs: Programs
) -> None:
    google.vault.add(SECRET, WRONG_SECRET)
    spoiling, changes, expected = PROBLEMS[problem]
    spoiling(google)
    run = programs.run("token-relay", RELAY, env=settings(**changes))
    assert run.exit_code == 2 and run.stdout == b""
    (line,) = [line for line in run.stderr.decode().splitlines() if line.startswith("  ")]
    assert line.startswith(f"  {SETTING}: ") and expected in line, line
