"""How a sweep lets others run: after so much work of its own, for a moment.

A join takes a dozen steps, each of which waits for the slice that is being worked on. So slices are short
whatever they hold, and there is time for several steps between two of them.
"""

import asyncio
from collections.abc import Callable

_SLICE_S = 0.001
PAUSE_S = 0.002


class Slices:
    """Of one piece of work. `cpu_s` says how much its thread has worked."""

    def __init__(self, cpu_s: Callable[[], float]) -> None:
        self._cpu_s = cpu_s
        self.begin()

    def begin(self) -> None:
        """Others have just run."""
        self._begun = self._cpu_s()

    async def end(self) -> None:
        """Let others run, if it is time for that."""
        if self._cpu_s() - self._begun >= _SLICE_S:
            await asyncio.sleep(PAUSE_S)
            self.begin()
