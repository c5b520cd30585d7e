"""Ends the tasks of commands that take too long, with one timer for all of them.

All have the same time, so they become due in the order in which they began: a timer for each would cost more
than most commands do.
"""

import asyncio
from typing import Any

Work = asyncio.Task[Any]


class CommandDeadlines:
    """A task that `begin`s is cancelled `after_s` seconds later, unless it has `end`ed."""

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s
        self._due: dict[Work, float] = {}
        self._late: set[Work] = set()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, loop: asyncio.AbstractEventLoop) -> Work:
        """The current task has its time from now on. Gives it, to `end` it with."""
        task = asyncio.current_task(loop)
        assert task is not None
        at = self._due[task] = loop.time() + self._after_s
        if self._timer is None:
            self._timer = loop.call_at(at, self._ring, loop)
        return task

    def end(self, task: Work) -> None:
        """It has ended, in whatever way."""
        self._due.pop(task, None)
        self._late.discard(task)

    def was_late(self, task: Work) -> bool:
        """Whether it was cancelled here and by nobody else; then it is cancelled no more."""
        return task in self._late and not task.uncancel()

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        while self._due:
            task, at = next(iter(self._due.items()))
            if at > now:
                self._timer = loop.call_at(at, self._ring, loop)
                return
            del self._due[task]
            self._late.add(task)
            task.cancel()
