"""Connects a Socket.IO server with the gateway: three handlers, nothing else."""

from inspect import isawaitable
from typing import Any

from core.proxies import network_of
from realtime.gateway.gateway import Gateway
from services.accounts import RequestOrigin

_CLIENT_DISCONNECT = "client disconnect"  # as realtime/transport/reasons.py has it


def register_handlers(server: Any, gateway: Gateway) -> None:
    """Every event of every client goes to the gateway."""

    async def connect(sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        server.answer_connect(sid, await gateway.connect(sid, auth, _origin(environ)))

    async def disconnect(sid: str, reason: str) -> None:
        await gateway.disconnect(sid, left=reason == _CLIENT_DISCONNECT or server.left(sid))

    async def command(name: str, sid: str, *arguments: Any) -> Any:
        answer = gateway.command(name, sid, *arguments)
        return await answer if isawaitable(answer) else answer

    server.on("connect", connect)
    server.on("*", gateway.command if server.follows_later else command)
    server.on("disconnect", disconnect)


def _origin(environ: dict[str, Any]) -> RequestOrigin:
    """What the request that opened the transport says, as far as trusted proxies do."""
    network = network_of(environ.get("REMOTE_ADDR", ""))
    return RequestOrigin(network, environ.get("HTTP_USER_AGENT"), environ.get("HTTP_ACCEPT_LANGUAGE"))
