"""Rooms that are quiet for one of their members, in Postgres. What an outage raises passes through."""

from core.clock import to_datetime
from core.errors import NotFound
from db.postgres.pool import Pool, queries

_SQL = queries("mutes")


class MuteStore:
    """Until when, for each member: as `Rooms` shows it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def mute(self, room_id: str, user_id: str, until: int | None) -> None:
        """Nothing is pushed to them until then, in ms; None: it is again. Raises `NotFound` to others."""
        at = None if until is None else to_datetime(until)
        if not await self._pool.fetchval(_SQL["mute"], room_id, user_id, at):
            raise NotFound
