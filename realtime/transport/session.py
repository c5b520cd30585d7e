"""One Engine.IO client, over WebSocket or polling: one way for frames to it, and one way to end it.

Owned by `EngineServer`. `write` is that of the WebSocket that carries it while it can take more, else None.
Code that sends many frames tries `write` first and calls `send` only if it is None. `heard` becomes true with
anything that the client sends; set it to false to ask anew. `answering` counts what the client asked for and
was not answered.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from core.seats import Seat

from . import reasons
from .backlog import Backlog
from .cork import Cork
from .handshake import Handshake


class Carrier(Protocol):
    """What a session needs of the transport that carries it."""

    upgraded: bool

    def wake(self) -> None:
        """Something was added to the backlog."""

    def end(self, reason: str) -> None:
        """Say goodbye and close the connection, within a bounded time."""

    def pause_reading(self) -> None:
        """Take no more from the client for now."""

    def resume_reading(self) -> None:
        """Go on reading."""


class Candidate(Carrier, Protocol):
    """A carrier that may take over: once its probe is `answered`, polls end early to let it."""

    answered: bool


class Receiver(Protocol):
    """The handlers of what a session receives."""

    def text(self, data: bytearray) -> None:
        """A text message with Engine.IO's leading `4`."""

    def binary(self, data: bytes) -> None:
        """A binary message."""

    def closed(self, reason: str) -> None:
        """The session has ended; `EngineServer.forget` is to be called when its handlers are done."""


class SessionOwner(Protocol):
    """What a session needs of the server that keeps it."""

    loop: asyncio.AbstractEventLoop
    cork: Cork

    def new_backlog(self) -> Backlog:
        """An empty backlog under the server's policy."""

    def pong(self, session: "Session") -> None:
        """The client has answered a ping."""

    def closed(self, session: "Session", reason: str) -> None:
        """It has ended, for this reason: no deadline of this session counts any more."""

    def dropped(self, frames: int) -> None:
        """So many volatile frames were lost by a client that was too slow."""

    def broken(self, session: "Session", why: str) -> None:
        """The client sent what cannot be read."""


class Session:
    """An open session. Not there any more once `closed`, though its handlers may still run."""

    __slots__ = (
        "__weakref__",
        "_data",
        "_reading",
        "answering",
        "backlog",
        "carrier",
        "closed",
        "handshake",
        "heard",
        "left",
        "on_binary",
        "on_close",
        "on_text",
        "owner",
        "probe",
        "receiver",
        "seat",
        "sid",
        "write",
    )

    def __init__(self, sid: str, owner: SessionOwner, handshake: Handshake) -> None:
        self.sid = sid
        self.owner = owner
        self.handshake = handshake
        self.seat: Seat | None = None
        self.closed = False
        self.heard = False
        self.left = False  # the client has closed it, and not the network
        self.answering = 0
        self.carrier: Carrier | None = None
        self.probe: Candidate | None = None
        self.write: Callable[[bytes], None] | None = None
        self.backlog: Backlog | None = None
        self.receiver: Receiver | None = None
        self.on_text: Callable[[bytearray], None] = _ignore
        self.on_binary: Callable[[bytes], None] = _ignore
        self.on_close: Callable[[str], None] = _ignore
        self._reading: asyncio.Future[None] | None = None
        self._data: dict[str, Any] | None = None

    @property
    def session(self) -> dict[str, Any]:
        """The user session, as `get_session` returns it."""
        if self._data is None:
            self._data = {}
        return self._data

    @session.setter
    def session(self, data: dict[str, Any]) -> None:
        self._data = data

    @property
    def upgraded(self) -> bool:
        """A WebSocket carries this session."""
        return self.carrier is not None and self.carrier.upgraded

    def tell(self, receiver: Receiver) -> None:
        """Give what comes from now on to this receiver."""
        self.receiver = receiver
        self.on_text, self.on_binary, self.on_close = receiver.text, receiver.binary, receiver.closed

    def send(self, frame: bytes, volatile: bool = False) -> None:
        """Write a frame, or keep it until the client takes it; too many end the session."""
        write = self.write
        if write is not None:
            return write(frame)
        if self.closed:
            return None
        if self.backlog is None:
            self.backlog = self.owner.new_backlog()
        if not self.backlog.push(frame, volatile=volatile):
            return self.close(reasons.SLOW_CONSUMER)
        if self.carrier is not None:
            self.carrier.wake()
        return None

    def count_dropped(self) -> None:
        """What the backlog, which is not needed any more, has lost."""
        if self.backlog is not None:
            self.owner.dropped(self.backlog.dropped)

    def close(self, reason: str) -> None:
        """End the session: the only way it ends. Calls `on_close` once."""
        if self.closed:
            return
        self.closed = True
        self.write = None
        self.on_text = self.on_binary = _ignore
        self.count_dropped()
        self.owner.closed(self, reason)
        for carrier in (self.probe, self.carrier):
            if carrier is not None:
                carrier.end(reason)
        self.probe = None
        self.resume_reading()
        self.on_close(reason)

    def settle(self) -> None:
        """It has joined or ended, so it no longer counts as a newcomer."""
        if self.seat is not None:
            self.seat.leave()
            self.seat = None

    def fail(self, why: str) -> None:
        """End the session of a client that sent what cannot be read."""
        if not self.closed:
            self.owner.broken(self, why)
            self.close(reasons.PARSE_ERROR)

    def release(self) -> None:
        """Drop all references, which form cycles: the handlers are done."""
        self.settle()
        if self.backlog is not None:
            self.backlog.clear()
        self.on_close = _ignore
        self.receiver = None
        self.carrier = self.backlog = None

    def pause_reading(self) -> None:
        """Take no more packets until `resume_reading`."""
        if self._reading is None and self.carrier is not None and not self.closed:
            self._reading = self.owner.loop.create_future()
            self.carrier.pause_reading()

    def resume_reading(self) -> None:
        """Take packets again."""
        if self._reading is not None:
            if not self._reading.done():
                self._reading.set_result(None)
            self._reading = None
            if self.carrier is not None and not self.closed:
                self.carrier.resume_reading()

    @property
    def is_held(self) -> bool:
        """Packets are not taken at the moment."""
        return self._reading is not None

    async def readable(self) -> None:
        """Return once packets are taken."""
        while self._reading is not None:
            await asyncio.shield(self._reading)


def _ignore(_: Any) -> None:
    """Stands in before a receiver is set and after it is released."""
