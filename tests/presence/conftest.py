"""Both stores of presence, empty, and a Redis that nobody else uses."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from core.ids import new_id
from db.redis.multiplexed import RedisClient
from db.redis.presence import RedisPresence
from realtime.presence.ports import PresenceStore
from tests.presence.memory import MemoryPresence
from tests.presence.nodes import PresenceNode, Society, Time, node_on


@pytest.fixture
async def redis(redis: Redis) -> Redis:
    # Expired leases of all users are found: those of another test would be in the way.
    if keys := await redis.keys("presence:*"):
        await redis.delete(*keys)
    return redis


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest, redis: Redis, redis_client: RedisClient) -> PresenceStore:
    """A store in which nobody is there."""
    return MemoryPresence() if request.param == "memory" else RedisPresence(redis_client)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def society() -> Society:
    return Society()


@pytest.fixture
async def nodes(
    redis: Redis, redis_client: RedisClient, society: Society, time: Time
) -> AsyncIterator[tuple[PresenceNode, PresenceNode]]:
    """Two processes on one Redis, which has been emptied."""
    async with (
        node_on(redis_client, society, time) as here,
        node_on(redis_client, society, time) as there,
    ):
        yield here, there


@pytest.fixture
def pair(society: Society) -> tuple[str, str]:
    """Ana and Ben, who have a connection."""
    ana, ben = new_id(), new_id()
    society.friends.add(frozenset((ana, ben)))
    return ana, ben
