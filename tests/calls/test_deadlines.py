"""When deadlines of calls are handled: at their time, by whatever node, and without looking all the time."""

import asyncio

from core.clock import now_ms
from core.settings import Settings
from db.redis.bus import Bus
from db.redis.call_shards import SHARDS
from db.redis.multiplexed import RedisClient
from realtime.calls.deadline_worker import DeadlineWorker
from signaling.call import State
from tests.calls.nodes import REGION, CallNode
from tests.patience import PATIENCE_S
from tests.stores.world import World

NEVER_S = 1_000_000


async def until_closed(node: CallNode, call_id: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while (stored := await node.stores.calls.load(call_id)) and stored.call.state is not State.CLOSED:
            await asyncio.sleep(0.01)


async def test_a_deadline_that_is_known_is_met_without_another_look(
    world: World, redis_client: RedisClient
) -> None:
    """Each look says when the next one is worth it: two offers that another node made lapse in their turn."""
    async with Bus(redis_client, "deadlines") as bus:
        node, later = (
            CallNode(world.pool, redis_client, bus, Settings(region=REGION, offer_s=offer_s))
            for offer_s in (1, 2)
        )
        first, second = await node.offered(await world.pair()), await later.offered(await world.pair())
        worker = DeadlineWorker(node.stores.calls, node.services.call_service, now_ms, every_s=NEVER_S)
        working = asyncio.create_task(worker.run())
        for call in (first, second):
            await until_closed(node, call.id)
            assert call.deadline is not None
            assert now_ms() >= call.deadline
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def test_a_look_says_when_the_next_one_is_worth_it(world: World, node: CallNode) -> None:
    call = await node.offered(await world.pair())
    assert call.deadline is not None
    due = await node.stores.calls.due(range(SHARDS), 0)
    assert due.calls == []
    assert due.next_at is not None
    assert due.next_at <= call.deadline
