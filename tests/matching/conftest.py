"""Both stores of tickets, empty."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import BlockingConnectionPool, Redis

from db.redis.multiplexed import RedisClient
from db.redis.tickets import RedisTickets
from realtime.matchmaking.ports import TicketStore
from tests.matching.memory import MemoryTickets
from tests.matching.people import new_id


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    pool = BlockingConnectionPool.from_url(redis_url, max_connections=16)
    async with Redis.from_pool(pool) as client:
        yield client


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest, redis_client: RedisClient) -> TicketStore:
    """A queue nobody has joined: a region of its own where Redis is shared."""
    return MemoryTickets() if request.param == "memory" else RedisTickets(redis_client, new_id())
