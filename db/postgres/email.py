"""Email addresses of accounts in Postgres: whether one was shown to be its owner's, and another one.

Ids are text, times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Awaitable, Callable, Sequence

import asyncpg
from msgspec import Struct

from core.clock import to_datetime
from core.errors import Conflict
from core.fields import CLEAR, EMAIL, Fields
from db.postgres import audit
from db.postgres.accounts import check_address
from db.postgres.codes import drop_within, use_within
from db.postgres.own_rows import own_queries, own_rows
from db.postgres.pool import Connection, Pool, Record, queries
from db.postgres.user_locks import lock_users

_SQL, _OWN = queries("email"), own_queries("email")


class Address(Struct, frozen=True):
    """Where somebody is written to, in which language (None: unknown), and whether they showed it theirs."""

    email: str | None
    verified: bool
    language: str | None


class LinkUsed(Exception):
    """This link was used before, or another has taken its place."""


# What goes into the transaction: that the address before is told of the new one.
Told = Callable[[Connection, Address], Awaitable[None]]


class EmailStore:
    """Addresses."""

    def __init__(self, pool: Pool, fields: Fields = CLEAR) -> None:
        self._pool, self._fields = pool, fields

    async def of(self, user_id: str) -> Address | None:
        """The user's; None: the account is gone."""
        async with own_rows(self._pool, user_id) as own:
            return self._address(user_id, await own.fetchrow(_OWN["of"]))

    async def check(self, email: str, marks: Sequence[bytes], now: int) -> None:
        """Raises `Conflict` for an address that is taken."""
        async with self._pool.acquire() as connection:
            await check_address(connection, self._fields, email, marks, now)

    async def confirm(
        self, user_id: str, email: str, marks: Sequence[bytes], code_id: str, now: int, told: Told
    ) -> None:
        """The address was shown to be the user's, by this link: it is theirs from now on.

        Links that went to another one before serve no longer. Raises `LinkUsed`, and `Conflict` if somebody
        else has the address by now.
        """
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                await self._confirm(connection, user_id, email, marks, code_id, now, told)
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name not in {"one_account_an_email", "one_account_an_email_hash"}:
                raise
            raise Conflict("This email is taken.", details={"field": "email"}) from None

    async def _confirm(
        self,
        connection: Connection,
        user_id: str,
        email: str,
        marks: Sequence[bytes],
        code_id: str,
        now: int,
        told: Told,
    ) -> None:
        await lock_users(connection, (user_id,))
        before = self._address(user_id, await connection.fetchrow(_SQL["of"], user_id))
        if before is None or not await use_within(connection, code_id, now):
            raise LinkUsed
        other = before.email is None or before.email.lower() != email.lower()
        if other:
            await check_address(connection, self._fields, email, marks, now)
        kept, hashed = self._fields.kept(EMAIL, user_id, email), self._fields.address_hash(email)
        await connection.execute(_SQL["confirm"], user_id, kept, to_datetime(now), hashed)
        if other:
            await drop_within(connection, user_id, "password")
            await audit.note(connection, "email_changed", user_id, by=user_id, now=now)
            await told(connection, before)

    def _address(self, user_id: str, row: Record | None) -> Address | None:
        return row and Address(
            self._fields.read(EMAIL, user_id, row["email"]), row["verified"], row["language"]
        )
