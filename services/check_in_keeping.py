"""Keeps the table of check-ins in order: quarters have their parts in time, and old ones are dropped.

Before that, journeys are folded up to there, so that they stand without what is dropped.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from core.clock import Clock, today
from core.job import Job
from db.postgres.check_ins import CheckInStore
from db.postgres.jobs import Schedule
from db.postgres.journeys import NOBODY, JourneyStore
from services.jobs import Work, work

_AT_ONCE = 200


class KeepCheckIns(Job, frozen=True, kw_only=True, tag="check-ins-keeping"):
    """Each hour: what there is already costs nothing."""


CHECK_INS_KEEPING = Schedule(KeepCheckIns(), every_s=3600, offset_s=900)


class CheckInKeeping:
    """Does it. A part goes `days` after its quarter."""

    def __init__(self, store: CheckInStore, journeys: JourneyStore, clock: Clock, *, days: int) -> None:
        self._store, self._journeys, self._clock, self._days = store, journeys, clock, days

    @property
    def works(self) -> Sequence[Work]:
        """How it is done."""
        return (work(KeepCheckIns, self.keep),)

    async def keep(self, _: KeepCheckIns) -> None:
        """May be repeated. Waits for no lock for long, and is tried again."""
        now = self._clock()
        await self._store.keep_quarters(now)
        before = quarter_of(today(now) - timedelta(days=self._days))
        after: str | None = NOBODY
        while after is not None:
            after = await self._journeys.carry(before, after, _AT_ONCE)
        await self._store.drop_quarters(before)


def quarter_of(day: date) -> date:
    """The first day of its quarter."""
    return date(day.year, day.month - (day.month - 1) % 3, 1)
