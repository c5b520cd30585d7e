"""The commands `queue:*` and what calls ask of the queue, against both stores."""

import pytest
from msgspec.structs import replace

from core.clock import rfc3339
from core.contract.profiles import Seeking
from core.contract.queue import Preferences, QueueExplain, QueueJoin, QueueLeave, QueueLeft
from core.errors import AlreadyInCall, Banned, InvalidRequest, NotQueued, Unauthenticated, Underage
from core.ticket import Claim
from realtime.matchmaking.ports import TicketStore
from tests.matching.harness import LEASE_MS, Harness, caller
from tests.matching.people import T0, new_id, ticket


@pytest.fixture
def harness(store: TicketStore) -> Harness:
    return Harness(store)


async def test_join_answers_with_the_place(harness: Harness) -> None:
    """The ticket, and how many wait in this mode."""
    ana, ben = harness.people.add(), harness.people.add(gender="male")
    await harness.join(ben)
    queued = await harness.queue.join(caller(ana), QueueJoin(mode="video"))
    assert queued.ticket.state == "waiting"
    assert queued.ticket.joined_at == rfc3339(T0)
    assert queued.waiting == 2


async def test_join_again_while_waiting_is_the_same_ticket(harness: Harness) -> None:
    """Other wishes included: one leaves first to wish for something else."""
    ana = harness.people.add()
    first = await harness.queue.join(caller(ana), QueueJoin(mode="video"))
    second = await harness.queue.join(
        caller(ana), QueueJoin(mode="voice", preferences=Preferences(age_min=40))
    )
    assert second.ticket == first.ticket


async def test_what_a_join_does_not_say_comes_from_the_profile(harness: Harness) -> None:
    """Genders and ages of `seeking` hold unless the join says otherwise."""
    ana = harness.people.add(seeking=Seeking(genders=["male"], age_min=25, age_max=35))
    ticket = await harness.join(ana, age_max=45, languages=["de"])
    assert (ticket.genders, ticket.age_min, ticket.age_max) == (("male",), 25, 45)
    assert ticket.languages == ("de",)


async def test_an_empty_age_range_is_refused(harness: Harness) -> None:
    """Also when one end of it comes from the profile."""
    ana = harness.people.add(seeking=Seeking(age_max=30))
    with pytest.raises(InvalidRequest):
        await harness.join(ana, age_min=31)
    assert await harness.queue.of(ana) is None


async def test_who_may_not_queue(harness: Harness) -> None:
    """Banned, minors, and accounts that are no more."""
    with pytest.raises(Banned):
        await harness.join(harness.people.add(banned=True))
    with pytest.raises(Underage):
        await harness.join(harness.people.add(age=17))
    with pytest.raises(Unauthenticated):
        await harness.join(new_id())


async def test_who_is_in_a_call_cannot_queue(harness: Harness) -> None:
    """And no ticket remains of the attempt."""
    ana = harness.people.add()
    harness.people.calls[ana] = new_id()
    with pytest.raises(AlreadyInCall):
        await harness.join(ana)
    assert await harness.queue.of(ana) is None
    assert not await harness.tickets.lapse(T0)


async def test_leaving_is_told_to_all_devices_and_never_fails(harness: Harness) -> None:
    """`queue:left` once, however often one leaves."""
    ana = harness.people.add()
    ticket = await harness.join(ana)
    for _ in range(2):
        await harness.queue.leave(caller(ana), QueueLeave())
    assert harness.events.by(ana, QueueLeft) == [QueueLeft(ticket_id=ticket.id, reason="left")]
    assert await harness.queue.of(ana) is None


async def test_explain_counts_who_is_kept_away_and_why(harness: Harness) -> None:
    """One who fits, and one for each reason; wishes still to be dropped are named."""
    ana = harness.people.add()
    blocked = harness.people.add(country="DE")
    harness.people.keep_apart(ana, blocked)
    others = [harness.people.add(**facts) for facts in ({"age": 60}, {"country": "FR"}, {"country": "DE"})]
    for other in (blocked, *others):
        await harness.join(other)
    await harness.join(ana, age_max=40, countries=["DE"])
    told = await harness.queue.explain(caller(ana), QueueExplain())
    assert told.candidates == 1
    assert told.removed == {"kept_apart": 1, "age": 1, "countries": 1}
    assert [(step.preference, step.at_ms) for step in told.relaxes] == [("countries", 5_000)]


async def test_explain_counts_nobody_who_could_not_be_offered(harness: Harness) -> None:
    """Banned, or in a call, while the ticket still waits: no candidates, and not told apart."""
    ana, ben, cal = (harness.people.add() for _ in range(3))
    for user in (ana, ben, cal):
        await harness.join(user)
    harness.people.accounts[ben] = replace(harness.people.accounts[ben], banned=True)
    harness.people.calls[cal] = new_id()
    told = await harness.queue.explain(caller(ana), QueueExplain())
    assert (told.candidates, told.removed) == (0, {"kept_apart": 2})


async def test_explain_says_when_waiting_promises_somebody_better(harness: Harness) -> None:
    """He may meet her, nothing keeps them apart, and yet there is no offer: others fit her better."""
    for n in range(150):
        man = ticket(gender="male", genders=("female",), joined_at=T0 - 200 * n, intent="serious")
        await harness.tickets.join(man, T0 + LEASE_MS)
        await harness.tickets.leave(man.user_id, "left")
    ana = harness.people.add(intent="serious")
    ben = harness.people.add(gender="male", intent="casual", age=55, languages=["fr"])
    await harness.join(ben)
    await harness.join(ana, genders=["male"])
    waiting = await harness.queue.of(ana)
    assert waiting is not None
    assert await harness.matchmaker.seek(waiting) is None
    told = await harness.queue.explain(caller(ana), QueueExplain())
    assert (told.candidates, told.removed) == (0, {"asked_more": 1})
    harness.clock.pass_ms(299_500)
    told = await harness.queue.explain(caller(ana), QueueExplain())
    assert (told.candidates, told.removed) == (1, {})


async def test_explain_says_when_some_stand_for_all(harness: Harness) -> None:
    """In a long queue the counts are projected; those who do not fit by gender are counted."""
    ana = harness.people.add()
    for n in range(700):
        await harness.tickets.join(
            ticket(gender="male", genders=("female",) if n else ("male",)), T0 + LEASE_MS
        )
    await harness.join(ana, genders=["male"])
    told = await harness.queue.explain(caller(ana), QueueExplain())
    assert (told.candidates, told.removed, told.sample) == (699, {"gender": 1}, 512)


async def test_explain_needs_a_ticket(harness: Harness) -> None:
    """A user who does not wait is told so."""
    with pytest.raises(NotQueued):
        await harness.queue.explain(caller(harness.people.add()), QueueExplain())


async def test_a_ticket_given_back_is_matched_again_at_once(harness: Harness) -> None:
    """The other declined: the old place, and the next who fits, without waiting for a sweep."""
    ana, ben = harness.people.add(), harness.people.add(gender="male")
    async with harness.matching():
        await harness.join(ana)
        await harness.join(ben)
        await harness.until_pairs(1)
        (claim,) = harness.nodes[0].offers.made.values()
        harness.people.calls.clear()
        harness.people.keep_apart(ana, ben)
        mine = claim.first if claim.first.user_id == ana else claim.second
        harness.clock.pass_ms(2_000)
        cal = harness.people.add(gender="male")
        await harness.join(cal)
        assert await harness.queue.give_back(mine, claim.call_id) == mine
        assert mine.joined_at == T0
        await harness.until_pairs(2)
    assert frozenset((ana, cal)) in harness.pairs()


async def test_a_refused_fence_gives_the_other_the_place_back(harness: Harness) -> None:
    """One of the two turns out to be in a call: the other waits on, the busy one does not."""
    ana, ben = harness.people.add(), harness.people.add(gender="male")
    mine, his = await harness.join(ana), await harness.join(ben)
    harness.people.calls[ben] = new_id()
    claim = Claim(call_id=new_id(), first=mine, second=his, claimed_at=T0)
    assert (await harness.tickets.claim(claim)).outcome == "both"
    await harness.nodes[0].offers.make(claim)
    assert [t.id for t in await harness.tickets.everyone("video")] == [mine.id]
    assert await harness.queue.of(ben) is None
    assert not await harness.tickets.unfinished(T0)
