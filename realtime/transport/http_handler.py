"""What an `EngineServer` answers to aiohttp's requests: handshakes, polls, packets and upgrades.

Each request is checked against `handshake`, in Engine.IO's order, before a session hears of it; what
is not allowed raises `HandshakeRefused`, which becomes Engine.IO's error answer only here.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from . import handshake, jsontext
from .cross_origin import CrossOrigin
from .fast_path import FastPath
from .handshake import HandshakeRefused
from .messages import EngineReceiver
from .polling import Polling
from .session import Session
from .sessions import EngineSessions
from .upgrades import Upgrades
from .websocket import TakenOver


class HttpHandler:
    """Answers the requests of one server that `fast_path`, if there is one, has left to aiohttp."""

    def __init__(
        self, server: EngineSessions, cross_origin: CrossOrigin, upgrades: Upgrades, fast_path: FastPath
    ) -> None:
        self._server, self._cross_origin = server, cross_origin
        self._upgrades, self._fast_path = upgrades, fast_path

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one HTTP request: a handshake, a poll, packets, or an upgrade."""
        headers = dict(self._server.answer_headers)
        try:
            headers |= self._cross_origin.headers(request)
            if request.method == "OPTIONS":
                return web.Response(headers=headers)
            return await self._serve(request, headers)
        except HandshakeRefused as refused:
            self._server.refused[refused.message] += 1
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
            self._upgrades.probe(session, request)
            return TakenOver()
        return await self._carry(request, session, headers)

    async def _open(
        self, request: web.Request, transport: str, headers: dict[str, str]
    ) -> web.StreamResponse:
        session = self._upgrades.new_session(request)
        refusal = await self._introduce(session, request)
        if refusal is not None:
            self._server.forget(session)
            return refusal
        if transport == "polling":
            return self._open_polling(session, request, headers)
        self._upgrades.open(session, request)
        return TakenOver()

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

    def _open_polling(self, session: Session, request: web.Request, headers: dict[str, str]) -> web.Response:
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
        self._fast_path.take(request.protocol)
        body = self._upgrades.hello(session, upgrades)
        return web.Response(body=body, headers=headers, content_type="text/plain")

    async def _carry(self, request: web.Request, session: Session, headers: dict[str, str]) -> web.Response:
        polling = session.carrier
        if not isinstance(polling, Polling):
            raise HandshakeRefused(handshake.BAD_REQUEST)
        if session.closed:
            raise HandshakeRefused(handshake.UNKNOWN_SESSION)
        self._fast_path.take(request.protocol)
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
