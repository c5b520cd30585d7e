"""The Engine.IO server: sessions, their HTTP, their pings and their end.

`EngineServer` is constructed and attached like `engineio.AsyncServer` with `async_mode="aiohttp"`, and
keeps its public API. What it owns: the table of sessions, one alarm for every deadline, and the close
of each connection it took over from aiohttp.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import engineio
from aiohttp import web

from . import handshake, internals, jsontext, reasons
from .backlog import Backlog
from .deadlines import Alarm, Deadlines
from .firststep import PENDING, FirstStep
from .frames import binary_frame, text_frame
from .handlers import accepted
from .handshake import Handshake, Refused
from .limits import Limits
from .payload import PING_FRAME
from .polling import Polling
from .reports import Reports
from .session import Session
from .websocket import Probe, TakenOver, WebSocket

Gate = Callable[[], bool]
"""Whether new sessions are let in; False answers a handshake with 503."""


class Receiver(Protocol):
    """Who is told what a session brings."""

    def text(self, data: bytearray) -> None:
        """A text message with Engine.IO's leading `4`."""

    def binary(self, data: bytes) -> None:
        """A binary message."""

    def closed(self, reason: str) -> None:
        """The session has ended; `EngineServer.forget` is to be called when its handlers are done."""


class EngineServer(engineio.AsyncServer):  # type: ignore[misc]
    """An Engine.IO server with python-engineio's API.

    Beside its arguments: `trusted_proxies` (addresses or CIDR ranges whose X-Forwarded headers count),
    `upgrade_timeout` and `close_timeout` (seconds), `limits`, and `gate`. Of its own arguments,
    `monitor_clients` and JSONP have no meaning here.
    """

    loop: asyncio.AbstractEventLoop
    steps: FirstStep

    def __init__(
        self,
        *args: Any,
        trusted_proxies: tuple[str, ...] = (),
        upgrade_timeout: float = 10.0,
        close_timeout: float = 1.0,
        limits: Limits | None = None,
        gate: Gate | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("async_mode", "aiohttp")
        super().__init__(*args, **kwargs)
        self.limits = limits or Limits()
        self.gate = gate
        self.close_timeout = close_timeout
        self.reports = Reports(self.logger)
        self.sockets: dict[str, Session] = {}
        self.dropped_volatile = 0
        self.receiver: Callable[[Session, web.Request], Receiver] | None = None
        self._proxies = handshake.networks(trusted_proxies)
        quick = min(self.ping_interval, self.ping_timeout)
        self._to_ping: Deadlines[Session] = Deadlines(
            self.ping_interval, self._ping, self.ping_interval / 100
        )
        self._unanswered: Deadlines[Session] = Deadlines(self.ping_timeout, _time_out)
        self._probing: Deadlines[Probe] = Deadlines(upgrade_timeout, Probe.give_up)
        self._lingering: Deadlines[WebSocket] = Deadlines(close_timeout, WebSocket.abort)
        self.deadlines: list[Deadlines[Any]] = [
            self._to_ping, self._unanswered, self._probing, self._lingering,
        ]  # fmt: skip
        self._tick = quick / 250
        self._alarm: Alarm | None = None
        self._stopping = False

    # Its place in an application.

    def attach(self, app: web.Application, engineio_path: str = "engine.io") -> None:
        """Serve under this path of an application, and close with it."""
        path = engineio_path.strip("/")
        app.router.add_route("*", f"/{path}/", self.handle_request)
        app.router.add_route("*", f"/{path}", self.handle_request)
        app.on_shutdown.append(self._on_shutdown)

    async def _on_shutdown(self, _app: web.Application) -> None:
        await self.shutdown()

    def start(self) -> None:
        """Bind to the running loop. Called with the first request; again it does nothing."""
        if self._alarm is None:
            self.loop = asyncio.get_running_loop()
            self.steps = FirstStep(self.loop)
            self._alarm = Alarm(self.loop, self.deadlines, self._tick)

    def wake_alarm(self) -> None:
        """A deadline may be the first now."""
        if self._alarm is not None:
            self._alarm.set()

    async def shutdown(self) -> None:
        """Refuse new sessions, end all, and wait a bounded while for their handlers and their going."""
        self._stopping = True
        if self._alarm is None:
            return
        for session in list(self.sockets.values()):
            session.close(reasons.SERVER_SHUTDOWN)
        self.wake_alarm()
        patience = self.loop.time() + 2 * self._lingering.delay + 0.1
        while (self.sockets or len(self._lingering)) and self.loop.time() < patience:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        self.steps.cancel()
        self._alarm.cancel()
        self._alarm, self._stopping = None, False

    # HTTP.

    async def handle_request(self, request: web.Request) -> web.StreamResponse:
        """Answer one HTTP request: a handshake, a poll, packets, or an upgrade."""
        self.start()
        headers: dict[str, str] = {}
        try:
            headers = self._cors(request)
            if request.method == "OPTIONS":
                return web.Response(headers=headers)
            return await self._serve(request, headers)
        except Refused as refused:
            body = jsontext.dumps({"code": refused.code, "message": refused.message})
            return web.Response(
                body=body, status=refused.status, headers=headers, content_type="application/json"
            )

    async def _serve(self, request: web.Request, headers: dict[str, str]) -> web.StreamResponse:
        query: Mapping[str, str] = request.query
        transport, sid = query.get("transport"), query.get("sid")
        if transport is None or transport not in self.transports or "j" in query:
            raise Refused(handshake.UNKNOWN_TRANSPORT)
        if sid is None:
            return await self._open(request, transport, headers)
        session = self.sockets.get(sid)
        if session is None or (session.closed and transport == "websocket"):
            raise Refused(handshake.UNKNOWN_SESSION)
        if transport == "websocket":
            return self._upgrade(request, session)
        return await self._carry(request, session, headers)

    async def _open(
        self, request: web.Request, transport: str, headers: dict[str, str]
    ) -> web.StreamResponse:
        if request.method != "GET":
            raise Refused(handshake.BAD_METHOD)
        if request.query.get("EIO") != "4":
            raise Refused(handshake.UNSUPPORTED_VERSION)
        if self._stopping or (self.gate is not None and not self.gate()):
            raise Refused((handshake.BAD_REQUEST[0], "Not accepting connections"), 503)
        key = handshake.upgrade_key(request.headers) if transport == "websocket" else None
        session = Session(self.generate_id(), self, Handshake(request, self._proxies))
        self.sockets[session.sid] = session
        refusal = await self._introduce(session, request)
        if refusal is not None:
            self.forget(session)
            return refusal
        if key is None:
            return self._open_polling(session, headers)
        return self._open_websocket(session, request, key)

    async def _introduce(self, session: Session, request: web.Request) -> web.Response | None:
        """Set the session's receiver; a response refuses it."""
        if self.receiver is not None:
            receiver = self.receiver(session, request)
        else:
            verdict = await self._ask_connect(session, request)
            if verdict is not None and verdict is not True:
                return web.Response(status=401, body=jsontext.dumps(verdict or "Unauthorized"))
            receiver = EngineReceiver(self, session)
        session.on_text, session.on_binary, session.on_close = receiver.text, receiver.binary, receiver.closed
        return None

    async def _ask_connect(self, session: Session, request: web.Request) -> Any:
        handler = self.handlers.get("connect")
        if handler is None:
            return None
        try:
            verdict = handler(session.sid, session.handshake.environ(request))
            return await verdict if asyncio.iscoroutine(verdict) else verdict
        except Exception as error:
            self.reports.exception("connect handler", "failed", error)
            return False

    def _hello(self, session: Session, upgrades: list[str]) -> bytes:
        return b"0" + jsontext.dumps(
            {
                "sid": session.sid,
                "upgrades": upgrades,
                "pingInterval": int(self.ping_interval * 1000 + self.ping_interval_grace_period * 1000),
                "pingTimeout": int(self.ping_timeout * 1000),
                "maxPayload": self.max_http_buffer_size,
            }
        )

    def _open_polling(self, session: Session, headers: dict[str, str]) -> web.Response:
        session.carrier = Polling(session)
        self._expect_ping(session)
        if self.cookie:
            cookie = self.cookie if isinstance(self.cookie, dict) else {
                "name": self.cookie, "path": "/", "SameSite": "Lax",
            }  # fmt: skip
            headers["Set-Cookie"] = self._generate_sid_cookie(session.sid, cookie)
        upgrades = ["websocket"] if self.allow_upgrades and "websocket" in self.transports else []
        return web.Response(body=self._hello(session, upgrades), headers=headers, content_type="text/plain")

    def _open_websocket(self, session: Session, request: web.Request, key: str) -> web.StreamResponse:
        taken = internals.take_transport(request)
        if taken is None:
            session.close(reasons.TRANSPORT_CLOSE)
            return TakenOver()
        transport, kept = taken
        websocket = WebSocket(transport, session, self.max_http_buffer_size, self._lingering)
        self._begin(websocket, transport, key, text_frame(self._hello(session, [])), kept)
        websocket.carry()
        self._expect_ping(session)
        return TakenOver()

    def _upgrade(self, request: web.Request, session: Session) -> web.StreamResponse:
        key = handshake.upgrade_key(request.headers)
        taken = internals.take_transport(request)
        if taken is None:
            return TakenOver()
        transport, kept = taken
        probe = Probe(transport, session, self.max_http_buffer_size, self._lingering)
        self._begin(probe, transport, key, b"", kept)
        if session.upgraded or session.probe is not None or not self.allow_upgrades:
            # Node's server says so inside the WebSocket too: the client's own is not to break over it.
            probe.end(reasons.TRANSPORT_ERROR)
        else:
            session.probe = probe
            self._probing.add(probe, self.loop.time())
        self.wake_alarm()
        return TakenOver()

    def _begin(
        self, websocket: WebSocket, transport: asyncio.Transport, key: str, hello: bytes, kept: bytes
    ) -> None:
        transport.set_protocol(websocket)
        transport.write(handshake.switching_protocols(key) + hello)
        if kept:
            # aiohttp stops reading when a client sends much before it is answered.
            transport.resume_reading()
            self.loop.call_soon(websocket.data_received, kept)

    async def _carry(self, request: web.Request, session: Session, headers: dict[str, str]) -> web.Response:
        polling = session.carrier
        if not isinstance(polling, Polling):
            raise Refused(handshake.BAD_REQUEST)
        if session.closed:
            raise Refused(handshake.UNKNOWN_SESSION)
        if request.method == "GET":
            response = web.Response(
                body=await polling.poll(request), headers=headers, content_type="text/plain"
            )
            if self.http_compression and len(response.body or b"") >= self.compression_threshold:  # type: ignore[arg-type]
                response.enable_compression()
            return response
        if request.method != "POST":
            raise Refused(handshake.BAD_REQUEST)
        await polling.receive(await self._body(request), self.limits.max_packets_per_post)
        return web.Response(body=b"ok", headers=headers, content_type="text/html")

    async def _body(self, request: web.Request) -> bytes:
        """The body of a POST. Raises Refused once it is longer than allowed, without reading on."""
        chunks = bytearray()
        async for chunk in request.content.iter_any():
            chunks += chunk
            if len(chunks) > self.max_http_buffer_size:
                raise Refused(handshake.BAD_REQUEST, 413)
        return bytes(chunks)

    def _cors(self, request: web.Request) -> dict[str, str]:
        """The CORS headers of an answer. Raises Refused for an origin that is not allowed."""
        origin = request.headers.get("Origin")
        if self.cors_allowed_origins == [] or origin is None:
            return {}
        if not self._allows(origin, request):
            self.reports.warning("origin", "refused a request from an origin that is not allowed")
            raise Refused(handshake.FORBIDDEN, 403)
        headers = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
        if self.cors_credentials:
            headers["Access-Control-Allow-Credentials"] = "true"
        if request.method == "OPTIONS":
            headers["Access-Control-Allow-Methods"] = "OPTIONS, GET, POST"
            if asked := request.headers.get("Access-Control-Request-Headers"):
                headers["Access-Control-Allow-Headers"] = asked
        return headers

    def _allows(self, origin: str, request: web.Request) -> bool:
        allowed = self.cors_allowed_origins
        if allowed is None:
            return origin in handshake.own_origins(request, self._proxies)
        if callable(allowed):
            return bool(allowed(origin))
        allowed = (allowed,) if isinstance(allowed, str) else allowed
        return "*" in allowed or origin in allowed

    # What sessions ask of their keeper.

    def new_backlog(self) -> Backlog:
        """An empty backlog under the server's policy."""
        return Backlog(self.limits.output)

    def _expect_ping(self, session: Session) -> None:
        self._to_ping.add(session, self.loop.time())
        self.wake_alarm()

    def _ping(self, session: Session) -> None:
        self._unanswered.add(session, self.loop.time())
        session.send(PING_FRAME)

    def pong(self, session: Session) -> None:
        """The client has answered a ping; unasked answers change nothing."""
        if session in self._unanswered:
            self._unanswered.discard(session)
            self._to_ping.add(session, self.loop.time())

    def closed(self, session: Session, dropped: int) -> None:
        """No deadline of this session counts any more."""
        self._to_ping.discard(session)
        self._unanswered.discard(session)
        self.dropped_volatile += dropped
        self.loop.call_soon(self.wake_alarm)

    def broken(self, _session: Session, why: str) -> None:
        """The client sent what cannot be read."""
        self.reports.warning("bad packet", why)

    def forget(self, session: Session) -> None:
        """The handlers of an ended session are done: it is not known any more."""
        self.sockets.pop(session.sid, None)
        session.release()

    # python-engineio's API.

    async def send(self, sid: str, data: Any) -> None:
        """Send a message: str, bytes, or what is sent as JSON (dict or list)."""
        session = self.sockets.get(sid)
        if session is not None:
            session.send(message_frame(data))

    async def send_packet(self, sid: str, pkt: Any) -> None:
        """Send an `engineio.packet.Packet`."""
        session = self.sockets.get(sid)
        if session is not None:
            encoded = pkt.encode()
            session.send(binary_frame(encoded) if pkt.binary else text_frame(encoded.encode()))

    async def disconnect(self, sid: str | None = None) -> None:
        """End one session, or all."""
        chosen = list(self.sockets.values()) if sid is None else [self.sockets.get(sid)]
        for session in chosen:
            if session is not None:
                session.close(reasons.SERVER_DISCONNECT)

    def _get_socket(self, sid: str) -> Session:
        """python-engineio's own look-up, of which its sessions and `transport` are made."""
        return self.sockets[sid]


def _time_out(session: Session) -> None:
    session.close(reasons.PING_TIMEOUT)


def message_frame(data: Any) -> bytes:
    """The frame of an Engine.IO message."""
    if isinstance(data, (bytes, bytearray)):
        return binary_frame(bytes(data))
    if isinstance(data, (dict, list)):
        return text_frame(b"4", jsontext.dumps(data))
    return text_frame(b"4", str(data).encode())


class EngineReceiver:
    """Runs the handlers of an `EngineServer` that nothing is built upon."""

    def __init__(self, server: EngineServer, session: Session) -> None:
        self._server = server
        self._session = session

    def text(self, data: bytearray) -> None:
        """A text message; an object or array in it arrives as what it says."""
        try:
            text = str(data[1:], "utf-8")
        except UnicodeDecodeError:
            return self._session.fail("not UTF-8")
        return self._message(_decoded(text, self._server.limits.max_depth))

    def binary(self, data: bytes) -> None:
        """A binary message."""
        self._message(data)

    def _message(self, data: Any) -> None:
        handler = self._server.handlers.get("message")
        if handler is not None:
            self._run(lambda: handler(self._session.sid, data), lambda _value, error: self._failed(error))

    def closed(self, reason: str) -> None:
        """Run the disconnect handler, then be forgotten."""
        handler = self._server.handlers.get("disconnect")
        if handler is None:
            return self._server.forget(self._session)
        arguments = (self._session.sid, reason)[: accepted(handler, 2)]
        return self._run(lambda: handler(*arguments), self._gone)

    def _run(self, call: Callable[[], Any], then: Callable[[Any, BaseException | None], None]) -> None:
        try:
            value = call()
            if asyncio.iscoroutine(value):
                value = self._server.steps.run(value, then)
        except (Exception, asyncio.CancelledError) as error:
            then(None, error)
        else:
            if value is not PENDING:
                then(value, None)

    def _gone(self, _value: Any, error: BaseException | None) -> None:
        self._failed(error)
        self._server.forget(self._session)

    def _failed(self, error: BaseException | None) -> None:
        if isinstance(error, Exception):
            self._server.reports.exception("handler", "failed", error)


def _decoded(text: str, max_depth: int) -> Any:
    if text[:1] not in ("{", "["):
        return text
    try:
        return jsontext.loads(text.encode(), max_depth)
    except ValueError:
        return text
