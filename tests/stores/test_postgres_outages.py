"""How PostgreSQL fails, each case as the real server brings it about, and what is a fault of ours instead."""

import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit

import asyncpg
import pytest
import uvloop
from structlog.testing import capture_logs

from core.clock import now_ms
from core.settings import Settings
from core.tasks import end
from core.wire.message import Command, Empty
from db.outage import OUTAGES, Outages
from db.postgres.pool import Pool, open_pool
from db.redis.rate_limits import NoLimits
from realtime.gateway.boundary import CommandBoundary
from realtime.gateway.caller import Caller
from services.limits import Limits
from tests.conftest import NewDatabase
from tests.faults import FaultyWire, told_to_the_loop
from tests.patience import PATIENCE_S

AWAY, FULL = "PostgreSQL does not answer: begun", "PostgreSQL takes no writes: begun"
Case = Callable[[Pool], Awaitable[object]]


async def served(pool: Pool) -> int:
    """One who asks until somebody is served: a busy machine lets nobody in so soon."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with suppress(*OUTAGES):
                found: int = await pool.fetchval("SELECT 1")
                return found


@asynccontextmanager
async def pool_at(url: str, *, size: int = 1, patience_s: float = PATIENCE_S) -> AsyncIterator[Pool]:
    pool = await open_pool(url, size=size, patience_s=patience_s, outages=Outages("PostgreSQL"))
    try:
        yield pool
    finally:
        with suppress(*OUTAGES):
            await pool.close()


def saying(statements: str) -> Case:
    """All of these in one trip."""
    return lambda pool: pool.execute(statements)


async def waiting_for_a_lock(pool: Pool) -> None:
    """Two of one's own connections want the same."""
    async with pool.acquire() as holder, holder.transaction():
        await holder.execute("SELECT pg_advisory_xact_lock(1)")
        await pool.execute("SET lock_timeout = 1; SELECT pg_advisory_lock(1)")


async def idle_for_too_long(pool: Pool) -> None:
    """In a transaction: the server ends it, and the connection with it."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET idle_in_transaction_session_timeout = 1")
        until = asyncio.get_running_loop().time() + PATIENCE_S
        while not connection.is_closed() and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.01)
        await connection.execute("SELECT 1")


async def letting_nobody_in(pool: Pool) -> None:
    """There may be no more connections than there are."""
    name = await pool.fetchval("SELECT current_database()")
    async with pool.acquire() as connection:
        await connection.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT 1')
        await pool.execute("SELECT 1")


CASES: dict[str, tuple[Case, str]] = {
    "08 cut": (saying("SELECT pg_terminate_backend(pg_backend_pid())"), AWAY),
    "25006 read-only": (
        saying("SET default_transaction_read_only = on; COMMIT; CREATE TABLE read_only ()"),
        FULL,
    ),
    "25P03 idle in a transaction": (idle_for_too_long, AWAY),
    "53300 too many connections": (letting_nobody_in, AWAY),
    "55P03 lock timeout": (waiting_for_a_lock, AWAY),
    "57014 statement timeout": (saying("SET statement_timeout = 1; SELECT pg_sleep(3600)"), AWAY),
    "57014 cancelled": (saying("SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(3600)"), AWAY),
    "58030 input or output": (saying("DO $$ BEGIN RAISE 'as if' USING ERRCODE = 'io_error'; END $$"), FULL),
}


@pytest.mark.parametrize("case", CASES)
async def test_what_a_postgres_that_cannot_says_is_an_outage(new_database: NewDatabase, case: str) -> None:
    """Told of once, as what it is."""
    provoke, told = CASES[case]
    async with pool_at(await new_database(), size=2) as pool:
        with capture_logs() as said, pytest.raises(OUTAGES):
            await provoke(pool)
        assert [entry["event"] for entry in said] == [told]


async def cut_within(pool: Pool, wire: FaultyWire, turns: int) -> None:
    """A transaction; the loop has so many turns to notice."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.fetchval("SELECT 1")
        wire.cut()
        for _ in range(turns):
            await asyncio.sleep(0)
        await connection.fetchval("SELECT 2")


@asynccontextmanager
async def wire_to(database_url: str) -> AsyncIterator[tuple[FaultyWire, str]]:
    """A wire to this PostgreSQL, and the URL at which it answers."""
    parts = urlsplit(database_url)
    if "host" not in (query := parse_qs(parts.query)):
        pytest.skip("the server has no unix socket")
    async with FaultyWire(f"{query['host'][0]}/.s.PGSQL.5432").laid() as wire:
        yield wire, urlunsplit(parts._replace(netloc=f"realtime@127.0.0.1:{wire.port}", query=""))


@pytest.mark.parametrize("run", [uvloop.run, asyncio.run])
async def test_a_connection_that_is_reset_is_an_outage(database_url: str, run: Callable[..., None]) -> None:
    """Whenever it is: before a statement, at the same time, between two of a transaction."""

    async def scenario() -> None:
        async with wire_to(database_url) as (wire, url), pool_at(url) as pool:
            for turns in range(4):
                with pytest.raises(OUTAGES):
                    await cut_within(pool, wire, turns)
                assert await pool.fetchval("SELECT 3") == 3

    await asyncio.to_thread(run, scenario())


async def test_nothing_is_left_of_connections_that_do_not_answer(database_url: str) -> None:
    """Neither of those that were idle when another failed, nor of one that was lent."""
    async with wire_to(database_url) as (wire, url), pool_at(url, size=3, patience_s=0.2) as pool:
        async with asyncio.timeout(PATIENCE_S):
            while pool.get_size() < 3:  # a busy machine lets nobody in so soon
                asked = (pool.fetchval("SELECT pg_sleep(0.01)") for _ in range(3))
                await asyncio.gather(*asked, return_exceptions=True)
        async with pool.acquire():
            wire.silence()
            with told_to_the_loop() as faults:
                for _ in range(4):  # after the last, whatever the second has begun is over
                    with pytest.raises(OUTAGES):
                        await pool.fetchval("SELECT 1")
                gc.collect()
            assert not faults
        wire.speak()
        assert await served(pool) == 1


async def test_a_database_that_is_closed_is_an_outage(new_database: NewDatabase) -> None:
    """55000: existing connections stay, and no new one is let in."""
    url = await new_database()
    async with pool_at(url) as pool, pool_at(await new_database()) as other:
        name = await pool.fetchval("SELECT current_database()")
        await other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await pool.expire_connections()
        with pytest.raises(OUTAGES):
            await pool.fetchval("SELECT 1")


# --- A server of one's own ---


@pytest.fixture(scope="module")
def own_url() -> Iterator[str]:
    """To be maltreated."""
    command = [sys.executable, "-m", "db.embedded"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as server:
        assert server.stdout is not None
        yield json.loads(server.stdout.readline())["database_url"]
        server.communicate()


async def test_a_full_disk_is_an_outage(own_url: str) -> None:
    """53100: writing to /dev/full is refused as it is by a disk that is full."""
    async with pool_at(own_url.replace("realtime@", "postgres@")) as pool:
        with capture_logs() as said, pytest.raises(asyncpg.DiskFullError):
            await pool.execute("COPY (SELECT FROM generate_series(1, 10000)) TO '/dev/full'")
        assert [entry["event"] for entry in said] == [FULL]
        assert await pool.fetchval("SELECT 1") == 1


async def test_being_out_of_memory_is_an_outage(own_url: str) -> None:
    """53200: no room is left for so many locks."""
    async with pool_at(own_url) as pool:
        with capture_logs() as said, pytest.raises(asyncpg.OutOfMemoryError):
            await pool.execute("SELECT pg_advisory_xact_lock(n) FROM generate_series(1, 1000000) n")
        assert [entry["event"] for entry in said] == [AWAY]
        assert await pool.fetchval("SELECT 1") == 1


async def test_a_crash_and_what_follows_are_an_outage(own_url: str) -> None:
    """57P02 and 57P03: one process is killed, so all end, and the server recovers; then it serves again."""
    async with pool_at(own_url, size=2) as pool, pool.acquire() as victim:
        under_way = asyncio.create_task(pool.fetchval("SELECT pg_sleep(3600)"))
        while pool.get_idle_size() or pool.get_size() < 2:
            await asyncio.sleep(0.01)
        os.kill(victim.get_server_pid(), signal.SIGKILL)
        with pytest.raises(OUTAGES):
            await under_way
        assert await served(pool) == 1


# --- What is a fault of ours ---


async def twice_at_once(pool: Pool) -> None:
    async with pool.acquire() as connection:
        first = asyncio.create_task(connection.fetchval("SELECT pg_sleep(0.01)"))
        await asyncio.sleep(0)
        try:
            await connection.fetchval("SELECT 1")
        finally:
            await first


async def given_back(pool: Pool) -> None:
    async with pool.acquire() as connection:
        pass
    await connection.fetchval("SELECT 1")


async def of_a_file(pool: Pool) -> None:
    async with pool.acquire():
        Path("/nowhere/to/be/found").read_bytes()  # noqa: ASYNC240 - that it fails is the point


FAULTS: dict[str, tuple[Case, type[Exception]]] = {
    "too many arguments": (lambda pool: pool.fetchval("SELECT $1::int", 1, 2), asyncpg.InterfaceError),
    "too few arguments": (lambda pool: pool.fetchval("SELECT $1::int"), asyncpg.InterfaceError),
    "an argument of another type": (lambda pool: pool.fetchval("SELECT $1::int", "x"), asyncpg.DataError),
    "no SQL": (saying("no SQL at all"), asyncpg.PostgresSyntaxError),
    "no such table": (saying("SELECT FROM nowhere"), asyncpg.UndefinedTableError),
    "nothing to divide by": (saying("SELECT 1 / 0"), asyncpg.DivisionByZeroError),
    "two statements at once": (twice_at_once, asyncpg.InterfaceError),
    "a connection that was given back": (given_back, asyncpg.InterfaceError),
    "a file that is missing": (of_a_file, FileNotFoundError),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_of_ours_is_no_outage(database_url: str, fault: str) -> None:
    """It passes as it is, says nothing of an outage, and leaves the pool as it was."""
    provoke, kind = FAULTS[fault]
    async with pool_at(database_url) as pool:
        with capture_logs() as said, pytest.raises(kind) as wrong:
            await provoke(pool)
        assert not isinstance(wrong.value, OUTAGES)
        assert not said
        assert await pool.fetchval("SELECT 1") == 1


async def test_who_asks_again_and_again_leaves_a_connection_to_who_waits(database_url: str) -> None:
    """Or a loop with one statement after the other kept all others waiting, until they gave up."""
    async with pool_at(database_url) as pool:
        asked = 0

        async def ask_again() -> None:
            nonlocal asked
            while True:
                await pool.fetchval("SELECT 1")
                asked += 1

        asking = asyncio.create_task(ask_again())
        async with asyncio.timeout(PATIENCE_S):
            while not asked:
                await asyncio.sleep(0)
            before = asked
            async with pool.acquire():
                meanwhile = asked - before
        await end([asking])
        assert meanwhile == 1, "whose statement was under way goes on after whoever waited"


# --- What becomes of either at the edge ---


@pytest.mark.parametrize(
    ("provoke", "code"),
    [(CASES["57014 cancelled"][0], "unavailable"), (FAULTS["too many arguments"][0], "internal")],
    ids=["outage", "fault"],
)
async def test_an_outage_and_a_fault_are_answered_apart(database_url: str, provoke: Case, code: str) -> None:
    """A fault is logged with its traceback, to be found by the reference in the answer; an outage is not."""
    async with pool_at(database_url) as pool:

        async def handle(*_: object) -> Empty:
            await provoke(pool)
            return Empty()

        limits = Limits(Settings(), shared=NoLimits(), here=NoLimits())
        boundary = CommandBoundary(dict.fromkeys(Command.registry.values(), handle), limits, now_ms)
        with capture_logs() as said:
            answer = await boundary.answer(Caller("user", "session", "device", "sid"), "queue:leave", ({},))
    assert answer["error"]["code"] == code
    traces = [entry["reference"] for entry in said if "exc_info" in entry]
    assert traces == ([answer["error"]["details"]["reference"]] if code == "internal" else [])
