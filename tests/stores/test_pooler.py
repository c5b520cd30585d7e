"""The pool behind a pgbouncer in transaction mode, which gives each transaction whichever session is free."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from db.migrations.migrate import current
from db.postgres.consents import ConsentStore
from db.postgres.pool import SESSION, Pool, open_pool
from tests.machines.pgbouncer import pgbouncer, version
from tests.patience import PATIENCE_S
from tests.stores.world import World

MANY = 20


@pytest.fixture
async def pooled_url(database_url: str, world: World) -> AsyncIterator[str]:
    # From 1.21 on it knows prepared statements, unless it is told not to.
    older: dict[str, Any] = {"max_prepared_statements": "0"} if version() >= (1, 21) else {}
    async with pgbouncer(database_url, default_pool_size="2", **older) as bouncer:
        yield bouncer.url


@pytest.fixture
async def pool(pooled_url: str) -> AsyncIterator[Pool]:
    pool = await open_pool(pooled_url, size=MANY, patience_s=PATIENCE_S, prepared=False)
    yield pool
    await pool.close()


async def told(pool: Pool) -> set[str]:
    """What twenty are told who ask two different things at the same time, again and again."""

    async def ask(n: int) -> set[str]:
        numbers = [await pool.fetchval("SELECT $1::int + 1", n) - n for _ in range(10)]
        words = [await pool.fetchval("SELECT $1::text || '!'", "word") for _ in range(10)]
        return {*map(str, numbers), *words}

    return set().union(*await asyncio.gather(*(ask(n) for n in range(MANY))))


async def test_each_statement_finds_its_text_in_whichever_session(pool: Pool) -> None:
    assert await told(pool) == {"1", "word!"}


async def test_prepared_statements_are_not_found_there(pooled_url: str) -> None:
    """So this pooler shows what it is here for."""
    prepares = await open_pool(pooled_url, size=MANY, patience_s=PATIENCE_S)
    with pytest.raises((asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError)):
        await told(prepares)
    prepares.terminate()


async def test_sessions_are_as_they_are_without_a_pooler(pool: Pool, database_url: str) -> None:
    """By `connect_query` of `deploy/pgbouncer`; where nobody says it, the server can tell."""
    assert await pool.unlike() == []
    async with pgbouncer(database_url, connect_query=False) as careless:
        other = await open_pool(careless.url, size=1, patience_s=PATIENCE_S, prepared=False)
        assert await other.unlike() == sorted(SESSION)
        await other.close()


async def test_a_start_does_not_wait_for_a_pooler_whose_sessions_are_all_busy(
    database_url: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lets in whoever comes, and answers nobody."""
    monkeypatch.setattr("db.migrations.migrate._PATIENCE_S", 0.5)
    async with pgbouncer(database_url, default_pool_size="1", query_wait_timeout="0") as bouncer:
        holder = await asyncpg.connect(bouncer.url)
        async with holder.transaction(), asyncio.timeout(PATIENCE_S):
            await holder.execute("SELECT 1")
            with pytest.raises(TimeoutError):
                await current(bouncer.url)
        await holder.close()


async def test_rows_in_portions_and_types_of_our_own(pool: Pool, world: World) -> None:
    """A cursor, several sets of arguments, and own-data transactions, at once and in few sessions."""
    ana = await world.person("Ana")

    async def all_of_it(n: int) -> None:
        async with pool.acquire() as connection, connection.transaction():
            cursor = await connection.cursor("SELECT generate_series(1, $1::int)", 25)
            portions = [len(rows) async for rows in _portions(cursor)]
            await connection.executemany("SELECT $1::uuid, $2::jsonb", [(ana, {"n": n})] * 3)
            found = await connection.fetchval("SELECT '[1,2]'::jsonb || $1::jsonb", [n])
            assert (portions, found) == ([10, 10, 5], [1, 2, n])
        assert await ConsentStore(pool).of(ana) == []

    await asyncio.gather(*(all_of_it(n) for n in range(MANY)))


async def _portions(cursor: asyncpg.cursor.Cursor) -> AsyncIterator[list[asyncpg.Record]]:
    while rows := await cursor.fetch(10):
        yield rows
