"""The rule that makes users trusted, neutral or suspect, for all that people may do."""

from typing import get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.ticket import Tier
from db.postgres.trust import Standing
from services.trust import DEFAULT_THRESHOLDS, tier

RANK = {"suspect": 0, "neutral": 1, "trusted": 2}
tiers = st.sampled_from(get_args(Tier))
BAR = DEFAULT_THRESHOLDS.become_suspect


@st.composite
def standings(draw: st.DrawFn) -> Standing:
    met, live = draw(st.integers(0, 120)), draw(st.integers(0, 120))
    return Standing(
        met=met,
        reporters=draw(st.integers(0, met)),
        live=live,
        early=draw(st.integers(0, live)),
        verified=draw(st.booleans()),
    )


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (Standing(), "neutral"),
        (Standing(verified=True), "neutral"),
        (Standing(met=50, live=50), "trusted"),
        (Standing(met=5, live=5, verified=True), "trusted"),
        (Standing(met=49, live=49), "neutral"),
        (Standing(met=3, reporters=2, live=3), "neutral"),
        (Standing(met=3, reporters=3, live=3), "suspect"),
        (Standing(met=100, reporters=5, live=100), "neutral"),
        (Standing(met=9, live=9, early=9), "neutral"),
        (Standing(met=10, live=10, early=10), "suspect"),
        (Standing(met=100, live=100, early=60), "neutral"),
        (Standing(met=60, live=60, early=60, verified=True), "suspect"),
    ],
)
def test_where_somebody_comes_to(standing: Standing, expected: Tier) -> None:
    """From neutral, where everybody begins."""
    assert tier(standing, "neutral") == expected


@given(standings(), tiers)
def test_judged_again_is_judged_alike(standing: Standing, present: Tier) -> None:
    """Nobody goes to and fro while nothing happens."""
    moved = tier(standing, present)
    assert tier(standing, moved) == moved


@given(standings(), tiers)
def test_one_event_does_not_take_anybody_there_and_back(standing: Standing, present: Tier) -> None:
    """A user who has just become suspect is not cleared by the next person met without a complaint."""
    assume(present != "suspect" and tier(standing, present) == "suspect")
    after = replace(standing, met=standing.met + 1, live=standing.live + 1)
    assert tier(after, "suspect") == "suspect"


@given(standings(), tiers, st.integers(0, BAR.reporters - 1))
def test_a_few_reporters_make_nobody_suspect(standing: Standing, present: Tier, few: int) -> None:
    """However few people one has met."""
    assume(present != "suspect")
    standing = replace(standing, reporters=min(few, standing.met), early=0)
    assert tier(standing, present) != "suspect"


@given(standings(), tiers, st.integers(3, 20))
def test_a_gang_does_not_bring_down_who_meets_many(standing: Standing, present: Tier, gang: int) -> None:
    """Its share of all who were met is small."""
    assume(present != "suspect")
    standing = replace(standing, reporters=gang, met=6 * gang, early=0)
    assert tier(standing, present) != "suspect"


@given(standings(), tiers)
def test_who_hangs_up_on_everybody_is_suspect(standing: Standing, present: Tier) -> None:
    """Verified, trusted or never reported: it does not help."""
    live = max(BAR.live, standing.live)
    standing = replace(standing, live=live, early=live, met=live, reporters=0)
    assert tier(standing, present) == "suspect"


@given(standings(), tiers)
def test_a_complaint_more_never_helps_and_verification_never_harms(standing: Standing, present: Tier) -> None:
    now = RANK[tier(standing, present)]
    if standing.reporters < standing.met:
        assert RANK[tier(replace(standing, reporters=standing.reporters + 1), present)] <= now
    if standing.early < standing.live:
        assert RANK[tier(replace(standing, early=standing.early + 1), present)] <= now
    assert RANK[tier(replace(standing, verified=True), present)] >= now


@given(standings(), tiers, tiers)
def test_who_stands_better_in_trust_is_judged_no_worse(standing: Standing, one: Tier, other: Tier) -> None:
    assume(RANK[one] >= RANK[other])
    assert RANK[tier(standing, one)] >= RANK[tier(standing, other)]


@given(tiers)
def test_what_nobody_remembers_is_forgotten(present: Tier) -> None:
    """When the window has moved past all of it, everybody is neutral again."""
    assert tier(Standing(), present) == "neutral"
