"""What may be a moment old is read from a standby: while it is there, and new enough."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
from prometheus_client import CollectorRegistry

from core.clock import now_ms
from core.ids import new_id
from db.migrations.migrate import migrate
from db.postgres.audit import AuditLog, Entry, write
from db.postgres.pool import Pool, open_pool
from db.postgres.replica import Replica
from tests.machines.postgres_server import PostgresServer, postgres_server
from tests.patience import PATIENCE_S

LAG = "realtime_postgres_replica_lag_seconds"
HERE = "SELECT pg_is_in_recovery()"


class Place:
    """A primary, its standby, and a watch whose seconds the test counts."""

    def __init__(self, primary: PostgresServer, standby: PostgresServer, pool: Pool) -> None:
        self.primary, self.standby, self.pool = primary, standby, pool
        self.now_s, self.registry = 1000.0, CollectorRegistry()

        async def open_it() -> Pool:
            return await open_pool(standby.url, size=2, patience_s=PATIENCE_S, name="the standby")

        self.replica = Replica(
            pool, open_it, most_s=2, clock=lambda: int(self.now_s * 1000), monotonic=lambda: self.now_s,
            registry=self.registry,
        )  # fmt: skip

    @property
    def lag_s(self) -> float | None:
        return self.registry.get_sample_value(LAG)

    async def at_the_standby(self, since: int = 0) -> bool:
        """Where a reading goes."""
        return bool((await self.replica.fetch(HERE, since=since))[0][0])

    async def look(self) -> None:
        """After another second."""
        self.now_s += 1
        await self.replica.look()


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with postgres_server(tcp=True) as primary, primary.standby() as standby:
        await primary.until_streaming(standby)
        await migrate(primary.url, logging.getLogger(__name__))
        pool = await open_pool(primary.url, size=4, patience_s=PATIENCE_S)
        place = Place(primary, standby, pool)
        yield place
        await place.replica.close()
        await pool.close()


async def caught_up(place: Place) -> None:
    """The standby is known to have what there is; the primary may write by itself meanwhile."""
    async with asyncio.timeout(PATIENCE_S):
        while place.lag_s != 0:
            await place.replica.look()


async def test_it_is_read_while_it_is_new_and_the_primary_while_it_is_not(place: Place) -> None:
    assert (await place.at_the_standby(), place.lag_s) == (False, float("inf"))
    await caught_up(place)
    assert (await place.at_the_standby(), place.lag_s) == (True, 0)
    # What is asked for as of later than it is known to have, is read where it surely is.
    at = int(place.now_s * 1000)
    assert [await place.at_the_standby(since) for since in (at, at + 1)] == [True, False]
    # It hears of nothing more, though it answers.
    await place.standby.tell("SELECT pg_wal_replay_pause()")
    await place.pool.execute("CREATE TABLE something ()")
    for lag_s in (1, 2):
        await place.look()
        assert (await place.at_the_standby(), place.lag_s) == (True, lag_s)
    await place.look()
    assert (await place.at_the_standby(), place.lag_s) == (False, 3)
    await place.standby.tell("SELECT pg_wal_replay_resume()")
    await caught_up(place)
    assert (await place.at_the_standby(), place.lag_s) == (True, 0)


async def test_one_that_is_lost_or_promoted_is_noticed_by_nobody(place: Place) -> None:
    await caught_up(place)
    await place.standby.kill()
    assert (await place.at_the_standby(), place.lag_s) == (False, float("inf"))
    await place.look()
    assert not await place.at_the_standby()
    await place.standby.start()
    await caught_up(place)
    assert await place.at_the_standby()
    await place.standby.promote()
    await place.look()
    assert place.lag_s == float("inf")


async def test_who_has_just_done_something_sees_it(place: Place) -> None:
    """Older pages of the log come from the standby, where what is new is still missing."""
    place.now_s = now_ms() / 1000 + 3600
    await caught_up(place)
    await place.standby.tell("SELECT pg_wal_replay_pause()")
    log = AuditLog(place.pool, place.replica)
    entry = Entry(id=new_id(), at=now_ms(), actor=None, action="tried", subject=None)
    async with place.pool.acquire() as connection:
        await write(connection, entry)
    assert [each.id for each in await log.entries(user_id=None, before=None, limit=9)] == [entry.id]
    later = new_id(now_ms() + 1000)
    assert await log.entries(user_id=None, before=later, limit=9) == [], "it was read at the standby"
    assert len(await log.entries(user_id=None, before=new_id(int(place.now_s * 1000)), limit=9)) == 1
