"""A thousand people queue at once on three nodes, again and again: nobody is matched twice, nobody is lost.

Three processes with connections of their own, on one Redis and one Postgres. `MATCHING_TIMES=10` repeats it
ten times as often.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from redis.asyncio import Redis

from tests.matching.node import REGION, Joins
from tests.matching.stores import contents, read
from tests.stores.world import World, world_at

ROOT = Path(__file__).parents[2]
PEOPLE, NODES, WITHIN_S = 1_000, 3, 60
ROUNDS = 3 * int(os.environ.get("MATCHING_TIMES", "1"))
GENDERS = ("female", "male")


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    async with world_at(database_url) as world:
        yield world


async def test_a_thousand_join_at_once_on_three_nodes(
    world: World, database_url: str, redis_url: str
) -> None:
    """Each is in one call a round, and nothing is left when nobody has answered."""
    async with AsyncExitStack() as house:
        redis = await house.enter_async_context(Redis.from_url(redis_url))
        await redis.flushdb()
        nodes = [await house.enter_async_context(node(database_url, redis_url)) for _ in range(NODES)]
        people = await asyncio.gather(*(world.person(gender=GENDERS[n % 2]) for n in range(PEOPLE)))
        joins: Joins = [(user, GENDERS[1 - n % 2]) for n, user in enumerate(people)]
        for number in range(1, ROUNDS + 1):
            doubles = await asyncio.gather(*(ask(one, joins[n::NODES]) for n, one in enumerate(nodes)))
            assert doubles == [0] * NODES
            await everybody_was_in(world, number)
            now = read(await contents(redis, f"queue:{{{REGION}}}:"))
            assert not now.waiting
            assert not now.held
            assert not now.claims


@asynccontextmanager
async def node(database_url: str, redis_url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """One more node, until the block ends."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.matching.node", database_url, redis_url),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(WITHIN_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            raise


async def ask(node: asyncio.subprocess.Process, joins: Joins) -> float:
    """Have these join at once; gives the matches that this node had to have refused."""
    assert node.stdin is not None
    assert node.stdout is not None
    node.stdin.write(msgspec.json.encode(joins) + b"\n")
    async with asyncio.timeout(WITHIN_S):
        return float(await node.stdout.readline())


async def everybody_was_in(world: World, rounds: int) -> None:
    """Until each has been in so many calls and is in none; nobody is ever in more."""
    query = (
        "SELECT sum(active), max(calls), min(calls), count(*) FROM ("
        " SELECT count(*) AS calls, count(*) FILTER (WHERE p.active) AS active"
        " FROM interaction.call_participants p JOIN interaction.calls c ON c.id = p.call_id"
        " WHERE c.region = $1 GROUP BY p.user_id"
        ") AS each"
    )
    seen = None
    try:
        async with asyncio.timeout(WITHIN_S):
            while seen != (0, rounds, rounds, PEOPLE):
                await asyncio.sleep(0.05)
                seen = tuple(await world.pool.fetchrow(query, REGION))
                assert (seen[1] or 0) <= rounds, "somebody was matched twice"
    except TimeoutError:
        raise AssertionError(f"active, most calls, fewest, people: {seen}") from None
