"""Looks whether something waits for the jobs of this node, and wakes those for which it does.

Rows that another process, or an operator by hand, has written announce themselves to nobody. One look for all
kinds costs as much as one for a single kind did, so a node asks Postgres twice a second; once a second while
nobody is connected to it.
`db/postgres/pending_work.sql` says what counts as waiting.
"""

from collections.abc import Callable, Mapping

from core.clock import Clock
from db.periodic import Period, PeriodicJob, PeriodicTask
from db.postgres.pending_work import Kind, PendingWork


class Lookout(PeriodicJob):
    """Looks every `every_s` seconds; `wake` has for each kind whom to wake."""

    def __init__(
        self,
        pending: PendingWork,
        wake: Mapping[Kind, Callable[[], None]],
        clock: Clock,
        *,
        every_s: Period = 0.5,
    ) -> None:
        self._pending, self._wake, self._clock = pending, wake, clock
        self.loops = (PeriodicTask(every_s, self._look, failing="nobody looks what waits for the jobs"),)

    async def _look(self) -> None:
        for kind in await self._pending.kinds(self._clock()):
            self._wake[kind]()
