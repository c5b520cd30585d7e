"""Ends work that takes too long, with one timer for all that has the same time.

It becomes due in the order in which it began: a timer for each would cost more than most commands do.
"""

import asyncio
from typing import Any

from core.later import Later

Work = asyncio.Future[Any] | Later[Any]


class WorkDeadlines:
    """Work that `begin`s is cancelled `after_s` seconds later, unless it has `end`ed."""

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s
        self._due: dict[Work, float] = {}
        self._late: set[Work] = set()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, loop: asyncio.AbstractEventLoop) -> "asyncio.Task[Any]":
        """The current task has its time from now on. Gives it, to `end` it with."""
        task = asyncio.current_task(loop)
        assert task is not None
        self.watch(task, loop)
        return task

    def watch(self, work: Work, loop: asyncio.AbstractEventLoop) -> float:
        """The same for work that is not done in a task of its own. Gives until when it has, by the loop."""
        at = self._due[work] = loop.time() + self._after_s
        if self._timer is None:
            self._timer = loop.call_at(at, self._ring, loop)
        return at

    def end(self, work: Work) -> None:
        """It has ended, in whatever way."""
        self._due.pop(work, None)
        self._late.discard(work)

    def was_late(self, task: "asyncio.Task[Any]") -> bool:
        """Whether it was cancelled here and by nobody else; then it is cancelled no more."""
        return task in self._late and not task.uncancel()

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        while self._due:
            work, at = next(iter(self._due.items()))
            if at > now:
                self._timer = loop.call_at(at, self._ring, loop)
                return
            del self._due[work]
            self._late.add(work)
            work.cancel()
