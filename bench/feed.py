"""`python -m bench.feed`: what a page of the feed costs the database, with 10,000 to 1,000,000 posts.

A PostgreSQL of its own, planned and asked as the product does it. 10,000 people have posted in turns; the
reader has 500 friends among them. By turns the newest page and one far down, of 50 posts each. The time is
PostgreSQL's own, from `EXPLAIN (ANALYZE, TIMING off)`: execution of the shared plan, without the way
there and back. Prints Markdown. Ends by itself.
"""

import argparse
import asyncio
import json
import logging
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

from core.clock import now_ms, to_datetime
from core.ids import new_id
from db.embedded import EmbeddedServers
from db.migrations.migrate import migrate
from db.postgres.pool import Connection, Pool, open_pool
from db.postgres.posts import FEED

_PEOPLE, _FRIENDS, _PAGE = 10_000, 500, 51
_SIZES = (10_000, 100_000, 1_000_000)
_log = logging.getLogger(__name__)

_SETTLE = """
    WITH people AS (
        SELECT gen_random_uuid() AS id, gen_random_uuid() AS room, n FROM generate_series(1, $2) AS n
    ), users AS (
        INSERT INTO identity.users (id, username, created_at, updated_at)
        SELECT id, id::text, $3::timestamptz, $3 FROM people UNION ALL SELECT $1, 'reader', $3, $3
    ), profiles AS (
        INSERT INTO identity.profiles (user_id, display_name, birth_date, gender, updated_at)
        SELECT id, 'P' || n, DATE '1990-01-01', 'other', $3 FROM people
        UNION ALL SELECT $1, 'Reader', DATE '1990-01-01', 'other', $3
    ), rooms AS (
        INSERT INTO communication.rooms (id, kind, created_at)
        SELECT room, 'direct', $3 FROM people WHERE n <= $4
    )
    INSERT INTO social.friendships (id, user_a, user_b, room_id, created_at)
    SELECT room, least(id, $1), greatest(id, $1), room, $3 FROM people WHERE n <= $4
"""
# A post a second, by whoever's turn it is; each with a picture.
_POST = """
    WITH turns AS MATERIALIZED (
        SELECT p.user_id, row_number() OVER (ORDER BY p.user_id) - 1 AS turn
        FROM identity.profiles p WHERE p.user_id <> $1
    ), new AS MATERIALIZED (
        SELECT gen_random_uuid() AS media_id, t.user_id, (
            lpad(to_hex(1700000000000 + n * 1000), 12, '0') || substr(gen_random_uuid()::text, 15, 22)
        )::uuid AS id
        FROM generate_series($2::bigint, $3) AS n
        JOIN turns t ON t.turn = (n * 7919) % (SELECT count(*) FROM turns)
    ), media AS (
        INSERT INTO social.media
            (id, owner_id, purpose, type, state, size, created_at, key, stored, used_for, used_at, renditions)
        SELECT media_id, user_id, 'post', 'image', 'ready', 1, $4, media_id, true, id, $4, '{s160,s640,s1280}'
        FROM new
    )
    INSERT INTO social.posts (id, author_id, media_ids, caption, visibility, created_at, updated_at)
    SELECT id, user_id, ARRAY[media_id], 'A caption of some words', 'friends', $4, $4 FROM new
"""


@asynccontextmanager
async def _database() -> AsyncIterator[Pool]:
    with tempfile.TemporaryDirectory(prefix="bench-feed-") as folder:
        async with EmbeddedServers.database(Path(folder), _log.info) as url:
            await migrate(url, _log)
            pool = await open_pool(url, size=1, patience_s=600)
            try:
                yield pool
            finally:
                await pool.close()


async def _read(connection: Connection, reader: str, before: str | None) -> tuple[float, int]:
    """Milliseconds of a page, and how many blocks it reads."""
    cursor = f"'{before}'" if before else "NULL"
    asked = f"EXECUTE asked ('{reader}', now(), {cursor}, {_PAGE})"
    found = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, TIMING off, FORMAT json) {asked}")
    plan = json.loads(found)[0]
    read = plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
    return plan["Execution Time"], read


async def _measured(pool: Pool, reader: str, times: int) -> list[tuple[str, float, float, int]]:
    """For each of the two pages: its name, the least and the median time in ms, and the blocks."""
    async with pool.acquire() as connection:
        await connection.execute(f"PREPARE asked (uuid, timestamptz, uuid, bigint) AS {FEED}")
        try:
            middle = await connection.fetchval(
                "SELECT id FROM social.posts ORDER BY id LIMIT 1"
                " OFFSET (SELECT count(*) / 2 FROM social.posts)"
            )
            rows = []
            for name, before in (("the newest", None), ("half way down", middle)):
                found = [await _read(connection, reader, before) for _ in range(times + 3)][3:]
                ms = [one for one, _ in found]
                rows.append((name, min(ms), median(ms), found[-1][1]))
            return rows
        finally:
            await connection.execute("DEALLOCATE asked")


async def _run(sizes: tuple[int, ...], times: int) -> None:
    reader, at = new_id(), to_datetime(now_ms())
    print(
        f"{_FRIENDS} friends of {_PEOPLE:,} people, pages of {_PAGE - 1}; ms of PostgreSQL, {times} times.\n"
    )
    print("| posts | page | least ms | median ms | blocks |\n|---|---|---|---|---|")
    async with _database() as pool:
        await pool.execute(_SETTLE, reader, _PEOPLE, at, _FRIENDS)
        there = 0
        for size in sizes:
            for begin in range(there, size, 100_000):
                await pool.execute(_POST, reader, begin + 1, min(begin + 100_000, size), at)
            there = size
            await pool.execute("VACUUM ANALYZE social.posts")
            await pool.execute("ANALYZE social.friendships, identity.users, identity.profiles, social.media")
            for name, least, middle, blocks in await _measured(pool, reader, times):
                print(f"| {size:,} | {name} | {least:.2f} | {middle:.2f} | {blocks:,} |", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=50, help="how often each page is read")
    parser.add_argument("--most", type=int, default=_SIZES[-1], help="how many posts at most")
    asked = parser.parse_args()
    asyncio.run(_run(tuple(size for size in _SIZES if size <= asked.most), asked.times))


if __name__ == "__main__":
    main()
