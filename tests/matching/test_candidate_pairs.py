"""Whom a sweep knows: those who wait, as they are now, and no others."""

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.ticket import Ticket
from matching.candidate_pairs import CandidatePairs, Pair
from matching.policy import Choice, Policy
from tests.matching.people import T0, ticket

EVERYBODY = [ticket(joined_at=T0 + n, haunts=(1, 2, 3) if n % 3 else ()) for n in range(12)]
# Of each who waits whether they want to be matched by where they go.
WAITING = st.dictionaries(st.integers(0, 11), st.booleans(), max_size=12)


def waiting(who: dict[int, bool]) -> list[Ticket]:
    return [
        EVERYBODY[nth] if wants else replace(EVERYBODY[nth], haunts=()) for nth, wants in sorted(who.items())
    ]


@given(st.lists(WAITING, max_size=8))
def test_those_who_wait_are_known_as_they_are(sweeps: list[dict[int, bool]]) -> None:
    """Who comes, leaves, comes back, and wants to be matched by where they go or no more."""
    pairs = CandidatePairs(Policy(), most=8)
    known: set[str] = set()
    for who in sweeps:
        now = waiting(who)
        new = pairs.see(now)
        assert [one.id for one in new] == [one.id for one in now if one.id not in known]
        for one in new:
            pairs.add(one)
        known = {one.id for one in now}
        assert [pairs[one.id] for one in now] == now
        assert [one.id for one in EVERYBODY if one.id in pairs] == [one.id for one in now]


def test_who_comes_when_many_do_is_seen_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has waited longest comes first."""
    monkeypatch.setattr("matching.candidate_pairs._NEW_AT_ONCE", 5)
    pairs, seen = CandidatePairs(Policy(), most=8), list[Ticket]()
    for number in (5, 5, 2, 0):
        new = pairs.see(EVERYBODY)
        assert len(new) == number
        for one in new:
            pairs.add(one)
        seen += new
    assert seen == EVERYBODY


def test_what_a_search_makes_by_the_hundred_is_not_looked_through_for_garbage() -> None:
    """Nor what a sweep keeps of each who waits."""
    ana, ben = ticket(languages=["de", "en"]), ticket(joined_at=T0 + 1)
    pairs = CandidatePairs(Policy(), most=8)
    for one in (ana, ben):
        pairs.add(one)
    assert pairs._earlier[ben.id]
    made = (Choice(ana, 0.5, 0.1), Pair(ana, ben, 0.5, 0.1), ana.card, pairs._earlier[ben.id])
    assert not any(map(gc.is_tracked, made))
