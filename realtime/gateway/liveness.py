"""Watches connections that somebody waits for: those of users who are in an offer or a call.

A phone that sleeps answers no ping, and its connection stays open for most of a minute. Clients are pinged at
an offer, unless they say something by themselves within a moment, and every few seconds in a call. One that
is silent for too long counts as gone for presence, queue and calls, though its connection stays open, and
arrives again with its first word. Each node watches the connections that it holds, and no others.
"""

import asyncio
import sys
from collections.abc import Callable

from core.contract.calls import CallEnded, CallOffered, CallStarted, CallView
from core.settings import Settings
from core.tasks import end
from core.wire.message import Event
from db.periodic import PeriodicJob, PeriodicTask
from db.redis.event_log import Announcement
from realtime.gateway.caller import Caller
from realtime.gateway.connection import Connection
from realtime.gateway.connection_registry import ConnectionRegistry
from realtime.gateway.ports import Lifecycle
from realtime.gateway.socket_writer import SocketWriter

_TICK_S = 0.25
_AT_ONCE = 20
MATTERS: dict[str, type[Event]] = {kind.event: kind for kind in (CallOffered, CallStarted, CallEnded)}


def silence(before_ms: int, *, heard: bool, passed_ms: int, most_ms: int) -> int:
    """How long nothing was heard. Time beyond `most_ms`, when this node stood still, does not count."""
    return 0 if heard else before_ms + min(passed_ms, most_ms)


class Watch:
    """One connection, and the call because of which it is watched.

    `told`: this call was told that it sleeps. `over`: nobody waits for it any more, so it is not pinged.
    `asked`: it was pinged, or has spoken, since there is this call.
    """

    __slots__ = (
        "asked", "call_id", "every_ms", "job", "over", "patience_ms", "silent_ms", "since_ping_ms", "told",
    )  # fmt: skip

    def __init__(self, call_id: str | None, patience_ms: int, every_ms: int | None) -> None:
        self.call_id = call_id
        self.patience_ms, self.every_ms = patience_ms, every_ms
        self.silent_ms = self.since_ping_ms = 0
        self.told, self.asked, self.over = False, False, call_id is None
        self.job: asyncio.Task[None] | None = None

    @property
    def asleep(self) -> bool:
        """Whether it has been silent for too long."""
        return self.silent_ms >= self.patience_ms

    @property
    def busy(self) -> bool:
        """Whether its silence, or its return, is just being reported."""
        return self.job is not None and not self.job.done()

    def grow(self, *, heard: bool, passed_ms: int) -> None:
        """So much time has passed."""
        if not heard and (not self.asked or (self.over and not self.asleep)):
            return  # it was not pinged
        self.asked = True
        most_ms = round(2000 * _TICK_S)
        self.silent_ms = silence(self.silent_ms, heard=heard, passed_ms=passed_ms, most_ms=most_ms)
        self.since_ping_ms += passed_ms
        # An offer pings once: a client that has answered is there.
        self.over = self.over or (heard and self.every_ms is None)

    def ping_due(self) -> bool:
        """Whether it has to be pinged, or pinged again. If so, the time starts again."""
        again = self.every_ms is not None and self.since_ping_ms >= self.every_ms
        due = not self.over and (again or not self.asked)
        if due:
            self.asked, self.since_ping_ms = True, 0
        return due


class LivenessMonitor(PeriodicJob):
    """Ticks while it watches anybody; `time_s` is a monotonic clock in seconds."""

    def __init__(
        self,
        *,
        registry: ConnectionRegistry,
        writer: SocketWriter,
        lifecycle: Lifecycle,
        settings: Settings,
        time_s: Callable[[], float],
    ) -> None:
        self._registry, self._writer, self._lifecycle = registry, writer, lifecycle
        self._offer_ms = round(settings.offer_silence_s * 1000)
        self._call_ms, self._every_ms = (
            round(seconds * 1000) for seconds in (settings.call_silence_s, settings.call_ping_s)
        )
        self._time_s, self._looked_at = time_s, time_s()
        self._loop = PeriodicTask(_TICK_S, self._look, failing="nobody's liveness is watched", at_once=False)
        self.loops = (self._loop,)
        self._watches: dict[str, Watch] = {}
        self._any = asyncio.Event()
        self._jobs: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(_AT_ONCE)

    # --- What is watched ---

    def told(self, sid: str, announcement: Announcement) -> None:
        """This is sent to a connection now. It may begin or end a watch."""
        kind = MATTERS.get(announcement.name)
        if kind is None or (call_id := announcement.call_id) is None:
            return
        if kind is CallOffered:
            self._watch(sid, Watch(call_id, self._offer_ms, None))
        elif kind is CallStarted:
            self._watch(sid, Watch(call_id, self._call_ms, self._every_ms))
        elif (watch := self._watches.get(sid)) is not None and watch.call_id == call_id:
            watch.over = True

    def resumes(self, sid: str, call: CallView | None) -> None:
        """A connection begins, and its user is in this call."""
        if call is None:
            return
        offered = call.state == "offered"
        every_ms = None if offered else self._every_ms
        self._watch(sid, Watch(call.call_id, self._offer_ms if offered else self._call_ms, every_ms))

    def missed(self, caller: Caller) -> None:
        """Other nodes took this connection for gone. It is here, and has to arrive again."""
        if (connection := self._registry.get(caller.sid)) is not None:
            connection.silent = True
            self._watches.setdefault(caller.sid, Watch(None, sys.maxsize, None))
            self._any.set()

    def _watch(self, sid: str, watch: Watch) -> None:
        before = self._watches.get(sid)
        if before is not None:  # if it sleeps already, this call must hear of it too
            watch.silent_ms, watch.job = before.silent_ms if before.asleep else 0, before.job
        self._watches[sid] = watch
        self._any.set()
        heard = self._writer.heard(sid)
        # One that was watched has just spoken, if it was heard since the last look: as who accepts has. The
        # others have until the next one: most answer, or begin to signal.
        watch.asked = before is not None and heard

    # --- Watching ---

    async def run(self) -> None:
        """Until cancelled."""
        try:
            await super().run()
        finally:
            await end(self._jobs)

    async def _look(self) -> None:
        if not self._watches:
            self._any.clear()
            await self._any.wait()
            self._looked_at = self._time_s()
            return
        before, self._looked_at = self._looked_at, self._time_s()
        self.tick(round((self._looked_at - before) * 1000))

    def tick(self, passed_ms: int) -> None:
        """Look at each connection once."""
        for sid, watch in tuple(self._watches.items()):
            connection = self._registry.get(sid)
            if connection is None:
                del self._watches[sid]
                continue
            watch.grow(heard=self._writer.heard(sid), passed_ms=passed_ms)
            if watch.ping_due():
                self._writer.ping(sid)
            if watch.busy:
                continue
            if (watch.asleep and not watch.told) or (connection.silent and not watch.asleep):
                watch.job = asyncio.create_task(self._turn(watch, connection))
                self._jobs.add(watch.job)
                watch.job.add_done_callback(self._jobs.discard)
            elif watch.over and not watch.asleep:
                del self._watches[sid]

    async def _turn(self, watch: Watch, connection: Connection) -> None:
        """It has fallen silent, or speaks again. What fails is tried again with the next look."""
        asleep = watch.asleep
        with self._loop.enduring("a silence has to wait", user_id=connection.caller.user_id):
            async with self._room:
                await (self._fall_silent if asleep else self._speak)(connection)
            watch.told = asleep

    async def _fall_silent(self, connection: Connection) -> None:
        connection.silent = True  # first, so that its lease is not renewed any more
        await self._lifecycle.silent(connection.caller)

    async def _speak(self, connection: Connection) -> None:
        await self._lifecycle.arrived(connection.caller)
        connection.silent = False
        if not self._registry.holds(connection.caller.sid):  # it closed meanwhile, and must not stay present
            await self._lifecycle.departed(connection.caller)
