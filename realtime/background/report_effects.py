"""The effect of a report on its call, when it was filed where no calls are kept: the call ends by it.

Such reports are rows ("pending reports"). Any node carries them out, without a leader: when it hears of one,
and when the `Lookout` finds it. The call takes it like `call:report`. Every step may be repeated.
"""

import contextlib
from typing import cast

from core.clock import Clock
from core.errors import Expired, Gone, NotFound
from core.vocabulary import ReportReason
from db.periodic import BesideLooks, PeriodicTask
from db.postgres.reports import PendingReport, ReportStore
from realtime.calls.call_service import CallService
from services.reports import ReportService
from signaling.messages import Report


class ReportEffectsWorker(BesideLooks):
    """Looks when woken; `again_s` after a failure."""

    def __init__(
        self,
        *,
        store: ReportStore,
        call_service: CallService,
        reports: ReportService,
        clock: Clock,
        again_s: float = 1,
    ) -> None:
        super().__init__()
        self._store, self._call_service, self._clock = store, call_service, clock
        self._reports = reports
        self._loop = PeriodicTask(
            None, self._look, failing="effects of reports have to wait", again_s=again_s
        )
        self.loops = (self._loop,)

    def wake(self, _message: bytes = b"") -> None:
        """Somebody else has filed a report."""
        self._loop.wake()

    async def _look(self) -> None:
        self.begin(*map(self._perform, await self._store.due(self._clock(), limit=self.free)))

    async def _perform(self, pending: PendingReport) -> None:
        with self._loop.enduring("the effects of a report have to wait", report=pending.id):
            reason = cast("ReportReason", pending.reason)
            report = Report(pending.reporter, pending.id, reason, pending.note, pending.block)
            with contextlib.suppress(NotFound, Gone, Expired):  # over by itself, or not in the store yet
                await self._call_service.tell(pending.call_id, report)
            await self._reports.settle(pending.id, self._clock())
