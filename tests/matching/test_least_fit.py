"""Most pairs take one comparison, and the pairs found are those that each by itself would have been found."""

import random
from collections.abc import Iterator
from itertools import chain, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from core.ticket import Market, Offered, Ticket, Wait, kind
from matching.candidate_pairs import CandidatePairs, Pair
from matching.least_fit import LeastFits
from matching.policy import Policy
from matching.reservation_value import ReservationValues, Stake
from tests.matching.people import T0, ticket

POLICY = Policy(patience_ms=60_000)
SEEDS = st.integers(0, 2**32)
AT_MOST = 20  # expectations worked out in one piece
few = settings(max_examples=25)  # each is a crowd


class OneByOne(CandidatePairs):
    """Each pair as it is defined: what both expect, and how well they fit by now."""

    def _worth_while(
        self, ticket: Ticket, now: int, reservation_values: ReservationValues, least: LeastFits
    ) -> Iterator[tuple[float, Pair]]:
        mine = reservation_values.stake(ticket, now)
        for other_id, fit in tuple(self._earlier[ticket.id].items()):
            one = self._tickets.get(other_id)
            if one is None:
                del self._earlier[ticket.id][other_id]
                continue
            asked = reservation_values.agreed(reservation_values.stake(one, now), mine)
            whole = fit + self._policy.seniority(one, now)
            if ticket.haunts:
                whole += self._policy.familiarity(one, ticket)
            if whole >= asked and self._policy.unmet(one, ticket, now) is None:
                likely = reservation_values.likely(one)
                both = likely * reservation_values.likely(ticket)
                yield self._policy.gain(whole, asked, both), Pair(one, ticket, whole, asked, likely)


def somebody(chance: random.Random, joined_at: int) -> Ticket:
    """Of all kinds: whom they seek, what they wish, where they go, how they answer."""
    sought = chance.choice((("female",), ("male",), ("female", "male"), ("other", "male")))
    return ticket(
        joined_at=joined_at,
        gender=chance.choice(("female", "male", "male", "other")),
        genders=sought,
        age=chance.randint(20, 40),
        intent=chance.choice(("casual", "friends", "serious")),
        country=chance.choice(("DE", "FR", None)),
        languages=[chance.choice(("en", "de"))],
        countries=chance.choice(((), (), ("DE",))),
        values={str(n): chance.uniform(-0.3, 0.3) for n in range(chance.choice((0, 4)))},
        tier=chance.choice(("neutral", "neutral", "trusted", "suspect")),
        haunts=chance.choice(((), (), (1, 2, 3, 4), (2, 3, 4, 5))),
        offered=chance.choice((Offered(), Offered(8, 5))),
    )


def market(chance: random.Random, waiting: list[Ticket], now: int) -> Market:
    """They, and others who came lately; some have left."""
    came = [replace(one, joined_at=now - chance.randint(0, 9_000)) for one in waiting[:60]]
    return Market(
        arrivals=tuple(came),
        stock={("female", "male"): chance.randint(0, 30), ("male", "female"): chance.randint(0, 30)},
        waits=tuple(
            Wait(kind(one), chance.randint(0, 20_000), left=chance.random() < 0.5) for one in waiting[:40]
        ),
    )


@few
@given(SEEDS)
def test_the_same_pairs_are_found_in_the_same_order(seed: int) -> None:
    """While people come, leave, are kept apart and matched, and the market is looked at now and then."""
    chance = random.Random(seed)
    ways = [(each(POLICY, 40), POLICY.reservation_values()) for each in (CandidatePairs, OneByOne)]
    waiting: list[Ticket] = []
    now = T0
    for _ in range(4):
        now += chance.choice((0, 70, 500, 20_000))
        waiting += [somebody(chance, now - chance.randint(0, 5_000)) for _ in range(12)]
        waiting = sorted(
            (one for one in waiting if chance.random() < 0.9), key=lambda one: (one.joined_at, one.id)
        )
        seen = market(chance, waiting, now) if chance.random() < 0.7 else None
        found: list[list[Pair]] = []
        for pairs, values in ways:
            if seen is not None:
                values.see(seen, now)
            for new in pairs.see(waiting):
                pairs.add(new)
            found.append(list(chain.from_iterable(pairs.worth_matching(now, values))))
        assert found[0] == found[1]
        for nth, pair in enumerate(found[0][:6]):
            for pairs, _ in ways:
                if nth % 2:
                    pairs.part(pair)
                else:
                    pairs.remove(pair.one.id)
                    pairs.remove(pair.other.id)
        waiting = [one for one in waiting if one.id in ways[0][0]]


@few
@given(SEEDS)
def test_who_is_matched_while_others_are_looked_at_is_not_found_again(seed: int) -> None:
    """Nor is it another who is found instead."""
    chance = random.Random(seed)
    waiting = sorted((somebody(chance, T0 - 1_000 * n) for n in range(40)), key=lambda one: one.joined_at)
    seen = market(chance, waiting, T0)
    found: list[list[Pair]] = []
    for each in (CandidatePairs, OneByOne):
        pairs, values = each(POLICY, 40), POLICY.reservation_values()
        values.see(seen, T0)
        for new in pairs.see(waiting):
            pairs.add(new)
        matched: list[Pair] = []
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("matching.candidate_pairs._SLICE", 8)  # else all are looked at before any match
            for pair in chain.from_iterable(pairs.worth_matching(T0, values)):
                if pair.one.id in pairs and pair.other.id in pairs:
                    pairs.remove(pair.one.id)
                    pairs.remove(pair.other.id)
                    matched.append(pair)
        found.append(matched)
    assert found[0] == found[1]


def test_a_market_that_was_looked_at_meanwhile_counts() -> None:
    """A sweep takes a while; and who does not wait is worth nothing to anybody."""
    ana, ben = ticket(gender="female", genders=("male",)), ticket(gender="male", genders=("female",))
    values = POLICY.reservation_values()
    values.see(Market(), T0)
    least = LeastFits(T0, {ana.id: ana}, POLICY, values)
    lonely = least.of(1.0)
    before = lonely[ana.id]
    assert least.of(1.0) is lonely
    crowd = tuple(
        ticket(gender="male", genders=("female",), joined_at=T0 - 20 * n, age=30 + n % 5) for n in range(200)
    )
    values.see(Market(arrivals=crowd, stock={("male", "female"): 50}), T0)
    busy = least.of(1.0)
    assert busy[ana.id][0] > before[0]
    assert busy[ben.id][0] == float("inf")
    assert busy.gone == {ben.id}


def test_others_have_their_turn_while_it_is_asked_what_many_expect() -> None:
    """Nobody's expectation is known yet, as when a process begins to match."""
    values, pairs = POLICY.reservation_values(), CandidatePairs(POLICY, 200)
    men = [ticket(gender="male", genders=("female",), joined_at=T0 + n) for n in range(100)]
    ana = ticket(gender="female", genders=("male",), joined_at=T0 + 200)
    values.see(Market(arrivals=tuple(replace(one, joined_at=T0) for one in men)), T0 + 1_000)
    for new in pairs.see([*men, ana]):
        pairs.add(new)
    known, stake = set[str](), values.stake

    def watched(one: Ticket, now: int) -> Stake:
        known.add(one.id)
        return stake(one, now)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(values, "stake", watched)
        asked = [len(known) for _ in pairs.worth_matching(T0 + 1_000, values)]
    assert asked[-1] == len(men) + 1
    assert max(after - before for before, after in pairwise([0, *asked])) <= AT_MOST
