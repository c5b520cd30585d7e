"""A thousand people queue at once on three nodes, again and again: nobody is matched twice, nobody is lost.

Processes with connections of their own, on one Redis and one Postgres. `MATCHING_TIMES=10` repeats it ten
times as often.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
from redis.asyncio import Redis

from core.vocabulary import Gender
from tests.matching.node import REGION, Storm
from tests.matching.stores import contents, read
from tests.stores.world import World

ROOT = Path(__file__).parents[2]
TIMES = int(os.environ.get("MATCHING_TIMES", "1"))
PEOPLE, NODES, WITHIN_S = 1_000, 3, 120 * TIMES
ROUNDS = 2 * TIMES
INSISTING, DECLINES = 40, 60 * TIMES
GENDERS: tuple[Gender, Gender] = ("female", "male")


async def test_a_thousand_join_at_once_on_three_nodes(
    world: World, database_url: str, redis_url: str
) -> None:
    """Each is in one call a round, and nothing is left when nobody has answered."""
    async with AsyncExitStack() as harness:
        redis = await harness.enter_async_context(Redis.from_url(redis_url))
        await redis.flushdb()
        nodes = [await harness.enter_async_context(node(database_url, redis_url)) for _ in range(NODES)]
        people = await asyncio.gather(*(world.person(gender=GENDERS[n % 2]) for n in range(PEOPLE)))
        joins = [(user, GENDERS[1 - n % 2]) for n, user in enumerate(people)]
        for number in range(1, ROUNDS + 1):
            told = await asyncio.gather(*(ask(one, Storm(joins[n::NODES])) for n, one in enumerate(nodes)))
            assert [doubles for doubles, _ in told] == [0] * NODES
            await everybody_was_in(world, people, number)
            now = read(await contents(redis, f"queue:{{{REGION}}}:"))
            assert not now.waiting
            assert not now.held
            assert not now.claims


async def test_who_joins_on_two_nodes_again_and_again_is_in_one_call(
    world: World, database_url: str, redis_url: str
) -> None:
    """Each has a device on both, declines whatever comes, and joins anew; the clocks of the nodes differ."""
    async with AsyncExitStack() as harness:
        redis = await harness.enter_async_context(Redis.from_url(redis_url))
        await redis.flushdb()
        nodes = [await harness.enter_async_context(node(database_url, redis_url, ms)) for ms in (0, -20)]
        people = await asyncio.gather(*(world.person(gender=GENDERS[n % 2]) for n in range(INSISTING)))
        storm = Storm([(user, GENDERS[1 - n % 2]) for n, user in enumerate(people)], declines=DECLINES)
        told = await asyncio.gather(*(ask(one, storm) for one in nodes))
        assert [doubles for doubles, _ in told] == [0, 0]
        assert sum(joins for _, joins in told) > INSISTING


@asynccontextmanager
async def node(
    database_url: str, redis_url: str, skew_ms: int = 0
) -> AsyncIterator[asyncio.subprocess.Process]:
    """One more node, whose clock is ahead by so much, until the block ends."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.matching.node", database_url, redis_url, str(skew_ms)),
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


async def ask(node: asyncio.subprocess.Process, storm: Storm) -> tuple[float, float]:
    """Have these join; gives the matches that this node had to have refused, and how many joined, so far."""
    assert node.stdin is not None
    assert node.stdout is not None
    node.stdin.write(msgspec.json.encode(storm) + b"\n")
    async with asyncio.timeout(WITHIN_S):
        doubles, joins = map(float, (await node.stdout.readline()).split())
    return doubles, joins


async def everybody_was_in(world: World, people: Collection[str], rounds: int) -> None:
    """Until each of them has been in so many calls and is in none; nobody is ever in more."""
    query = (
        "SELECT sum(active), max(calls), min(calls), count(*) FROM ("
        " SELECT count(*) AS calls, count(*) FILTER (WHERE p.active) AS active"
        " FROM interaction.call_participants p WHERE p.user_id = ANY ($1::uuid[]) GROUP BY p.user_id"
        ") AS each"
    )
    seen = None
    try:
        async with asyncio.timeout(WITHIN_S):
            while seen != (0, rounds, rounds, PEOPLE):
                await asyncio.sleep(0.05)
                seen = tuple(await world.pool.fetchrow(query, people))
                assert (seen[1] or 0) <= rounds, "somebody was matched twice"
    except TimeoutError:
        raise AssertionError(f"active, most calls, fewest, people: {seen}") from None
