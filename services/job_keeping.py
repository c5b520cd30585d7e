"""Keeps the queue small: what was said of jobs is forgotten, and in the end those that failed too."""

from collections.abc import Sequence

from core.clock import DAY_MS, Clock
from core.job import Job
from db.postgres.jobs import JobStore, Schedule
from services.jobs import Work, work

LOG_DAYS = 7
FAILED_DAYS = 30
_AT_ONCE = 500


class KeepJobs(Job, frozen=True, kw_only=True, tag="jobs-keeping"):
    """Each hour."""


KEEPING = Schedule(KeepJobs(), every_s=3600, offset_s=1200)


class JobKeeping:
    """Does it."""

    def __init__(self, store: JobStore, clock: Clock) -> None:
        self._store, self._clock = store, clock

    @property
    def works(self) -> Sequence[Work]:
        """How it is done."""
        return (work(KeepJobs, self.keep),)

    async def keep(self, _: KeepJobs) -> None:
        """Forget what is too old, some at a time."""
        now = self._clock()
        for forget, days in (
            (self._store.forget_failed, FAILED_DAYS),
            (self._store.forget_log, LOG_DAYS),
        ):
            while await forget(now - days * DAY_MS, limit=_AT_ONCE) == _AT_ONCE:
                pass
