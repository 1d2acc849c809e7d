"""How long OwnerRez waits, with the store at a distance. Figures are printed (pytest -s); nothing fails on a clock."""

import time
from pathlib import Path
from typing import Iterator

import pytest
from aws_double import AWSDouble
from ownerrez import ENV, OwnerRezAPI, revocation, update, webhook
from programs import Printed
from runtime_api import Runtime, RuntimeAPI
from slow_store import SlowStore


@pytest.fixture
def slow(aws: AWSDouble) -> Iterator[SlowStore]:
    slow = SlowStore(aws.url)
    yield slow
    slow.stop()


@pytest.fixture
def env(slow: SlowStore, aws: AWSDouble, table: str, ownerrez: OwnerRezAPI) -> dict[str, str]:
    far = {"STORE_URL": f"dynamodb:{table}", "AWS_ENDPOINT_URL_DYNAMODB": slow.url}
    return ENV | ownerrez.env | aws.env | far


def test_there_is_one_call_to_the_store_before_the_answer(
    env: dict, slow: SlowStore, printed: Printed, tmp_path: Path
) -> None:
    body = update()
    events = {"an event": body, "the same again": body, "no id": update(id=None), "a revocation": revocation(id=5)}
    events |= {"a change": update(9, entity={"updated_utc": "2026-08-30T12:00:00Z"}), "hardly anything": {"action": "x"}}
    with RuntimeAPI() as api, Runtime("ownerrez-webhook", api, env, printed, tmp_path):
        for what, event in events.items():
            api.wait_for_pollers(1)
            slow.calls.clear()
            calls = ["PutItem" if what == "hardly anything" else "TransactWriteItems"]
            # What is there already has two reasons: its id, or the same change under another one.
            calls += ["GetItem"] * (what == "the same again")
            slow.allow(len(calls))
            # No other call gets through, so an answer that waited for one would not come.
            assert api.invoke(webhook(event)).http.status == 200, what
            assert slow.calls == calls, what
            slow.allow(1 << 30)


@pytest.mark.parametrize("delay, count", [(0.1, 60), (1.0, 5)])
def test_the_answer_comes_with_the_store_at_a_distance(
    delay: float, count: int, env: dict, slow: SlowStore, printed: Printed, tmp_path: Path
) -> None:
    waited = []
    with RuntimeAPI() as api, Runtime("ownerrez-webhook", api, env, printed, tmp_path):
        for number in range(count):
            api.wait_for_pollers(1)
            slow.delay = delay
            started = time.monotonic()
            assert api.invoke(webhook(update(number))).http.status == 200
            waited.append(time.monotonic() - started)
            slow.delay = 0  # what comes after the answer is not measured
    waited.sort()
    middle, slowest = waited[len(waited) // 2], waited[int(len(waited) * 0.99)]
    print(f"store at {delay * 1000:.0f} ms: p50 {middle * 1000:.0f} ms, p99 {slowest * 1000:.0f} ms of {count}")
