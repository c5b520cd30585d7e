"""The effects of a ban on its user: sessions, the place in the queue, offers and calls end.

Bans are rows, which the use case or an operator by hand may write, also in advance. Any node performs those
that hold and have not taken effect, without a leader. Every step may be repeated.
"""

import asyncio
import contextlib

from core.clock import Clock
from core.errors import Expired, Gone, NotFound
from db.periodic import PeriodicJob, PeriodicTask
from db.postgres.bans import BanStore, DueBan
from db.postgres.call_records import CallRecords
from db.redis.event_log import EventLog
from realtime.calls.call_service import CallService
from realtime.calls.eligibility import EligibilityService
from realtime.matchmaking.queue import Queue
from realtime.presence.presence import PresenceService
from services.sightings import Sightings
from signaling.messages import Moderate


class BanEffectsWorker(PeriodicJob):
    """Looks when woken; `again_s` after a failure."""

    def __init__(
        self,
        *,
        store: BanStore,
        record: CallRecords,
        sessions: EventLog,
        queue: Queue,
        call_service: CallService,
        eligibility: EligibilityService,
        presence: PresenceService,
        sightings: Sightings,
        clock: Clock,
        again_s: float = 0.5,
    ) -> None:
        self._store, self._record, self._sessions, self._queue = store, record, sessions, queue
        self._call_service, self._eligibility = call_service, eligibility
        self._presence, self._sightings, self._clock = presence, sightings, clock
        self._loop = PeriodicTask(None, self._look, failing="bans cannot be looked for", again_s=again_s)
        self.loops = (self._loop,)

    def wake(self) -> None:
        """There are bans that have not taken effect."""
        self._loop.wake()

    async def _look(self) -> None:
        due = await self._store.due(self._clock())
        await asyncio.gather(*(self._perform(ban) for ban in due))

    async def _perform(self, ban: DueBan) -> None:
        with self._loop.enduring("a ban has to wait", ban=ban.id):
            if await self._enforce(ban.user_id):
                await self._sightings.banned(ban.user_id, self._clock())
                await self._store.enforced(ban.id, self._clock())

    async def _enforce(self, user_id: str) -> bool:
        """Whether all of it is done: an offer just before the ban is on record first, in the store later."""
        await self._store.end_sessions(user_id, self._clock())
        try:
            await self._queue.remove(user_id, "moderated")
            for call_id in await self._record.open_calls(user_id):
                await self._end(call_id, user_id)
        finally:
            # Told last, as it is the last that a device hears; and told whatever else fails.
            await self._sessions.revoked(user_id, None, "banned")
        await self._presence.changed(user_id)
        return await self._eligibility.active_call(user_id) is None

    async def _end(self, call_id: str, user_id: str) -> None:
        with contextlib.suppress(NotFound, Gone, Expired):  # over by itself, or not in the store yet
            await self._call_service.tell(call_id, Moderate(user_id))
