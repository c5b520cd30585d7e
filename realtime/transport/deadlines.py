"""Deadlines, each a fixed time after it was set. Pure but for `Alarm`, which owns the one timer.

All deadlines of one kind lie equally far ahead, so they become due in the order in which they were set. A
dict in insertion order does what a heap or a timer for each connection would, with two operations each.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

T = TypeVar("T")
STOOD_STILL_S = 1.0


class Deadlines(Generic[T]):
    """Items, each due `delay` seconds after it was last added.

    `slack` seconds early still counts as due, which lets one wake-up serve many items.
    """

    def __init__(self, delay: float, due: Callable[[T], None], slack: float = 0.0) -> None:
        self.delay = delay
        self._due = due
        self._slack = slack
        self._at: dict[T, float] = {}

    def __len__(self) -> int:
        return len(self._at)

    def __contains__(self, item: T) -> bool:
        return item in self._at

    def add(self, item: T, now: float) -> float:
        """Set or put off the deadline of an item. Gives when it is due."""
        self._at.pop(item, None)
        self._at[item] = due = now + self.delay
        return due

    def discard(self, item: T) -> None:
        """Forget an item."""
        self._at.pop(item, None)

    def next(self) -> float | None:
        """When the first item is due; None if there is none."""
        for at in self._at.values():
            return at
        return None

    def run(self, now: float) -> None:
        """Take out what is due and call `due` with each."""
        late = []
        for item, at in self._at.items():
            if at > now + self._slack:
                break
            late.append(item)
        for item in late:
            # An earlier one of this round may have ended it.
            if self._at.pop(item, None) is not None:
                self._due(item)


class Alarm:
    """One timer for several `Deadlines`. It sleeps for ever when none of them holds anything."""

    def __init__(self, loop: asyncio.AbstractEventLoop, kinds: Sequence[Deadlines[Any]], tick: float) -> None:
        self._loop = loop
        self._kinds = kinds
        self._tick = tick
        self._timer: asyncio.TimerHandle | None = None
        self._armed_at = 0.0
        self._gave_time = False

    def set(self) -> None:
        """Make sure that a timer runs for the nearest deadline. Call after adding the first item."""
        ahead = [at for kind in self._kinds if (at := kind.next()) is not None]
        if not ahead:
            return
        nearest = min(ahead)
        if self._timer is not None:
            if self._armed_at <= nearest:
                return
            self._timer.cancel()
        # Not sooner than a tick from now: what falls due one by one is done in batches.
        self._armed_at = max(nearest, self._loop.time() + self._tick)
        self._timer = self._loop.call_at(self._armed_at, self._ring)

    def expect(self, at: float) -> None:
        """Make sure that a timer runs for a deadline that was added: most are not the nearest."""
        if self._timer is None or at < self._armed_at:
            self.set()

    def cancel(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer = None
        now = self._loop.time()
        if now - self._armed_at > STOOD_STILL_S and not self._gave_time:
            # The process stood still: first read what came meanwhile, answers to pings among it.
            # Only once: a process that is always late would never handle its deadlines.
            self._armed_at, self._gave_time = now, True
            self._timer = self._loop.call_later(self._tick, self._ring)
            return
        self._gave_time = False
        for kind in self._kinds:
            kind.run(self._loop.time())
        self.set()
