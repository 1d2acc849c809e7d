"""The guard that looks through everything the functions print would see a leak."""

from urllib.parse import quote

import people
import pytest
from programs import Printed


@pytest.mark.parametrize("word", [*people.PRIVATE, "admin-token-1", quote(people.EMAIL, safe="")])
def test_a_leak_into_a_log_is_seen(word: str) -> None:
    printed = Printed()
    printed.add("a log", f'{{"message":"about {word}"}}\n'.encode())
    with pytest.raises(AssertionError, match="a log holds"):
        printed.check({"admin-token-1"})


def test_a_user_token_may_be_in_the_relay_s_answer_and_nowhere_else() -> None:
    printed = Printed()
    printed.add("the answer", rb'{"body":"{\"access_token\":\"user-token-1\"}"}', may_hold_token=True)
    printed.check({"user-token-1"})
    printed.add("a log", b"user-token-1")
    with pytest.raises(AssertionError, match="a log holds"):
        printed.check(set())
