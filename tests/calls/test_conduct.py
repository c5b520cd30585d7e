"""Cool-downs and trust where nodes die between two steps."""

import asyncio

import pytest

from core.contract.queue import Preferences
from core.errors import RateLimited
from core.ids import new_id
from db.redis.event_log import EventId
from signaling.messages import Decline, Report, Skip
from tests.calls.nodes import CallNode
from tests.patience import PATIENCE_S
from tests.stores.town import Town
from tests.stores.world import World


async def join(node: CallNode, user_id: str) -> str:
    placed = await node.services.queue.enqueue(user_id, f"phone of {user_id}", "voice", Preferences())
    return placed.ticket.id


async def declined(node: CallNode, world: World, ben: str, *, recorded: bool = True) -> str:
    """An offer that Ben has declined; unless `recorded` the node died before it said so anywhere."""
    call = await node.offered((await world.person(), ben))
    if recorded:
        await node.services.call_service.tell(call.id, Decline(ben))
    else:
        await node.saved_only(call, Decline(ben))
    return call.id


async def test_a_fault_counts_before_it_is_on_record(world: World, node: CallNode) -> None:
    """The node that took the decline has died: joining elsewhere sets the record right, and finds it."""
    ben = await world.person("Ben")
    await declined(node, world, ben)
    call_id = await declined(node, world, ben, recorded=False)
    with pytest.raises(RateLimited) as limited:
        await join(node, ben)
    assert 0 < (limited.value.retry_after_ms or 0) <= 300_000
    assert await node.services.queue.of(ben) is None
    await node.services.call_service.catch_up(call_id)
    with pytest.raises(RateLimited) as again:
        await join(node, ben)
    assert (again.value.retry_after_ms or 0) <= 300_000, "the same end is no second fault"
    habit = (await node.stores.tickets.before(ben)).habit
    assert (habit.offers, habit.missed) == (2, 2), "nor a second offer that he did not accept"


async def test_joins_that_race_the_end_of_a_call_are_all_refused(world: World, node: CallNode) -> None:
    """Nobody is in the queue afterwards, whichever join came when."""
    ben = await world.person("Ben")
    await declined(node, world, ben)
    call = await node.offered((await world.person(), ben))
    async with asyncio.timeout(PATIENCE_S):
        _, *answers = await asyncio.gather(
            node.services.call_service.tell(call.id, Decline(ben)),
            *(join(node, ben) for _ in range(20)),
            return_exceptions=True,
        )
    assert all(isinstance(answer, Exception) for answer in answers), answers
    assert await node.services.queue.of(ben) is None


async def test_a_report_is_judged_though_the_node_dies_before(world: World, node: CallNode) -> None:
    """Any node that finds it files and judges it, once."""
    town, ana = Town(world), await world.person()
    await town.reported(ana, times=2)
    reporter = await world.person("R")
    await world.known([reporter])
    call = await node.live((ana, reporter))
    await node.saved_only(call, Report(reporter, new_id(), "spam"))
    assert await town.tier(ana) == "neutral"
    await asyncio.gather(*(node.services.call_service.catch_up(call.id) for _ in range(3)))
    assert await town.tier(ana) == "suspect"
    assert len(await town.log.entries(user_id=ana, before=None, limit=9)) == 1


async def test_who_hangs_up_on_everybody_is_found_out_by_their_calls(world: World, node: CallNode) -> None:
    """Skipping from one to the next: each call is judged when it ends, and their ticket stays what it was."""
    town, spammer = Town(world), await world.person("Spammer")
    for n in range(9):
        await town.call((spammer, await world.person(f"V{n}")), by=spammer, live_ms=2_000)
    victim = await world.person("V9")
    call = await node.live((spammer, victim))
    await node.services.call_service.tell(call.id, Skip(spammer, new_id()))
    assert await town.tier(spammer) == "suspect"
    skipped_with = await node.services.queue.of(spammer)
    assert skipped_with is not None
    assert skipped_with.tier == "neutral"


async def test_a_ticket_with_a_trust_that_is_lost_meets_nobody(world: World, node: CallNode) -> None:
    """Its owner leaves the queue and is told; the other one has the old place back; both may go on."""
    town = Town(world)
    ana, spammer = users = await world.pair()
    claim = await node.claim(users)
    await town.place(spammer, "suspect")
    for _ in range(2):
        await node.services.matchmaker.finish([claim])
    assert await node.stores.calls.load(claim.call_id) is None
    assert await node.services.queue.of(ana) == claim.first
    assert await node.services.queue.of(spammer) is None
    told = await node.stores.events.after(spammer, EventId(0, 0))
    assert [t.name for t in told] == ["queue:left"]
    await node.services.queue.remove(ana, "left")
    await join(node, spammer)
    rejoined = await node.services.queue.of(spammer)
    assert rejoined is not None
    assert rejoined.tier == "suspect"
    await node.services.queue.remove(spammer, "left")
