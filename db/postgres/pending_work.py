"""Whether something waits in Postgres for the jobs that any node does: one statement for all of them.

Each job then asks its own store for what it is, and takes it.
"""

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

    async def kinds(self, now: int) -> list[Kind]:
        """The kinds of which something waits."""
        found = await self._pool.fetchrow(_SQL["kinds"], to_datetime(now), timedelta(seconds=LEASE_S))
        return [kind for kind, waits in found.items() if waits]
