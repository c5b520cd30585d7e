"""Reads that may be a moment old, from a standby: what is append-only, or a job's large reading.

Who may see whom, blocks, bans, and what users read back of their own are never read here. How old the standby
is, is found out by the primary's log: each second its end is noted, and the standby is as new as the latest
note that it has come to. So a standby that hears nothing grows old, and one on an idle primary does not.
"""

import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
from prometheus_client import CollectorRegistry, Gauge

from core.clock import Clock
from db.outage import OUTAGES, Outage
from db.periodic import PeriodicTask
from db.postgres.pool import Connection, Pool, Record

_WRITTEN = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"
# One that was promoted goes ways of its own.
_REPLAYED = """
    SELECT CASE WHEN pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint END
"""
_EVERY_S = 1.0
_NOTES = 120
# What a standby says besides: it had to give up a reading, so that it could go on replaying.
_GIVEN_UP = (asyncpg.SerializationError, asyncpg.InterfaceError, asyncpg.PostgresError)

Open = Callable[[], Awaitable[Pool]]


class Replica:
    """The standby while it is new enough, else the primary. Without a way to `open_it` always the primary."""

    def __init__(
        self,
        primary: Pool,
        open_it: Open | None = None,
        *,
        most_s: float = 0,
        clock: Clock = lambda: 0,
        monotonic: Callable[[], float] = time.monotonic,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._primary, self._open, self._most_s = primary, open_it, most_s
        self._clock, self._monotonic = clock, monotonic
        self._pool: Pool | None = None
        self._notes: deque[tuple[int, float, int]] = deque(maxlen=_NOTES)
        self._as_of: tuple[float, int] | None = None
        self._unread = Outage("the standby of DATABASE_REPLICA_URL is not read from", quiet_s=0)
        self.task = PeriodicTask(_EVERY_S, self.look, failing="The standby is not watched")
        if registry:
            gauge = Gauge(
                "realtime_postgres_replica_lag_seconds",
                "Seconds by which the standby of DATABASE_REPLICA_URL is behind; +Inf: not known. 0: none.",
                registry=registry,
            )
            gauge.set_function(lambda: self.lag_s if open_it else 0)

    @property
    def lag_s(self) -> float:
        """How old at most what it says is; infinite where that is not known."""
        return float("inf") if self._as_of is None else self._monotonic() - self._as_of[0]

    @property
    def standby(self) -> Pool | None:
        """Its connections, once it was there."""
        return self._pool

    def pool(self, since: int = 0) -> Pool:
        """Where to read what was so at `since`, in ms, or later."""
        if self._pool is None or self._as_of is None or self._as_of[1] < since or self.lag_s > self._most_s:
            return self._primary
        return self._pool

    async def fetch(self, query: str, *args: Any, since: int = 0) -> Sequence[Record]:
        """All rows. Where the standby does not answer, the primary does."""
        pool = self.pool(since)
        if pool is not self._primary:
            try:
                rows: Sequence[Record] = await pool.fetch(query, *args)
            except (*OUTAGES, *_GIVEN_UP):
                self._as_of = None  # until the next look
            else:
                return rows
        return await self._primary.fetch(query, *args)  # type: ignore[no-any-return]

    @asynccontextmanager
    async def reading(self, since: int) -> AsyncIterator[Connection]:
        """A transaction. Raises `ConnectionError` where the standby gives it up, to go on replaying."""
        try:
            async with self.pool(since).acquire() as connection, connection.transaction(readonly=True):
                yield connection
        except asyncpg.SerializationError as error:
            raise ConnectionError(f"the standby has given up a reading: {error}") from error

    async def look(self) -> None:
        """How new it is. What the primary raises passes through; without the standby it is only not known."""
        if self._open is None:
            return
        at, clock = self._monotonic(), self._clock()  # before the question: what was so by then is written
        self._notes.append((await self._primary.fetchval(_WRITTEN), at, clock))
        try:
            self._pool = self._pool or await self._open()
            replayed = await self._pool.fetchval(_REPLAYED)
            if replayed is None:
                raise ConnectionError("it is no standby")
        except (*OUTAGES, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            self._as_of = None
            self._unread.failed(error)
            return
        self._unread.worked()
        reached = [note for note in self._notes if note[0] <= replayed]
        self._as_of = reached[-1][1:] if reached else None

    async def close(self) -> None:
        """Its connections."""
        if self._pool is not None:
            with suppress(*OUTAGES):
                await self._pool.close()
