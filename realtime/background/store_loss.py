"""Notices that Redis has lost its data, and repairs what users who are connected here had in it.

Every node does so for its own connections, at once or a moment later: each step may be repeated. What
was on its way between two stores when the data went is handled by a second pass some seconds later.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import structlog

from db.periodic import PeriodicJob, PeriodicTask
from db.redis.event_log import EventLog
from realtime.background.leases import Leases
from realtime.calls.call_service import CallService
from realtime.gateway.connection_registry import ConnectionRegistry
from realtime.matchmaking.queue import Queue

_AGAIN = 5  # looks later
_AT_ONCE = 20
_log = structlog.get_logger()
T = TypeVar("T")


class StoreLoss(PeriodicJob):
    """Looks every `every_s` seconds which log there is."""

    def __init__(
        self,
        *,
        events: EventLog,
        registry: ConnectionRegistry,
        leases: Leases,
        call_service: CallService,
        queue: Queue,
        every_s: float = 1,
    ) -> None:
        self._events, self._registry, self._leases = events, registry, leases
        self._call_service, self._queue = call_service, queue
        self._loop = PeriodicTask(every_s, self.look, failing="what Redis has lost is not set right yet")
        self.loops = (self._loop,)
        self._settled: dict[str, str] = {}
        self._again_in = 0

    async def look(self) -> None:
        """Set things right where there is another log than before. Calls and the queue may be in any part."""
        found = {part: log.name for part, log in (await self._events.look()).items()}
        before = self._settled or found  # a part that was not there before has a new log too
        lost = {part for part, name in found.items() if before.get(part) != name}
        if lost:
            of, part_of = self._registry, self._events.logs.part
            here = [connection for connection in of if part_of(connection.caller.user_id) in lost]
            _log.warning("Redis has lost data", connections=len(here), parts=len(lost), of=len(found))
            for connection in here:
                connection.subscription.begin_anew()
            await self.set_right()
            self._again_in = _AGAIN
        elif self._again_in:
            self._again_in -= 1
            if not self._again_in:
                await self.set_right()
        self._settled = found

    async def set_right(self) -> None:
        """Renew presence, end or put back calls, and tell users whose place in the queue is gone."""
        await self._leases.renew()
        users = {caller.user_id for caller in self._registry.callers}
        await _each(await self._call_service.open_calls_of(users), self._call_service.recover)
        places = {
            (c.caller.user_id, c.known_ticket.ticket_id) for c in self._registry if c.known_ticket.ticket_id
        }
        await _each(places, lambda place: self._queue.forgotten(*place))


async def _each(items: Iterable[T], job: Callable[[T], Awaitable[None]]) -> None:
    waiting = list(items)
    for start in range(0, len(waiting), _AT_ONCE):
        await asyncio.gather(*(job(item) for item in waiting[start : start + _AT_ONCE]))
