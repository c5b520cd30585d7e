"""How likely somebody accepts counts in whom they are offered to, and keeps nobody from being matched."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.ticket import Market, Offered, Ticket
from matching.acceptance import beside_others, likely, usual
from matching.policy import Policy
from matching.reservation_value import ReservationValues
from tests.matching.people import T0, ticket
from tests.matching.test_reservation_value import crowd

NOBODY: frozenset[str] = frozenset()
counts = st.builds(Offered, st.integers(-5, 60), st.integers(-5, 80))  # also what no script writes


@given(counts, st.lists(counts, max_size=20))
def test_it_is_likely_within_bounds(offered: Offered, others: list[Offered]) -> None:
    """Whatever is noted of anybody."""
    expected = usual(others)
    assert 0 < expected <= 1
    assert 0 <= likely(offered, expected) <= 1
    assert 0.5 <= beside_others(offered, expected) <= 1.5
    assert beside_others(Offered(), expected) == pytest.approx(1)


@given(st.integers(1, 20), st.integers(0, 19), st.floats(0.2, 1))
def test_each_offer_counts(offers: int, missed: int, expected: float) -> None:
    """One that is accepted for somebody, one that is not against them."""
    missed = min(missed, offers)
    now = likely(Offered(offers, missed), expected)
    assert likely(Offered(offers + 1, missed), expected) >= now
    assert likely(Offered(offers + 1, missed + 1), expected) <= now


@given(st.lists(counts, min_size=30, max_size=30), counts)
def test_nobody_moves_what_is_usual_by_more_than_one_of_many(others: list[Offered], one: Offered) -> None:
    """Whatever one account has done with offers: it is one of those who came."""
    seen = [offered for offered in others if offered.offers > 0]
    assert abs(usual([*seen, one]) - usual(seen)) <= 1 / (len(seen) + 4) + 1e-9


def values(*arrivals: Ticket) -> ReservationValues:
    seen = Policy().reservation_values()
    seen.see(Market(arrivals=(*arrivals, *crowd(60, 20))), T0)
    return seen


def man(offered: Offered = Offered(), **facts: Any) -> Ticket:  # noqa: B008 - it cannot be changed
    return replace(ticket(gender="male", **facts), offered=offered)


def test_of_two_who_fit_as_well_the_one_is_offered_who_accepts() -> None:
    """However long the other has waited. Somebody who fits far better is offered all the same."""
    ana, policy = ticket(intent="serious", country="DE"), Policy()
    never = man(Offered(20, 20), intent="serious", country="DE", joined_at=T0 - 5_000)
    always = man(Offered(20, 0), intent="serious", country="DE")
    market = values()
    choices = policy.survey(ana, [never, always], NOBODY, T0, market).choices
    assert [choice.ticket for choice in choices] == [always, never]
    fits_less = man(Offered(20, 0), intent="casual", country="FR")
    best, *_ = policy.survey(ana, [never, fits_less], NOBODY, T0, market, unasked=True).choices
    assert best.ticket == never


def test_who_never_accepts_is_offered_where_nobody_else_is() -> None:
    """What is asked does not depend on it, so they wait no longer than others for want of a match."""
    ana, policy, market = ticket(), Policy(), values()
    never, other = man(Offered(20, 20)), man()
    for unasked in (False, True):
        (only,) = policy.survey(ana, [never], NOBODY, T0, market, unasked=unasked).choices
        (like,) = policy.survey(ana, [other], NOBODY, T0, market, unasked=unasked).choices
        assert only.score == like.score
        assert only.asked == pytest.approx(like.asked)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=6), st.integers(0, 8))
def test_where_all_accept_alike_nothing_changes(fits: list[float], missed: int) -> None:
    """The same order as where nobody knows anything."""
    policy = Policy()
    likes = beside_others(Offered(8, missed), likely(Offered(8, missed), 0.8))
    known = sorted(range(len(fits)), key=lambda n: -policy.gain(fits[n], 0.5, likes))
    assert known == sorted(range(len(fits)), key=lambda n: -policy.gain(fits[n], 0.5))


def test_what_is_below_nothing_is_the_worse_the_less_likely() -> None:
    """As at a last call, where anybody may be offered."""
    gain = Policy().gain
    assert gain(0.3, 0.5, 1.5) > gain(0.3, 0.5) > gain(0.3, 0.5, 0.5)
    assert gain(0.7, 0.5, 1.5) > gain(0.7, 0.5) > gain(0.7, 0.5, 0.5)
