"""Puts users out who are banned, erased, or signed out elsewhere: the one path, with a reason.

Bans and expulsions are rows, which use cases or an operator by hand may write, bans also in advance. Any node
performs those that are due, without a leader. Every step may be repeated. Who is out for good (banned,
erased) leaves the queue, offers and calls as well; who is signed out goes on with other sessions, and what
the devices of the ended ones did ends where they are connected (`realtime/connection_lifecycle.py`).
"""

import asyncio

from core.clock import Clock
from db.periodic import BesideLooks, PeriodicTask
from db.postgres.bans import BanStore, DueBan
from db.postgres.call_records import CallRecords
from db.postgres.expulsions import Expulsion, ExpulsionStore
from db.postgres.sessions import RevokedReason
from db.redis.event_log import EventLog
from realtime.calls.call_service import CallService
from realtime.calls.eligibility import EligibilityService
from realtime.matchmaking.queue import Queue
from realtime.presence.presence import PresenceService
from services.farewells import Farewells
from services.sessions import told
from services.sightings import Sightings
from signaling.messages import Moderate


class ExpulsionWorker(BesideLooks):
    """Looks when woken; `again_s` after a failure."""

    def __init__(
        self,
        *,
        bans: BanStore,
        expulsions: ExpulsionStore,
        record: CallRecords,
        sessions: EventLog,
        queue: Queue,
        call_service: CallService,
        eligibility: EligibilityService,
        presence: PresenceService,
        farewells: Farewells,
        sightings: Sightings,
        clock: Clock,
        again_s: float = 0.5,
    ) -> None:
        super().__init__()
        self._bans, self._expulsions = bans, expulsions
        self._record, self._sessions, self._queue = record, sessions, queue
        self._call_service, self._eligibility = call_service, eligibility
        self._presence, self._farewells = presence, farewells
        self._sightings, self._clock = sightings, clock
        self._loop = PeriodicTask(None, self._look, failing="nobody is put out", again_s=again_s)
        self.loops = (self._loop,)

    def wake(self, _message: bytes = b"") -> None:
        """There is somebody to put out."""
        self._loop.wake()

    async def _look(self) -> None:
        now, limit = self._clock(), self.free
        bans, expulsions = await asyncio.gather(
            self._bans.due(now, limit=limit), self._expulsions.due(now, limit=limit)
        )
        self.begin(*map(self._ban, bans), *map(self._expel, expulsions))

    async def _ban(self, ban: DueBan) -> None:
        with self._loop.enduring("a ban has to wait", ban=ban.id):
            await self._bans.end_sessions(ban.user_id, self._clock())
            if await self._put_out(ban.user_id, "banned"):
                await self._sightings.banned(ban.user_id, self._clock())
                await self._bans.enforced(ban.id, self._clock())

    async def _expel(self, expulsion: Expulsion) -> None:
        with self._loop.enduring("an expulsion has to wait", expulsion=expulsion.id):
            if expulsion.reason == "erased":
                done = await self._put_out(expulsion.user_id, "erased")
                await self._farewells.tell(expulsion.user_id, expulsion.id)
            else:
                done = await self._sign_out(expulsion)
            if done:
                await self._expulsions.settled(expulsion.id)

    async def _sign_out(self, expulsion: Expulsion) -> bool:
        for session_id in expulsion.sessions:
            await self._sessions.revoked(expulsion.user_id, session_id, told(expulsion.reason))
        return True

    async def _put_out(self, user_id: str, reason: RevokedReason) -> bool:
        """Whether all of it is done: an offer of just before is on record first, in the store later."""
        try:
            await self._queue.remove(user_id, "moderated")
            for call_id in await self._record.open_calls(user_id):
                await self._call_service.part(call_id, Moderate(user_id, left=reason == "erased"))
        finally:
            # Told last, as it is the last that a device hears; and told whatever else fails.
            await self._sessions.revoked(user_id, None, told(reason))
        await self._presence.parts(user_id)
        return await self._eligibility.active_call(user_id) is None
