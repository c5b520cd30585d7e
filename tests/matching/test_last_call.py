"""Nobody's patience ends while somebody waits whom they may meet."""

import random
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.ticket import Market, Ticket, Wait, kind
from matching.candidate_pairs import CandidatePairs
from matching.policy import Policy
from realtime.matchmaking.ports import TicketStore
from tests.matching.harness import Harness
from tests.matching.people import T0, ticket

PATIENCE_MS = 20_000
NOBODY: frozenset[str] = frozenset()


async def test_the_one_who_fits_is_found_in_the_middle_of_a_long_queue(store: TicketStore) -> None:
    """Neither among the first nor among the last; before patience ends all are looked at."""
    harness = Harness(store)
    men = [harness.people.add(gender="male", age=30) for _ in range(200)]
    for n, man in enumerate(men):
        await harness.join(man, genders=["female"], age_max=60 if n == 100 else 25)
        harness.clock.pass_ms(1)
    ana = harness.people.add(gender="female", age=40)
    ticket_of_ana = await harness.join(ana, genders=["male"])
    assert await harness.matchmaker.seek(ticket_of_ana) is None
    await harness.sweep("video")
    assert not harness.pairs()
    harness.clock.pass_ms(harness.policy.patience_ms - 500)
    await harness.queue.renew([*men, ana])
    await harness.sweep("video")
    assert harness.pairs() == [frozenset((ana, men[100]))]


async def test_whoever_must_not_be_met_is_not_met_at_the_last_moment(store: TicketStore) -> None:
    """The next best is."""
    harness = Harness(store)
    ana, *men = (harness.people.add(gender=gender) for gender in ("female", *("male",) * 3))
    for man in men:
        await harness.join(man, genders=["female"], countries=["DE"])
    await harness.join(ana, genders=["male"])
    harness.people.keep_apart(ana, men[0])
    harness.people.keep_apart(ana, men[1])
    harness.clock.pass_ms(harness.policy.patience_ms - 500)
    await harness.queue.renew([*men, ana])
    await harness.sweep("video")
    assert harness.pairs() == [frozenset((ana, men[2]))]


def test_nobody_gives_up_beside_somebody_who_fits() -> None:
    """However choosy all may be, and however few of each queue are held against each other."""
    policy, chance = Policy(patience_ms=PATIENCE_MS), random.Random(4)
    crowd = [
        ticket(
            joined_at=T0 + n * 90,
            gender=chance.choice(("female", "male")),
            age=chance.randint(20, 60),
            age_min=(low := chance.randint(18, 50)),
            age_max=low + 12,
            intent=chance.choice(("casual", "friends")),
        )
        for n in range(500)
    ]
    reservation_values, candidate_pairs = policy.reservation_values(), CandidatePairs(policy, most=4)
    waiting: dict[str, Ticket] = {}
    gave_up = matched = 0
    for now in range(T0, T0 + 500 * 90 + PATIENCE_MS + 1_000, 500):
        reservation_values.see(
            Market(arrivals=tuple(t for t in reversed(crowd) if t.joined_at <= now)[:256]), now
        )
        for gone in [t for t in waiting.values() if now - t.joined_at >= PATIENCE_MS]:
            del waiting[gone.id]
            gave_up += 1
            assert not [o for o in waiting.values() if policy.removed(gone, o, NOBODY, now) is None]
        waiting |= {one.id: one for one in crowd if now - 500 < one.joined_at <= now}
        for new in candidate_pairs.see(list(waiting.values())):
            candidate_pairs.add(new)
        found = [
            (pair.one.id, pair.other.id)
            for pair in chain(*candidate_pairs.worth_matching(now, reservation_values))
        ]
        for one, other in found:
            if one in waiting and other in waiting:
                del waiting[one], waiting[other]
                candidate_pairs.remove(one)
                candidate_pairs.remove(other)
                matched += 2
        for seeker, others in filter(None, candidate_pairs.last_calls(now, reservation_values)):
            for choice in policy.survey(
                seeker, others, NOBODY, now, reservation_values, unasked=True
            ).choices[:1]:
                for each in (seeker.id, choice.ticket.id):
                    del waiting[each]
                    candidate_pairs.remove(each)
                matched += 2
    assert matched + gave_up == 500
    assert gave_up > 10  # else it shows nothing


def test_it_comes_where_others_gave_up_too() -> None:
    """`QUEUE_S` may be far longer than people wait. A last call that is turned off does not come."""
    policy, ana = Policy(patience_ms=300_000), ticket(gender="female", genders=("male",))
    gave_up = Market(waits=(Wait(kind(ana), 30_000, left=True),) * 50)
    for last_call_ms, comes in ((1_000, True), (0, False)):
        stance = replace(policy.stance, last_call_ms=last_call_ms)
        values = replace(policy, stance=stance).reservation_values()
        values.see(gave_up, T0)
        assert values.last_call(ana, ana.joined_at + 29_300) is comes
        assert values.last_call(ana, ana.joined_at + 299_500) is comes
        for second in (0, 15, 27, 32, 100):
            assert not values.last_call(ana, ana.joined_at + 1_000 * second)


@given(st.integers(0, 2**32))
def test_of_many_those_are_called_who_are_called_each_by_itself(seed: int) -> None:
    """Whatever was seen of those who left; where nobody has, and where last calls are turned off."""
    chance = random.Random(seed)
    policy = Policy(patience_ms=PATIENCE_MS)
    policy = replace(policy, stance=replace(policy.stance, last_call_ms=chance.choice((0, 1_000, 1_000))))
    crowd = [
        ticket(
            joined_at=T0 - chance.choice((PATIENCE_MS - 1_000, chance.randint(-100, PATIENCE_MS + 1_000))),
            gender=chance.choice(("female", "male")),
            genders=chance.choice((("female",), ("male",), ("male", "female"))),
            traits=chance.choice(((), ("client=web",))),
        )
        for _ in range(60)
    ]
    waits = [
        Wait(kind(one), chance.choice((4_000, 4_050, 9_000)), left=chance.random() < 0.8, traits=one.traits)
        for one in crowd[: chance.choice((0, 60))]
    ]
    values = policy.reservation_values()
    values.see(Market(waits=tuple(waits)), T0)
    assert values.last_calls(crowd, T0) == [one for one in crowd if values.last_call(one, T0)]


def test_between_those_who_are_called_others_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many wait, and though nobody is called; and each is called once."""
    monkeypatch.setattr("matching.candidate_pairs._CALLED_AT_ONCE", 4)
    policy = Policy(patience_ms=PATIENCE_MS)
    values, pairs = policy.reservation_values(), CandidatePairs(policy, most=4)
    for one in (crowd := [ticket(joined_at=T0 + n) for n in range(10)]):
        pairs.add(one)
    assert list(pairs.last_calls(T0 + 1_000, values)) == [None] * 3
    late = T0 + PATIENCE_MS
    called = list(pairs.last_calls(late, values))
    assert [call and call[0] for call in called] == [*crowd[:4], None, *crowd[4:8], None, *crowd[8:], None]
    assert list(pairs.last_calls(late, values)) == [None] * 3


def test_what_may_be_had_by_it_is_expected() -> None:
    """Where most who gave up had a last call in vain, somebody who comes is asked for by each of theirs."""
    policy = Policy(patience_ms=60_000)
    arrivals = tuple(
        ticket(joined_at=T0 - 100 * n, gender="male", genders=("female",), age=30 + n % 9) for n in range(200)
    )
    worths = []
    for waited_ms in (30_000, 300):  # the second: too soon for a last call of those who have just come
        values = policy.reservation_values()
        waits = [
            Wait("male:female", 30_000 if waited_ms == 30_000 else waited_ms + 250 * n, left=True)
            for n in range(60)
        ]
        values.see(Market(arrivals=arrivals, waits=tuple(waits), stock={("female", "male"): 5}), T0)
        worths.append(values._side_of("female", ("male",)).called)  # seen in no other way
    assert worths[0] > 0
    assert worths[1] == 0
