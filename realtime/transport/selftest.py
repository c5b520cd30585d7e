"""Tests at the start whether the socket path works with the installed libraries.

A server on a loopback port is used as a client would use it, over both transports. An application calls
`make_server` once, before it serves.
"""

import asyncio
import logging
from typing import Any, NamedTuple

import aiohttp
from aiohttp import web

from .fallback import StockServer
from .server import SocketServer

_TIMEOUT_S = 5.0


class Chosen(NamedTuple):
    """The server to use. `fault` says why it is stock python-socketio's; None: it is ours."""

    server: Any
    fault: str | None


async def make_server(logger: logging.Logger | None = None, *, stock: bool = False, **options: Any) -> Chosen:
    """A Socket.IO server with these options (see `SocketServer`): ours if it passes its test, else stock.

    `stock` asks for stock python-socketio. `/readyz` should say what `fault` says.
    """
    fault = "asked for" if stock else await find_fault()
    if fault is None:
        return Chosen(SocketServer(**options), None)
    (logger or logging.getLogger(__name__)).warning("socket path falls back to python-socketio: %s", fault)
    return Chosen(StockServer(**options), fault)


async def find_fault() -> str | None:
    """What is wrong with the socket path on this machine, in one line; None if nothing is."""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            await _converse()
    except Exception as error:  # whatever it is, it is a reason not to use it
        return f"{type(error).__name__}: {error}"
    return None


async def _converse() -> None:
    server = SocketServer(cors_allowed_origins="*")

    async def echo(_sid: str, value: Any) -> Any:
        await asyncio.sleep(0)
        return value

    server.on("echo", echo)
    app = web.Application()
    server.attach(app)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/socket.io/?EIO=4&transport="
        async with aiohttp.ClientSession() as http:
            await _over_polling(http, url + "polling")
            await _over_websocket(http, url + "websocket")
    finally:
        await runner.cleanup()


async def _over_polling(http: aiohttp.ClientSession, url: str) -> None:
    async with http.get(url) as opened:
        sid = (await opened.text()).split('"sid":"')[1].split('"')[0]
    for packet, answer in (("40", '40{"sid"'), ('420["echo",1]', "430[1]"), ("1", "")):
        async with http.post(f"{url}&sid={sid}", data=packet) as posted:
            _expect("ok", await posted.text())
        if answer:
            async with http.get(f"{url}&sid={sid}") as polled:
                _expect(answer, await polled.text())


async def _over_websocket(http: aiohttp.ClientSession, url: str) -> None:
    async with http.ws_connect(url) as socket:
        _expect('0{"sid"', await socket.receive_str())
        await socket.send_str("40")
        _expect('40{"sid"', await socket.receive_str())
        await socket.send_str('421["echo",{"a":[1]}]')
        _expect('431[{"a":[1]}]', await socket.receive_str())


def _expect(answer: str, got: str) -> None:
    if not got.startswith(answer):
        raise ValueError(f"expected {answer!r}, got {got[:80]!r}")
