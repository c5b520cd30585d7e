"""Presence as others may see it. Handles the commands `presence:*`; the store keeps the leases.

An announcement says that something about a user has changed. A node with a watcher of that user then reads
the present state, and who may (still) see it, so announcements may cross or come twice, and still nobody
sees an old state last. One that says all, which status was chosen, is told from what was read a second ago at
most (`views.py`). Blocks and connections that end are announced too, so they work at once. A watcher who may
no longer see a user is told `offline` once, whatever is true: what they saw last must not stay on their
screen.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping
from functools import partial
from typing import Any

import structlog
from msgspec.structs import replace

from core.clock import Clock
from core.contract.presence import Presence as Shown
from core.contract.presence import PresenceChanged, Presences, PresenceSet, PresenceWatch
from core.presence import channel
from core.vocabulary import OwnStatus
from db.outage import AWAY, OUTAGES
from db.periodic import PeriodicJob, PeriodicTask
from db.redis.bus import Bus
from db.redis.presence import read_choice
from realtime.gateway.caller import Caller
from realtime.presence.ports import Busy, Companions, PresenceStore, Queuing, Reticent, Sockets
from realtime.presence.views import Reading, View, Views
from realtime.presence.watches import Listener, Watches

_RETRY_S = 0.5
_AT_ONCE = 200
# An official client comes back after 0.5 to 1.5 s; if that fails, once more after 1 to 3 s.
_RETURN_S = 6
_log = structlog.get_logger()


class PresenceService(PeriodicJob):
    """Handlers of the commands, and what the gateway calls for connections. `run` tells watchers."""

    def __init__(
        self,
        *,
        store: PresenceStore,
        companions: Companions,
        choices: Reticent,
        calls: Busy,
        queue: Queuing,
        channels: Bus,
        sockets: Sockets,
        watches: Watches[Shown],
        clock: Clock,
        lease_s: int,
        views: Views | None = None,
    ) -> None:
        self._views = views or Views()
        self._store, self._companions, self._calls, self._queue = store, companions, calls, queue
        self._choices = choices
        self._channels, self._sockets, self._watches = channels, sockets, watches
        self._clock, self._lease_s = clock, lease_s
        self._stale: set[str] = set()
        self._telling = PeriodicTask(
            None, self._tell_some, failing="watchers were not told", again_s=_RETRY_S
        )
        self.loops = (self._telling,)
        channels.on_return.append(self._look_at_all)

    # --- Commands ---

    def set(self, caller: Caller, command: PresenceSet) -> asyncio.Future[None]:
        """Set the status that others see, for all devices."""
        return self._store.set_status(caller.user_id, command.status, self._clock())

    def watch(self, caller: Caller, command: PresenceWatch) -> asyncio.Future[Presences]:
        """Follow these users instead of the previous ones. Those whom the caller may not see are left out."""
        user_ids = dict.fromkeys(command.user_ids)
        if not self._watches.follows(caller.sid, user_ids):
            return asyncio.ensure_future(self._watch(caller, user_ids))
        abreast = self._channels.abreast() if self._views.seen_by(caller.user_id, user_ids) else None
        if abreast is None:
            return asyncio.ensure_future(self._watch(caller, user_ids, self._views.begin(user_ids)))
        answer: asyncio.Future[Presences] = asyncio.get_running_loop().create_future()
        abreast.add_done_callback(partial(self._answer_again, answer, caller, user_ids))
        return answer

    def _answer_again(
        self,
        answer: asyncio.Future[Presences],
        caller: Caller,
        user_ids: Collection[str],
        abreast: asyncio.Future[Any],
    ) -> None:
        """What is known of them counts, if it still does after all news that there was when they asked."""
        missed = abreast.cancelled() or abreast.exception() is not None
        known = None if missed else self._views.seen_by(caller.user_id, user_ids)
        if not known:
            asyncio.ensure_future(self._watch(caller, user_ids)).add_done_callback(partial(_hand_on, answer))
            return
        presences = [view.shown for view in known]
        for presence in presences:
            self._watches.tell(caller.sid, presence.user_id, presence)
        if not answer.done():
            answer.set_result(Presences(presences=presences))

    async def _watch(
        self, caller: Caller, user_ids: Iterable[str], reading: Reading | None = None
    ) -> Presences:
        """`reading`: it listens to all of them already, and so hears of who may no longer be seen."""
        allowed = await self._visible_to(caller.user_id, user_ids)
        if not self._sockets.holds(caller.sid):
            return Presences(presences=[])
        try:
            await self._follow(caller, allowed)
        except BaseException:
            await self._unfollow(caller.sid)
            raise
        views = await self._read(allowed)
        if reading is not None:
            watcher = frozenset((caller.user_id,))
            for view in views:
                self._views.keep(reading, replace(view, asked=watcher, allowed=watcher))
        presences = {view.user_id: view.shown for view in views}
        for user_id in self._watches.tell_first(caller.sid, presences):
            self._look_at(user_id)
        return Presences(presences=list(presences.values()))

    # --- Called by the gateway and others ---

    async def arrived(self, caller: Caller) -> OwnStatus:
        """A connection has begun, or is back. Gives the status that its user chose."""
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

    async def leave_open(self, caller: Caller) -> None:
        """A connection was closed by us, and its client is expected back: it counts for some seconds more."""
        await self._unfollow(caller.sid)
        lease_s = min(self._lease_s, _RETURN_S)
        await self._store.renew([(caller.user_id, caller.sid)], self._clock(), lease_s)

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

    def changed(self, user_id: str) -> asyncio.Future[None]:
        """Announce that what others see of this user has changed; queue and calls call it too.

        It goes out with what is asked of Redis in this turn of the loop, and need not be waited for.
        """
        announced: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        asked = self._channels.publish(channel(user_id), b"")
        asked.add_done_callback(partial(_announced, user_id, announced))
        return announced

    async def parts(self, *user_ids: str) -> None:
        """Announce it of these, who may not be seen by somebody any more. Raises what an outage raises."""
        await asyncio.gather(*(self._channels.publish(channel(user_id), b"") for user_id in user_ids))

    def parted(self, _message: bytes = b"") -> None:
        """Two may not see each other any more."""
        self._views.forget_all()

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
        watchers = {
            user_id: frozenset([watcher for _, watcher in following])
            for user_id in stale
            if (following := self._watches.watchers(user_id))
        }
        if not watchers:
            return
        reading = self._views.begin(watchers)
        views = await self._read(watchers)
        pairs = [(watcher, user_id) for user_id, asked in watchers.items() for watcher in asked]
        found = await self._companions.connected(pairs)
        for view in views:
            asked = watchers[view.user_id]
            allowed = frozenset(watcher for watcher in asked if (watcher, view.user_id) in found)
            seen = replace(view, asked=asked, allowed=allowed)
            self._views.keep(reading, seen)
            self._show(seen)

    def _show(self, view: View) -> None:
        """To all of whom is known whether they may see it: others have just come and read for themselves."""
        shown, unseen = view.shown, _unseen(view.user_id)
        told: dict[bool, list[str]] = {True: [], False: []}
        for sid, watcher in self._watches.watchers(view.user_id):
            allowed = watcher in view.allowed
            if watcher in view.asked and self._watches.tell(sid, view.user_id, shown if allowed else unseen):
                told[allowed].append(sid)
        for allowed, sids in told.items():
            if sids:
                self._sockets.send(sids, _changed(shown if allowed else unseen))

    def _hear(self, user_id: str, message: bytes) -> None:
        """Something about this user has changed; the message may say all of it."""
        view = self._views.of(user_id) if message else None
        if view is None or any(w not in view.asked for _, w in self._watches.watchers(user_id)):
            self._look_at(user_id)
            return
        chosen = view.choosing(*read_choice(message))
        self._views.change(chosen)
        self._show(chosen)

    def _look_at(self, user_id: str) -> None:
        self._views.forget(user_id)
        self._stale.add(user_id)
        self._telling.wake()

    async def _look_at_all(self) -> None:
        """The bus was interrupted: anything may have changed."""
        self._views.forget_all()
        for user_id in self._watches.watched:
            self._look_at(user_id)

    async def _follow(self, caller: Caller, user_ids: Iterable[str]) -> None:
        listeners, unwatched = self._watches.replace(
            caller.sid, caller.user_id, user_ids, lambda user_id: partial(self._hear, user_id)
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
            self._views.forget(user_id)
            await self._channels.unsubscribe(channel(user_id), listener)

    async def _visible_to(self, watcher: str, user_ids: Iterable[str]) -> list[str]:
        pairs = [(watcher, user_id) for user_id in user_ids]
        allowed = await self._companions.connected(pairs) if pairs else frozenset()
        return [user_id for watcher, user_id in pairs if (watcher, user_id) in allowed]

    async def _read(self, user_ids: Collection[str]) -> list[View]:
        """How these users are now."""
        if not user_ids:
            return []
        states, in_call, queuing, hiding = await asyncio.gather(
            self._store.read_many(user_ids, self._clock()),
            self._calls.in_call(user_ids),
            self._queue.queuing(user_ids),
            self._choices.hiding_last_seen(user_ids),
        )
        return [
            View(u, state, in_call=u in in_call, queuing=u in queuing, hides_last_seen=u in hiding)
            for u, state in states.items()
        ]


def _unseen(user_id: str) -> Shown:
    """The presence that is shown of a user whom the watcher may not see."""
    return Shown(user_id=user_id, status="offline", last_seen=None)


def _announced(user_id: str, announced: asyncio.Future[None], asked: asyncio.Future[Any]) -> None:
    """Whoever waits learns of a fault alone. An outage is not repeated: the next change is told again."""
    error = None if asked.cancelled() else asked.exception()
    if isinstance(error, OUTAGES):
        _log.debug("a change of presence was not announced", user_id=user_id, error=repr(error))
    if announced.done():
        return
    if error is None or isinstance(error, OUTAGES):
        announced.set_result(None)
    else:
        announced.set_exception(error)


def _hand_on(answer: asyncio.Future[Presences], done: asyncio.Future[Presences]) -> None:
    error = None if done.cancelled() else done.exception()
    if answer.done():
        return
    if error is not None:
        answer.set_exception(error)
    elif done.cancelled():
        answer.cancel()
    else:
        answer.set_result(done.result())


def _changed(shown: Shown) -> PresenceChanged:
    return PresenceChanged(user_id=shown.user_id, status=shown.status, last_seen=shown.last_seen)
