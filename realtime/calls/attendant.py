"""Works off what calls wait for: deadlines, and effects that a dead node left. Any node, no leader."""

import asyncio

import structlog

from core.clock import Clock
from db.every import Every
from db.outage import AWAY
from db.redis.calls import SHARDS
from realtime.calls.ports import CallStore
from realtime.calls.switchboard import Switchboard

_log = structlog.get_logger()


class Attendant:
    """Looks every `every_s` seconds; the store puts off what one node has taken up."""

    def __init__(
        self, calls: CallStore, switchboard: Switchboard, clock: Clock, *, every_s: float = 0.2
    ) -> None:
        self._calls, self._switchboard, self._clock = calls, switchboard, clock
        self._loop = Every(every_s, self._look, failing="calls cannot be attended to", jitter=0.2)

    async def run(self) -> None:
        """Until cancelled."""
        await self._loop.run()

    async def _look(self) -> None:
        await asyncio.gather(*(self._attend(shard) for shard in range(SHARDS)))

    async def _attend(self, shard: int) -> None:
        for call_id in await self._calls.due(shard, self._clock()):
            try:
                await self._switchboard.attend(call_id)
            except AWAY:
                raise
            except Exception:
                _log.exception("a call could not be attended to", call_id=call_id)
