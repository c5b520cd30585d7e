"""Nodes without sockets on a real Postgres and Redis: what calls do when a node dies between two steps."""

from collections.abc import AsyncIterator

import pytest

from core.settings import Settings
from db.redis.bus import Bus
from db.redis.multiplexed import RedisClient
from tests.calls.nodes import REGION, CallNode
from tests.stores.world import World

# A command waits a quarter of it for what others can do later, and tests look at once at what was done.
# Nothing else is over, on a busy machine too, unless a test says so.
SETTINGS = Settings(
    region=REGION,
    answer_s=240,
    offer_s=100,
    ring_s=100,
    connect_s=100,
    grace_s=100,
    decision_s=100,
    queue_lease_s=100,
    connection_lease_s=100,
    cool_downs_s="0,300,3000",
)


@pytest.fixture
async def node(world: World, redis_client: RedisClient) -> AsyncIterator[CallNode]:
    async with Bus(redis_client, "calls") as bus:
        yield CallNode(world.pool, redis_client, bus, SETTINGS)
