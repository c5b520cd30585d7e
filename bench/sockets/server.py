"""A Python Socket.IO server with the handlers of server.mjs, stock or ours. Prints its port."""

import asyncio
import gc
import json
import sys
from typing import Any

import socketio
import uvloop
from aiohttp import web

from realtime.transport import Limits, OutputPolicy, SocketServer


def make_server(flavour: str, settings: dict[str, Any]) -> Any:
    options: dict[str, Any] = {
        "async_mode": "aiohttp",
        "ping_interval": settings.get("pingInterval", 25000) / 1000,
        "ping_timeout": settings.get("pingTimeout", 20000) / 1000,
        "cors_allowed_origins": "*",
    }
    if flavour == "stock":
        return socketio.AsyncServer(**options)
    # What the product's process does too.
    gc.set_threshold(20000, 20, 50)
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
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=4096)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    # The benchmark closes our standard input when it is done, or dead.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], json.loads(sys.argv[2])))
