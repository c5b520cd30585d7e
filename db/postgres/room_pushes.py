"""Pushes of what is said in rooms, in Postgres: who has not read it, and what they were sent already.

What is being sent is noted before, with the moment of the job that sends it: a job that is done once more
sends what it had noted and may not have sent, and no other does. What an outage raises passes through.
"""

from collections.abc import Collection, Mapping
from typing import Any

from msgspec import Struct

from core.clock import to_datetime
from db.postgres.pool import Pool, queries

_SQL = queries("room_pushes")


class UnreadMessage(Struct, frozen=True, kw_only=True):
    """The newest message of a room that a member has not read, and how they want to be told.

    `group_name` None: it is a room of two. `settings`: what is kept of them.
    """

    user_id: str
    id: str
    seq: int
    type: str
    content: str | None
    sender: str
    group_name: str | None
    settings: Mapping[str, Any] | None
    time_zone: str | None


class RoomPushStore:
    """All rooms. `moment`: of a job, in ms."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def with_devices(self, room_ids: Collection[str], now: int) -> list[str]:
        """Those in which somebody with a device has something to read that may be pushed."""
        rows = await self._pool.fetch(_SQL["with_devices"], list(room_ids), to_datetime(now))
        return [row["id"] for row in rows]

    async def unsent(self, room_id: str, moment: int, now: int) -> list[UnreadMessage]:
        """For each member with a device what they have neither read nor been sent by another job."""
        return await self._unread(room_id, None, False, moment, now)

    async def unread(self, room_id: str, user_id: str, now: int) -> list[UnreadMessage]:
        """The same of one member, sent or not: one at most."""
        return await self._unread(room_id, user_id, True, 0, now)

    async def _unread(
        self, room_id: str, user_id: str | None, sent_too: bool, moment: int, now: int
    ) -> list[UnreadMessage]:
        asked = room_id, user_id, sent_too, moment, to_datetime(now)
        rows = await self._pool.fetch(_SQL["unread"], *asked)
        return [UnreadMessage(**row) for row in rows]

    async def note(self, room_id: str, up_to: Mapping[str, int], moment: int) -> frozenset[str]:
        """This job is about to send each of these users everything up to this `seq`; those whom it may."""
        rows = await self._pool.fetch(_SQL["note"], room_id, list(up_to), list(up_to.values()), moment)
        return frozenset(row["user_id"] for row in rows)

    async def sent(self, room_id: str, user_ids: Collection[str], moment: int) -> None:
        """It has."""
        await self._pool.execute(_SQL["sent"], room_id, list(user_ids), moment)
