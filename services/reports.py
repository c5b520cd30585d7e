"""Reporting whom one has met: while the call goes on, which that ends (`signaling/reporting.py`), and later.

The reported one is told nothing of it. A report that blocks is, besides, a block like any.
"""

from collections.abc import Callable
from typing import Protocol

from core.contract.calls import CallReport
from core.errors import Gone, NotFound
from db.postgres.reports import NewReport, PastEncounter
from services.ports import Partings


class ReportStore(Protocol):
    """Where reports are kept; `db/postgres/reports.py` says what each method promises."""

    async def file(self, report: NewReport) -> None: ...
    async def past(self, call_id: str, user_id: str) -> PastEncounter | None: ...


class Judges(Protocol):
    """Who thinks of people."""

    async def judge(self, user_id: str) -> None:
        """What is on record of this user may move them to another tier."""


class Reports:
    """The use cases. `window_ms`: for how long after its end a call may be reported."""

    def __init__(
        self,
        store: ReportStore,
        partings: Partings,
        trust: Judges,
        new_id: Callable[[int], str],
        *,
        window_ms: int,
    ) -> None:
        self._store, self._partings, self._trust = store, partings, trust
        self._new_id, self._window_ms = new_id, window_ms

    async def file(self, report: NewReport) -> None:
        """Put on record what was reported; the same again changes nothing. Raises `NotFound`."""
        await self._store.file(report)
        if report.block:
            await self._partings.parted()

    async def report_past(self, reporter: str, command: CallReport, now: int) -> None:
        """Report a call that is over, though nothing but the record may know it; again: nothing more.

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
