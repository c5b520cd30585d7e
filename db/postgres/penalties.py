"""Bans that staff or the operator give and lift, in Postgres. What bans are and do is in `bans.py`.

Ids are text, times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from core.clock import rfc3339, to_datetime, to_ms
from core.contract.bans import BanView
from core.errors import Gone, NotFound
from core.vocabulary import Role
from db.postgres.bans import lift_within
from db.postgres.idempotency import IdempotencyKey, claim, keep
from db.postgres.pool import Pool, Record, queries
from db.postgres.strikes import NewStrike, strike_within

_SQL = queries("penalties")


class PenaltyStore:
    """Bans, each of a strike."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def ban(self, strike: NewStrike, key: IdempotencyKey | None, now: int) -> BanView:
        """Strike and ban. The same `key` again: the same answer. Raises `IdempotencyConflict`."""
        async with self._pool.acquire() as connection, connection.transaction():
            if (known := await claim(connection, key, BanView)) is not None:
                return known
            struck = await strike_within(connection, strike, now)
            row = await connection.fetchrow(_SQL["bans"], [struck.ban_id], to_datetime(now))
            return await keep(connection, key, _ban(row))

    async def whose(self, ban_id: str) -> str:
        """Whom this ban is of. Raises `NotFound`."""
        user_id: str | None = await self._pool.fetchval(_SQL["whose"], ban_id)
        if user_id is None:
            raise NotFound
        return user_id

    async def lift(self, ban_id: str, by: str | None, now: int) -> None:
        """Lift a ban and its strike. Raises `Gone` for one that is over."""
        async with self._pool.acquire() as connection, connection.transaction():
            if not await lift_within(connection, ban_id, by, now):
                raise Gone("This ban is over.")

    async def page(self, *, user_id: str | None, before: str | None, limit: int, now: int) -> list[BanView]:
        """Newest first, those before the ban `before`; with a user, theirs."""
        if user_id is None:
            found = await self._pool.fetch(_SQL["page"], before, limit)
        else:
            found = await self._pool.fetch(_SQL["page_of_user"], before, limit, user_id)
        rows = await self._pool.fetch(_SQL["bans"], [row["id"] for row in found], to_datetime(now))
        return [_ban(row) for row in rows]

    async def roles(self, user_ids: Collection[str]) -> Mapping[str, Role]:
        """The roles of those of these users who are there."""
        return {row["id"]: row["role"] for row in await self._pool.fetch(_SQL["roles"], list(user_ids))}


def _ban(row: Record) -> BanView:
    return BanView(
        id=row["id"],
        user_id=row["user_id"],
        display_name=row["display_name"],
        reason=row["reason"],
        by=row["created_by"],
        created_at=rfc3339(to_ms(row["created_at"])),
        active=row["active"],
        begins_at=_time(row["begins_at"]),
        until=_time(row["until"]),
        lifted_at=_time(row["lifted_at"]),
        strike_id=row["strike_id"],
    )


def _time(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(to_ms(at))
