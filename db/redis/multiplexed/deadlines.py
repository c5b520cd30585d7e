"""When callers have waited long enough: one clock of coarse ticks for all, which stops when nobody waits.

It counts ticks, not seconds: a process that was itself suspended first reads what came meanwhile. Ticks come
with the beat of the process, so that those who ask now and then do not wake it once more.
"""

import asyncio
from collections.abc import Callable

from db.periodic import next_beat

TICKS = 20  # of a patience


class Deadlines:
    """`look(tick)` is called at each tick, ends what has expired, and says whether anybody still waits."""

    def __init__(self, patience_s: float, look: Callable[[int], bool]) -> None:
        self._tick_s, self._look = patience_s / TICKS, look
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self.latest = TICKS

    def watch(self) -> None:
        """Somebody waits from now on, until the tick `latest` at most."""
        if self._timer is None:
            self._timer = self._loop.call_at(next_beat(self._tick_s), self._tick)

    def stop(self) -> None:
        """Nobody waits any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _tick(self) -> None:
        self._timer = None
        self.latest += 1
        if self._look(self.latest - TICKS):
            self.watch()
