"""The servers that every other test stands on."""

import os

import asyncpg
from redis.asyncio import Redis

from tests.conftest import NewDatabase


async def test_a_fresh_database_has_no_rows_and_can_be_copied(new_database: NewDatabase) -> None:
    """A database comes without people, on a server that keeps what it acknowledges; a template copies one."""
    original = await new_database()
    connection = await asyncpg.connect(original)
    is_empty = await connection.fetchval("SELECT to_regclass('identity.users') IS NULL")
    assert is_empty == ("DATABASE_URL" in os.environ)
    assert is_empty or await connection.fetchval("SELECT count(*) FROM identity.users") == 0
    assert await connection.fetchval("SHOW synchronous_commit") == "on"
    await connection.execute("CREATE TABLE kept (n int)")
    await connection.close()
    copy = await asyncpg.connect(await new_database(template=original))
    assert await copy.fetchval("SELECT count(*) FROM kept") == 0
    await copy.close()


async def test_redis_is_real(redis_url: str) -> None:
    """Streams, scripts and channels work, in a numbered database of the worker's own."""
    async with Redis.from_url(redis_url, decode_responses=True) as client:
        await client.xadd("events", {"n": 1})
        assert await client.eval("return redis.call('XLEN', KEYS[1])", 1, "events") == 1
        await client.delete("events")
