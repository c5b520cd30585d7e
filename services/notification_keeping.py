"""Keeps the table of notifications in order: quarters have their parts in time, and old ones are dropped."""

from collections.abc import Sequence

from core.clock import DAY_MS, Clock
from core.job import Job
from db.postgres.jobs import Schedule
from db.postgres.notifications import NotificationStore
from services.jobs import Work, work


class KeepNotifications(Job, frozen=True, kw_only=True, tag="notifications-keeping"):
    """Each hour: what there is already costs nothing."""


QUARTERS = Schedule(KeepNotifications(), every_s=3600, offset_s=600)


class NotificationKeeping:
    """Does it. A part goes `days` after its quarter."""

    def __init__(self, store: NotificationStore, clock: Clock, *, days: int) -> None:
        self._store, self._clock, self._kept_ms = store, clock, days * DAY_MS

    @property
    def works(self) -> Sequence[Work]:
        """How it is done."""
        return (work(KeepNotifications, self.keep),)

    async def keep(self, _: KeepNotifications) -> None:
        """May be repeated. Waits for no lock for long, and is tried again."""
        now = self._clock()
        await self._store.keep_quarters(now, now - self._kept_ms)
