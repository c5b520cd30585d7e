"""Whose turn it is: the connections of a pool that are free, and those who wait for one.

What is given back goes to whoever has waited longest, in the moment in which it is given back: it is never
free while somebody waits, so nobody who comes later can be before them.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Any, TypeAlias

Holder: TypeAlias = Any
"""What asyncpg's pool has in its queue: a place for a connection, which is open or is not."""


class Turns:
    """What asyncpg's pool takes for its queue. Those of `holders` that are open are taken first, the latest
    before all others, so that what is not needed is closed in time.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, holders: Iterable[Holder]) -> None:
        self._loop, self._free = loop, list(holders)
        # Until when each of them waits, by the loop: all wait for the same time, so whoever came first is
        # late first, and one timer does for all.
        self._waiting: deque[tuple[float, asyncio.Future[Holder]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def put_nowait(self, holder: Holder) -> None:
        """It is nobody's any more: to whoever waits, or it is free."""
        while self._waiting:
            _, waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(holder)
                return
        self._free.append(holder)

    def take(self) -> Holder | None:
        """One that is free; None: there is none."""
        free = self._free
        for at in range(len(free) - 1, -1, -1):
            if free[at].is_connected():
                return free.pop(at)
        return free.pop() if free else None

    async def next(self, until: float) -> Holder:
        """The next that is given back, of what those who came before leave. Raises `TimeoutError` then."""
        waiter: asyncio.Future[Holder] = self._loop.create_future()
        self._waiting.append((until, waiter))
        if self._timer is None:
            self._timer = self._loop.call_at(until, self._ring)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self.put_nowait(waiter.result())  # it came in the same moment
            raise

    def _ring(self) -> None:
        self._timer = None
        now, waiting = self._loop.time(), self._waiting
        while waiting and (waiting[0][1].done() or waiting[0][0] <= now):
            _, waiter = waiting.popleft()
            if not waiter.done():
                waiter.set_exception(TimeoutError())
        if waiting:
            self._timer = self._loop.call_at(waiting[0][0], self._ring)
