"""Both stores of tickets, empty."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from db.tickets import RedisTickets
from services.ports import TicketStore
from tests.matching.memory import MemoryTickets
from tests.matching.people import new_id


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest, redis_url: str) -> AsyncIterator[TicketStore]:
    """A queue nobody has joined: a region of its own where Redis is shared."""
    if request.param == "memory":
        yield MemoryTickets()
        return
    async with Redis.from_url(redis_url) as client:
        yield RedisTickets(client, new_id())
