"""The metrics of matching: each moves when what it counts happens, and once, whichever node tells of it."""

import pytest

from core.contract.queue import QueueLeave
from core.ticket import Claim, Ticket
from realtime.matchmaking.ports import TicketStore
from tests.matching.harness import Harness, caller
from tests.matching.people import new_id


@pytest.fixture
def harness(store: TicketStore) -> Harness:
    return Harness(store, nodes=2)


def metric(harness: Harness, name: str, node: int = 0, **labels: str) -> float:
    """A metric of a node; 0 where nothing has been counted yet."""
    return harness.nodes[node].registry.get_sample_value(name, labels) or 0.0


async def test_all_is_there_from_the_start(harness: Harness) -> None:
    """What is expected to stay 0 is exported as 0: an alarm can tell that from a target that is gone."""
    registry = harness.nodes[0].registry
    assert registry.get_sample_value("double_match_total") == 0
    for reason in ("double_match", "in_call", "banned", "gone", "trust", "blocked", "met", "probe", "over"):
        assert registry.get_sample_value("realtime_matching_refused_claims_total", {"reason": reason}) == 0
    for reason in ("left", "matched", "timed_out", "disconnected", "moderated"):
        assert registry.get_sample_value("realtime_matching_departures_total", {"reason": reason}) == 0


async def test_who_joins_is_counted_once(harness: Harness) -> None:
    """Asking again while one waits is no other ticket."""
    ana = harness.people.add()
    for _ in range(3):
        await harness.join(ana, "voice")
    assert metric(harness, "realtime_matching_joins_total", mode="voice") == 1
    assert metric(harness, "realtime_matching_joins_total", mode="video") == 0


async def test_who_leaves_is_counted_once_by_reason(harness: Harness) -> None:
    """By the node that is first to tell it: two nodes sweep, and one of them has told before."""
    ana, ben, cem = (harness.people.add() for _ in range(3))
    await harness.join(ana)
    await harness.queue.leave(caller(ana), QueueLeave())
    await harness.queue.leave(caller(ana), QueueLeave())
    await harness.join(ben)
    await harness.join(cem)
    harness.people.keep_apart(ben, cem)
    harness.clock.pass_ms(10_000)
    await harness.queue.renew([ben])
    found = await harness.tickets.lapse(harness.clock())
    assert [gone.user_id for gone in found] == [cem]
    for node in harness.nodes:
        await node.sweeper.sweep("video")
    harness.clock.pass_ms(290_000)
    await harness.queue.renew([ben])
    for node in harness.nodes:
        await node.sweeper.sweep("video")
    for reason in ("left", "disconnected", "timed_out"):
        name = "realtime_matching_departures_total"
        assert sum(metric(harness, name, node, reason=reason) for node in (0, 1)) == 1, reason


async def test_how_many_wait_is_known_to_nodes_that_do_not_sweep(harness: Harness) -> None:
    """And how long the sweep took to the one that did."""
    ana, ben = harness.people.add(), harness.people.add()
    harness.people.keep_apart(ana, ben)
    for user in (ana, ben):
        await harness.join(user)
    await harness.tickets.take_turn("video", "somebody else", 3_600_000)
    await harness.nodes[0].sweeper.in_turn("voice")
    await harness.nodes[1].sweeper.in_turn("video")
    assert metric(harness, "realtime_matching_waiting_tickets", 1, mode="video") == 2
    assert metric(harness, "realtime_matching_waiting_tickets", 0, mode="voice") == 0
    assert metric(harness, "realtime_matching_sweep_seconds_count", 0, mode="voice") == 1
    assert metric(harness, "realtime_matching_sweep_seconds_sum", 0, mode="voice") > 0


async def test_a_match_on_joining_says_how_fast_it_was(harness: Harness) -> None:
    """One by the sweep does not, and neither does one whose ticket was given back."""
    name = "realtime_matching_join_to_offer_seconds"
    search_queue, seek = harness.nodes[0].search_queue, harness.matchmaker.seek
    ana, ben = harness.people.add(), harness.people.add()
    for user in (ana, ben):
        await harness.join(user)
    harness.clock.pass_ms(4)
    (_, joined), (his, joined_too) = await search_queue.next(), await search_queue.next()
    assert joined
    assert joined_too
    claim = await seek(his, joined=joined_too)
    assert claim is not None
    assert metric(harness, f"{name}_count") == 1
    assert metric(harness, f"{name}_sum") == 0.004
    harness.people.calls.clear()
    harness.people.keep_apart(ana, ben)
    await harness.join(harness.people.add())
    await search_queue.next()
    harness.clock.pass_ms(5_000)
    await harness.queue.give_back(claim.first, claim.call_id)
    back, joined = await search_queue.next()
    assert (back.id, joined) == (claim.first.id, None)
    assert await seek(back, joined=joined) is not None
    assert metric(harness, f"{name}_count") == 1


async def test_a_claim_that_came_too_late_is_counted_by_reason(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis has given the other one to somebody else, or the seeker."""
    ana, ben, cem = [await harness.join(harness.people.add()) for _ in range(3)]
    taken = Claim(call_id=new_id(), first=ana, second=ben, claimed_at=harness.clock())

    async def seen_before(seeker: Ticket, *_: object) -> list[Ticket]:
        return [ana] if seeker is cem else [cem]

    assert (await harness.tickets.claim(taken)).outcome == "both"
    monkeypatch.setattr(harness.tickets, "look", seen_before)
    assert await harness.matchmaker.seek(cem) is None
    assert await harness.matchmaker.seek(ben) is None
    name = "realtime_matching_refused_claims_total"
    assert metric(harness, name, reason="first_gone") >= 1
    assert metric(harness, name, reason="second_gone") == 1
    assert metric(harness, "double_match_total") == 0
