"""Works off what calls wait for: deadlines, and effects that a dead node left. Any node, no leader."""

import asyncio

import structlog

from core.clock import Clock
from db.outage import OUTAGES
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
        self._every_s = every_s

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await asyncio.gather(*(self._attend(shard) for shard in range(SHARDS)))
            except OUTAGES as error:
                _log.debug("calls cannot be attended to", error=repr(error))
            except Exception:  # ending here would leave every deadline to other nodes, who may end as well
                _log.exception("calls cannot be attended to")
            await asyncio.sleep(self._every_s)

    async def _attend(self, shard: int) -> None:
        for call_id in await self._calls.due(shard, self._clock()):
            try:
                await self._switchboard.attend(call_id)
            except OUTAGES:
                raise
            except Exception:
                _log.exception("a call could not be attended to", call_id=call_id)
