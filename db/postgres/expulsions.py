"""Expulsions in Postgres: users who were put out of sessions, until every node has seen to it.

The sessions end in the transaction of whatever puts the user out (a new password, an erased account); what
concerns live connections is left as a row, which some node performs and removes. A ban is such a row itself
(`bans.py`). Ids are text, times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Collection, Sequence
from typing import Literal

from msgspec import Struct

from core.clock import to_datetime
from core.ids import new_id
from db.postgres.pool import Connection, Pool, queries
from db.postgres.user_locks import lock_users

_SQL = queries("expulsions")

# How long an expulsion is left to the node that has taken it.
TAKEN_MS = 2_000
ExpulsionReason = Literal["signed_out", "password_changed", "erased"]


class Expulsion(Struct, frozen=True, kw_only=True):
    """A user was put out of these sessions."""

    id: str
    user_id: str
    reason: ExpulsionReason
    sessions: list[str]


class ExpulsionStore:
    """Expulsions."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def expel(
        self, user_id: str, reason: ExpulsionReason, now: int, *, keep: str | None = None
    ) -> Expulsion:
        """As `expel_within`, in a transaction of its own."""
        async with self._pool.acquire() as connection, connection.transaction():
            return await expel_within(connection, user_id, reason, now, keep=keep)

    async def make_room(self, user_id: str, now: int, *, most: int) -> bool:
        """End the sessions of a user but the `most` used last, and forget as many of those that were over.

        Gives whether any has ended.
        """
        too_many = await self._pool.fetchval(_SQL["make_room"], user_id, to_datetime(now), most)
        if not too_many:
            return False
        async with self._pool.acquire() as connection, connection.transaction():
            await expel_within(connection, user_id, "signed_out", now, only=too_many)
        return True

    async def due(self, now: int, *, limit: int = 50) -> list[Expulsion]:
        """Expulsions that no node has taken, each now taken for `TAKEN_MS`."""
        rows = await self._pool.fetch(_SQL["due"], to_datetime(now), to_datetime(now + TAKEN_MS), limit)
        return [
            Expulsion(id=row["id"], user_id=row["user_id"], reason=row["reason"], sessions=row["sessions"])
            for row in rows
        ]

    async def settled(self, expulsion_id: str) -> None:
        """It has had its effect everywhere: remove it."""
        await self._pool.execute(_SQL["settled"], expulsion_id)

    async def waiting(self, user_ids: Collection[str]) -> bool:
        """Whether any of these users' is still to have its effect."""
        return bool(await self._pool.fetchval(_SQL["waiting"], list(user_ids)))


async def expel_within(
    connection: Connection,
    user_id: str,
    reason: ExpulsionReason,
    now: int,
    *,
    keep: str | None = None,
    only: Sequence[str] | None = None,
) -> Expulsion:
    """End all sessions of a user but `keep`, or `only` these, within a transaction.

    After any offer that is being decided.
    """
    await lock_users(connection, (user_id,))
    id_ = new_id(now)
    sessions = await connection.fetchval(_SQL["expel"], id_, user_id, reason, to_datetime(now), keep, only)
    return Expulsion(id=id_, user_id=user_id, reason=reason, sessions=sessions)
