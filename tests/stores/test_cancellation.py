"""A task that waits for a store can be cancelled, at whichever step of a command."""

import asyncio
import random
from contextlib import suppress

import pytest

from db.outage import OUTAGES
from db.postgres.pool import open_pool
from db.redis.multiplexed import RedisClient
from tests.patience import PATIENCE_S
from tests.stores.test_postgres_outages import pool_at, wire_to

AT_ONCE = 4
ROUNDS = 50


async def test_no_cancellation_is_lost(redis_client: RedisClient) -> None:
    """And the answers that nobody wants any more reach nobody else."""
    chance = random.Random(37)
    over = asyncio.Event()

    async def ask(name: str) -> None:
        while not over.is_set():
            assert await redis_client.command("ECHO", name) == name.encode()

    for _ in range(ROUNDS):
        over.clear()
        tasks = [asyncio.create_task(ask(f"caller {n}")) for n in range(AT_ONCE)]
        for _ in range(chance.randrange(1, 30)):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        over.set()  # a task that lost its cancellation ends here, and not as cancelled
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), PATIENCE_S)
        assert [task.cancelled() for task in tasks] == [True] * AT_ONCE


async def test_one_in_a_transaction_is_not_lost_with_its_connection(database_url: str) -> None:
    """The driver wants to undo the transaction, and raises that it cannot."""
    pool = await open_pool(database_url, size=2)
    begun: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def stay() -> None:
        async with pool.acquire() as connection, connection.transaction(), connection.transaction():
            begun.set_result(await connection.fetchval("SELECT pg_backend_pid()"))
            await asyncio.Event().wait()

    task = asyncio.create_task(stay())
    await pool.fetchval("SELECT pg_terminate_backend($1)", await begun)
    async with asyncio.timeout(PATIENCE_S):
        while pool.get_size() > 1:
            await asyncio.sleep(0.005)
    task.cancel()
    await asyncio.wait([task], timeout=PATIENCE_S)
    assert task.cancelled()
    await pool.close()


async def test_who_cleans_up_after_one_is_told_that_there_is_no_connection(database_url: str) -> None:
    """And can go on with what else is to be done."""
    pool = await open_pool(database_url, size=2)

    async def clean_up() -> None:
        async with pool.acquire() as connection, connection.transaction():
            connection.terminate()
            await connection.fetchval("SELECT 1")

    async def stay() -> str:
        try:
            return await asyncio.Event().wait() and ""
        except asyncio.CancelledError:
            with pytest.raises(ConnectionError):
                await clean_up()
            return "cleaned up"

    task = asyncio.create_task(stay())
    await asyncio.sleep(0)
    task.cancel()
    assert await asyncio.wait_for(task, PATIENCE_S) == "cleaned up"
    await pool.close()


@pytest.mark.parametrize("statement", [True, False], ids=["a statement", "an open transaction"])
async def test_one_is_not_lost_while_its_connection_cannot_be_given_back(
    database_url: str, statement: bool
) -> None:
    """PostgreSQL stands still: what the pool raises about that takes the place of nothing."""
    begun = asyncio.Event()

    async def stay() -> None:
        while True:
            with suppress(*OUTAGES):  # a busy machine does not answer so soon
                async with pool.acquire() as connection:
                    await connection.execute("BEGIN")
                    begun.set()
                    await (
                        connection.fetchval("SELECT pg_sleep(60)") if statement else asyncio.Event().wait()
                    )

    async with wire_to(database_url) as (wire, url), pool_at(url, patience_s=0.3) as pool:
        task = asyncio.create_task(stay())
        await asyncio.wait_for(begun.wait(), PATIENCE_S)
        wire.silence()
        task.cancel()
        await asyncio.wait([task], timeout=PATIENCE_S)
        wire.speak()
        assert task.cancelled()
