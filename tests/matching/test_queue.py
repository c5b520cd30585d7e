"""The commands `queue:*` and what calls ask of the queue, against both stores."""

import pytest
from msgspec.structs import replace

from core.clock import rfc3339
from core.contract.profiles import Seeking
from core.contract.queue import Preferences, QueueExplain, QueueJoin, QueueLeave, QueueLeft
from core.errors import AlreadyInCall, Banned, InvalidRequest, NotQueued, Unauthenticated, Underage
from core.ticket import Claim
from realtime.matchmaking.ports import TicketStore
from tests.matching.house import LEASE_MS, Harness, caller
from tests.matching.people import T0, new_id, ticket


@pytest.fixture
def house(store: TicketStore) -> Harness:
    return Harness(store)


async def test_join_answers_with_the_place(house: Harness) -> None:
    """The ticket, and how many wait in this mode."""
    ana, ben = house.people.add(), house.people.add(gender="male")
    await house.join(ben)
    queued = await house.queue.join(caller(ana), QueueJoin(mode="video"))
    assert queued.ticket.state == "waiting"
    assert queued.ticket.joined_at == rfc3339(T0)
    assert queued.waiting == 2


async def test_join_again_while_waiting_is_the_same_ticket(house: Harness) -> None:
    """Other wishes included: one leaves first to wish for something else."""
    ana = house.people.add()
    first = await house.queue.join(caller(ana), QueueJoin(mode="video"))
    second = await house.queue.join(caller(ana), QueueJoin(mode="voice", preferences=Preferences(age_min=40)))
    assert second.ticket == first.ticket


async def test_what_a_join_does_not_say_comes_from_the_profile(house: Harness) -> None:
    """Genders and ages of `seeking` hold unless the join says otherwise."""
    ana = house.people.add(seeking=Seeking(genders=["male"], age_min=25, age_max=35))
    ticket = await house.join(ana, age_max=45, languages=["de"])
    assert (ticket.genders, ticket.age_min, ticket.age_max) == (("male",), 25, 45)
    assert ticket.languages == ("de",)


async def test_an_empty_age_range_is_refused(house: Harness) -> None:
    """Also when one end of it comes from the profile."""
    ana = house.people.add(seeking=Seeking(age_max=30))
    with pytest.raises(InvalidRequest):
        await house.join(ana, age_min=31)
    assert await house.queue.of(ana) is None


async def test_who_may_not_queue(house: Harness) -> None:
    """Banned, minors, and accounts that are no more."""
    with pytest.raises(Banned):
        await house.join(house.people.add(banned=True))
    with pytest.raises(Underage):
        await house.join(house.people.add(age=17))
    with pytest.raises(Unauthenticated):
        await house.join(new_id())


async def test_who_is_in_a_call_cannot_queue(house: Harness) -> None:
    """And no ticket remains of the attempt."""
    ana = house.people.add()
    house.people.calls[ana] = new_id()
    with pytest.raises(AlreadyInCall):
        await house.join(ana)
    assert await house.queue.of(ana) is None
    assert not await house.tickets.lapse(T0)


async def test_leaving_is_told_to_all_devices_and_never_fails(house: Harness) -> None:
    """`queue:left` once, however often one leaves."""
    ana = house.people.add()
    ticket = await house.join(ana)
    for _ in range(2):
        await house.queue.leave(caller(ana), QueueLeave())
    assert house.events.by(ana, QueueLeft) == [QueueLeft(ticket_id=ticket.id, reason="left")]
    assert await house.queue.of(ana) is None


async def test_explain_counts_who_is_kept_away_and_why(house: Harness) -> None:
    """One who fits, and one for each reason; wishes still to be dropped are named."""
    ana = house.people.add()
    blocked = house.people.add(country="DE")
    house.people.keep_apart(ana, blocked)
    others = [house.people.add(**facts) for facts in ({"age": 60}, {"country": "FR"}, {"country": "DE"})]
    for other in (blocked, *others):
        await house.join(other)
    await house.join(ana, age_max=40, countries=["DE"])
    told = await house.queue.explain(caller(ana), QueueExplain())
    assert told.candidates == 1
    assert told.removed == {"kept_apart": 1, "age": 1, "countries": 1}
    assert [(step.preference, step.at_ms) for step in told.relaxes] == [("countries", 5_000)]


async def test_explain_counts_nobody_who_could_not_be_offered(house: Harness) -> None:
    """Banned, or in a call, while the ticket still waits: no candidates, and not told apart."""
    ana, ben, cal = (house.people.add() for _ in range(3))
    for user in (ana, ben, cal):
        await house.join(user)
    house.people.applicants[ben] = replace(house.people.applicants[ben], banned=True)
    house.people.calls[cal] = new_id()
    told = await house.queue.explain(caller(ana), QueueExplain())
    assert (told.candidates, told.removed) == (0, {"kept_apart": 2})


async def test_explain_says_when_waiting_promises_somebody_better(house: Harness) -> None:
    """He may meet her, nothing keeps them apart, and yet there is no offer: others fit her better."""
    for n in range(150):
        man = ticket(gender="male", genders=("female",), joined_at=T0 - 200 * n, intent="serious")
        await house.tickets.join(man, T0 + LEASE_MS)
        await house.tickets.leave(man.user_id, "left")
    ana = house.people.add(intent="serious")
    ben = house.people.add(gender="male", intent="casual", age=55, languages=["fr"])
    await house.join(ben)
    await house.join(ana, genders=["male"])
    waiting = await house.queue.of(ana)
    assert waiting is not None
    assert await house.matchmaker.seek(waiting) is None
    told = await house.queue.explain(caller(ana), QueueExplain())
    assert (told.candidates, told.removed) == (0, {"asked_more": 1})
    house.clock.pass_ms(299_500)
    told = await house.queue.explain(caller(ana), QueueExplain())
    assert (told.candidates, told.removed) == (1, {})


async def test_explain_says_when_some_stand_for_all(house: Harness) -> None:
    """In a long queue the counts are projected; those who do not fit by gender are counted."""
    ana = house.people.add()
    for n in range(700):
        await house.tickets.join(
            ticket(gender="male", genders=("female",) if n else ("male",)), T0 + LEASE_MS
        )
    await house.join(ana, genders=["male"])
    told = await house.queue.explain(caller(ana), QueueExplain())
    assert (told.candidates, told.removed, told.sample) == (699, {"gender": 1}, 512)


async def test_explain_needs_a_ticket(house: Harness) -> None:
    """Who does not wait is told so."""
    with pytest.raises(NotQueued):
        await house.queue.explain(caller(house.people.add()), QueueExplain())


async def test_a_ticket_given_back_is_matched_again_at_once(house: Harness) -> None:
    """The other declined: the old place, and the next who fits, without waiting for a sweep."""
    ana, ben = house.people.add(), house.people.add(gender="male")
    async with house.matching():
        await house.join(ana)
        await house.join(ben)
        await house.until_pairs(1)
        (claim,) = house.nodes[0].offers.made.values()
        house.people.calls.clear()
        house.people.keep_apart(ana, ben)
        mine = claim.first if claim.first.user_id == ana else claim.second
        house.clock.pass_ms(2_000)
        cal = house.people.add(gender="male")
        await house.join(cal)
        assert await house.queue.give_back(mine, claim.call_id) == mine
        assert mine.joined_at == T0
        await house.until_pairs(2)
    assert frozenset((ana, cal)) in house.pairs()


async def test_a_refused_fence_gives_the_other_the_place_back(house: Harness) -> None:
    """One of the two turns out to be in a call: the other waits on, the busy one does not."""
    ana, ben = house.people.add(), house.people.add(gender="male")
    mine, his = await house.join(ana), await house.join(ben)
    house.people.calls[ben] = new_id()
    claim = Claim(call_id=new_id(), first=mine, second=his, claimed_at=T0)
    assert await house.tickets.claim(claim) == "both"
    await house.nodes[0].offers.make(claim)
    assert [t.id for t in await house.tickets.everyone("video")] == [mine.id]
    assert await house.queue.of(ben) is None
    assert not await house.tickets.unfinished(T0)
