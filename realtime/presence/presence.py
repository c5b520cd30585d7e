"""Presence as others may see it. Handles the commands `presence:*`; the store keeps the leases.

An announcement only says that something about a user has changed. A node with a watcher of that user then
reads the present state, so announcements may cross or come twice, and still nobody sees an old state last.
Whether the watcher may (still) see the user is asked each time, so a block works at once. A watcher who may
no longer see a user is told `offline` once, whatever is true: what they saw last must not stay on their
screen.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping
from functools import partial

import structlog

from core.clock import Clock, rfc3339
from core.contract.presence import Presence as Shown
from core.contract.presence import PresenceChanged, Presences, PresenceSet, PresenceWatch
from core.presence import PresenceState, shown
from core.wire.message import Empty
from db.outage import AWAY, OUTAGES
from db.periodic import PeriodicJob, PeriodicTask
from db.redis.bus import Bus
from db.redis.presence import channel
from realtime.gateway.caller import Caller
from realtime.presence.ports import Busy, Companions, PresenceStore, Queuing, Sockets
from realtime.presence.watches import Listener, Watches

_RETRY_S = 0.5
_AT_ONCE = 200
_log = structlog.get_logger()


class PresenceService(PeriodicJob):
    """Handlers of the commands, and what the gateway calls for connections. `run` tells watchers."""

    def __init__(
        self,
        *,
        store: PresenceStore,
        companions: Companions,
        calls: Busy,
        queue: Queuing,
        channels: Bus,
        sockets: Sockets,
        watches: Watches,
        clock: Clock,
        lease_s: int,
    ) -> None:
        self._store, self._companions, self._calls, self._queue = store, companions, calls, queue
        self._channels, self._sockets, self._watches = channels, sockets, watches
        self._clock, self._lease_s = clock, lease_s
        self._stale: set[str] = set()
        self._telling = PeriodicTask(
            None, self._tell_some, failing="watchers were not told", again_s=_RETRY_S
        )
        self.loops = (self._telling,)
        channels.on_return.append(self._look_at_all)

    # --- Commands ---

    async def set(self, caller: Caller, command: PresenceSet) -> Empty:
        """Set the status that others see, for all devices."""
        await self._store.set_status(caller.user_id, command.status, self._clock())
        return Empty()

    async def watch(self, caller: Caller, command: PresenceWatch) -> Presences:
        """Follow these users instead of the previous ones. Those whom the caller may not see are left out."""
        allowed = await self._visible_to(caller.user_id, dict.fromkeys(command.user_ids))
        if not self._sockets.holds(caller.sid):
            return Presences(presences=[])
        try:
            await self._follow(caller, allowed)
        except BaseException:
            await self._unfollow(caller.sid)
            raise
        presences = await self._read(allowed)
        for user_id in self._watches.tell_first(caller.sid, presences):
            self._look_at(user_id)
        return Presences(presences=list(presences.values()))

    # --- Called by the gateway and others ---

    async def arrived(self, caller: Caller) -> PresenceState:
        """A connection has begun, or is back."""
        now, lease_s = self._clock(), self._lease_s
        return await self._store.arrive(caller.user_id, caller.sid, caller.device, now, lease_s)

    async def departed(self, caller: Caller) -> frozenset[str]:
        """A connection is gone. Gives the devices of its user that are still connected.

        `settle` it when everything that follows is done; until then `lapsed` finds it again.
        """
        await self._unfollow(caller.sid)
        return await self.missed(caller)

    async def missed(self, caller: Caller) -> frozenset[str]:
        """The same for a silent connection, which stays open and still follows others."""
        return (await self._store.depart(caller.user_id, caller.sid, self._clock())).devices

    async def settle(self, caller: Caller) -> None:
        """Everything that follows from this departure has been done."""
        await self._store.settle(caller.user_id, caller.sid, self._clock())

    async def renew(self, callers: Collection[Caller]) -> list[Caller]:
        """These connections are still there. Gives those taken for gone, which have to arrive again."""
        held = {(caller.user_id, caller.sid): caller for caller in callers}
        lost = await self._store.renew(held, self._clock(), self._lease_s)
        return [held[one] for one in lost if self._sockets.holds(held[one].sid)]

    async def expired(self) -> AsyncGenerator[tuple[str, str]]:
        """Users and their devices whose node died. Each is settled when the next one is asked for.

        If handling one fails, or this node dies, it is found again some seconds later.
        """
        while found := await self._store.expired(self._clock()):
            for expired in found:
                await self.changed(expired.user_id)
                if expired.device and expired.device not in expired.left.devices:
                    yield expired.user_id, expired.device
                await self._store.settle(expired.user_id, expired.connection, self._clock())

    async def changed(self, user_id: str) -> None:
        """Announce that what others see of this user has changed; queue and calls call it too."""
        try:
            await self._channels.publish(channel(user_id), b"")
        except OUTAGES as error:  # not repeated: the next change is announced again
            _log.debug("a change of presence was not announced", user_id=user_id, error=repr(error))

    async def devices(self, user_id: str) -> frozenset[str]:
        """The devices of this user that are connected now, to any node."""
        return (await self._store.read_many([user_id], self._clock()))[user_id].devices

    # --- Telling watchers ---

    async def _tell_some(self) -> bool:
        """In batches if there is much: whether there is more."""
        stale = {self._stale.pop() for _ in range(min(len(self._stale), _AT_ONCE))}
        try:
            await self._tell(stale)
        except AWAY:
            self._stale |= stale
            raise
        return bool(self._stale)

    async def _tell(self, stale: Collection[str]) -> None:
        watched = [user_id for user_id in stale if self._watches.watchers(user_id)]
        if not watched:
            return
        presences = await self._read(watched)
        pairs = {(w, user_id) for user_id in watched for _, w in self._watches.watchers(user_id)}
        allowed = await self._companions.connected(pairs)
        for user_id, presence in presences.items():
            for sid, watcher in self._watches.watchers(user_id):
                seen = presence if (watcher, user_id) in allowed else _unseen(user_id)
                if self._watches.tell(sid, seen):
                    self._sockets.send(sid, _changed(seen))

    def _look_at(self, user_id: str, _message: bytes = b"") -> None:
        self._stale.add(user_id)
        self._telling.wake()

    async def _look_at_all(self) -> None:
        """The bus was interrupted: anything may have changed."""
        for user_id in self._watches.watched:
            self._look_at(user_id)

    async def _follow(self, caller: Caller, user_ids: Iterable[str]) -> None:
        listeners, unwatched = self._watches.replace(
            caller.sid, caller.user_id, user_ids, lambda user_id: partial(self._look_at, user_id)
        )
        # Also for users that others here watch already: their subscription may not be confirmed yet.
        await asyncio.gather(*(self._channels.subscribe(channel(u), heard) for u, heard in listeners.items()))
        # The connection may have closed meanwhile, and removed its listeners before they were subscribed.
        strays = {u: heard for u, heard in listeners.items() if not self._watches.uses(u, heard)}
        await self._silence(unwatched | strays)

    async def _unfollow(self, sid: str) -> None:
        await self._silence(self._watches.forget(sid))

    async def _silence(self, listeners: Mapping[str, Listener]) -> None:
        for user_id, listener in listeners.items():
            await self._channels.unsubscribe(channel(user_id), listener)

    async def _visible_to(self, watcher: str, user_ids: Iterable[str]) -> list[str]:
        pairs = [(watcher, user_id) for user_id in user_ids]
        allowed = await self._companions.connected(pairs) if pairs else frozenset()
        return [user_id for watcher, user_id in pairs if (watcher, user_id) in allowed]

    async def _read(self, user_ids: Collection[str]) -> dict[str, Shown]:
        """The presence of these users, as others see it now."""
        if not user_ids:
            return {}
        states, in_call, queuing = await asyncio.gather(
            self._store.read_many(user_ids, self._clock()),
            self._calls.in_call(user_ids),
            self._queue.queuing(user_ids),
        )
        return {
            user_id: Shown(
                user_id=user_id,
                status=shown(state, in_call=user_id in in_call, queuing=user_id in queuing),
                last_seen=None if state.last_seen is None else rfc3339(state.last_seen),
            )
            for user_id, state in states.items()
        }


def _unseen(user_id: str) -> Shown:
    """The presence that is shown of a user whom the watcher may not see."""
    return Shown(user_id=user_id, status="offline", last_seen=None)


def _changed(shown: Shown) -> PresenceChanged:
    return PresenceChanged(user_id=shown.user_id, status=shown.status, last_seen=shown.last_seen)
