"""Banning, for good or for a time, and taking it back: the one way in which a ban is made by us.

A ban is a row. That it ends what its user is doing is the work of any node that finds it due
(`realtime/background/banishments.py`), so one that somebody writes by hand is worth as much.
"""

from typing import Protocol

from core.errors import InvalidRequest
from db.postgres.bans import NewBan


class BanStore(Protocol):
    """Where bans are kept; `db/postgres/bans.py` says what each method promises."""

    async def of_login(self, login: str) -> str: ...
    async def ban(self, ban: NewBan, now: int) -> str: ...
    async def unban(self, user_id: str, by: str | None, now: int) -> bool: ...


class Bans:
    """The use cases. What Postgres raises when it is away passes through (`db.outage`)."""

    def __init__(self, store: BanStore) -> None:
        self._store = store

    async def of_login(self, login: str) -> str:
        """Whom an operator means by an email address or a username. Raises `NotFound`."""
        return await self._store.of_login(login)

    async def ban(self, ban: NewBan, now: int) -> str:
        """Ban; gives the id of the ban. Raises `InvalidRequest` for one without a reason or a time."""
        begins = now if ban.begins_at is None else ban.begins_at
        if ban.until is not None and ban.until <= begins:
            raise InvalidRequest("A ban ends after it begins.", details={"field": "until"})
        if not ban.reason.strip():
            raise InvalidRequest("A ban has a reason.", details={"field": "reason"})
        return await self._store.ban(ban, now)

    async def unban(self, user_id: str, by: str | None, now: int) -> bool:
        """Lift what holds and what would begin later; False: there was nothing to lift.

        What the ban has ended stays ended: one has to sign in again.
        """
        return await self._store.unban(user_id, by, now)
