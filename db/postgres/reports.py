"""Reports in Postgres, one for each call and reporter. Ids are text, times ms since the epoch.

A report that blocks leaves, like any block, a pending block (`blocks.py`). What an outage raises passes
through.
"""

import asyncpg
from msgspec import Struct

from core.clock import to_datetime, to_ms
from core.errors import NotFound
from db.postgres.blocks import block_within
from db.postgres.pool import Pool, queries

_SQL = queries("reports")


class NewReport(Struct, frozen=True, kw_only=True):
    """A new report. `block`: the reporter also blocks the other."""

    id: str
    call_id: str
    reporter: str
    reported: str
    reason: str
    note: str | None
    block: bool
    at: int


class PastEncounter(Struct, frozen=True, kw_only=True):
    """What is on record of a call that somebody wants to report; `ended_at` None: of no end so far."""

    peer: str
    ended_at: int | None
    reported: bool


class ReportStore:
    """Reports, one for each call and reporter."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def file(self, report: NewReport) -> None:
        """Store it, and block if asked, at once. The first of this call and reporter stays.

        Raises `NotFound` for someone who was not in the call.
        """
        at = to_datetime(report.at)
        async with self._pool.acquire() as connection, connection.transaction():
            try:
                new = await connection.fetchval(
                    _SQL["file"],
                    report.id,
                    report.call_id,
                    report.reporter,
                    report.reported,
                    report.reason,
                    report.note,
                    at,
                )
            except asyncpg.ForeignKeyViolationError as error:
                if str(error.constraint_name).endswith("_was_in_the_call"):
                    raise NotFound from error
                raise
            if new and report.block:
                await block_within(connection, report.reporter, report.reported, report.at)

    async def past(self, call_id: str, user_id: str) -> PastEncounter | None:
        """The call as this user may report it; None: they were not in it."""
        row = await self._pool.fetchrow(_SQL["past"], call_id, user_id)
        return row and PastEncounter(
            peer=row["peer_id"],
            ended_at=None if row["ended_at"] is None else to_ms(row["ended_at"]),
            reported=row["reported"],
        )
