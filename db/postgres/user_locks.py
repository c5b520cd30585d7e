"""Locks, so that one transaction at a time changes whom a user may meet.

An offer, a connection, a block and a ban lock the users concerned before they look at anything. So such
changes happen one after the other. Locks are taken in the order of ids, so they never deadlock.
"""

from collections.abc import Collection

from db.postgres.pool import Connection, Record, queries

_SQL = queries("user_locks")


async def lock_users(connection: Connection, user_ids: Collection[str]) -> list[Record]:
    """Lock these users until the transaction ends. Gives `id` and `tier` of each that exists."""
    rows: list[Record] = await connection.fetch(_SQL["lock_users"], list(user_ids))
    return rows
