"""How a process is asked to end: by a supervisor, which gives it time, or by somebody who waits.

Each part of the end is over by a moment of its own, however late those before it were: so all of them
together are over in time.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

# Supervisors kill what has not ended after 30 s. What cannot end in time, say as a store stands still, ends
# by itself before that, and says so. These are seconds after it was asked to end.
MOST_S = 28.0
SENT_AWAY_S = 18.0  # clients have been sent away
LET_GO_S = 20.0  # and their connections are settled
ANSWERED_S = 23.0  # requests that were begun
WORKED_S = 24.5  # jobs that were begun
CLOSED_S = 26.0  # what was asked of stores


class Ending:
    """`asked` to end, and perhaps to hurry. `time_s` is a monotonic clock in seconds."""

    def __init__(self, *, hurried: bool = False, time_s: Callable[[], float] = time.monotonic) -> None:
        self._asked, self._hurried = asyncio.Event(), asyncio.Event()
        self._time_s, self._asked_at = time_s, 0.0
        if hurried:
            self._hurried.set()

    @property
    def asked(self) -> bool:
        """It is to end: nobody new should be sent here."""
        return self._asked.is_set()

    @property
    def hurried(self) -> bool:
        """Nothing is to be waited for that only makes the end a gentle one."""
        return self._hurried.is_set()

    def ask(self, *, hurry: bool = False, at_s: float | None = None) -> None:
        """End now. Whoever hurried it is not taken back. `at_s`: when it was asked, if that was sooner."""
        if hurry:
            self._hurried.set()
        if not self.asked:
            self._asked_at = self._time_s() if at_s is None else at_s
        self._asked.set()

    def left_s(self, moment_s: float) -> float:
        """Seconds left until this moment of the end; all of them while it is not asked to end."""
        return max(0.0, self._asked_at + moment_s - self._time_s()) if self.asked else moment_s

    async def begun(self) -> None:
        """Until it is asked to end."""
        await self._asked.wait()

    async def pause(self, seconds: float) -> None:
        """Wait so long, or until it is hurried."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurried.wait()
