"""A Python Socket.IO server with the handlers of server.mjs, stock or ours. Prints its port."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import socketio
import uvloop
from aiohttp import web

from core import logs
from core.garbage import collect_little
from core.settings import Settings
from realtime.transport import Limits, OutputPolicy, SocketServer
from rest.http.listening import listening


def make_server(flavour: str, settings: dict[str, Any]) -> Any:
    options: dict[str, Any] = {
        "async_mode": "aiohttp",
        "ping_interval": settings.get("pingInterval", 25000) / 1000,
        "ping_timeout": settings.get("pingTimeout", 20000) / 1000,
        "cors_allowed_origins": "*",
    }
    if flavour == "stock":
        return socketio.AsyncServer(**options)
    collect_little()  # as the product's process does
    return SocketServer(limits=Limits(output=OutputPolicy(max_messages=100_000)), **options)


class Class(socketio.AsyncNamespace):  # type: ignore[misc]
    async def on_echo(self, _sid: str, value: Any) -> Any:
        return value


def register(server: Any) -> None:
    async def echo(_sid: str, value: Any) -> Any:
        return value

    async def later(_sid: str, value: Any) -> Any:
        await asyncio.sleep(0)
        return value

    async def relay(_sid: str, to: str, value: Any) -> None:
        await server.emit("relayed", value, to=to)

    async def join(sid: str, room: str) -> bool:
        await server.enter_room(sid, room)
        return True

    async def broadcast(_sid: str, room: str, value: Any) -> None:
        await server.emit("news", value, room=room)

    for handler in (echo, later, relay, join, broadcast):
        server.on(handler.__name__, handler)
    server.register_namespace(Class("/class"))


async def serve(flavour: str, settings: dict[str, Any]) -> None:
    server = make_server(flavour, settings)
    register(server)
    app = web.Application()
    server.attach(app)
    async with listening_stock(app) if flavour == "stock" else listening_ours(app, server) as port:
        print(port, flush=True)
        # The benchmark closes our standard input when it is done, or dead.
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


@asynccontextmanager
async def listening_stock(app: web.Application) -> AsyncIterator[int]:
    """As python-socketio's documentation has it."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


def listening_ours(app: web.Application, server: SocketServer) -> AbstractAsyncContextManager[int]:
    """As the product does, its limits on connections included."""
    settings = Settings(
        host="127.0.0.1", port=0, rate_limits="off", max_connections=60_000, log_level="ERROR"
    )
    logs.set_up(settings)  # what it says goes to standard error: whoever measures reads the port here
    return listening(app, settings, server.take)


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], json.loads(sys.argv[2])))
