"""Connections to PostgreSQL when there are fewer than people who want one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import pytest

from db.postgres.pool import Pool, open_pool
from tests.machines.variants import is_pooled
from tests.patience import PATIENCE_S

PEOPLE, TIMES = 40, 30


async def test_whoever_waits_longest_is_next(database_url: str) -> None:
    """Nobody who comes later is served before them, however many come and go meanwhile."""
    pool = await open_pool(database_url, size=3, patience_s=PATIENCE_S, prepared=not is_pooled(database_url))
    async with pool.acquire(), pool.acquire(), pool.acquire():
        pass  # all are open
    asked, served = count(), list[int]()

    async def somebody() -> None:
        for _ in range(TIMES):
            turn = next(asked)
            async with pool.acquire() as connection:
                served.append(turn)
                await connection.fetchval("SELECT 1")

    async def others() -> None:
        for _ in range(TIMES):
            await pool.fetchval("SELECT 1")

    try:
        await asyncio.gather(*(somebody() for _ in range(PEOPLE)), *(others() for _ in range(PEOPLE)))
    finally:
        await pool.close()
    assert served == sorted(served)


@asynccontextmanager
async def one_connection(database_url: str) -> AsyncIterator[Pool]:
    """A pool that has no more than one, which is open."""
    pool = await open_pool(database_url, size=1, patience_s=PATIENCE_S, prepared=not is_pooled(database_url))
    try:
        yield pool
    finally:
        await pool.close()


async def waiting(pool: Pool, people: int) -> None:
    """Until so many wait."""
    async with asyncio.timeout(PATIENCE_S):
        while pool.waiting != people:
            await asyncio.sleep(0)


async def two_wait(pool: Pool) -> tuple[asyncio.Task[str], asyncio.Task[str]]:
    """Ana, and Ben after her."""
    ana = asyncio.create_task(pool.fetchval("SELECT 'ana'"))
    await waiting(pool, 1)
    ben = asyncio.create_task(pool.fetchval("SELECT 'ben'"))
    await waiting(pool, 2)
    return ana, ben


async def test_who_leaves_just_when_it_is_their_turn_passes_it_on(database_url: str) -> None:
    """Whoever is next has it, and nothing is lost."""
    async with one_connection(database_url) as pool:
        async with pool.acquire():
            ana, ben = await two_wait(pool)
        ana.cancel()  # it has been given to her, and she has not heard of it
        async with asyncio.timeout(PATIENCE_S):
            assert await ben == "ben"
            with pytest.raises(asyncio.CancelledError):
                await ana
        assert pool.waiting == 0
        assert await pool.fetchval("SELECT 3") == 3


async def test_who_has_left_is_passed_over(database_url: str) -> None:
    """Before it was their turn."""
    async with one_connection(database_url) as pool:
        async with pool.acquire():
            ana, ben = await two_wait(pool)
            ana.cancel()
            await waiting(pool, 1)
        assert await ben == "ben"


async def test_nobody_waits_for_longer_than_they_are_patient(database_url: str) -> None:
    """It is an outage to them; who has the connection keeps it, and it is there for the next."""
    async with one_connection(database_url) as pool:
        async with pool.acquire() as connection:
            pool.patience_s = 0.1
            late = await asyncio.gather(
                *(pool.fetchval("SELECT 1") for _ in range(3)), return_exceptions=True
            )
            assert [type(each) for each in late] == [ConnectionError] * 3
            assert await connection.fetchval("SELECT 2") == 2
        assert await pool.fetchval("SELECT 3") == 3


async def test_whose_turn_it_is_opens_what_was_lost(database_url: str) -> None:
    """The connection ends under the one who has it: the next one has another."""
    async with one_connection(database_url) as pool:
        async with pool.acquire() as connection:
            ana = asyncio.create_task(pool.fetchval("SELECT 'ana'"))
            await waiting(pool, 1)
            connection.terminate()
        async with asyncio.timeout(PATIENCE_S):
            assert await ana == "ana"
