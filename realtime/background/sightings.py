"""Notes with what accounts connect. Nobody waits for it: a connect does not take longer by it.

In memory until it is noted. What a process that dies has not noted, is noted at the next connect.
"""

from core.clock import DAY_MS, Clock
from db.outage import AWAY
from db.periodic import PeriodicJob, PeriodicTask
from services.marks import Sighting
from services.sightings import Sightings

_AT_ONCE = 100
_MOST = 10_000  # wait to be noted; more of them only while PostgreSQL is away
_MOST_NOTED = 100_000


class SightingsWorker(PeriodicJob):
    """Notes each account once a day with the same device, network and client, many at once."""

    def __init__(self, sightings: Sightings, clock: Clock, *, again_s: float = 5) -> None:
        self._sightings, self._clock = sightings, clock
        self._waiting: list[Sighting] = []
        self._noted: set[int] = set()
        self._day = 0
        self._loop = PeriodicTask(None, self._note, failing="nobody is noted who connects", again_s=again_s)
        self.loops = (self._loop,)

    def add(self, sighting: Sighting) -> None:
        """Somebody has connected."""
        day, known = self._clock() // DAY_MS, hash(sighting)
        if day != self._day or len(self._noted) >= _MOST_NOTED:
            self._noted.clear()
            self._day = day
        if known not in self._noted and len(self._waiting) < _MOST:
            self._noted.add(known)
            self._waiting.append(sighting)
            self._loop.wake()

    async def _note(self) -> bool:
        """Whether there are more."""
        some, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
        try:
            await self._sightings.seen(some, self._clock())
        except AWAY:
            self._waiting[:0] = some
            raise
        return bool(self._waiting)
