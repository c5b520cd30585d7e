"""Accounts that await erasure, in Postgres: asked for, taken back, begun, done.

That it begins and that it is taken back are each one change of one row, so only one of the two has its
effect.
Ids are text, times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

from msgspec import Struct

from core.clock import to_datetime, to_ms
from core.errors import Gone, Unauthenticated
from core.personal_data import TABLES
from db.postgres import audit
from db.postgres.expulsions import expel_within
from db.postgres.friends import FriendRequest
from db.postgres.personal_data import erase_all_within
from db.postgres.pool import Pool, queries
from db.postgres.user_locks import lock_users

_SQL = queries("erasures")
# What ends at once, so that all who are concerned can be told of it then.
_AT_ONCE = tuple(table for table in TABLES if table.name in ("identity.users", "interaction.connections"))


class Tie(Struct, frozen=True):
    """Friendship or connection that a user has, or had, with another one; and their room."""

    id: str
    other_id: str
    room_id: str
    ended: bool


class Ties(Struct, frozen=True):
    """What others have with a user, or had until the account was erased."""

    friends: list[Tie]
    requests: list[FriendRequest]
    connections: list[Tie]

    def others(self, user_id: str) -> set[str]:
        """With whom that is."""
        ties = (tie.other_id for tie in (*self.friends, *self.connections))
        return {*ties, *(request.other(user_id) for request in self.requests)}


class ErasureStore:
    """Who awaits erasure."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def ask(self, user_id: str, now: int, *, at: int) -> int:
        """They want to be erased `at` then, and are put out of all sessions. When that is, also if they have
        asked before. Raises `Unauthenticated`.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await lock_users(connection, (user_id,))
            erases_at = await connection.fetchval(_SQL["ask"], user_id, to_datetime(now), to_datetime(at))
            if erases_at is None:
                raise Unauthenticated
            await expel_within(connection, user_id, "erased", now)
            await audit.note(connection, "deletion_asked", user_id, by=user_id, now=now)
        return to_ms(erases_at)

    async def take_back(self, user_id: str, now: int) -> bool:
        """They stay, and whether that is new. Raises `Gone` when erasing has begun."""
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(_SQL["take_back"], user_id):
                await audit.note(connection, "deletion_taken_back", user_id, by=user_id, now=now)
                return True
            if await connection.fetchval(_SQL["begun"], user_id):
                raise Gone("This account is being erased.")
        return False

    async def begin(self, user_id: str, now: int) -> bool:
        """It begins, if it is time: the account is gone with that. Whether it has begun, now or before."""
        async with self._pool.acquire() as connection, connection.transaction():
            await lock_users(connection, (user_id,))
            if await connection.fetchval(_SQL["begin"], user_id, to_datetime(now)) is None:
                return bool(await connection.fetchval(_SQL["begun"], user_id))
            for table in _AT_ONCE:
                await erase_all_within(connection, table, user_id, now)
            await expel_within(connection, user_id, "erased", now)
            await audit.note(connection, "account_erased", user_id, by=None, now=now)
        return True

    async def awaits(self, user_id: str) -> bool:
        """Whether they await erasure, or are being erased."""
        return bool(await self._pool.fetchval(_SQL["awaits"], user_id))

    async def ties(self, user_id: str) -> Ties:
        """What this user has with others, as it is now. What has ended is none, but by this erasure."""
        friends, requests, connections = [
            await self._pool.fetch(_SQL[name], user_id) for name in ("friends", "requests", "connections")
        ]
        return Ties(
            [Tie(**row) for row in friends],
            [FriendRequest(**row) for row in requests],
            [Tie(**row) for row in connections],
        )

    async def done(self, user_id: str, now: int) -> None:
        """Nothing is left to erase."""
        await self._pool.execute(_SQL["done"], user_id, to_datetime(now))

    async def due(self, now: int, *, limit: int) -> list[str]:
        """Users who are to be erased, or of whom something has had to wait."""
        return [row["user_id"] for row in await self._pool.fetch(_SQL["due"], to_datetime(now), limit)]

    async def forget(self, before: int, *, limit: int) -> int:
        """Drop erasures that were done before then, with consents; how many those were."""
        return len(await self._pool.fetch(_SQL["forget"], to_datetime(before), limit))
