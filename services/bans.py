"""Banning for good or for a time, and lifting a ban.

A ban is a row. That it ends what its user is doing is the work of any node that finds it due
(`realtime/background/ban_effects.py`), so one that somebody writes by hand is worth as much.
"""

from core.errors import InvalidRequest
from db.postgres.bans import BanStore, NewBan


class Bans:
    """The use cases. Errors of an outage of Postgres pass through (`db.outage`)."""

    def __init__(self, store: BanStore) -> None:
        self._store = store

    async def ban(self, ban: NewBan, now: int) -> str:
        """Ban a user. Gives the id of the ban. Raises `InvalidRequest` for an empty reason or time."""
        begins = now if ban.begins_at is None else ban.begins_at
        if ban.until is not None and ban.until <= begins:
            raise InvalidRequest("A ban ends after it begins.", details={"field": "until"})
        if not ban.reason.strip():
            raise InvalidRequest("A ban has a reason.", details={"field": "reason"})
        return await self._store.ban(ban, now)
