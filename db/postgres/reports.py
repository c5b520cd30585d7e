"""Reports in Postgres, one for each subject and reporter. Ids are text, times ms since the epoch.

A report, its evidence and what follows from it (a block, a suspension) are one transaction; the database puts
it into a case. `SUBJECTS` says for each type how its subject is found. A report of a call that goes on, filed
where no calls are kept, waits as a "pending report": some node ends the call by it, and only then follows
what the other could notice. What an outage raises passes through.
"""

from collections.abc import Mapping

from msgspec import Struct

from core.clock import to_datetime
from core.errors import Gone, InvalidRequest, NotFound
from core.fields import CLEAR, REPORT_NOTE, Fields
from core.seals import Seals
from core.vocabulary import SubjectType
from db.postgres.accusations import Suspending, suspend_within
from db.postgres.blocks import block_within
from db.postgres.evidence import take_within
from db.postgres.idempotency import IdempotencyKey, claim, keep
from db.postgres.media import use_within
from db.postgres.pool import Connection, Pool, Record, queries
from db.postgres.user_locks import lock_users

_SQL = queries("reports")

# How long a pending report is left to the node that has taken it.
TAKEN_MS = 2_000

# The statement that finds what is reported and whose it is, if the reporter may see it. Types without one do
# not exist yet.
SUBJECTS: Mapping[str, str] = {
    "user": _SQL["subject_user"],
    "call": _SQL["subject_call"],
    "message": _SQL["subject_message"],
    "review": _SQL["subject_review"],
    "post": _SQL["subject_post"],
    "comment": _SQL["subject_comment"],
}


class NewReport(Struct, frozen=True, kw_only=True):
    """A new report. `block`: the reporter also blocks the other."""

    id: str
    subject_type: SubjectType
    subject_id: str
    reporter: str
    reason: str
    note: str | None
    block: bool
    at: int
    evidence_media_id: str | None = None


class Filed(Struct, frozen=True, kw_only=True):
    """A report on record, about this user, whom the system has `suspended` by it or not.

    `pending`: the call still has to end by it.
    """

    id: str
    reported: str
    pending: bool = False
    suspended: bool = False


class PendingReport(Struct, frozen=True, kw_only=True):
    """A report of a call that still has to end by it."""

    id: str
    call_id: str
    reporter: str
    reason: str
    note: str | None
    block: bool


class ReportStore:
    """Reports. `window_ms`: for how long after its end a call may be reported."""

    def __init__(
        self, pool: Pool, seals: Seals, suspending: Suspending, *, window_ms: int, fields: Fields = CLEAR
    ) -> None:
        self._pool, self._seals, self._fields = pool, seals, fields
        self._suspending, self._window_ms = suspending, window_ms

    async def file(
        self, report: NewReport, key: IdempotencyKey | None = None, *, ending: bool = False
    ) -> Filed:
        """Store it with evidence, and what follows. The first of this subject and reporter stays.

        `ending`: the call is ended by it at the same time. Raises `NotFound` for what the reporter may not
        see, `InvalidRequest` for what is their own, `Gone` for a call that has ended too long ago,
        `IdempotencyConflict`.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            if (known := await claim(connection, key, Filed)) is not None:
                return known
            return await keep(connection, key, await self._file(connection, report, ending=ending))

    async def _file(self, connection: Connection, report: NewReport, *, ending: bool) -> Filed:
        named = report.subject_type, report.subject_id
        find = SUBJECTS.get(report.subject_type)
        found = find and await connection.fetchrow(
            find, report.reporter, report.subject_id, to_datetime(report.at)
        )
        if found:
            await lock_users(connection, (report.reporter, found["reported_id"]))
        first = await connection.fetchrow(_SQL["first"], report.reporter, *named)
        if first:
            known = Filed(id=first["id"], reported=first["reported_id"])
            return (ending and await self._settle(connection, known.id, report.at)) or known
        if not found:
            raise NotFound
        self._check(report, found)
        return await self._insert(connection, report, found, ending=ending)

    def _check(self, report: NewReport, found: Record) -> None:
        if found["reported_id"] == report.reporter:
            raise InvalidRequest("Nobody can report themselves.", details={"field": "subject"})
        ended = found["ended_at"]
        if ended is not None and ended < to_datetime(report.at - self._window_ms):
            raise Gone("It is too late to report this call.")

    async def _insert(
        self, connection: Connection, report: NewReport, found: Record, *, ending: bool
    ) -> Filed:
        reported, pending = found["reported_id"], found["going_on"] and not ending
        media_id = await _used(connection, report, ending=ending)
        evidence = await take_within(
            connection,
            self._seals,
            report_id=report.id,
            pair=(report.reporter, reported),
            call_id=found["call_id"],
            content=found["content"],
            at=report.at,
        )
        await connection.execute(
            _SQL["file"],
            report.id,
            report.reporter,
            reported,
            report.reason,
            self._fields.kept_if_any(REPORT_NOTE, report.id, report.note),
            to_datetime(report.at),
            report.subject_type,
            report.subject_id,
            found["call_id"],
            evidence.box,
            evidence.key_id,
            media_id,
        )
        if pending:
            await connection.execute(_SQL["pend"], report.id, report.block)
            return Filed(id=report.id, reported=reported, pending=True)
        pair = report.reporter, reported
        suspended = await self._follow(connection, pair, report.at, block=report.block)
        return Filed(id=report.id, reported=reported, suspended=suspended)

    async def _follow(self, connection: Connection, pair: tuple[str, str], at: int, *, block: bool) -> bool:
        """What follows from the report by the first about the second: whether they are suspended by it."""
        if block:
            await block_within(connection, *pair, at)
        return await suspend_within(connection, pair[1], self._suspending, at)

    # Pending reports

    async def due(self, now: int, *, limit: int = 50) -> list[PendingReport]:
        """Pending reports that no node has taken, each now taken for `TAKEN_MS`."""
        until = to_datetime(now + TAKEN_MS)
        return [
            self._pending(row) for row in await self._pool.fetch(_SQL["due"], to_datetime(now), until, limit)
        ]

    def _pending(self, row: Record) -> PendingReport:
        return PendingReport(
            id=row["id"],
            call_id=row["call_id"],
            reporter=row["reporter_id"],
            reason=row["reason"],
            note=self._fields.read(REPORT_NOTE, row["id"], row["note"]),
            block=row["block"],
        )

    async def settle(self, report_id: str, now: int) -> Filed | None:
        """If its call has ended on record, do what follows from the report. None: there was nothing to do."""
        async with self._pool.acquire() as connection, connection.transaction():
            return await self._settle(connection, report_id, now)

    async def _settle(self, connection: Connection, report_id: str, now: int) -> Filed | None:
        row = await connection.fetchrow(_SQL["pending"], report_id)
        if row is None:
            return None
        pair = row["reporter_id"], row["reported_id"]
        await lock_users(connection, pair)
        block = await connection.fetchval(_SQL["settle"], report_id)
        if block is None:
            return None
        suspended = await self._follow(connection, pair, now, block=block)
        return Filed(id=report_id, reported=pair[1], suspended=suspended)


async def _used(connection: Connection, report: NewReport, *, ending: bool) -> str | None:
    """The picture that is evidence from now on. Raises `NotFound`, but for a call that ends all the same."""
    media_id = report.evidence_media_id
    if media_id is None:
        return None
    if await use_within(connection, media_id, report.reporter, report.subject_id, report.at):
        return media_id
    if ending:
        return None
    raise NotFound("There is no such picture, or it was used before.", details={"field": "evidence_media_id"})
