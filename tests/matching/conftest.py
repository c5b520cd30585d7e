"""Both stores of tickets, empty."""

import pytest

from db.redis.multiplexed import RedisClient
from db.redis.tickets import RedisTickets
from realtime.matchmaking.ports import TicketStore
from tests.matching.memory import MemoryTickets
from tests.matching.people import new_id


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest, redis_client: RedisClient) -> TicketStore:
    """A queue nobody has joined: a region of its own where Redis is shared."""
    return MemoryTickets() if request.param == "memory" else RedisTickets(redis_client, new_id())
