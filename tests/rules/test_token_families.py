"""When a refresh token serves: the rule, case by case."""

import pytest

from services.token_families import AGAIN_MS, MOST_AGAIN, Shown, Verdict, judge

NOW = 1_000_000_000
LATER = NOW + 1


@pytest.mark.parametrize(
    ("token", "verdict"),
    [
        (Shown(expires_at=LATER), Verdict.SPEND),
        (Shown(expires_at=NOW), Verdict.LATE),
        (Shown(expires_at=LATER, void=True), Verdict.END),
        (Shown(expires_at=LATER, used_at=NOW - AGAIN_MS, got=False), Verdict.REPLACE),
        (Shown(expires_at=LATER, used_at=NOW - AGAIN_MS - 1, got=False), Verdict.END),
        (Shown(expires_at=LATER, used_at=NOW, again=MOST_AGAIN, got=False), Verdict.END),
        (Shown(expires_at=LATER, used_at=NOW, got=True), Verdict.END),
    ],
    ids=["first use", "expired", "void", "answer lost", "too late", "too often", "its successor has served"],
)
def test_what_becomes_of_a_token_that_is_shown(token: Shown, verdict: Verdict) -> None:
    assert judge(token, NOW) is verdict
