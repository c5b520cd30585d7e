"""The effects of a block on live connections: a call or an offer ends, and both users and watchers are told.

Pending blocks, the notes of that, are written together with the block (`db/postgres/blocks.py`) by the
process that took the request. Any node carries them out, without a leader: at once if it took the block
itself or hears of it, otherwise when the `Lookout` finds it. Every step may be repeated, so one that was left
half done is done again.
"""

import asyncio

from core.clock import Clock
from core.tasks import all_of
from db.periodic import BesideLooks, PeriodicTask
from db.postgres.blocks import BlockStore, PendingBlock
from db.postgres.call_records import CallRecords
from realtime.calls.call_service import CallService
from realtime.calls.eligibility import EligibilityService
from realtime.presence.presence import PresenceService
from services.connections import Connections
from services.friends import Friends
from services.notifications import Notifications
from services.recent_members import RecentMembers
from signaling.messages import Block

# Together less than a row is taken for, and than anybody minds to wait for the answer to a block.
_PAUSES_S = (0.01, 0.02, 0.04, 0.08, 0.15, 0.2)


class BlockEffectsWorker(BesideLooks):
    """Implements `services.ports.BlockEffects`; looks when woken, and `again_s` after a failure."""

    performs = True

    def __init__(
        self,
        *,
        store: BlockStore,
        record: CallRecords,
        call_service: CallService,
        eligibility: EligibilityService,
        connections: Connections,
        friends: Friends,
        members: RecentMembers,
        notifications: Notifications,
        presence: PresenceService,
        clock: Clock,
        again_s: float = 1,
    ) -> None:
        super().__init__()
        self._store, self._record = store, record
        self._call_service, self._eligibility = call_service, eligibility
        self._connections, self._friends, self._presence = connections, friends, presence
        self._members = members
        self._notifications, self._clock = notifications, clock
        self._loop = PeriodicTask(None, self._look, failing="effects of blocks have to wait", again_s=again_s)
        self.loops = (self._loop,)

    def wake(self, _message: bytes = b"") -> None:
        """Somebody else has recorded a block."""
        self._loop.wake()

    async def perform(self, pending: PendingBlock | None = None) -> None:
        """Perform this one now; without one, look for those that are due. Never raises an outage."""
        if pending is None:
            self.wake()
        else:
            await self._perform(pending)

    async def _look(self) -> None:
        """Perform all that are due, side by side. One that fails is due again after a moment."""
        self.begin(*map(self._perform, await self._store.due(self._clock(), limit=self.free)))

    async def _perform(self, pending: PendingBlock) -> None:
        with self._loop.enduring("the effects of a block have to wait", block=pending.id):
            await self._settle(pending)

    async def _settle(self, pending: PendingBlock) -> None:
        blocker, blocked = pending.blocker, pending.blocked
        await all_of(
            self._end_calls(blocker, blocked),
            self._end_connection(blocker, pending.connection_id),
            self._friends.part((blocker, blocked), pending.friendship_id, pending.request_id),
            self._members.part(blocker, blocked),
            self._notifications.part((blocker, blocked), pending.id, self._clock()),
        )
        apart = await self._in_no_call(blocker, blocked)
        await self._presence.parts(blocker, blocked)
        if apart:
            await self._store.settled(pending.id)

    async def _end_connection(self, blocker: str, connection_id: str | None) -> None:
        if connection_id is not None:
            await self._connections.part(blocker, connection_id)

    async def _in_no_call(self, blocker: str, blocked: str) -> bool:
        """Whether they are apart, at last: an offer of just before is in the store a moment later."""
        for pause_s in _PAUSES_S:
            if not await self._in_one_call(blocker, blocked):
                return True
            await asyncio.sleep(pause_s)
            await self._end_calls(blocker, blocked)
        return not await self._in_one_call(blocker, blocked)

    async def _end_calls(self, blocker: str, blocked: str) -> None:
        for call_id in await self._store.open_between(blocker, blocked):
            await self._call_service.part(call_id, Block(blocker))

    async def _in_one_call(self, one: str, other: str) -> bool:
        """Whether they still are: an offer just before the block is on record first, in the store later."""
        return await self._is_in_one_with(one, other) or await self._is_in_one_with(other, one)

    async def _is_in_one_with(self, one: str, other: str) -> bool:
        """Of two, only who rings the other is in the call until that is answered."""
        call_id = await self._eligibility.active_call(one)
        return call_id is not None and await self._record.was_in(call_id, other)
