"""The deadline worker: handles deadlines, and effects that a dead node left. Any node, no leader."""

import asyncio

from core.clock import Clock
from core.tasks import end
from db.periodic import PeriodicTask
from db.redis.calls import SHARDS
from realtime.calls.call_service import CallService
from realtime.calls.ports import CallStore

_AT_ONCE = 128  # calls at once, so that a slow one does not hold up others


class DeadlineWorker:
    """Looks every `every_s` seconds; the store puts off calls that a node is handling."""

    def __init__(
        self, calls: CallStore, call_service: CallService, clock: Clock, *, every_s: float = 0.2
    ) -> None:
        self._calls, self._call_service, self._clock = calls, call_service, clock
        self._loop = PeriodicTask(
            every_s, self._look, failing="deadlines of calls are not handled", jitter=0.2
        )
        self.loops = (self._loop,)
        self._busy: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Until cancelled."""
        try:
            await self._loop.run()
        finally:
            await end(self._busy.values())

    async def handle(self, shard: int) -> None:
        """Handle all calls of a shard that are due. Returns when that is done."""
        for call_id in await self._calls.due(shard, self._clock()):
            await self._handle(call_id)

    async def _look(self) -> None:
        for call_id in await self._due():
            self._busy[call_id] = asyncio.create_task(self._handle(call_id))

    async def _due(self) -> list[str]:
        """Those that this node does not handle yet, as far as there is room."""
        most = (_AT_ONCE - len(self._busy)) // SHARDS
        if not most:
            return []
        now = self._clock()
        shards = await asyncio.gather(*(self._calls.due(n, now, limit=most) for n in range(SHARDS)))
        return [call_id for due in shards for call_id in due if call_id not in self._busy]

    async def _handle(self, call_id: str) -> None:
        with self._loop.enduring("a call could not be handled", call_id=call_id):
            await self._call_service.catch_up(call_id)
        self._busy.pop(call_id, None)
