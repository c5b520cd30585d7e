"""Sequences that the state machine found to go wrong, against both stores."""

from collections.abc import Sequence

import pytest

from core.contract.queue import Preferences, QueueLeft
from core.errors import AlreadyInCall
from core.ticket import Claim
from db.postgres.applicants import Applicant, Asked
from realtime.matchmaking.ports import TicketStore
from tests.matching.harness import LEASE_MS, Harness
from tests.matching.people import T0, again, give_back, new_id, put, ticket


async def test_who_skips_an_offer_whose_claim_still_stands_is_queued_anew(store: TicketStore) -> None:
    """A node died between the call and the claim's end: the claim keeps the old ticket, not the new one."""
    ana, ben = ticket(), ticket(gender="male")
    await put(store, ana, ben)
    claim = Claim(call_id=new_id(), first=ana, second=ben, claimed_at=T0)
    assert (await store.claim(claim)).outcome == "both"
    anew = again(ana, joined_at=T0 + 2_500)
    assert await give_back(store, anew, claim.call_id, T0 + 12_500) == anew
    await store.settle(claim)
    assert [t.id for t in await store.everyone("video")] == [anew.id]
    assert await store.of(ben.user_id) is None


@pytest.mark.parametrize("ahead", [0, 20_000])
async def test_a_place_that_comes_back_too_late_is_not_taken(store: TicketStore, ahead: int) -> None:
    """The node that had to give it back died; by then the user has joined anew, and been matched again.

    Where the first node's clock was ahead, the later join is the one that has the lesser time.
    """
    ana, ben, cal = ticket(joined_at=T0 + ahead), ticket(gender="male"), ticket(gender="male")
    await put(store, ana, ben, cal)
    declined = Claim(call_id=new_id(), first=ana, second=ben, claimed_at=T0)
    assert (await store.claim(declined)).outcome == "both"
    await store.settle(declined)
    anew = again(ana, joined_at=T0 + 500)
    await put(store, anew)
    matched = Claim(call_id=new_id(), first=anew, second=cal, claimed_at=T0 + 600)
    assert (await store.claim(matched)).outcome == "both"
    await store.settle(matched)
    await give_back(store, ana, declined.call_id, T0 + ahead + 12_000)
    assert await store.waiting("video") == 0
    assert await store.of(ana.user_id) is None


async def test_a_join_that_a_match_overtook_places_nobody(store: TicketStore) -> None:
    """A second device's: were it cut short here, its user would be in the queue and in a call."""
    ana, ben = ticket(), ticket(gender="male")
    await put(store, ana, ben)
    claim = Claim(call_id=new_id(), first=ana, second=ben, claimed_at=T0 + 100)
    assert (await store.claim(claim)).outcome == "both"
    before = (await store.before(ana.user_id)).out
    assert await store.join(again(ana), T0 + 10_000, before) == ana
    await store.settle(claim)
    assert await store.join(again(ana), T0 + 10_000, before) is None
    assert await store.waiting("video") == 0
    assert not await store.lapse(T0 + 20_000)
    assert await store.join(again(ana), T0 + 10_000, (await store.before(ana.user_id)).out) is not None


@pytest.mark.parametrize("skew", [-20_000, -1, 0, 1, 9_000])
async def test_a_join_that_another_nodes_match_overtook_places_nobody(
    store: TicketStore, skew: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the clocks of the two nodes say: else its user waits, and may be claimed, while in a call."""
    harness = Harness(store, skews=(0, skew))
    ana, ben = harness.people.add(), harness.people.add(gender="male")
    mine, his = await harness.join(ana), await harness.join(ben)
    claim = Claim(call_id=new_id(), first=mine, second=his, claimed_at=T0 + skew)
    ask = harness.people.applicants
    waiting: list[int] = []

    async def meanwhile(asked: Sequence[Asked]) -> list[Applicant | None]:
        """The first answer is out of date by the time it is heard."""
        waiting.append(await store.waiting("video"))
        answer = await ask(asked)
        if len(waiting) == 1:
            assert (await store.claim(claim)).outcome == "both"
            await harness.nodes[1].offers.make(claim)
        return answer

    monkeypatch.setattr(harness.people, "applicants", meanwhile)
    with pytest.raises(AlreadyInCall):
        await harness.join(ana)
    assert waiting[1:] == [0] * len(waiting[1:]), "who was in a call waited for a moment"


async def test_who_skips_is_queued_anew_by_a_node_whose_clock_is_behind(store: TicketStore) -> None:
    """The new ticket is older than the one that the call was made of, by what the clocks say."""
    ana, ben = ticket(joined_at=T0 + 20_000), ticket(gender="male")
    await put(store, ana, ben)
    claim = Claim(call_id=new_id(), first=ana, second=ben, claimed_at=T0)
    assert (await store.claim(claim)).outcome == "both"
    await store.settle(claim)
    anew = again(ana, joined_at=T0 + 500)
    assert await give_back(store, anew, claim.call_id, T0 + 10_500) == anew
    assert await store.of(ana.user_id) == anew


async def test_a_join_that_took_long_has_a_whole_lease(
    store: TicketStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts from when the ticket is placed, or a slow store would put out who has just come."""
    harness = Harness(store)
    ana = harness.people.add()
    ask = harness.people.applicants

    async def slowly(asked: Sequence[Asked]) -> list[Applicant | None]:
        harness.clock.pass_ms(LEASE_MS + 1)
        return await ask(asked)

    monkeypatch.setattr(harness.people, "applicants", slowly)
    await harness.queue.enqueue(ana, "", "video", Preferences())
    await harness.sweep("video")
    assert await harness.tickets.waiting("video") == 1
    assert not harness.events.by(ana, QueueLeft)
