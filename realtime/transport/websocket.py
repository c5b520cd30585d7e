"""The WebSocket that carries a session, on a transport taken over from aiohttp.

Reads through `FrameReader`, and writes straight to the transport; while the kernel takes no more, frames
are queued and counted. Ends with a close frame, a bounded wait for the client's, and the end of the TCP
connection.
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from . import deflate, reasons
from .cork import MOST_HELD
from .deadlines import Deadlines
from .frames import CLOSE, PING, FrameReader, close_frame, pong_frame
from .payload import CLOSE as ENGINE_CLOSE
from .payload import MESSAGE, NOOP_PACKET, PONG, PROBE, PROBE_ANSWER_FRAME, UPGRADE
from .polling import Polling
from .session import Session

# How close frames of clients begin that go on purpose: browsers say the second where a page is left.
_SAID = tuple(code.to_bytes(2, "big") for code in (reasons.NORMAL, reasons.GOING_AWAY))


class TakenOver(web.StreamResponse):
    """The response given to aiohttp for a request whose connection was taken over: it writes nothing."""

    def __init__(self) -> None:
        super().__init__(status=101)
        self.force_close()

    async def prepare(self, _request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Nothing to do."""
        return None

    async def write_eof(self, _data: bytes = b"") -> None:
        """Nothing to do."""


class WebSocket(FrameReader, asyncio.Protocol):
    """One connection, which carries its session from the start or after an upgrade."""

    __slots__ = ("_code", "_cork", "_gone", "_held", "_lingering", "_session", "_transport", "_write")
    upgraded = True

    def __init__(
        self,
        transport: asyncio.Transport,
        session: Session,
        max_size: int,
        lingering: "Deadlines[WebSocket]",
        gone: Callable[[], None],
    ) -> None:
        super().__init__(max_size)
        self._transport = transport
        self._session = session
        self._lingering = lingering
        self._gone = gone
        self._code: int | None = None
        self._cork = session.owner.cork
        self._held: bytes | None = None
        self._write: Callable[[bytes], None] = transport.write

    def compress(self, threshold: int) -> None:
        """Send messages of at least `threshold` bytes compressed, and take compressed ones."""
        write = self._transport.write
        self.inflate = deflate.inflate
        self._write = lambda blob: write(deflate.deflate(blob, threshold))

    def carry(self) -> None:
        """Become the session's carrier, and send what has waited for one."""
        self._session.carrier = self
        self.resume_writing()

    def _send(self, frame: bytes) -> None:
        """Write a frame with what is held back, or hold it back while the cork is on."""
        cork, held = self._cork, self._held
        if not cork.on:
            if held is not None:
                self._held, frame = None, held + frame
            return self._write(frame)
        if held is None:
            cork.holding.append(self)
            self._held = frame
            return None
        self._held = held = held + frame
        return self.flush() if len(held) > MOST_HELD else None

    def flush(self) -> None:
        """Write what was held back."""
        held, self._held = self._held, None
        if held is not None and not self._transport.is_closing():
            self._write(held)

    # Called by the transport.

    def several(self, read: Callable[[], None]) -> None:
        """What they cause is written when all are read."""
        self._cork.during(read)

    def pause_writing(self) -> None:
        """The kernel takes no more: what is sent from now on is counted."""
        if self._session.carrier is self:
            self._session.write = None

    def resume_writing(self) -> None:
        """Send what has waited, until the kernel takes no more again."""
        session = self._session
        if session.carrier is not self or session.closed:
            return
        self.flush()
        session.write, write = self._send, self._write
        backlog = session.backlog
        while backlog and session.write is not None:
            write(backlog.pop())
        if backlog is not None and not backlog:
            session.count_dropped()
            session.backlog = None

    def eof_received(self) -> bool:
        """The client has ended its side; so do we."""
        return False

    def connection_lost(self, _exc: Exception | None) -> None:
        """The connection is closed, by either side."""
        self._gone()
        self._held = None
        self._lingering.discard(self)
        self.stop()
        session = self._session
        if session.carrier is self:
            session.close(reasons.TRANSPORT_CLOSE)
        else:
            self.let_go_of(session)

    def let_go_of(self, session: Session) -> None:
        """The session is carried by another."""

    # What the client sends.

    def text(self, payload: bytearray) -> None:
        """An Engine.IO packet."""
        session = self._session
        session.heard = True
        kind = payload[0] if payload else 0
        if kind == MESSAGE:
            session.on_text(payload)
        elif kind == PONG:
            session.owner.pong(session)
        elif kind == ENGINE_CLOSE:
            session.close(reasons.CLIENT_DISCONNECT)
        elif payload != NOOP_PACKET:
            session.fail("unknown packet type")

    def binary(self, payload: bytes) -> None:
        """An attachment, or a binary message."""
        self._session.heard = True
        self._session.on_binary(payload)

    def control(self, opcode: int, payload: bytes) -> None:
        """A control frame of WebSocket: ping, pong or close."""
        if opcode == PING:
            # Not kept for a client that does not read: pongs would fill its backlog.
            if self._session.write is not None:
                self._transport.write(pong_frame(payload))
        elif opcode == CLOSE:
            self._session.left = payload.startswith(_SAID)
            self._session.close(reasons.TRANSPORT_CLOSE)
            self.let_go()

    def violation(self, code: int, why: str) -> None:
        """The client does not speak WebSocket."""
        self._code = code
        self._session.fail(why)

    # What the session asks.

    def wake(self) -> None:
        """Nothing to do: `resume_writing` will come."""

    def end(self, reason: str) -> None:
        """Say why, then wait a bounded while for the client to go."""
        if not self._transport.is_closing():
            self.flush()
            self._transport.write(close_frame(self._code or reasons.close_code(reason)))
            self._lingering.add(self, self._session.owner.loop.time())

    def let_go(self) -> None:
        """Close the connection after what was written."""
        self._lingering.discard(self)
        self._transport.close()

    def abort(self) -> None:
        """Close the connection at once: the client had time to go."""
        self._transport.abort()

    def pause_reading(self) -> None:
        """Leave what the client sends in the kernel."""
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        if not self._transport.is_closing():
            self._transport.resume_reading()


class Probe(WebSocket):
    """A WebSocket that asks to take over from polling. If it fails before that, the session goes on."""

    __slots__ = ("answered",)

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.answered = False

    def text(self, payload: bytearray) -> None:
        """The probe, then the upgrade, then messages like those of any carrier."""
        session = self._session
        if session.carrier is self:
            super().text(payload)
        elif session.probe is not self:
            return
        elif payload == PROBE and not self.answered:
            self.answered = True
            self._transport.write(PROBE_ANSWER_FRAME)
            self._polling().wake()
        elif payload and payload[0] == UPGRADE and self.answered:
            session.probe, polling = None, self._polling()
            self.carry()
            polling.discard()
        else:
            self.give_up()

    def binary(self, payload: bytes) -> None:
        """Binary messages are for a carrier only."""
        if self._session.carrier is self:
            super().binary(payload)
        else:
            self.give_up()

    def violation(self, code: int, why: str) -> None:
        """Before the upgrade it ends only the probe."""
        if self._session.carrier is self:
            super().violation(code, why)
        else:
            self._code = code
            self.give_up()

    def control(self, opcode: int, payload: bytes) -> None:
        """Before the upgrade a close ends only the probe."""
        if self._session.carrier is self or opcode != CLOSE:
            super().control(opcode, payload)
        else:
            self.let_go()

    def give_up(self) -> None:
        """End the probe; its session stays with polling."""
        if self._session.probe is self:
            self._session.probe = None
            self.end(reasons.TRANSPORT_ERROR)

    def let_go_of(self, session: Session) -> None:
        """The session is not to wait for this probe."""
        if session.probe is self:
            session.probe = None

    def _polling(self) -> Polling:
        return cast("Polling", self._session.carrier)
