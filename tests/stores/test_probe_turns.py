"""Whose turn it is to have a probe go its way, on the real Redis."""

import asyncio

import pytest

from db.redis.multiplexed import RedisClient
from db.redis.probe_turns import ProbeTurns

HOUR_MS = 3_600_000


@pytest.fixture
async def nodes(redis_client: RedisClient) -> list[ProbeTurns]:
    """Several on one Redis, on which no probe has gone its way."""
    for key in ("probe:turn", "probe:success"):
        await redis_client.command("DEL", key)
    return [ProbeTurns(redis_client) for _ in range(5)]


async def test_of_all_nodes_one_has_the_turn(nodes: list[ProbeTurns], redis_client: RedisClient) -> None:
    """Until its time is over, also if it dies meanwhile."""
    for _ in range(2):
        assert sum(await asyncio.gather(*(node.take(HOUR_MS) for node in nodes))) == 1
        assert not await nodes[0].take(HOUR_MS)
        assert 0 < int(await redis_client.command("PTTL", "probe:turn")) <= HOUR_MS
        await redis_client.command("DEL", "probe:turn")  # so long later


async def test_all_know_when_one_came_through(nodes: list[ProbeTurns]) -> None:
    assert await nodes[1].last_success() is None
    await nodes[0].succeeded(1_800_000_000_123)
    assert await nodes[1].last_success() == 1_800_000_000_123
