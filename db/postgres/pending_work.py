"""Whether something waits in Postgres for the jobs that any node does: one statement for all of them.

Each job then asks its own store for what it is, and takes it. Mostly nothing waits, and a look finds that out
by a statement that reads no table: since the look before, nobody has written anything, and nothing was due.
"""

import math
from datetime import timedelta
from typing import Literal

from core.clock import to_datetime
from db.postgres.jobs import LEASE_S
from db.postgres.pool import Pool, queries

Kind = Literal["bans", "expulsions", "blocks", "reports", "outbox", "notifications", "jobs"]
_SQL = queries("pending_work")


class PendingWork:
    """Reads only."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._nothing_at, self._due_at = "", 0.0

    async def kinds(self, now: int) -> list[Kind]:
        """The kinds of which something waits."""
        # Before the look: what ends while it lasts, it may not see, and the next look has another snapshot.
        snapshot = await self._pool.fetchval(_SQL["snapshot"])
        if snapshot == self._nothing_at and now < self._due_at:
            return []
        found = await self._pool.fetchrow(_SQL["kinds"], to_datetime(now), timedelta(seconds=LEASE_S))
        *waits, (_, due_at) = found.items()
        kinds: list[Kind] = [kind for kind, waits in waits if waits]
        self._nothing_at = "" if kinds else snapshot
        self._due_at = math.inf if due_at is None else due_at * 1000
        return kinds
