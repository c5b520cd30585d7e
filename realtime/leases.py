"""Keeps what this process's connections hold alive, and finds what dead ones left behind."""

import asyncio

import structlog

from db.outage import OUTAGES
from realtime.gateway.roster import Roster
from realtime.lifecycle import Lifecycle
from realtime.presence import Presence
from realtime.queue import Queue

_log = structlog.get_logger()


class Leases:
    """Renews every `every_s` seconds, a third of the shortest lease or less."""

    def __init__(
        self, *, roster: Roster, presence: Presence, queue: Queue, lifecycle: Lifecycle, every_s: float
    ) -> None:
        self._roster, self._presence, self._queue, self._lifecycle = roster, presence, queue, lifecycle
        self._every_s = every_s

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await self.once()
            except OUTAGES as error:
                _log.warning("leases were not renewed", error=repr(error))
            except Exception:
                _log.exception("leases were not renewed")

    async def once(self) -> None:
        """Renew ours, and treat those that lapsed as gone: their node died with them."""
        callers = self._roster.callers
        await self._presence.renew(callers)
        await self._queue.renew({caller.user_id for caller in callers})
        async for user_id, device in self._presence.lapsed():
            await self._lifecycle.lost(user_id, device)
