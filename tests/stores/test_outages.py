"""How the servers themselves fail, and what becomes of it where a store ends."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
import uvloop
from structlog.testing import capture_logs

from db.migrations.migrate import migrate
from db.outage import OUTAGES, Outage, Outages, WritesRefusedError
from db.postgres.pool import open_pool
from db.redis.client import check_writes, open_redis
from tests.conftest import NewDatabase
from tests.faults import redis_server, redis_wire
from tests.patience import PATIENCE_S

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
    """Plainly, in a script and in a pipeline; it is told of as such, and the connection goes on to serve."""
    outages = Outages("Redis")
    async with redis_server(tmp_path) as url, open_redis(url, size=1, outages=outages) as redis:
        script = redis.register_script("return redis.call('SET', KEYS[1], 1)")
        await script(keys=["key"])
        await check_writes(redis)
        await redis.execute_command(*breaking)  # type: ignore[no-untyped-call]  # redis-py has no types here
        with pytest.raises(WritesRefusedError):
            await redis.set("key", 1)
        with pytest.raises(WritesRefusedError):
            await check_writes(redis)
        with pytest.raises(WritesRefusedError):
            await script(keys=["key"])
        async with redis.pipeline(transaction=False) as pipe:
            pipe.get("key")
            pipe.set("key", 1)
            pipe.get("key")
            with pytest.raises(WritesRefusedError):
                await pipe.execute()
        async with redis.pipeline(transaction=True) as pipe:
            pipe.set("key", 1)
            with pytest.raises(OUTAGES):
                await pipe.execute()
        assert await redis.get("key") == b"1"
        with pytest.raises(ConnectionError, match="takes no writes"):
            outages.check_writes()


@pytest.mark.parametrize("run", [uvloop.run, asyncio.run])
async def test_a_reset_connection_is_opened_again(redis_url: str, run: Callable[..., None]) -> None:
    """Under uvloop the client does not notice, and the next write raises what is no error of Redis."""

    async def scenario() -> None:
        wire, database = redis_wire(redis_url)
        async with wire.laid(), open_redis(f"redis://127.0.0.1:{wire.port}/{database}", size=3) as redis:
            for _ in range(5):
                await asyncio.gather(*(redis.ping() for _ in range(3)))
                wire.cut()
                await asyncio.gather(*(redis.ping() for _ in range(3)))
                await redis.ping()

    await asyncio.to_thread(run, scenario())


async def test_who_listens_waits_until_another_has_opened_the_connection(redis_url: str) -> None:
    """A slow Redis takes a while to let somebody in: the answers to that are not the listener's."""
    wire, database = redis_wire(redis_url)
    async with (
        wire.laid(),
        open_redis(f"redis://127.0.0.1:{wire.port}/{database}", size=1, patience_s=PATIENCE_S) as redis,
        redis.pubsub() as pubsub,
    ):
        await pubsub.subscribe("first")
        await pubsub.get_message(timeout=None)
        wire.silence()
        await pubsub.connection.disconnect(nowait=True)
        asking = asyncio.create_task(pubsub.subscribe("second"))
        while pubsub.connection._writer is None:
            await asyncio.sleep(0)
        listening = asyncio.create_task(pubsub.get_message(timeout=None))
        await asyncio.sleep(0)
        wire.speak()
        await asking
        heard = [await listening, await pubsub.get_message(timeout=None)]
        assert {message["channel"] for message in heard} == {b"first", b"second"}


async def test_after_a_black_hole_no_dead_connection_is_tried(redis_url: str) -> None:
    """The one that found out has all others opened anew, and nobody else waits."""
    wire, database = redis_wire(redis_url)
    url = f"redis://127.0.0.1:{wire.port}/{database}"
    async with wire.laid():
        url = f"redis://127.0.0.1:{wire.port}/{database}"
        async with open_redis(url, size=4, patience_s=SOON_S) as redis:
            await asyncio.gather(*(redis.ping() for _ in range(4)))
            old = {int(c["id"]) for c in await redis.client_list()}
            wire.silence()
            with pytest.raises(OUTAGES):
                await redis.ping()
            wire.speak()
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    try:
                        mine = {await redis.client_id() for _ in range(4)}
                        break
                    except OUTAGES:
                        continue
            assert mine.isdisjoint(old)


async def test_who_gives_up_leaves_no_answer_to_others(redis_url: str) -> None:
    """A connection that somebody was cancelled on is not used again; all places in the pool stay."""
    async with open_redis(redis_url, size=2) as redis:
        await redis.set("mine", "mine")
        for _ in range(20):
            asking = [asyncio.ensure_future(redis.get("mine")) for _ in range(5)]
            await asyncio.sleep(0)
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
            async with asyncio.timeout(PATIENCE_S):
                assert await redis.echo("other") == b"other"
                await asyncio.gather(redis.ping(), redis.ping())


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
        async with asyncio.timeout(PATIENCE_S), pool.acquire():
            with pytest.raises(OUTAGES):
                await pool.fetchval("SELECT 1")
        assert await pool.fetchval("SELECT 1") == 1
    finally:
        await pool.close()
