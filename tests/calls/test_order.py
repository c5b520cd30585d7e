"""In which order two people hear that a call has ended, and are offered to others."""

from collections.abc import AsyncIterator

import msgspec
import pytest
from redis.asyncio import Redis

from core.clock import now_ms
from core.contract.queue import QueueLeft
from core.ids import new_id
from db.redis.event_log import EventId
from signaling.call import Call
from signaling.effects import emit
from signaling.messages import CallMessage, Decline, Skip
from tests.calls.nodes import CallNode
from tests.stores.world import World


async def steps(node: CallNode, call: Call, message: CallMessage) -> AsyncIterator[None]:
    """The effects of this message, one by one: another node may look, or this one die, after each."""
    call = await node.saved_only(call, message)
    for pending in await node.stores.calls.outbox(call.id):
        await node.services.executor.perform(call, [pending])
        yield


async def test_what_goes_out_at_once_comes_to_each_in_order(
    world: World, node: CallNode, redis: Redis
) -> None:
    """One of the two cannot be told now: nothing of theirs comes early, and the other hears all."""
    ana, ben = await world.pair()
    call = await node.offered((ana, ben))
    stored = await node.stores.calls.load(call.id)
    assert stored is not None
    numbered = [QueueLeft(ticket_id=number, reason="matched") for number in "12"]
    effects = tuple(emit(user_id, event) for event in numbered for user_id in (ana, ben))
    pending = await node.stores.calls.save(call, effects, version=stored.version, now=now_ms())
    assert pending is not None
    await redis.set(f"events:{{{ana}}}", "no stream")
    await node.services.executor.perform(call, pending)
    assert await left(node, ben) == ["1", "2"]
    waiting = [item.key for item in await node.stores.calls.outbox(call.id)]
    assert waiting == [pending[0].key, pending[2].key]
    await redis.delete(f"events:{{{ana}}}")
    await node.services.call_service.catch_up(call.id)
    assert await left(node, ana) == await left(node, ben) == ["1", "2"]
    assert await node.stores.calls.outbox(call.id) == []


async def left(node: CallNode, user_id: str) -> list[str]:
    """The tickets that this user has heard to be gone, in order."""
    told = await node.stores.events.after(user_id, EventId(0, 0))
    return [msgspec.json.decode(e.data)["ticket_id"] for e in told if e.name == QueueLeft.event]


async def can_be_matched(node: CallNode, user_id: str) -> bool:
    return user_id in {ticket.user_id for ticket in await node.stores.tickets.everyone("video")}


async def has_heard(node: CallNode, user_id: str) -> bool:
    told = await node.stores.events.after(user_id, EventId(0, 0))
    return "call:ended" in {event.name for event in told}


@pytest.mark.parametrize("skips", [False, True])
async def test_nobody_is_offered_anew_before_they_have_heard_of_the_end(
    world: World, node: CallNode, skips: bool
) -> None:
    """Once they have heard, they have the place that `call:ended` names."""
    ana, ben = await world.pair()
    call = await node.offered((ana, ben))
    users = (ana, ben) if skips else (ana,)
    message = Skip(ben, new_id()) if skips else Decline(ben)
    async for _ in steps(node, call, message):
        for user_id in users:
            heard = await has_heard(node, user_id)
            assert heard or not await can_be_matched(node, user_id), "matched before told"
            assert not heard or await node.services.queue.of(user_id), "told of a place that is not there"
    for user_id in users:
        assert await can_be_matched(node, user_id)
        await node.services.queue.remove(user_id, "left")


async def test_who_leaves_as_soon_as_they_have_heard_has_left(world: World, node: CallNode) -> None:
    """The place was reserved and not given back yet; a node that comes late does not put them back."""
    ana, ben = await world.pair()
    call = await node.offered((ana, ben))
    left = False
    async for _ in steps(node, call, Decline(ben)):
        if not left and await has_heard(node, ana):
            await node.services.queue.remove(ana, "left")
            left = True
    assert left
    assert await node.services.queue.of(ana) is None
    assert not await can_be_matched(node, ana)
    told = await node.stores.events.after(ana, EventId(0, 0))
    assert [event.name for event in told if event.name == "queue:left"] == ["queue:left"]


async def test_a_death_between_the_two_steps_costs_nobody_the_place(world: World, node: CallNode) -> None:
    ana, ben = await world.pair()
    call = await node.offered((ana, ben))
    async for _ in steps(node, call, Decline(ben)):
        if await has_heard(node, ana):
            break
    assert await node.services.queue.of(ana) == call.party(ana).ticket
    await node.services.call_service.catch_up(call.id)
    assert await can_be_matched(node, ana)
    await node.services.queue.remove(ana, "left")
