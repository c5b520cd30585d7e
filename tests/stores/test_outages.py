"""How the servers themselves fail, and what becomes of it where a store ends."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
import uvloop
from structlog.testing import capture_logs

from core.ids import new_id
from db.migrations.migrate import migrate
from db.outage import OUTAGES, Outage, Outages, WritesRefusedError
from db.postgres.pool import open_pool
from db.redis.multiplexed import load_script, open_redis_client
from tests.conftest import NewDatabase
from tests.faults import redis_wire
from tests.machines.redis_server import redis_server
from tests.patience import PATIENCE_S
from tests.stores.test_postgres_outages import served

SOON_S = 0.5


def test_an_outage_is_two_lines() -> None:
    """However many notice; who sees it work for a moment does not end it."""
    times = iter((1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 9.0))
    outage = Outage("Redis does not answer", quiet_s=5, monotonic=times.__next__)
    with capture_logs() as said:
        outage.worked()
        for _ in range(3):
            outage.failed(ConnectionError("refused"))
            outage.worked()
        outage.worked()
        outage.worked()
    assert [entry["event"] for entry in said] == [
        "Redis does not answer: begun",
        "Redis does not answer: over",
    ]
    assert (said[1]["failures"], said[1]["lasted_s"]) == (3, 2.0)


# --- Redis ---


@pytest.mark.parametrize(
    "breaking",
    [
        ("CONFIG", "SET", "maxmemory", "1"),
        ("REPLICAOF", "127.0.0.1", "1"),
        ("CONFIG", "SET", "min-replicas-to-write", "1"),
    ],
    ids=["out of memory", "read-only", "too few replicas"],
)
async def test_a_redis_that_takes_no_writes_is_an_outage(tmp_path: Path, breaking: tuple[str, ...]) -> None:
    """Plainly, in a script and in a transaction; it is told of as such, and the connection serves on."""
    outages = Outages("Redis")
    (tmp_path / "write.lua").write_text("return redis.call('SET', KEYS[1], 1)")
    script = load_script(tmp_path / "write.lua", repeatable=True)
    async with redis_server() as server, open_redis_client(server.url, outages=outages) as redis:
        await redis.run(script, ["key"])
        await redis.check_writes()
        await redis.command(*breaking)
        read, *refused = (
            redis.command("GET", "key"),
            redis.command("SET", "key", 1),
            redis.check_writes(),
            redis.run(script, ["key"]),
        )
        for answer in refused:
            with pytest.raises(WritesRefusedError):
                await answer
        with pytest.raises(OUTAGES):
            await redis.transaction([("SET", "key", 1)])
        assert await read == await redis.command("GET", "key") == b"1"
        with pytest.raises(ConnectionError, match="takes no writes"):
            outages.check_writes()


@pytest.mark.parametrize("run", [uvloop.run, asyncio.run])
async def test_a_reset_connection_is_opened_again(redis_url: str, run: Callable[..., None]) -> None:
    """Whatever loop it is, and whatever it makes of what is written to a connection that is gone."""

    async def scenario() -> None:
        wire, database = redis_wire(redis_url)
        async with wire.laid(), open_redis_client(f"redis://127.0.0.1:{wire.port}/{database}") as redis:
            for _ in range(5):
                await asyncio.gather(*(redis.command("PING") for _ in range(3)))
                wire.cut()
                await asyncio.gather(*(redis.command("PING") for _ in range(3)))
                await redis.command("PING")

    await asyncio.to_thread(run, scenario())


# --- PostgreSQL ---


async def test_a_postgres_that_takes_no_writes_is_not_ready(new_database: NewDatabase) -> None:
    """Read-only, though it answers; or full, as somebody has been told a moment ago."""
    url = await new_database()
    await migrate(url, logging.getLogger(__name__))
    pool = await open_pool(url, size=1)
    try:
        await pool.check_writes()
        await pool.execute("SET default_transaction_read_only = on")
        with pytest.raises(OUTAGES):
            await pool.check_writes()
        await pool.execute("RESET default_transaction_read_only")
    finally:
        await pool.close()
    pool = await open_pool(url, size=1)
    try:
        with pytest.raises(asyncpg.DiskFullError):
            await pool.execute("DO $$ BEGIN RAISE 'no space left' USING ERRCODE = 'disk_full'; END $$")
        with pytest.raises(OUTAGES):
            await pool.check_writes()
    finally:
        await pool.close()


async def test_a_pool_that_is_closed_is_an_outage(database_url: str) -> None:
    """The driver has one word for that and for a fault of ours."""
    pool = await open_pool(database_url, size=1)
    await pool.close()
    with pytest.raises(OUTAGES):
        await pool.fetchval("SELECT 1")


async def test_what_was_prepared_before_a_table_changed_is_prepared_anew(database_url: str) -> None:
    """As while nodes of the version before go on beside a migration; the connection serves on."""
    name = f"changes_{new_id().replace('-', '')}"
    pool, other = await open_pool(database_url, size=1), await open_pool(database_url, size=1)
    try:
        await other.execute(f"CREATE TABLE public.{name} (one int)")
        await other.execute(f"INSERT INTO public.{name} VALUES (1)")
        query = f"SELECT * FROM public.{name} WHERE one = $1"
        assert [dict(row) for row in await pool.fetch(query, 1)] == [{"one": 1}]
        await other.execute(f"ALTER TABLE public.{name} ADD COLUMN two text DEFAULT 'more'")
        assert [dict(row) for row in await pool.fetch(query, 1)] == [{"one": 1, "two": "more"}]
        assert (await pool.fetchrow(query, 2), await pool.fetchval(query, 1)) == (None, 1)
    finally:
        await other.execute(f"DROP TABLE IF EXISTS public.{name}")
        await pool.close()
        await other.close()


async def test_who_gives_up_in_a_transaction_leaves_nothing_behind(new_database: NewDatabase) -> None:
    """Neither a row nor a lock, and the only place in the pool is free at once."""
    pool = await open_pool(await new_database(), size=1)
    try:
        await pool.execute("CREATE TABLE things (id int)")
        inside = asyncio.Event()

        async def write() -> None:
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute("INSERT INTO things VALUES (1)")
                inside.set()
                await connection.execute("SELECT pg_sleep(3600)")

        for _ in range(3):
            inside.clear()
            writing = asyncio.create_task(write())
            await inside.wait()
            writing.cancel()
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.gather(writing, return_exceptions=True)
                assert await pool.fetchval("SELECT count(*) FROM things") == 0
                await pool.execute("TRUNCATE things")
    finally:
        await pool.close()


async def test_a_connection_that_breaks_within_a_transaction_is_an_outage(database_url: str) -> None:
    """The driver says then that the transaction cannot be left, as if that were a fault of ours."""
    pool = await open_pool(database_url, size=2)

    async def work() -> None:
        async with pool.acquire() as connection, connection.transaction():
            await pool.execute("SELECT pg_terminate_backend($1)", connection.get_server_pid())
            while True:
                await connection.execute("SELECT 1")

    try:
        # Around it: its own end by time would count as an outage too.
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(OUTAGES):
                await work()
        assert await pool.fetchval("SELECT 1") == 1
    finally:
        await pool.close()


async def test_nobody_waits_for_a_connection_without_end(database_url: str) -> None:
    pool = await open_pool(database_url, size=1, patience_s=SOON_S)
    try:
        assert await served(pool) == 1
        async with asyncio.timeout(PATIENCE_S), pool.acquire():
            with pytest.raises(OUTAGES):
                await pool.fetchval("SELECT 1")
        assert await served(pool) == 1
    finally:
        await pool.close()
