"""When people leave by themselves, learnt from those who did and those who had not when they were matched."""

import random
from itertools import pairwise
from math import exp

import pytest
from msgspec.structs import replace

from core.ticket import Market, Wait, kind
from matching.patience import Hazard, Patience
from matching.policy import Policy
from tests.matching.people import T0, ticket
from tests.matching.test_reservation_value import crowd

WOMEN, MEN = "female:male", "male:female"
QUEUE_MS = 60_000


def stays(
    number: int, mean_s: float, *, kind: str = WOMEN, matched_s: float = 20, seed: int = 1
) -> list[Wait]:
    """People who leave after an exponential time, unless they are matched before that, or their time ends."""
    chance, found = random.Random(seed), list[Wait]()
    for _ in range(number):
        leaves, matched = (round(chance.expovariate(1 / mean) * 1000) for mean in (mean_s, matched_s))
        first = min(leaves, matched)
        found.append(Wait(kind, None) if first >= QUEUE_MS else Wait(kind, first, left=leaves < matched))
    return found


def hazard(waits: list[Wait], kind: str = WOMEN) -> Hazard:
    patience = Patience(QUEUE_MS)
    patience.see(waits)
    learnt = patience.of(kind)
    assert patience.of(kind) is learnt, "counted once"
    return learnt


def staying(hazard: Hazard, seconds: float) -> float:
    """The share of those who come who are still there after so long, unless they are matched."""
    total = 0.0
    for (since, rate), (end, _) in pairwise((*hazard, (float("inf"), 0.0))):
        total += rate * max(0.0, min(end, seconds) - since)
    return exp(-total)


@pytest.mark.parametrize(("mean_s", "matched_s"), [(10, 20), (10, 5), (40, 20)])
def test_who_was_matched_before_they_left_is_not_taken_for_patient_or_for_gone(
    mean_s: float, matched_s: float
) -> None:
    """However many are matched first: the mean of those seen to leave would say far less."""
    learnt = hazard(stays(4_000, mean_s, matched_s=matched_s))
    for seconds in (2, 5, 10):
        assert staying(learnt, seconds) == pytest.approx(exp(-seconds / mean_s), abs=0.05)


def test_a_common_countdown_is_seen() -> None:
    """All leave at about the same time: hardly anybody before, and nobody stays."""
    chance = random.Random(2)
    learnt = hazard([Wait(WOMEN, round(30_000 + chance.uniform(0, 100)), left=True) for _ in range(300)])
    assert staying(learnt, 29.9) > 0.9
    assert staying(learnt, 30.4) < 0.1


def test_before_anybody_has_left_nobody_is_expected_to() -> None:
    """Whatever the waits of the others; and what clocks say of a wait stays within what a ticket has."""
    assert not hazard([])
    assert not hazard([Wait(WOMEN, 3_000), Wait(WOMEN, None)])
    for waited in (-20_000, QUEUE_MS + 20_000):
        learnt = hazard([Wait(WOMEN, waited, left=True)])
        assert all(rate >= 0 for _, rate in learnt)
        assert [since for since, _ in learnt] == sorted(since for since, _ in learnt)


def test_a_kind_of_whom_little_is_known_is_taken_for_the_whole() -> None:
    """And one of whom much is known is not."""
    waits = stays(400, 5) + stays(5, 200, kind=MEN)
    women, men, others = (hazard(waits, kind) for kind in (WOMEN, MEN, "other:other"))
    assert staying(men, 5) == pytest.approx(staying(women, 5), abs=0.1)
    assert staying(others, 5) == pytest.approx(staying(women, 5), abs=0.1)
    men = hazard(waits + stays(400, 200, kind=MEN), MEN)
    assert staying(men, 5) > staying(women, 5) + 0.4


def test_one_more_departure_moves_what_is_learnt_by_a_bound() -> None:
    """However soon: as if one of six had left, where nothing is known; and of 200 hardly anything."""
    for known, most in (([], 1 / 6), (stays(200, 20), 0.02)):
        for waited in (0, 1_000, 30_000):
            before, after = hazard(known), hazard([*known, Wait(WOMEN, waited, left=True)])
            for seconds in (1, 5, 20, 50):
                assert abs(staying(before, seconds) - staying(after, seconds)) <= most, (waited, seconds)


def test_who_is_likely_to_leave_soon_asks_for_less() -> None:
    """And once those are gone who leave early, the others may hold out as if nobody did."""
    policy, ana = Policy(patience_ms=QUEUE_MS), ticket(gender="female", genders=("male",))
    early = [Wait(kind(ana), 200 + 20 * n, left=True) for n in range(100)]
    patient = [Wait(kind(ana), 40_000)] * 60
    arrivals = tuple(crowd(150, 15))

    def worth(waits: list[Wait], waited_ms: int, departure: float = 1.5) -> float:
        seen = replace(policy, stance=replace(policy.stance, departure=departure)).reservation_values()
        seen.see(Market(arrivals=arrivals, waits=tuple(waits)), T0)
        return seen.worth(ana, ana.joined_at + waited_ms)

    assert worth([*early, *patient], 0) < worth(patient, 0) - 0.3
    assert worth([*early, *patient], 5_000) > worth([*early, *patient], 0) + 0.3
    assert worth([*early, *patient], 0, departure=0) > worth([*early, *patient], 0) + 0.1
