"""Messages that are kept no longer: which rooms have some, and how they are forgotten.

Ids are text, times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

from msgspec import Struct

from core.clock import to_datetime
from core.ids import CLOCK_SKEW_MS, earliest
from db.postgres.pool import Pool, queries

_SQL = queries("forgotten_messages")
FIRST = "00000000-0000-0000-0000-000000000000"  # before all ids


class Keeping(Struct, frozen=True):
    """A group that keeps messages for `days`; `due`: it has some that are older."""

    id: str
    room_id: str
    days: int
    due: bool


class ForgottenMessages:
    """What the job that forgets messages asks and does."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def old(self, before: int, *, after: str, limit: int) -> list[tuple[str, str]]:
        """Messages from before a time, the oldest first, those after one: each with its room."""
        key = earliest(before + CLOCK_SKEW_MS)
        rows = await self._pool.fetch(_SQL["old"], after, key, limit)
        return [(row["id"], row["room_id"]) for row in rows]

    async def keeping(self, now: int, *, after: str, limit: int) -> list[Keeping]:
        """Groups with a time of their own, in the order of their ids: those after one."""
        rows = await self._pool.fetch(_SQL["keeping"], after, to_datetime(now), limit)
        return [Keeping(row["id"], row["room_id"], row["keep_days"], bool(row["due"])) for row in rows]

    async def forget(self, room_id: str, before: int, now: int, *, limit: int) -> int:
        """Let a room forget its oldest messages from before a time, with all that belongs to them alone.

        Gives how many rows that were: as many as `limit`, or more, when there may be more.
        """
        asked = room_id, to_datetime(before), limit, to_datetime(now)
        gone: int = await self._pool.fetchval(_SQL["forget"], *asked)
        return gone
