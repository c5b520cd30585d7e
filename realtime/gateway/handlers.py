"""Connects a Socket.IO server with the gateway: three handlers, nothing else."""

from inspect import isawaitable
from typing import Any

from realtime.gateway.gateway import Gateway


def register_handlers(server: Any, gateway: Gateway) -> None:
    """Every event of every client goes to the gateway."""

    async def connect(sid: str, _environ: dict[str, Any], auth: Any = None) -> None:
        server.answer_connect(sid, await gateway.connect(sid, auth))

    async def disconnect(sid: str, _reason: str) -> None:
        await gateway.disconnect(sid)

    async def command(name: str, sid: str, *arguments: Any) -> Any:
        answer = gateway.command(name, sid, *arguments)
        return await answer if isawaitable(answer) else answer

    server.on("connect", connect)
    server.on("*", gateway.command if server.follows_futures else command)
    server.on("disconnect", disconnect)
