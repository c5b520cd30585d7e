"""How close two people's values are, and what of them is told."""

import pytest

from services.compatibility import compatible


def held(**strengths: int) -> dict[str, tuple[str, str, int]]:
    return {name: ("character", name, strength) for name, strength in strengths.items()}


@pytest.mark.parametrize(
    ("own", "theirs", "score"),
    [
        (held(honesty=90, order=60), held(honesty=90, order=60), 100),
        (held(honesty=90), held(honesty=60), 100),  # what counts is the direction
        (held(honesty=100), held(honesty=0), 0),
        (held(honesty=80), held(order=80), 50),
        (held(honesty=80), held(), 50),
        (held(honesty=50), held(honesty=100), 50),
        (held(honesty=80, order=80), held(honesty=80, order=20), 50),
    ],
)
def test_the_score_says_how_close(
    own: dict[str, tuple[str, str, int]], theirs: dict[str, tuple[str, str, int]], score: int
) -> None:
    assert compatible(own, theirs).score == compatible(theirs, own).score == score


def test_only_what_both_hold_dear_is_told() -> None:
    """The dearest first; not what one is indifferent to, against, or has alone."""
    own = held(honesty=60, order=90, fame=90, money=50, thrift=90)
    theirs = held(honesty=70, order=80, fame=10, money=90, peace=90)
    assert [value.name for value in compatible(own, theirs).shared] == ["order", "honesty"]
