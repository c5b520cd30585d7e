"""Long-polling as the carrier of a session: one GET that waits, POSTs that bring packets.

The HTTP is left to `http_handler` and `fast_path`. A second GET while one waits, or one that the client gives
up, ends the session, as Engine.IO prescribes: nobody can know what such a client has missed.
"""

from collections.abc import Callable

from aiohttp import web

from . import handshake, internals, payload, reasons
from .frames import TEXT, frame, split_frames
from .session import Session


class Polling:
    """The polling side of one session."""

    __slots__ = ("_discarded", "_farewell", "_session", "_waiter")
    upgraded = False

    def __init__(self, session: Session) -> None:
        self._session = session
        self._waiter: Callable[[], None] | None = None
        self._farewell: bytes | None = None
        self._discarded = False

    # What the session asks.

    def wake(self) -> None:
        """There is something to fetch, or a WebSocket waits for the poll to end."""
        if self._waiter is not None:
            self._waiter()

    def discard(self) -> None:
        """A WebSocket carries the session now: the last poll ends with nothing."""
        self._discarded = True
        self.wake()

    def end(self, reason: str) -> None:
        """Answer the waiting poll: with the close packet, unless the client is to come back.

        Then, or if it has asked for this end, with nothing: its next poll finds no session.
        """
        quietly = reason == reasons.CLIENT_DISCONNECT or reasons.expects_back(reason)
        self._farewell = payload.NOOP_PACKET if quietly else payload.CLOSE_PACKET
        self.wake()

    def pause_reading(self) -> None:
        """Nothing to do: `receive` waits."""

    def resume_reading(self) -> None:
        """Nothing to do: `receive` goes on."""

    # What requests bring.

    async def poll(self, request: web.Request) -> bytes:
        """Answer a GET, as soon as there is something to send. Raises `HandshakeRefused`."""
        session = self._session
        session.heard = True
        if self.awaited:
            session.close(reasons.TRANSPORT_ERROR)
            raise handshake.HandshakeRefused(handshake.BAD_REQUEST)
        if not self.is_due():
            answered = session.owner.loop.create_future()
            self.wait(lambda: None if answered.done() else answered.set_result(None))
            internals.on_request_lost(request, self.lost)
            try:
                await answered
            finally:
                self.stop_waiting()
        return self.fetch()

    @property
    def awaited(self) -> bool:
        """A GET waits."""
        return self._waiter is not None

    def is_due(self) -> bool:
        """There is an answer to a GET that has come now; if not, it is to `wait`."""
        session, probe = self._session, self._session.probe
        return bool(session.backlog) or session.closed or bool(probe and probe.answered)

    def wait(self, due: Callable[[], None]) -> None:
        """A GET waits: `due` is called, perhaps more than once, when there is an answer."""
        self._waiter = due

    def stop_waiting(self) -> None:
        """The GET waits no more."""
        self._waiter = None

    def fetch(self) -> bytes:
        """The body of the answer to a GET."""
        if self._discarded:
            return payload.NOOP_PACKET
        packets = self._take(payload.MOST_PACKETS - (self._farewell is not None))
        if self._farewell is not None:
            packets.append((TEXT, self._farewell))
        return payload.encode(packets) or payload.NOOP_PACKET

    def _take(self, most: int) -> list[tuple[int, bytes]]:
        """A bounded number of the waiting packets; attachments of an event may come with the next poll."""
        backlog = self._session.backlog
        packets: list[tuple[int, bytes]] = []
        while backlog and len(packets) < most:
            packets += split_frames(backlog.pop())
        if backlog is not None and (rest := packets[most:]):
            backlog.put_back(b"".join(frame(opcode, data) for opcode, data in rest))
        return packets[:most]

    def lost(self) -> None:
        """The client has given up the GET that waits."""
        if self._waiter is not None and not self._discarded:
            self._session.close(reasons.TRANSPORT_CLOSE)

    async def receive(self, body: bytes, max_packets: int) -> None:
        """Take the packets of a POST. Anything else ends the session and raises `HandshakeRefused`."""
        session = self._session
        session.heard = True
        try:
            packets = payload.decode(body, max_packets)
        except payload.PayloadError as error:
            session.fail(str(error))
            raise handshake.HandshakeRefused(handshake.BAD_REQUEST) from None
        await session.readable()
        # From the loop, where no task is current, so that handlers may take their first step at once.
        session.owner.loop.call_soon(self.deliver, packets)

    def deliver(self, packets: list[bytearray | bytes]) -> None:
        """Bring the packets of a POST to the session."""
        session = self._session
        for packet in packets:
            if isinstance(packet, bytes):
                session.on_binary(packet)
            elif packet[0] == payload.MESSAGE:
                session.on_text(packet)
            elif packet[0] == payload.PONG:
                session.owner.pong(session)
            else:
                session.close(reasons.CLIENT_DISCONNECT)
