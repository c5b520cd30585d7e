"""The Engine.IO server: sessions and their HTTP, under python-engineio's API.

`EngineServer` is constructed and attached like `engineio.AsyncServer` with `async_mode="aiohttp"`.
"""

from typing import Any

from aiohttp import web

from core.proxies import Proxies

from . import internals, reasons
from .cross_origin import CrossOrigin
from .fast_path import FastPath
from .frames import binary_frame, text_frame
from .http_handler import HttpHandler
from .messages import message_frame
from .session import Session
from .sessions import EngineSessions
from .upgrades import Upgrades


class EngineServer(EngineSessions):
    """An Engine.IO server with python-engineio's API.

    Beside its arguments: `trusted_proxies` (addresses or CIDR ranges whose X-Forwarded headers count,
    separated by commas),
    `upgrade_timeout`, `close_timeout` and `body_timeout` (seconds), `limits`, `gate`, `newcomers` (how many
    sessions may be about to join), `answer_headers` (of every HTTP answer), and `deflate_threshold`: from how
    many bytes on WebSocket messages are compressed, None for no compression. Of its own arguments,
    `monitor_clients` and JSONP have no meaning.
    """

    def __init__(self, *args: Any, trusted_proxies: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        proxies = Proxies.of(trusted_proxies)
        cross_origin, upgrades = CrossOrigin(self, proxies), Upgrades(self, proxies)
        self._fast_path = FastPath(self, cross_origin, upgrades)
        self._http = HttpHandler(self, cross_origin, upgrades, self._fast_path)

    # Its place in an application.

    def attach(self, app: web.Application, engineio_path: str = "engine.io") -> None:
        """Serve under this path of an application, and close with it."""
        internals.tell_bad_requests_in_a_line()
        path = engineio_path.strip("/")
        app.router.add_route("*", f"/{path}/", self.handle_request)
        app.router.add_route("*", f"/{path}", self.handle_request)
        self._fast_path.serve(f"/{path}/")
        app.on_shutdown.append(self._on_shutdown)

    def take(self, connection: web.RequestHandler) -> None:
        """Answer on this connection from its first byte on what needs nothing of aiohttp but its parser.

        To be called when it is made. On any other it begins with a client's second request over polling.
        """
        self.start()
        self._fast_path.take(connection)

    async def _on_shutdown(self, _app: web.Application) -> None:
        await self.shutdown()

    async def handle_request(self, request: web.Request) -> web.StreamResponse:
        """Answer one HTTP request."""
        self.start()
        return await self._http.answer(request)

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
