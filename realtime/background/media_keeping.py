"""Has pictures scanned, deletes media that have served their time and objects that nobody knows of.

Any node does it: the store gives each picture to one of them.
"""

from functools import partial

from core.clock import Clock
from db.periodic import PeriodicJob, PeriodicTask
from services.media import MediaService
from services.picture_scans import PictureScans

_AT_ONCE = 100
_SCANS_AT_ONCE = 5


class MediaKeeping(PeriodicJob):
    """Looks for what has expired every `every_s` seconds, and through the whole store every `sweep_s`.

    For pictures to scan, where there is a scanner, it looks every `scan_s`.
    """

    def __init__(
        self,
        media: MediaService,
        scans: PictureScans | None,
        clock: Clock,
        *,
        every_s: float = 60,
        sweep_s: float = 86_400,
        scan_s: float = 2,
    ) -> None:
        self._media, self._clock = media, clock
        self._loop = PeriodicTask(every_s, self.collect, failing="no media is deleted")
        self._sweep = PeriodicTask(
            sweep_s, self.sweep, failing="the object store is not looked through", at_once=False, again_s=600
        )
        self.loops: tuple[PeriodicTask, ...] = (self._loop, self._sweep)
        if scans is not None:
            job = partial(self._scan, scans)
            self.loops = (*self.loops, PeriodicTask(scan_s, job, failing="nothing is scanned"))

    async def collect(self) -> bool:
        """Whether there may be more."""
        return await self._media.collect(self._clock(), limit=_AT_ONCE) == _AT_ONCE

    async def _scan(self, scans: PictureScans) -> bool:
        """Whether there may be more."""
        return await scans.scan(self._clock(), limit=_SCANS_AT_ONCE) == _SCANS_AT_ONCE

    async def sweep(self) -> None:
        """Objects without a record: of a database that was restored, say."""
        await self._media.sweep(self._clock())
