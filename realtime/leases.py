"""Keeps what this process's connections hold alive, and finds what dead ones left behind."""

import asyncio
from collections.abc import Awaitable, Callable

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
        """Until cancelled. Seeing to lapses may take its time: our own leases are renewed meanwhile."""
        await asyncio.gather(self._repeat(self.renew), self._repeat(self.see_to_lapses))

    async def renew(self) -> None:
        """Whoever is connected here is still there."""
        callers = self._roster.callers
        await self._presence.renew(callers)
        await self._queue.renew({caller.user_id for caller in callers})

    async def see_to_lapses(self) -> None:
        """Treat connections that lapsed as gone: their node died with them."""
        async for user_id, device in self._presence.lapsed():
            await self._lifecycle.lost(user_id, device)

    async def _repeat(self, job: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await job()
            except OUTAGES as error:
                _log.debug("leases have to wait", job=job.__name__, error=repr(error))
            except Exception:
                _log.exception("leases have to wait", job=job.__name__)
