"""New passwords in Postgres. With one, sessions end, and links that were mailed before serve no longer.

Ids are text, times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Awaitable, Callable
from typing import Literal

from msgspec import Struct

from core.clock import to_datetime
from core.fields import CLEAR, EMAIL, Fields
from db.postgres import audit
from db.postgres.codes import drop_within, use_within
from db.postgres.expulsions import expel_within
from db.postgres.pool import Connection, Pool, Record, queries
from db.postgres.user_locks import lock_users

_SQL = queries("password")


class Owner(Struct, frozen=True):
    """Whose password it is, and where they are written to, if anywhere; `language` None: unknown."""

    user_id: str
    email: str | None
    language: str | None


class Changed(Exception):
    """Meanwhile the session has ended, the password was changed, or the link was used."""


# What goes into the transaction: that the owner is told.
Told = Callable[[Connection, Owner], Awaitable[None]]


class PasswordStore:
    """Passwords, as far as they are replaced."""

    def __init__(self, pool: Pool, fields: Fields = CLEAR) -> None:
        self._pool, self._fields = pool, fields

    async def owner(self, email: str) -> Owner | None:
        """Whose address this is."""
        row = await self._pool.fetchrow(_SQL["owner"], email, self._fields.address_hashes(email))
        return row and self._owner(row["id"], row)

    async def change(
        self, user_id: str, session_id: str, before: str | None, new: str, now: int, told: Told
    ) -> None:
        """Put hash `new` in place of `before`, and end all sessions but this one. Raises `Changed`."""
        async with self._pool.acquire() as connection, connection.transaction():
            await lock_users(connection, (user_id,))
            given = (user_id, new, to_datetime(now), session_id, before)
            row = await connection.fetchrow(_SQL["change"], *given)
            if row is None:
                raise Changed
            owner = self._owner(user_id, row)
            await _end(connection, owner, now, told, by="password", keep=session_id)

    async def reset(self, user_id: str, code_id: str, new: str, now: int, told: Told) -> None:
        """Put hash `new` in place of any other, and end all sessions. Raises `Changed`."""
        async with self._pool.acquire() as connection, connection.transaction():
            await lock_users(connection, (user_id,))
            if not await use_within(connection, code_id, now):
                raise Changed
            row = await connection.fetchrow(_SQL["reset"], user_id, new, to_datetime(now))
            if row is None:
                raise Changed
            await _end(connection, self._owner(user_id, row), now, told, by="link", keep=None)

    def _owner(self, user_id: str, row: Record) -> Owner:
        return Owner(user_id, self._fields.read(EMAIL, user_id, row["email"]), row["language"])


async def _end(
    connection: Connection,
    owner: Owner,
    now: int,
    told: Told,
    *,
    by: Literal["password", "link"],
    keep: str | None,
) -> None:
    """What the password before could do, nobody can any more."""
    for purpose in ("password", "email"):
        await drop_within(connection, owner.user_id, purpose)
    await expel_within(connection, owner.user_id, "password_changed", now, keep=keep)
    await audit.note(connection, "password_changed", owner.user_id, {"by": by}, by=owner.user_id, now=now)
    await told(connection, owner)
