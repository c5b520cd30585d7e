"""A node of python-socketio with its Redis manager, as documented. Prints its address, ends with stdin."""

import asyncio
import sys
from typing import Any

import socketio
import uvloop
from aiohttp import web

from bench.sockets.server import listening_stock


def make_server(redis_url: str) -> Any:
    """Who comes is in the room of its own name."""
    server = socketio.AsyncServer(
        async_mode="aiohttp",
        client_manager=socketio.AsyncRedisManager(redis_url),
        cors_allowed_origins="*",
    )

    async def connect(sid: str, _environ: Any, auth: Any) -> None:
        await server.enter_room(sid, auth["token"])
        await server.emit("session:ready", {}, to=sid)

    async def tell(_sid: str, said: Any) -> Any:
        await server.emit("told", {"text": said["text"]}, room=said["to"])
        return {"ok": True}

    server.on("connect", connect)
    server.on("tell", tell)
    return server


async def serve(redis_url: str) -> None:
    app = web.Application()
    make_server(redis_url).attach(app)
    async with listening_stock(app) as port:
        print(f"http://127.0.0.1:{port}", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1]))
