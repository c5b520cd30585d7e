"""`python -m bench.messages`: what reading, searching and forgetting 1,000,000 messages costs the database.

A PostgreSQL of its own, asked as the product does it. One person is in 500 rooms, half of them groups, in
which others have said 17 words at a time, some words often and most seldom (Zipf, of 20,000). The time is
PostgreSQL's own, from `EXPLAIN (ANALYZE, TIMING off)`: execution, without the way there and back. Prints
Markdown. Ends by itself.
"""

import argparse
import asyncio
import json
import logging
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

from core.clock import now_ms, to_datetime
from core.ids import new_id
from db.embedded import EmbeddedServers
from db.migrations.migrate import migrate
from db.postgres.pool import Connection, Pool, open_pool
from db.postgres.rooms import STATEMENTS

_ROOMS, _WORDS, _PAGE, _AT_ONCE = 500, 20_000, 51, 50_000
_NO_BOUND, _NO_ID = 2**62, "ffffffff-ffff-ffff-ffff-ffffffffffff"
_log = logging.getLogger(__name__)

_SETTLE = """
    WITH people AS (
        SELECT gen_random_uuid() AS id, n FROM generate_series(1, $2) AS n
    ), users AS (
        INSERT INTO identity.users (id, username, created_at, updated_at)
        SELECT id, id::text, $3::timestamptz, $3 FROM people UNION ALL SELECT $1, 'reader', $3, $3
    ), rooms AS (
        INSERT INTO communication.rooms (id, kind, created_at)
        SELECT id, CASE n % 2 WHEN 0 THEN 'group' ELSE 'direct' END, $3 FROM people
    )
    INSERT INTO communication.members (room_id, user_id)
    SELECT id, id FROM people UNION ALL SELECT id, $1 FROM people
"""
# A message a second, each in a room by chance. A word is seven letters that its rank gives.
_SAY = """
    WITH places AS MATERIALIZED (
        SELECT r.id, r.last_seq, row_number() OVER (ORDER BY r.id) - 1 AS place FROM communication.rooms r
    ), new AS MATERIALIZED (
        SELECT n, floor(random() * $3)::int AS place, (
            SELECT string_agg(
                translate(
                    substr(md5(floor(exp(random() * ln($4::float8)))::text), 1, 7),
                    '0123456789abcdef', 'aeiourstlnmkdbgv'
                ), ' '
            ) FROM generate_series(1, 17 + 0 * n)
        ) AS content
        FROM generate_series($1::bigint, $2) AS n
    ), said AS (
        INSERT INTO communication.messages (id, room_id, seq, sender_id, client_id, type, content, created_at)
        SELECT
            (
                lpad(to_hex(1700000000000 + n * 1000), 12, '0') || substr(gen_random_uuid()::text, 15, 22)
            )::uuid,
            p.id, p.last_seq + row_number() OVER (PARTITION BY p.id ORDER BY n), p.id, n::text, 'text',
            content, to_timestamp(1700000000 + n)
        FROM new JOIN places p USING (place)
        RETURNING room_id
    )
    UPDATE communication.rooms r SET last_seq = last_seq + more.messages
    FROM (SELECT room_id, count(*) AS messages FROM said GROUP BY 1) more
    WHERE r.id = more.room_id
"""
_FREQUENT = """
    SELECT word, count(*) FROM (
        SELECT unnest(string_to_array(content, ' ')) AS word
        FROM communication.messages TABLESAMPLE system (2)
    ) said GROUP BY 1 ORDER BY 2 DESC, 1
"""
_RANKS = (1, 5, 20, 40, 80, 160, 300, 1_000, 3_000, 12_000)


@asynccontextmanager
async def _database() -> AsyncIterator[Pool]:
    with tempfile.TemporaryDirectory(prefix="bench-messages-") as folder:
        async with EmbeddedServers.database(Path(folder), _log.info) as url:
            await migrate(url, _log)
            pool = await open_pool(url, size=1, patience_s=1800)
            try:
                yield pool
            finally:
                await pool.close()


async def _fill(pool: Pool, reader: str, messages: int) -> None:
    """The index of words is made at the end, which is faster."""
    await pool.execute(_SETTLE, reader, _ROOMS, to_datetime(now_ms()))
    index = await pool.fetchval("SELECT pg_get_indexdef('communication.messages_by_words'::regclass)")
    await pool.execute("DROP INDEX communication.messages_by_words")
    for begin in range(0, messages, _AT_ONCE):
        await pool.execute(_SAY, begin + 1, min(begin + _AT_ONCE, messages), _ROOMS, float(_WORDS))
    await pool.execute(index)
    await pool.execute("VACUUM ANALYZE")


class Reads:
    """Statements of the product, with what is measured of each."""

    def __init__(self, connection: Connection, times: int) -> None:
        self._connection, self._times = connection, times

    async def measure(self, what: str, statement: str, types: str, *given: object) -> None:
        """Least and median ms, and the blocks."""
        await self._connection.execute(f"PREPARE asked ({types}) AS {STATEMENTS[statement]}")
        values = ", ".join(str(one) if isinstance(one, int) else f"'{one}'" for one in given)
        explain = f"EXPLAIN (ANALYZE, BUFFERS, TIMING off, FORMAT json) EXECUTE asked ({values})"
        try:
            found = [json.loads(await self._connection.fetchval(explain))[0] for _ in range(self._times + 5)]
        finally:
            await self._connection.execute("DEALLOCATE asked")
        plan, ms = found[-1]["Plan"], [one["Execution Time"] for one in found[5:]]
        blocks = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        rows = plan["Actual Rows"]
        print(f"| {what} | {rows:.0f} | {min(ms):.2f} | {median(ms):.2f} | {blocks:,} |", flush=True)


async def _history(reads: Reads, connection: Connection, reader: str) -> None:
    room, last = await connection.fetchrow(
        "SELECT id, last_seq FROM communication.rooms ORDER BY last_seq DESC LIMIT 1"
    )
    types = "uuid, bigint, bigint, bigint, uuid"
    for name, statement, bounds in (
        ("the newest page", "history_before", (0, _NO_BOUND)),
        ("a page half way down", "history_before", (0, last // 2)),
        ("a page after a seq", "history_after", (last // 2, _NO_BOUND)),
    ):
        await reads.measure(name, statement, types, room, *bounds, _PAGE, reader)


async def _searches(reads: Reads, connection: Connection, reader: str) -> None:
    words = await connection.fetch(_FREQUENT)
    sampled = await connection.fetchval("SELECT count(*) FROM communication.messages TABLESAMPLE system (2)")
    room = await connection.fetchval("SELECT id FROM communication.rooms ORDER BY last_seq DESC LIMIT 1")
    asked = [("a word of nobody", "zzzz")]
    for rank in _RANKS:
        if rank < len(words):
            word, count = words[rank]
            asked.append((f"a word in one of {max(1, sampled // count):,}", word))
    asked += [
        (f"words {one} and {other}", f"{words[one][0]} {words[other][0]}")
        for one, other in ((5, 20), (20, 40), (160, 300), (1_000, 3_000))
        if other < len(words)
    ]
    for name, text in asked:
        await reads.measure(
            f"{name}, in a room", "found_in_room", "uuid, uuid, text, bigint, int",
            room, reader, text, _NO_BOUND, _PAGE,
        )  # fmt: skip
        await reads.measure(
            f"{name}, in all rooms", "found", "uuid, text, uuid, int", reader, text, _NO_ID, _PAGE
        )


async def _forgetting(connection: Connection, times: int, at_once: int = 1_000) -> None:
    """A slice of each of so many rooms: what is deleted once is gone."""
    rooms = await connection.fetch(
        "SELECT id FROM communication.rooms ORDER BY last_seq DESC LIMIT $1", times + 5
    )
    found = []
    for room in rooms:
        explain = (
            "EXPLAIN (ANALYZE, BUFFERS, TIMING off, FORMAT json)"
            f" SELECT communication.forget('{room['id']}', now(), {at_once}, now())"
        )
        found.append(json.loads(await connection.fetchval(explain))[0])
    ms = [one["Execution Time"] for one in found[5:]]
    plan = found[-1]["Plan"]
    blocks = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    what = f"to forget the oldest {at_once:,} of a room"
    print(f"| {what} | | {min(ms):.2f} | {median(ms):.2f} | {blocks:,} |", flush=True)


async def _run(messages: int, times: int) -> None:
    reader = new_id()
    async with _database() as pool:
        await _fill(pool, reader, messages)
        print(
            f"{messages:,} messages in {_ROOMS} rooms of one person; pages of {_PAGE - 1};"
            f" ms of PostgreSQL, {times} times.\n"
        )
        print("| asked for | found | least ms | median ms | blocks |\n|---|---|---|---|---|")
        async with pool.acquire() as connection:
            reads = Reads(connection, times)
            await _history(reads, connection, reader)
            await _searches(reads, connection, reader)
            await _forgetting(connection, times)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20, help="how often each is asked for")
    parser.add_argument("--messages", type=int, default=1_000_000)
    asked = parser.parse_args(arguments)
    asyncio.run(_run(asked.messages, asked.times))


if __name__ == "__main__":
    main()
