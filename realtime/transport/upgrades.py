"""WebSockets on connections that are taken over from aiohttp: for a new session, or to take one over.

Nothing here waits, so that a request may also be answered before aiohttp has made a `Request` of it.
"""

import asyncio
from collections.abc import Callable

from core.proxies import Proxies, network_of

from . import deflate, handshake, internals, jsontext, reasons
from .frames import text_frame
from .handshake import Handshake, HandshakeRefused
from .http_request import HttpRequest
from .session import Session
from .sessions import EngineSessions
from .websocket import Probe, WebSocket


class Upgrades:
    """Opens the sessions of one server, and the WebSockets that carry them."""

    def __init__(self, server: EngineSessions, proxies: Proxies) -> None:
        self._server = server
        self._proxies = proxies

    def new_session(self, request: HttpRequest) -> Session:
        """A session for a request that may open one. HandshakeRefused is raised before anything changes."""
        server = self._server
        if request.method != "GET":
            raise HandshakeRefused(handshake.BAD_METHOD)
        if request.query.get("EIO") != "4":
            raise HandshakeRefused(handshake.UNSUPPORTED_VERSION)
        if server.stopping or (server.gate is not None and not server.gate()):
            raise HandshakeRefused(handshake.NOT_ACCEPTING, 503)
        if request.query["transport"] == "websocket":
            handshake.upgrade_key(request.headers)
        address = handshake.peer_address(request, self._proxies)
        seat = server.newcomers.take(network_of(address))
        if seat is None:
            server.complaints.warning("newcomers", f"there are too many, {address} is refused")
            raise HandshakeRefused(handshake.TOO_MANY_NEWCOMERS, 503)
        session = Session(server.generate_id(), server, Handshake(request, address))
        session.seat = seat
        server.sockets[session.sid] = session
        server.opened += 1
        return session

    def hello(self, session: Session, upgrades: list[str]) -> bytes:
        """The packet that opens a session."""
        server = self._server
        return b"0" + jsontext.dumps(
            {
                "sid": session.sid,
                "upgrades": upgrades,
                "pingInterval": int((server.ping_interval + server.ping_interval_grace_period) * 1000),
                "pingTimeout": int(server.ping_timeout * 1000),
                "maxPayload": server.max_http_buffer_size,
            }
        )

    def open(self, session: Session, request: HttpRequest) -> None:
        """Carry a new session by a WebSocket, on the connection of this request."""
        try:
            self._open(session, request)
        except Exception:
            session.close(reasons.TRANSPORT_ERROR)
            raise

    def _open(self, session: Session, request: HttpRequest) -> None:
        taken = _take_over(request)
        if taken is None:
            return session.close(reasons.TRANSPORT_CLOSE)
        transport, kept, gone = taken
        server = self._server
        websocket = WebSocket(transport, session, server.max_http_buffer_size, server.lingering, gone)
        answer = self._switch(request, websocket) + text_frame(self.hello(session, []))
        self._begin(websocket, transport, answer, kept)
        websocket.carry()
        return server.expect_ping(session)

    def probe(self, session: Session, request: HttpRequest) -> None:
        """Let a WebSocket ask to carry a session that polls. Raises HandshakeRefused."""
        handshake.upgrade_key(request.headers)
        taken = _take_over(request)
        if taken is None:
            return
        transport, kept, gone = taken
        server = self._server
        probe = Probe(transport, session, server.max_http_buffer_size, server.lingering, gone)
        self._begin(probe, transport, self._switch(request, probe), kept)
        if session.upgraded or session.probe is not None or not server.allow_upgrades:
            # Refused inside the WebSocket, as Node's server does: the client's session goes on as it is.
            probe.end(reasons.TRANSPORT_ERROR)
        else:
            session.probe = probe
            server.expect(server.probing.add(probe, server.loop.time()))
        server.wake_alarm()

    def _switch(self, request: HttpRequest, websocket: WebSocket) -> bytes:
        """The head of the answer, with compression where it is wanted on both sides."""
        key, threshold = request.headers["Sec-WebSocket-Key"], self._server.deflate_threshold
        if threshold is None or not deflate.is_offered(request.headers.get("Sec-WebSocket-Extensions", "")):
            return handshake.switching_protocols(key)
        websocket.compress(threshold)
        return handshake.switching_protocols(key, deflate.ACCEPTED)

    def _begin(self, websocket: WebSocket, transport: asyncio.Transport, answer: bytes, kept: bytes) -> None:
        transport.set_protocol(websocket)
        transport.write(answer)
        if kept:
            # aiohttp stops reading when a client sends much before it is answered.
            transport.resume_reading()
            self._server.loop.call_soon(websocket.data_received, kept)


def _take_over(request: HttpRequest) -> tuple[asyncio.Transport, bytes, Callable[[], None]] | None:
    """The connection, the bytes after the request, and what to call when the connection has ended."""
    hand_over = getattr(request.protocol, "hand_over", None)
    gone: Callable[[], None] = _nothing if hand_over is None else hand_over()
    taken = internals.take_transport(request.protocol)
    if taken is None:
        gone()
        return None
    return (*taken, gone)


def _nothing() -> None:
    """Connections are not counted."""
