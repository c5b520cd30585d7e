"""Secrets of one-time codes in Postgres, sealed, and the latest code of each that was used.

Turning codes on or off leaves an entry on the audit log. Ids are text, times ms since the epoch. What an
outage raises (`db.outage`) passes through.
"""

from msgspec import Struct

from core.clock import to_datetime
from core.seals import Sealed
from db.postgres import audit
from db.postgres.pool import Pool, queries

_SQL = queries("totp")


class Totp(Struct, frozen=True):
    """A user's secret; `is_on` once a code of it was shown."""

    secret: Sealed
    is_on: bool
    username: str


class TotpStore:
    """One secret a user at most."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def ask(self, user_id: str, secret: Sealed, now: int) -> str | None:
        """A new secret, in place of one that is not on yet. Gives the username. None: one is on."""
        given = (user_id, secret.box, secret.key_id, to_datetime(now))
        username: str | None = await self._pool.fetchval(_SQL["ask"], *given)
        return username

    async def of(self, user_id: str) -> Totp | None:
        """What is known. None: no secret was asked for."""
        row = await self._pool.fetchrow(_SQL["of"], user_id)
        return row and Totp(Sealed(row["key_id"], row["secret"]), row["is_on"], row["username"])

    async def turn_on(self, user_id: str, session_id: str, secret: Sealed, now: int) -> bool:
        """A code of this secret was shown in this session. False: it is on already, or replaced."""
        async with self._pool.acquire() as connection, connection.transaction():
            given = (user_id, session_id, secret.box, to_datetime(now))
            if await connection.fetchval(_SQL["turn_on"], *given) is None:
                return False
            await audit.note(connection, "second_factor_on", user_id, by=user_id, now=now)
        return True

    async def spend(self, user_id: str, secret: Sealed, step: int, fresh: Sealed) -> bool:
        """Use the code of this time step, and keep the secret as `fresh`. False: it was used before."""
        given = (user_id, secret.box, step, fresh.box, fresh.key_id)
        return await self._pool.fetchval(_SQL["spend"], *given) is not None

    async def prove(self, user_id: str, session_id: str) -> None:
        """This session has a second factor from now on."""
        await self._pool.execute(_SQL["prove"], user_id, session_id)

    async def drop(self, user_id: str, by: str | None, now: int, *, even_if_on: bool) -> bool:
        """Forget the secret; `by` None: the operator does. Gives whether it was on."""
        async with self._pool.acquire() as connection, connection.transaction():
            was_on = bool(await connection.fetchval(_SQL["drop"], user_id, even_if_on))
            if was_on:
                await audit.note(connection, "second_factor_off", user_id, by=by, now=now)
        return was_on
