"""Bodies of long-polling: no more packets than python-engineio's client takes, in order, none lost."""

import asyncio
from typing import Any

import socketio

from realtime.transport import SocketServer
from tests.patience import PATIENCE_S
from tests.transport.speaker import Poller, serving

MISSED = 40


def server() -> SocketServer:
    """Emits much at once to a client that asks for it."""
    server = SocketServer(async_mode="aiohttp", cors_allowed_origins="*")

    async def catch_up(sid: str, *_: Any) -> None:
        for number in range(MISSED):
            await server.emit("missed", number, to=sid)
            await server.emit("picture", bytes([number]), to=sid)

    async def big_one(sid: str, *_: Any) -> None:
        await server.emit("album", [bytes([number]) for number in range(20)], to=sid)

    async def farewell(sid: str, *_: Any) -> None:
        for number in range(MISSED):
            await server.emit("missed", number, to=sid)
        await server.disconnect(sid)

    server.on("catch up", catch_up)
    server.on("big one", big_one)
    server.on("farewell", farewell)
    return server


async def test_the_python_client_catches_up_over_polling() -> None:
    """On one connection: it used to be thrown out by the first body, and by that of each come-back."""
    async with serving(server()) as harness, asyncio.timeout(PATIENCE_S):
        client = socketio.AsyncClient(reconnection=False)
        missed: list[Any] = []
        all_there = asyncio.Event()
        ended: list[Any] = []

        def hear(value: Any) -> None:
            missed.append(value)
            if len(missed) == 2 * MISSED:
                all_there.set()

        def end(*why: Any) -> None:
            ended.append(why)
            all_there.set()

        client.on("missed", hear)
        client.on("picture", hear)
        client.on("disconnect", end)
        await client.connect(
            f"http://127.0.0.1:{harness.port}", transports=["polling"], wait_timeout=PATIENCE_S
        )
        await client.emit("catch up")
        await all_there.wait()
        assert (missed, ended) == ([each for n in range(MISSED) for each in (n, bytes([n]))], [])
        await client.disconnect()


async def _bodies(poller: Poller, packets: int) -> list[list[str]]:
    bodies: list[list[str]] = []
    while sum(map(len, bodies)) < packets:
        status, text = await poller.get()
        assert status == 200
        bodies.append(text.split("\x1e"))
    return bodies


async def test_the_rest_stays_for_the_next_poll() -> None:
    """Also in the middle of an event with attachments."""
    async with serving(server()) as harness:
        poller = await harness.polling()
        await poller.join()
        await poller.post('42["big one"]')
        bodies = await _bodies(poller, 21)
        assert [len(body) for body in bodies] == [16, 5]
        assert bodies[0][0].startswith('4520-["album"')
        assert all(packet.startswith("b") for packet in [*bodies[0][1:], *bodies[1]])


async def test_a_goodbye_comes_last() -> None:
    """After all that was sent before it."""
    async with serving(server()) as harness:
        poller = await harness.polling()
        await poller.join()
        await poller.post('42["farewell"]')
        bodies = await _bodies(poller, MISSED + 1)
        said = [packet for body in bodies for packet in body]
        assert said == [f'42["missed",{n}]' for n in range(MISSED)] + ["41"]
        assert max(map(len, bodies)) <= 16
