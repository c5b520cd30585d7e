"""Deletes media that have served their time, and objects that nobody knows of. Any node does it."""

from core.clock import Clock
from db.periodic import PeriodicJob, PeriodicTask
from services.media import MediaService

_AT_ONCE = 100


class MediaKeeping(PeriodicJob):
    """Looks for what has expired every `every_s` seconds, and through the whole store every `sweep_s`."""

    def __init__(
        self, media: MediaService, clock: Clock, *, every_s: float = 60, sweep_s: float = 86_400
    ) -> None:
        self._media, self._clock = media, clock
        self._loop = PeriodicTask(every_s, self.collect, failing="no media is deleted")
        self._sweep = PeriodicTask(
            sweep_s, self.sweep, failing="the object store is not looked through", at_once=False, again_s=600
        )
        self.loops = (self._loop, self._sweep)

    async def collect(self) -> bool:
        """Whether there may be more."""
        return await self._media.collect(self._clock(), limit=_AT_ONCE) == _AT_ONCE

    async def sweep(self) -> None:
        """Objects without a record: of a database that was restored, say."""
        await self._media.sweep(self._clock())
