"""Decisions of matching in Postgres: written with the offer (`call_records.py`), for admins, for a while.

A body is msgpack: what it says of people is personal, and no query needs to look into it.
"""

import msgspec
import structlog

from core.clock import to_datetime
from core.ticket import MatchDecision
from db.postgres.pool import Pool, queries
from db.postgres.replica import Replica

_SQL = queries("matches")
_log = structlog.get_logger()


def packed(decision: MatchDecision) -> bytes:
    """Its stored form."""
    return msgspec.msgpack.encode(decision)


class MatchRecords:
    """Stored decisions."""

    def __init__(self, pool: Pool, replica: Replica | None = None) -> None:
        self._pool, self._replica = pool, replica or Replica(pool)

    async def of(self, call_id: str) -> MatchDecision | None:
        """The decision that led to this call. None: it was not matched, or it is deleted or unreadable."""
        rows = await self._replica.fetch(_SQL["of_call"], call_id)
        # Never changed, so only one that is missing may have come since.
        body = rows[0][0] if rows else await self._pool.fetchval(_SQL["of_call"], call_id)
        try:
            return body and msgspec.msgpack.decode(body, type=MatchDecision)
        except msgspec.MsgspecError as error:  # a newer version wrote it
            _log.error("a decision of matching cannot be read", call_id=call_id, error=str(error))
            return None

    async def forget(self, before: int, *, limit: int) -> int:
        """Drop the oldest made before that time in ms, `limit` at most; gives how many those were."""
        return len(await self._pool.fetch(_SQL["forget"], to_datetime(before), limit))
