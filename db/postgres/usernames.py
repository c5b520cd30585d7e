"""Usernames that change. The former one stays reserved for its owner, so that nobody is taken for them."""

import asyncpg

from core.clock import to_datetime, to_ms
from core.errors import Conflict, RateLimited
from db.postgres.pool import Connection, Pool, queries

_SQL = queries("usernames")
_MOST = 3  # so that nobody hoards names


async def rename_within(
    connection: Connection, user_id: str, username: str, *, reserved_until: int, now: int
) -> None:
    """Call the user so, in a transaction that has locked them.

    Raises `Conflict` for a name that somebody has, or that is reserved for somebody else, which cannot be
    told apart; and `RateLimited` for one more change, when as many names as may be are reserved for them.
    """
    kept = await connection.fetchrow(_SQL["reserved"], user_id, to_datetime(now), username)
    if kept["number"] >= _MOST:
        raise RateLimited(
            "You have changed your username often: go back to a former one, or wait until one is free again.",
            retry_after_ms=to_ms(kept["until"]) - now,
        )
    given = (user_id, username, to_datetime(now), to_datetime(reserved_until))
    try:
        await connection.execute(_SQL["rename"], *given)
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "one_account_a_username":
            raise
        raise Conflict("This username is taken.", details={"field": "username"}) from None


class FormerUsernames:
    """Names that were given up."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def forget(self, before: int, *, limit: int) -> int:
        """Those that are reserved for nobody any more since before a time in ms."""
        return len(await self._pool.fetch(_SQL["forget"], to_datetime(before), limit))
