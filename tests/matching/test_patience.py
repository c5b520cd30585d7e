"""When people leave by themselves, learnt from those who did and those who had not when they were matched."""

import random
from collections.abc import Sequence
from itertools import pairwise
from math import exp

import pytest
from msgspec.structs import replace

from core.ticket import Market, Wait, kind
from matching.patience import Hazard, Patience
from matching.policy import Policy
from realtime.matchmaking.ports import TicketStore
from tests.matching.people import T0, again, ticket
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
    patience.see(waits, T0)
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


def test_where_all_give_up_at_the_same_time_the_moment_before_is_known() -> None:
    """And not where they leave one by one, however soon; nor by a handful of people."""

    def leaves_within_a_second(waits: list[Wait], *traits: str) -> Sequence[tuple[float, float]]:
        patience = Patience(QUEUE_MS)
        patience.see(waits, T0)
        return patience.leaves_within(WOMEN, traits, 1.0)

    chance = random.Random(2)

    def gone_at(second: int, number: int) -> list[Wait]:
        times = (round(1000 * (second + chance.uniform(0, 0.1))) for _ in range(number))
        return [Wait(WOMEN, ms, left=True) for ms in times]

    ((begins, ends),) = leaves_within_a_second(gone_at(30, 100))
    assert 28.9 < begins < 29.2
    assert 30 < ends < 30.4
    assert not leaves_within_a_second([])
    assert not leaves_within_a_second(gone_at(30, 3))
    assert not leaves_within_a_second(gone_at(30, 100) + [Wait(WOMEN, 40_000)] * 200)
    for mean_s in (2, 5, 20):
        assert not leaves_within_a_second(stays(400, mean_s))


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
    arrivals = tuple(crowd(255, 15))

    def worth(waits: list[Wait], waited_ms: int, departure: float = 1.5) -> float:
        seen = replace(policy, stance=replace(policy.stance, departure=departure)).reservation_values()
        seen.see(Market(arrivals=arrivals, waits=tuple(waits)), T0)
        return seen.worth(ana, ana.joined_at + waited_ms)

    assert worth([*early, *patient], 0) < worth(patient, 0) - 0.3
    assert worth([*early, *patient], 5_000) > worth([*early, *patient], 0) + 0.3
    assert worth([*early, *patient], 0, departure=0) > worth([*early, *patient], 0) + 0.05


def test_where_few_come_a_departure_costs_little_by_itself() -> None:
    """There is less to choose from, and nobody comes instead: what is lost is the match that was missed."""
    ana = ticket(gender="female", genders=("male",))
    waits = tuple(stays(200, 20))

    def lost(number: int) -> float:
        worths = []
        for departure in (0.0, 2.0):
            stance = replace(Policy().stance, departure=departure)
            values = replace(Policy(patience_ms=QUEUE_MS), stance=stance).reservation_values()
            values.see(Market(arrivals=tuple(crowd(number, 15)), waits=waits), T0)
            worths.append(values.worth(ana, ana.joined_at))
        return worths[0] - worths[1]

    assert lost(200) > 0.02
    assert 0 <= lost(45) < 0.02


def of_traits(number: int, mean_s: float, *traits: str, seed: int) -> list[Wait]:
    return [replace(wait, traits=traits) for wait in stays(number, mean_s, seed=seed)]


def test_what_was_seen_is_forgotten_with_time() -> None:
    """Not only as others leave: where few come, an evening is not judged by the night before."""
    patience, hour_ms = Patience(QUEUE_MS), 3_600_000
    hasty = [replace(wait, at=T0) for wait in stays(300, 5)]
    patience.see(hasty, T0)
    assert staying(patience.of(WOMEN), 5) < 0.45
    patience.see(hasty, T0 + hour_ms)
    assert 0.45 < staying(patience.of(WOMEN), 5) < 0.8
    patience.see(hasty, T0 + 6 * hour_ms)
    assert not patience.of(WOMEN)
    patient = [replace(wait, at=T0 + hour_ms) for wait in stays(100, 60, seed=2)]
    patience.see([*patient, *hasty], T0 + hour_ms)
    both = Patience(QUEUE_MS)
    both.see([replace(wait, at=None) for wait in (*patient, *hasty)], T0)
    assert staying(patience.of(WOMEN), 5) > staying(both.of(WOMEN), 5) + 0.1


def test_a_clock_that_jumps_neither_forgets_all_nor_keeps_it_for_ever() -> None:
    """What is noted by a clock that is ahead counts as if it were now."""
    patience = Patience(QUEUE_MS)
    patience.see([replace(wait, at=T0 + 10**9) for wait in stays(300, 5)], T0)
    ahead = staying(patience.of(WOMEN), 5)
    patience.see(stays(300, 5), T0)
    assert ahead == staying(patience.of(WOMEN), 5)


def test_who_is_on_a_phone_or_has_left_soon_before_may_leave_sooner() -> None:
    """Each by itself, and both together; who says nothing is taken for one of all."""
    waits = [
        *of_traits(300, 8, "client=phone", seed=1),
        *of_traits(300, 32, "client=computer", seed=2),
        *of_traits(150, 4, "client=phone", "habit=leaves_soon", seed=3),
    ]
    patience = Patience(QUEUE_MS)
    patience.see(waits, T0)
    phone, computer, hasty = ("client=phone",), ("client=computer",), ("client=phone", "habit=leaves_soon")
    left = [staying(patience.of(WOMEN, traits), 5) for traits in (hasty, phone, (), computer)]
    assert left == sorted(left)
    assert staying(patience.of(WOMEN, phone), 5) < staying(patience.of(WOMEN, computer), 5) - 0.2
    assert patience.of(WOMEN, ("client=fridge",)) == patience.of(WOMEN)


def test_a_trait_that_few_have_changes_little_and_none_changes_all() -> None:
    """A fifth by one who left at once; four times, whatever is seen."""
    usual = stays(300, 20)
    patience = Patience(QUEUE_MS)
    patience.see([*usual, Wait(WOMEN, 0, left=True, traits=("client=phone",))], T0)
    rates = zip(patience.of(WOMEN, ("client=phone",)), patience.of(WOMEN), strict=True)
    assert all(mine <= 1.2 * theirs for (_, mine), (_, theirs) in rates)
    patience.see([*usual, *[Wait(WOMEN, 0, left=True, traits=("client=phone",))] * 200], T0)
    rates = zip(patience.of(WOMEN, ("client=phone",)), patience.of(WOMEN), strict=True)
    assert all(mine == pytest.approx(4 * theirs) for (_, mine), (_, theirs) in rates)


MOST_MOVED = 0.15  # of a score


@pytest.mark.parametrize("among", [0, 30, 300])
async def test_one_account_moves_what_is_asked_of_others_by_a_bound(store: TicketStore, among: int) -> None:
    """It joins and leaves a thousand times in an hour, at once or after a while; much is known, or nothing.

    With as many as 30 others who were seen lately, a third as much.
    """
    chance, mallory = random.Random(among), ticket(gender="female", genders=("male",))
    arrivals = tuple(crowd(150, 15))
    ana, ben = ticket(gender="female", genders=("male",)), ticket(gender="male", genders=("female",))
    hour_ms = 3_600_000
    for nth in range(1_000):
        since = T0 - hour_ms + nth * hour_ms // 1_000
        await store.join(again(mallory, joined_at=since), T0 + hour_ms)
        await store.leave(mallory.user_id, "left", at=since + chance.choice((0, 1, 500, 3_000)))
    poison = (await store.market("video")).waits
    others = [replace(wait, at=T0 - 1_000 * n) for n, wait in enumerate(stays(among, 25))]
    for waited in (0, 2_000, 10_000, 30_000):
        moved = []
        for waits in (others, [*poison, *others]):
            values = Policy(patience_ms=QUEUE_MS).reservation_values()
            values.see(Market(arrivals=arrivals, waits=tuple(waits)), T0)
            now = ana.joined_at + waited
            moved.append(values.asked(ana, replace(ben, joined_at=ana.joined_at), now))
        assert abs(moved[0] - moved[1]) <= (MOST_MOVED / 3 if among >= 30 else MOST_MOVED), (waited, moved)
