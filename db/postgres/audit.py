"""The audit log in Postgres: who did what to whom. It can only be added to; the database refuses changes.

An act and its entry belong in one statement or transaction, so that neither exists without the other: `note`
takes the caller's connection. Ids are UUIDv7, times ms since the epoch.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from core.clock import to_datetime, to_ms
from core.ids import made_at, new_id
from db.postgres.pool import Connection, Pool, Record, queries
from db.postgres.replica import Replica

_SQL = queries("audit")
_ALL_THERE_MS = 30_000  # after its time an entry is committed, whatever clocks say


class Entry(Struct, frozen=True, kw_only=True):
    """`actor` None: the system itself. `action` is a word of lower-case letters and `_`, up to 64 of them."""

    id: str
    at: int
    actor: str | None
    action: str
    subject: str | None
    details: Mapping[str, Any] = {}


async def note(
    connection: Connection,
    action: str,
    subject: str | None,
    details: Mapping[str, Any] | None = None,
    *,
    by: str | None,
    now: int,
) -> None:
    """Add what is done now, within the transaction of the act. `by` None: the operator or the system."""
    await write(
        connection,
        Entry(id=new_id(now), at=now, actor=by, action=action, subject=subject, details=details or {}),
    )


async def write(connection: Connection, entry: Entry) -> None:
    """Add this entry."""
    await connection.execute(
        _SQL["write"],
        entry.id,
        to_datetime(entry.at),
        entry.actor,
        entry.action,
        entry.subject,
        dict(entry.details),
    )


class AuditLog:
    """The log, for those who read it."""

    def __init__(self, pool: Pool, replica: Replica | None = None) -> None:
        self._pool, self._replica = pool, replica or Replica(pool)

    async def entries(self, *, user_id: str | None, before: str | None, limit: int) -> list[Entry]:
        """Newest first, those before the entry `before`; with a user, those by or about them."""
        query, given = (
            ("page", [before, limit]) if user_id is None else ("page_of_user", [before, limit, user_id])
        )
        if before is None:  # who looks may have just done something
            rows = await self._pool.fetch(_SQL[query], *given)
        else:
            rows = await self._replica.fetch(_SQL[query], *given, since=made_at(before) + _ALL_THERE_MS)
        return [_entry(row) for row in rows]


def _entry(row: Record) -> Entry:
    return Entry(
        id=row["id"],
        at=to_ms(row["at"]),
        actor=row["actor_id"],
        action=row["action"],
        subject=row["subject_id"],
        details=row["details"],
    )
