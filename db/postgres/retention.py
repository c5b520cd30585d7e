"""Deletes what is no longer needed and would only grow: refresh tokens, sessions, calls, keys of requests.

Each drops the oldest that were over before a time in ms, `limit` at most, and gives how many those were.
"""

from core.clock import to_datetime
from core.ids import CLOCK_SKEW_MS, earliest
from db.postgres.pool import Pool, queries

_SQL = queries("retention")


class RetentionStore:
    """Implements `realtime.background.retention.Forget`, once for each kind."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def tokens(self, before: int, *, limit: int) -> int:
        """Refresh tokens, used or not, by the time they expired."""
        return await self._drop("tokens", before, limit)

    async def sessions(self, before: int, *, limit: int) -> int:
        """Sessions by the time they ended or would have ended."""
        return await self._drop("sessions", before, limit)

    async def keys(self, before: int, *, limit: int) -> int:
        """Idempotency keys by the time of the request."""
        return await self._drop("keys", before, limit)

    async def calls(self, before: int, *, limit: int) -> int:
        """Calls that led to nothing, by their offer. A call that somebody has reported stays."""
        key = earliest(before + CLOCK_SKEW_MS)
        rows = await self._pool.fetch(_SQL["calls"], to_datetime(before), limit, key)
        return len(rows)

    async def _drop(self, what: str, before: int, limit: int) -> int:
        return len(await self._pool.fetch(_SQL[what], to_datetime(before), limit))
