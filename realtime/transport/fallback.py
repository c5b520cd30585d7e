"""Stock python-socketio with the hooks of `SocketServer`, used when a private name that we need is gone.

Slower, less conformant and without bounds, but an application that uses the hooks still runs. What stock
python-socketio cannot do is left out (`pid` in the CONNECT answer) or done in a slower way (`emit_encoded`).
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any

import socketio
from aiohttp import web
from engineio.packet import NOOP, Packet

from core import origins

from . import jsontext
from .cork import T

_MAX_DEPTH = 64


class StockServer(socketio.AsyncServer):  # type: ignore[misc]
    """python-socketio's server; `gate` is asked before a new session is opened."""

    follows_later = False

    def __init__(
        self,
        *args: Any,
        gate: Callable[[], bool] | None = None,
        answer_headers: Mapping[str, str] | None = None,  # noqa: ARG002 - aiohttp's signals add them
        **kwargs: Any,
    ) -> None:
        listed = kwargs.get("cors_allowed_origins")
        if listed is None or (isinstance(listed, (list, tuple)) and listed):
            kwargs["cors_allowed_origins"] = partial(_allows, listed or ())
        super().__init__(*args, **kwargs)
        self.gate = gate

    async def emit(self, *args: Any, **kwargs: Any) -> None:
        """Emit an event; stock python-socketio has no volatile events, so the flag has no effect."""
        kwargs.pop("volatile", None)
        await super().emit(*args, **kwargs)

    def emit_encoded(
        self,
        event: str,
        payload: bytes,
        to: str | Iterable[str],
        *,
        offset: str | None = None,
        namespace: str = "/",
        volatile: bool = False,
    ) -> int:
        """Send an event whose one argument is JSON text already; see `SocketServer.emit_encoded`."""
        value = jsontext.loads(payload, _MAX_DEPTH)
        data = value if offset is None else (value, offset)
        here = [sid for sid in ((to,) if isinstance(to, str) else to) if self._is_here(sid, namespace)]
        for sid in here:
            self.start_background_task(self.emit, event, data, to=sid, namespace=namespace, volatile=volatile)
        return len(here)

    def _is_here(self, sid: str, namespace: str) -> bool:
        return bool(self.manager.eio_sid_from_sid(sid, namespace))

    def together(self, work: Callable[[], T]) -> T:
        """Stock writes each event by itself."""
        return work()

    def answer_connect(self, sid: str, fields: dict[str, Any], namespace: str = "/") -> None:
        """Nothing: stock answers CONNECT with the session id alone."""

    def close(self, sid: str, _reason: str, namespace: str = "/") -> None:
        """Close a client's connection without DISCONNECT; stock gives handlers a reason of its own."""
        session = self.eio.sockets.get(self.manager.eio_sid_from_sid(sid, namespace))
        if session is not None:
            self.start_background_task(_leave, session)

    def owes(self, _sid: str, _namespace: str = "/") -> bool:
        """False: stock python-socketio does not say."""
        return False

    def ping(self, sid: str, namespace: str = "/") -> None:
        """No effect: stock python-socketio pings at its own interval."""

    def heard(self, sid: str, namespace: str = "/") -> bool:
        """True while the client is connected: stock python-socketio does not know when it last spoke."""
        return self._is_here(sid, namespace)

    def left(self, sid: str, namespace: str = "/") -> bool:  # noqa: ARG002
        """False: stock python-socketio does not know why a connection has closed."""
        return False

    def take(self, connection: web.RequestHandler) -> None:
        """No effect: stock python-socketio leaves all HTTP to aiohttp."""

    async def handle_request(self, *args: Any, **kwargs: Any) -> Any:
        """Serve a request, unless it is a handshake that the gate refuses."""
        request: web.Request = args[0]
        if self.gate is not None and "sid" not in request.query and not self.gate():
            return web.Response(status=503)
        return await super().handle_request(*args, **kwargs)

    def attach(self, app: web.Application, socketio_path: str = "socket.io") -> None:
        """Serve under this path of an application, through `handle_request`."""
        path = f"/{socketio_path.strip('/')}/"
        for method in ("GET", "POST", "OPTIONS"):
            app.router.add_route(method, path, self.handle_request)


async def _leave(session: Any) -> None:
    """Without the packet CLOSE, after which the official client for Python does not come back."""
    await session.close(wait=False, abort=True, reason=session.server.reason.SERVER_DISCONNECT)
    # A WebSocket ends with None; a poll is answered, and the next one finds no session.
    session.queue.put_nowait(None if session.upgraded else Packet(NOOP))


def _allows(listed: Collection[str], origin: str | None, environ: dict[str, Any]) -> bool:
    hosts = (environ.get("HTTP_HOST", ""), environ.get("HTTP_X_FORWARDED_HOST", "").partition(",")[0].strip())
    return origins.allows(origin or "", hosts, listed)
