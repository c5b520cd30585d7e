"""Locks, so that one transaction at a time changes whom a user may meet.

An offer, a direct call and its answer, a connection, a block and a ban lock the users concerned before they
look at anything. So such changes happen one after the other. Locks are taken in the order of ids, so they
never deadlock.
"""

from collections.abc import Collection

from db.postgres.own_rows import OwnRows, own_queries
from db.postgres.pool import Connection, Record, queries

_SQL, _OWN = queries("user_locks"), own_queries("user_locks")


async def lock_users(connection: Connection, user_ids: Collection[str]) -> list[Record]:
    """Lock these users until the transaction ends. Gives `id` and `tier` of each that exists."""
    rows: list[Record] = await connection.fetch(_SQL["lock_users"], list(user_ids))
    return rows


async def lock_me(own: OwnRows) -> None:
    """Lock the user whose own data it is."""
    await own.execute(_OWN["lock_me"])
