"""The deadline worker: handles deadlines, and effects that a dead node left. Any node, no leader.

It sleeps until the next deadline that it knows of. Deadlines are set a second ahead or more, so a look each
second knows of all in time, whichever node has set them.
"""

import asyncio

from core.clock import Clock
from core.tasks import end
from db.periodic import PeriodicJob, PeriodicTask
from db.redis.call_shards import SHARDS
from db.redis.calls import Due
from realtime.calls.call_service import CallService
from realtime.calls.ports import CallStore

_AT_ONCE = 128  # calls at once, so that a slow one does not hold up others
_LEAST_S = 0.1  # between two looks: deadlines that follow each other closely are handled together


class DeadlineWorker(PeriodicJob):
    """Looks every `every_s` seconds and at each deadline; the store puts off calls that are handled."""

    def __init__(
        self, calls: CallStore, call_service: CallService, clock: Clock, *, every_s: float = 1
    ) -> None:
        self._calls, self._call_service, self._clock = calls, call_service, clock
        self._loop = PeriodicTask(every_s, self._look, failing="deadlines of calls are not handled")
        self.loops = (self._loop,)
        self._alarm: asyncio.TimerHandle | None = None
        self._busy: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Until cancelled."""
        try:
            await super().run()
        finally:
            self._set_alarm(None)
            await end(self._busy.values())

    async def handle(self, shard: int) -> None:
        """Handle all calls of a shard that are due. Returns when that is done."""
        for call_id in (await self._calls.due([shard], self._clock())).calls:
            await self._handle(call_id)

    async def _look(self) -> None:
        due = await self._due()
        for call_id in due.calls:
            if call_id not in self._busy:
                self._busy[call_id] = asyncio.create_task(self._handle(call_id))
        self._set_alarm(due.next_at)

    async def _due(self) -> Due:
        """As far as there is room."""
        now, most = self._clock(), (_AT_ONCE - len(self._busy)) // SHARDS
        return await self._calls.due(range(SHARDS), now, limit=most) if most else Due((), now)

    def _set_alarm(self, at: int | None) -> None:
        """Look again at this time (ms)."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if at is not None:
            ahead_s = max(_LEAST_S, (at + 1 - self._clock()) / 1000)
            self._alarm = asyncio.get_running_loop().call_later(ahead_s, self._loop.wake)

    async def _handle(self, call_id: str) -> None:
        with self._loop.enduring("a call could not be handled", call_id=call_id):
            await self._call_service.catch_up(call_id)
        self._busy.pop(call_id, None)
