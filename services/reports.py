"""Reporting what somebody has said, shown or done: over REST, and during a call, which ends by it.

Both are one use case. The reported user is not told. A report may also block, which is a block like any
other. The store takes evidence, opens the case and suspends in the transaction of the report.
"""

from collections.abc import Callable

import structlog

from core.contract.reports import SubjectReport
from db.outage import OUTAGES
from db.postgres.idempotency import IdempotencyKey
from db.postgres.reports import Filed, NewReport, ReportStore
from services.expulsions import Expulsions
from services.ports import BlockEffects, Channels
from services.trust import TrustService

PENDING_REPORTS = "reports:pending"
_log = structlog.get_logger()


class ReportService:
    """The use cases. Errors of an outage of Postgres pass through (`db.outage`)."""

    def __init__(
        self,
        store: ReportStore,
        effects: BlockEffects,
        trust: TrustService,
        expulsions: Expulsions,
        channels: Channels,
        new_id: Callable[[int], str],
    ) -> None:
        self._store, self._effects, self._trust = store, effects, trust
        self._expulsions, self._channels, self._new_id = expulsions, channels, new_id

    async def file(self, report: NewReport) -> None:
        """Record a report that ends its call at the same time. The same one again changes nothing."""
        filed = await self._store.file(report, ending=True)
        await self._follow(filed, block=report.block)

    async def report(self, reporter: str, body: SubjectReport, key: IdempotencyKey | None, now: int) -> str:
        """Report a subject. Gives the id of the report; the same subject again gives the first one's.

        Raises `NotFound` for what the reporter may not see, `InvalidRequest` for what is their own, `Gone`
        for a call that ended too long ago, `IdempotencyConflict`.
        """
        filed = await self._store.file(
            NewReport(
                id=self._new_id(now),
                subject_type=body.subject.type,
                subject_id=body.subject.id,
                reporter=reporter,
                reason=body.reason,
                note=body.note,
                block=body.block,
                at=now,
                evidence_media_id=body.evidence_media_id,
            ),
            key,
        )
        if filed.pending:
            await self._announce()
            return filed.id
        await self._follow(filed, block=body.block)
        await self._trust.judge(filed.reported)
        return filed.id

    async def settle(self, report_id: str, now: int) -> None:
        """Do what follows from a report of a call that goes on, if that has ended on record by now."""
        filed = await self._store.settle(report_id, now)
        if filed is not None:
            await self._follow(filed, block=True)
            await self._trust.judge(filed.reported)

    async def _follow(self, filed: Filed, *, block: bool) -> None:
        if block:
            await self._effects.perform()
        if filed.suspended:
            await self._expulsions.hurry()

    async def _announce(self) -> None:
        try:
            await self._channels.publish(PENDING_REPORTS, b"")
        except OUTAGES as error:  # it is on record, and nodes also look by themselves
            _log.debug("a pending report was not announced", error=repr(error))
