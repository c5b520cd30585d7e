"""The echo calls of one process. A call comes here by a seat, before its user is told of it.

A seat that another process had, which is not there any more, brings a call without media: it is restarted, as
a client does that has lost its own. When this process ends its calls are lost, so that others take them over.
"""

import asyncio
from collections.abc import Callable

import structlog

from core.clock import Clock
from core.tasks import TaskSet
from db.periodic import PeriodicJob, PeriodicTask, RetryLater
from db.redis.bus import Bus
from db.redis.echo_seats import LEASE_MS, EchoSeats, channel
from realtime.echo.call import EchoCall

_FAREWELL_S = 3.0
_log = structlog.get_logger()


class EchoCalls(PeriodicJob):
    """Those of this `process`, which says a few times in each lease that it is there."""

    def __init__(
        self,
        process: str,
        *,
        seats: EchoSeats,
        bus: Bus,
        new_call: Callable[[str], EchoCall],
        clock: Clock,
    ) -> None:
        self._process, self._seats, self._bus, self._clock = process, seats, bus, clock
        self._new_call, self._calls = new_call, dict[str, EchoCall]()
        self._tasks, self._closing = TaskSet(), False
        self.loops = (PeriodicTask(LEASE_MS / 3000, self._hold, failing="echo calls cannot be held"),)

    async def open(self) -> None:
        """From now on calls are given to this process."""
        await self._bus.subscribe(channel(self._process), self._given)
        self._bus.on_return.append(self._back)
        await self._hold()

    async def close(self) -> None:
        """No call is given to it any more, and those that it has are lost."""
        self._closing = True
        with RetryLater("an echo process ends without a word"):
            async with asyncio.timeout(_FAREWELL_S):
                await self._seats.leave(self._process)
                await asyncio.gather(*(call.lose() for call in self._calls.values()))
        await self._tasks.end()

    def _given(self, call_id: bytes) -> None:
        self._begin(call_id.decode())

    async def _hold(self) -> None:
        for call_id in await self._seats.hold(self._process, now=self._clock()):
            self._begin(call_id)

    async def _back(self) -> None:
        """The bus may have missed something."""
        for call in self._calls.values():
            call.catch_up()
        await self._hold()

    def _begin(self, call_id: str) -> None:
        if call_id not in self._calls and not self._closing:
            self._calls[call_id] = call = self._new_call(call_id)
            self._tasks.spawn(self._follow(call))

    async def _follow(self, call: EchoCall) -> None:
        with RetryLater("an echo call has failed", call_id=call.id):
            await call.run()
        if not self._closing:  # else another process takes it over
            with RetryLater("a seat is not given back", call_id=call.id):
                await self._seats.give_back(self._process, call.id)
        self._calls.pop(call.id, None)
