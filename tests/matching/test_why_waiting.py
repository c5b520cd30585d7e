"""What somebody who waits is told about why, and what they are not told."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from core.ticket import Census, Pool, Ticket
from matching.policy import Policy
from matching.why_waiting import judge, permitted, reason, tally
from tests.matching.people import T0, ticket

NOBODY: frozenset[str] = frozenset()
POLICY = Policy()


class Asking(Struct):
    """Asks as much of everybody."""

    score: float

    def asked(self, one: Ticket, other: Ticket, now: int) -> float:
        return self.score


EASY, CHOOSY = Asking(0.0), Asking(0.9)


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ({}, {}, None),
        ({"genders": ("male",)}, {"gender": "female"}, "gender"),
        ({"age_max": 40}, {"age": 41}, "age"),
        ({"countries": ("DE",)}, {"country": "FR"}, "countries"),
        ({"intents": ("serious",)}, {"intent": "casual"}, "intents"),
        ({"wished_languages": ("de",)}, {"languages": ["fr"]}, "languages"),
        ({"age": 41}, {"age_max": 40}, "kept_apart"),
        ({"country": "FR"}, {"countries": ("DE",)}, "kept_apart"),
        ({"languages": ["fr"]}, {"wished_languages": ("de",)}, "kept_apart"),
        ({"tier": "suspect"}, {}, "kept_apart"),
        ({}, {"tier": "suspect"}, "kept_apart"),
        ({"device": "a phone"}, {"device": "a phone"}, "kept_apart"),
        ({}, {"user_id": "met"}, "kept_apart"),
    ],
)
def test_told_is_what_one_could_change_oneself(
    one: dict[str, Any], other: dict[str, Any], told: str | None
) -> None:
    """What lies with the other, or stands between the two, is one reason for all."""
    assert reason(POLICY, ticket(**one), ticket(**other), frozenset({"met"}), T0, EASY) == told


def test_a_wish_that_has_relaxed_is_no_reason() -> None:
    """It is one for as long as it counts."""
    ana, ben = ticket(countries=("DE",)), ticket(country="FR")
    assert reason(POLICY, ana, ben, NOBODY, T0 + 4_999, EASY) == "countries"
    assert reason(POLICY, ana, ben, NOBODY, T0 + 5_000, EASY) is None


@given(st.lists(st.integers(18, 60), max_size=30), st.integers(0, 50), st.integers(0, 20))
def test_everybody_who_waits_is_counted_once(ages: list[int], undrawn: int, others: int) -> None:
    """Candidates and reasons add up to all who wait, but for rounding where some stand for all."""
    ana = ticket(age_min=25, age_max=45)
    drawn = tuple(ticket(age=age, age_min=31 if age % 5 == 0 else 18) for age in ages)
    pool = Pool(len(drawn) + undrawn if drawn else 0, drawn)
    census = Census(pool.number + others, (pool,))
    candidates, removed = tally(census, judge(POLICY, ana, census, NOBODY, T0, EASY), NOBODY)
    assert abs(candidates + sum(removed.values()) - census.waiting) <= (2 if census.drawn else 0)
    assert removed.get("gender", 0) == others
    assert all(number > 0 for number in removed.values())
    assert (candidates > 0) == any(25 <= age <= 45 and age % 5 for age in ages)


def test_who_fits_and_is_worth_less_than_waiting_is_asked_more() -> None:
    """Only of those whom nothing else keeps away: who cannot have an offer is kept apart like all others."""
    ana = ticket(gender="female", genders=("male",), intent="serious")
    best = ticket(gender="male", intent="serious")
    poor, busy = (ticket(gender="male", intent="casual", age=55, languages=["fr"]) for _ in range(2))
    met = ticket(gender="male", intent="casual", age=55)
    pool = Pool(4, (best, poor, busy, met))
    census = Census(4, (pool,))
    judged = judge(POLICY, ana, census, frozenset({met.user_id}), T0, Asking(POLICY.score(ana, best, T0)))
    assert set(permitted(judged)) == {best.user_id, poor.user_id, busy.user_id}
    assert tally(census, judged, frozenset({busy.user_id})) == (1, {"asked_more": 1, "kept_apart": 2})


def test_what_else_keeps_somebody_away_is_told_first() -> None:
    """A wish that will be dropped, or an age, and not that more is asked besides."""
    ana, ben = ticket(countries=("DE",)), ticket(country="FR")
    assert reason(POLICY, ana, ben, NOBODY, T0, CHOOSY) == "countries"
    assert reason(POLICY, ana, ben, NOBODY, T0 + 5_000, CHOOSY) == "asked_more"
