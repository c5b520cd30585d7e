"""Reporting people whom a user has met: during the call, which ends it (`signaling/reporting.py`), or later.

The reported user is not told. A report may also block, which is a block like any other.
"""

from collections.abc import Callable

from core.contract.calls import CallReport
from core.errors import Gone, NotFound
from db.postgres.reports import NewReport, ReportStore
from services.ports import BlockEffects
from services.trust import TrustService


class ReportService:
    """The use cases. `window_ms`: for how long after its end a call may be reported."""

    def __init__(
        self,
        store: ReportStore,
        effects: BlockEffects,
        trust: TrustService,
        new_id: Callable[[int], str],
        *,
        window_ms: int,
    ) -> None:
        self._store, self._effects, self._trust = store, effects, trust
        self._new_id, self._window_ms = new_id, window_ms

    async def file(self, report: NewReport) -> None:
        """Record a report. The same one again changes nothing. Raises `NotFound`."""
        await self._store.file(report)
        if report.block:
            await self._effects.perform()

    async def report_past(self, reporter: str, command: CallReport, now: int) -> None:
        """Report a call that is over and may be on record only. A second time changes nothing.

        Raises `NotFound` for a call of others, `Gone` when it ended too long ago.
        """
        past = await self._store.past(command.call_id, reporter)
        if past is None:
            raise NotFound
        if not past.reported and past.ended_at is not None and now - past.ended_at > self._window_ms:
            raise Gone("It is too late to report this call.")
        await self.file(
            NewReport(
                id=self._new_id(now),
                call_id=command.call_id,
                reporter=reporter,
                reported=past.peer,
                reason=command.reason,
                note=command.note,
                block=command.block,
                at=now,
            )
        )
        await self._trust.judge(past.peer)
