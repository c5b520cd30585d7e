"""What an `EngineServer` answers to HTTP requests: handshakes, polls, packets and upgrades.

Each request is checked against `handshake`, in Engine.IO's order, before a session hears of it; what
is not allowed raises `HandshakeRefused`, which becomes Engine.IO's error answer only here.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from core import origins
from core.proxies import Proxies, network_of

from . import deflate, handshake, internals, jsontext, reasons
from .frames import text_frame
from .handshake import Handshake, HandshakeRefused
from .messages import EngineReceiver
from .polling import Polling
from .session import Session
from .sessions import EngineSessions
from .websocket import Probe, TakenOver, WebSocket


class HttpHandler:
    """Answers the requests of one server. `proxies` are those whose X-Forwarded headers count."""

    def __init__(self, server: EngineSessions, proxies: Proxies) -> None:
        self._server = server
        self._proxies = proxies

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one HTTP request: a handshake, a poll, packets, or an upgrade."""
        headers: dict[str, str] = {}
        try:
            headers = self._cors(request)
            if request.method == "OPTIONS":
                return web.Response(headers=headers)
            return await self._serve(request, headers)
        except HandshakeRefused as refused:
            body = jsontext.dumps({"code": refused.code, "message": refused.message})
            return web.Response(
                body=body, status=refused.status, headers=headers, content_type="application/json"
            )

    async def _serve(self, request: web.Request, headers: dict[str, str]) -> web.StreamResponse:
        query: Mapping[str, str] = request.query
        transport, sid = query.get("transport"), query.get("sid")
        if transport is None or transport not in self._server.transports or "j" in query:
            raise HandshakeRefused(handshake.UNKNOWN_TRANSPORT)
        if sid is None:
            return await self._open(request, transport, headers)
        session = self._server.sockets.get(sid)
        if session is None or (session.closed and transport == "websocket"):
            raise HandshakeRefused(handshake.UNKNOWN_SESSION)
        if transport == "websocket":
            return self._upgrade(request, session)
        return await self._carry(request, session, headers)

    async def _open(
        self, request: web.Request, transport: str, headers: dict[str, str]
    ) -> web.StreamResponse:
        if request.method != "GET":
            raise HandshakeRefused(handshake.BAD_METHOD)
        if request.query.get("EIO") != "4":
            raise HandshakeRefused(handshake.UNSUPPORTED_VERSION)
        if self._server.stopping or (self._server.gate is not None and not self._server.gate()):
            raise HandshakeRefused((handshake.BAD_REQUEST[0], "Not accepting connections"), 503)
        key = handshake.upgrade_key(request.headers) if transport == "websocket" else None
        address = handshake.peer_address(request, self._proxies)
        seat = self._server.newcomers.take(network_of(address))
        if seat is None:
            self._server.complaints.warning("newcomers", f"there are too many, {address} is refused")
            raise HandshakeRefused((handshake.BAD_REQUEST[0], "Too many newcomers"), 503)
        session = Session(self._server.generate_id(), self._server, Handshake(request, address))
        session.seat = seat
        self._server.sockets[session.sid] = session
        refusal = await self._introduce(session, request)
        if refusal is not None:
            self._server.forget(session)
            return refusal
        if key is None:
            return self._open_polling(session, headers)
        try:
            return self._open_websocket(session, request, key)
        except Exception:
            session.close(reasons.TRANSPORT_ERROR)
            raise

    async def _introduce(self, session: Session, request: web.Request) -> web.Response | None:
        """Set the session's receiver; a response refuses it."""
        if self._server.receiver is not None:
            receiver = self._server.receiver(session)
        else:
            verdict = await self._ask_connect(session, request)
            if verdict is not None and verdict is not True:
                return web.Response(status=401, body=jsontext.dumps(verdict or "Unauthorized"))
            receiver = EngineReceiver(self._server, session)
            session.settle()
        session.tell(receiver)
        return None

    async def _ask_connect(self, session: Session, request: web.Request) -> Any:
        handler = self._server.handlers.get("connect")
        if handler is None:
            return None
        try:
            verdict = handler(session.sid, session.handshake.environ(request))
            return await verdict if asyncio.iscoroutine(verdict) else verdict
        except Exception as error:
            self._server.complaints.exception("connect handler", "failed", error)
            return False

    def _hello(self, session: Session, upgrades: list[str]) -> bytes:
        return b"0" + jsontext.dumps(
            {
                "sid": session.sid,
                "upgrades": upgrades,
                "pingInterval": int(
                    self._server.ping_interval * 1000 + self._server.ping_interval_grace_period * 1000
                ),
                "pingTimeout": int(self._server.ping_timeout * 1000),
                "maxPayload": self._server.max_http_buffer_size,
            }
        )

    def _open_polling(self, session: Session, headers: dict[str, str]) -> web.Response:
        session.carrier = Polling(session)
        self._server.expect_ping(session)
        if self._server.cookie:
            cookie = self._server.cookie if isinstance(self._server.cookie, dict) else {
                "name": self._server.cookie, "path": "/", "SameSite": "Lax",
            }  # fmt: skip
            headers["Set-Cookie"] = self._server._generate_sid_cookie(session.sid, cookie)
        upgrades = (
            ["websocket"] if self._server.allow_upgrades and "websocket" in self._server.transports else []
        )
        return web.Response(body=self._hello(session, upgrades), headers=headers, content_type="text/plain")

    def _open_websocket(self, session: Session, request: web.Request, key: str) -> web.StreamResponse:
        taken = _take_over(request)
        if taken is None:
            session.close(reasons.TRANSPORT_CLOSE)
            return TakenOver()
        transport, kept, gone = taken
        websocket = WebSocket(
            transport, session, self._server.max_http_buffer_size, self._server.lingering, gone
        )
        answer = self._switch(request, websocket, key) + text_frame(self._hello(session, []))
        self._begin(websocket, transport, answer, kept)
        websocket.carry()
        self._server.expect_ping(session)
        return TakenOver()

    def _upgrade(self, request: web.Request, session: Session) -> web.StreamResponse:
        key = handshake.upgrade_key(request.headers)
        taken = _take_over(request)
        if taken is None:
            return TakenOver()
        transport, kept, gone = taken
        probe = Probe(transport, session, self._server.max_http_buffer_size, self._server.lingering, gone)
        self._begin(probe, transport, self._switch(request, probe, key), kept)
        if session.upgraded or session.probe is not None or not self._server.allow_upgrades:
            # Refused inside the WebSocket, as Node's server does: the client's session goes on as it is.
            probe.end(reasons.TRANSPORT_ERROR)
        else:
            session.probe = probe
            self._server.probing.add(probe, self._server.loop.time())
        self._server.wake_alarm()
        return TakenOver()

    def _switch(self, request: web.Request, websocket: WebSocket, key: str) -> bytes:
        """The head of the answer, with compression where it is wanted on both sides."""
        threshold = self._server.deflate_threshold
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

    async def _carry(self, request: web.Request, session: Session, headers: dict[str, str]) -> web.Response:
        polling = session.carrier
        if not isinstance(polling, Polling):
            raise HandshakeRefused(handshake.BAD_REQUEST)
        if session.closed:
            raise HandshakeRefused(handshake.UNKNOWN_SESSION)
        if request.method == "GET":
            body = await polling.poll(request)
            response = web.Response(body=body, headers=headers, content_type="text/plain")
            if self._server.http_compression and len(body) >= self._server.compression_threshold:
                response.enable_compression()
            return response
        if request.method != "POST":
            raise HandshakeRefused(handshake.BAD_REQUEST)
        await polling.receive(await self._body(request), self._server.limits.max_packets_per_post)
        return web.Response(body=b"ok", headers=headers, content_type="text/html")

    async def _body(self, request: web.Request) -> bytes:
        """The body of a POST. Raises `HandshakeRefused` if it is too long or does not come in time."""
        chunks = bytearray()
        try:
            async with asyncio.timeout(self._server.body_timeout):
                async for chunk in request.content.iter_any():
                    chunks += chunk
                    if len(chunks) > self._server.max_http_buffer_size:
                        raise HandshakeRefused(handshake.BAD_REQUEST, 413)
        except (TimeoutError, ConnectionError):
            raise HandshakeRefused(handshake.BAD_REQUEST, 408) from None
        return bytes(chunks)

    def _cors(self, request: web.Request) -> dict[str, str]:
        """The CORS headers of an answer. Raises HandshakeRefused for an origin that is not allowed."""
        origin = request.headers.get("Origin")
        if self._server.cors_allowed_origins == [] or origin is None:
            return {}
        if not self._allows(origin, request):
            self._server.complaints.warning("origin", "refused a request from an origin that is not allowed")
            raise HandshakeRefused(handshake.FORBIDDEN, 403)
        headers = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
        if self._server.cors_credentials:
            headers["Access-Control-Allow-Credentials"] = "true"
        if request.method == "OPTIONS":
            headers["Access-Control-Allow-Methods"] = "OPTIONS, GET, POST"
            if asked := request.headers.get("Access-Control-Request-Headers"):
                headers["Access-Control-Allow-Headers"] = asked
        return headers

    def _allows(self, origin: str, request: web.Request) -> bool:
        """What python-engineio allows, the server's own page, and clients that are no web page."""
        allowed = self._server.cors_allowed_origins
        listed = () if allowed is None or callable(allowed) else allowed
        listed = (listed,) if isinstance(listed, str) else listed
        return origins.allows(origin, handshake.own_hosts(request, self._proxies), listed) or (
            callable(allowed) and bool(allowed(origin))
        )


def _take_over(request: web.Request) -> tuple[asyncio.Transport, bytes, Callable[[], None]] | None:
    """The connection, the bytes after the request, and what to call when the connection has ended."""
    hand_over = getattr(request.protocol, "hand_over", None)
    gone: Callable[[], None] = _nothing if hand_over is None else hand_over()
    taken = internals.take_transport(request)
    if taken is None:
        gone()
        return None
    return (*taken, gone)


def _nothing() -> None:
    """Connections are not counted."""
