"""Nobody's patience ends while somebody waits whom they may meet."""

import random
from itertools import chain

from core.ticket import Market, Ticket
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
        for seeker, others in candidate_pairs.last_calls(now, reservation_values):
            for choice in policy.survey(
                seeker, others, NOBODY, now, reservation_values, unasked=True
            ).choices[:1]:
                for each in (seeker.id, choice.ticket.id):
                    del waiting[each]
                    candidate_pairs.remove(each)
                matched += 2
    assert matched + gave_up == 500
    assert gave_up > 10  # else it shows nothing
