"""Sessions and what ends them: the Engine.IO server without its HTTP.

Owner of the table of sessions, of one alarm for every deadline, and of the close of each connection that was
taken over from aiohttp.
"""

import asyncio
import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import engineio

from core.seats import Seats

from . import reasons
from .backlog import Backlog, Waiting
from .cork import Cork, T
from .deadlines import Alarm, Deadlines
from .eager_tasks import EagerTasks
from .handshake import REFUSALS
from .limits import Limits
from .log_throttle import LogThrottle
from .payload import PING_FRAME
from .session import Receiver, Session
from .session_ids import SessionIds
from .websocket import Probe, WebSocket

Gate = Callable[[], bool]
"""Whether new sessions are let in; False answers a handshake with 503."""


class EngineSessions(engineio.AsyncServer):  # type: ignore[misc]
    """See `EngineServer` for the arguments."""

    loop: asyncio.AbstractEventLoop

    def __init__(
        self,
        *args: Any,
        upgrade_timeout: float = 10.0,
        close_timeout: float = 1.0,
        limits: Limits | None = None,
        gate: Gate | None = None,
        deflate_threshold: int | None = None,
        newcomers: Seats | None = None,
        body_timeout: float = 15.0,
        answer_headers: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("async_mode", "aiohttp")
        super().__init__(*args, **kwargs)
        self.limits = limits or Limits()
        self.gate = gate
        self.deflate_threshold = deflate_threshold
        self.newcomers = Seats(sys.maxsize, sys.maxsize) if newcomers is None else newcomers
        self.body_timeout = body_timeout
        self.answer_headers = dict(answer_headers or {})
        self.close_timeout = close_timeout
        self.complaints = LogThrottle(self.logger)
        self.sockets: dict[str, Session] = {}
        self.waiting = Waiting()
        self.dropped_volatile = self.opened = 0
        self.ended = dict.fromkeys(reasons.ALL, 0)
        self.refused = dict.fromkeys(REFUSALS, 0)
        self.receiver: Callable[[Session], Receiver] | None = None
        quick = min(self.ping_interval, self.ping_timeout)
        self._to_ping: Deadlines[Session] = Deadlines(
            self.ping_interval, self._ping, self.ping_interval / 100
        )
        self._unanswered: Deadlines[Session] = Deadlines(self.ping_timeout, _time_out)
        self.probing: Deadlines[Probe] = Deadlines(upgrade_timeout, Probe.give_up)
        self.lingering: Deadlines[WebSocket] = Deadlines(close_timeout, WebSocket.abort)
        self.deadlines: list[Deadlines[Any]] = [
            self._to_ping, self._unanswered, self.probing, self.lingering,
        ]  # fmt: skip
        self._tick = quick / 250
        self._alarm: Alarm | None = None
        self._waking = False
        self._ids = SessionIds()
        self.stopping = False

    def start(self) -> None:
        """Bind to the running loop. Called with the first request; again it does nothing."""
        if self._alarm is None:
            self.loop = asyncio.get_running_loop()
            self.cork = Cork(self.loop)
            self.eager_tasks = EagerTasks(self.loop)
            self._alarm = Alarm(self.loop, self.deadlines, self._tick)

    def together(self, work: Callable[[], T]) -> T:
        """Do this: what it writes goes out when it is done, once to each socket."""
        return work() if self._alarm is None else self.cork.during(work)

    @cached_property
    def eager_tasks(self) -> EagerTasks:
        """Runs handlers. It exists before the first request, so that its counters can be read."""
        return EagerTasks(asyncio.get_running_loop())

    def wake_alarm(self) -> None:
        """A deadline may be the first now."""
        if self._alarm is not None:
            self._alarm.set()

    def expect(self, at: float) -> None:
        """Something is due at this time of the loop's clock."""
        if self._alarm is not None:
            self._alarm.expect(at)

    async def shutdown(self) -> None:
        """Refuse new sessions, end all, and wait a bounded time for handlers and connections to end."""
        self.stopping = True
        if self._alarm is None:
            return
        for session in list(self.sockets.values()):
            session.close(reasons.SERVER_SHUTDOWN)
        self.wake_alarm()
        patience = self.loop.time() + 2 * self.lingering.delay + 0.1
        while (self.sockets or len(self.lingering)) and self.loop.time() < patience:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        self.eager_tasks.cancel()
        self._alarm.cancel()
        self._alarm, self.stopping = None, False

    def generate_id(self) -> str:
        """A session id that nobody can guess."""
        return self._ids.next()

    # Called by sessions.

    def new_backlog(self) -> Backlog:
        """An empty backlog under the server's policy."""
        return Backlog(self.limits.output, self.waiting)

    def expect_ping(self, session: Session) -> None:
        """A session has been opened."""
        self.expect(self._to_ping.add(session, self.loop.time()))

    def ask(self, session: Session) -> None:
        """Ping a session now, unless it still owes an answer to the last ping."""
        if session in self._to_ping:
            self._to_ping.discard(session)
            self._ping(session)
            self.wake_alarm()

    def _ping(self, session: Session) -> None:
        self._unanswered.add(session, self.loop.time())
        session.send(PING_FRAME)

    def pong(self, session: Session) -> None:
        """The client has answered a ping. A pong without a ping changes nothing."""
        if session in self._unanswered:
            self._unanswered.discard(session)
            self.expect(self._to_ping.add(session, self.loop.time()))

    def dropped(self, frames: int) -> None:
        """So many volatile frames were lost by a client that was too slow."""
        self.dropped_volatile += frames

    def closed(self, session: Session, reason: str) -> None:
        """It has ended, for this reason: no deadline of this session counts any more."""
        self.ended[reason] = self.ended.get(reason, 0) + 1
        self._to_ping.discard(session)
        self._unanswered.discard(session)
        if not self._waking:  # once for all that end together: their connections linger
            self._waking = True
            self.loop.call_soon(self._wake)

    def _wake(self) -> None:
        self._waking = False
        self.wake_alarm()

    def broken(self, _session: Session, why: str) -> None:
        """The client sent what cannot be read."""
        self.complaints.warning("bad packet", why)

    def forget(self, session: Session) -> None:
        """The handlers of an ended session are done: it is not known any more."""
        self.sockets.pop(session.sid, None)
        session.release()


def _time_out(session: Session) -> None:
    session.close(reasons.PING_TIMEOUT)
