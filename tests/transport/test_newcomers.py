"""Sessions that have not joined: what is kept of them, how many there may be, and how they end."""

import asyncio
import gc
import json
import tracemalloc
from typing import Any

from socketio.exceptions import ConnectionRefusedError as Refusal

from core.seats import Seats
from realtime.transport import EngineServer, SocketServer, reasons
from tests.patience import PATIENCE_S
from tests.transport.speaker import EngineHarness, awaited, serving, until

POLLING = "EIO=4&transport=polling"
KEPT_BYTES = 14_000


def server(**options: Any) -> SocketServer:
    """Refuses clients that bring no token."""
    server = SocketServer(async_mode="aiohttp", cors_allowed_origins="*", close_timeout=0.1, **options)

    async def connect(_sid: str, _environ: Any, auth: Any) -> None:
        if not auth:
            raise Refusal("not you", {"code": "unauthenticated"})

    server.on("connect", connect)
    return server


async def _shake_hands(harness: EngineHarness, number: int) -> None:
    """With 28 KB of headers that nobody else has."""
    headers = {f"X-{key}": f"{number}-{key}-" + "a" * 7000 for key in range(4)}
    assert (await harness.request("GET", POLLING, headers=headers))[0] == 200


async def test_headers_are_not_kept() -> None:
    """A session costs some KB, whatever was in the head that opened it."""
    sessions = 60
    async with serving(server()) as harness:
        await _shake_hands(harness, 0)
        tracemalloc.start()
        try:
            gc.collect()
            before, _ = tracemalloc.get_traced_memory()
            for number in range(sessions):
                await _shake_hands(harness, number)
            gc.collect()
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert (after - before) / sessions < KEPT_BYTES


async def test_newcomers_are_bounded_until_they_join() -> None:
    """Of one address and in all; who joins or leaves makes room."""
    refusing = server(newcomers=Seats(10, 2))
    async with serving(refusing) as harness:
        poller, other = await harness.polling(), await harness.polling()
        status, text = await harness.request("GET", POLLING)
        assert (status, json.loads(text)["message"]) == (503, "Too many newcomers")
        assert await poller.post('40{"token":"t"}') == (200, "ok")
        assert (await poller.get())[1].startswith('40{"sid"')
        third = await harness.polling()
        assert (await harness.request("GET", POLLING))[0] == 503
        for leaving in (other, third):
            await leaving.post("1")
        await until(lambda: not refusing.eio.newcomers.taken, "a seat was not given back")
        async with harness.connected(auth={"token": "t"}):
            assert refusing.eio.newcomers.taken == 0


async def test_engine_sessions_are_no_newcomers() -> None:
    """Where nothing is built upon Engine.IO there is nothing to join."""
    alone = EngineServer(async_mode="aiohttp", newcomers=Seats(1, 1))
    async with serving(alone, "engine.io") as harness:
        await harness.polling()
        await harness.polling()
        assert alone.newcomers.taken == 0


async def test_who_is_refused_is_heard_out_and_closed() -> None:
    """Over both transports, soon, and not for ever with the time to join."""
    refusing = server(connect_timeout=3600)
    async with serving(refusing) as harness:
        async with harness.websocket() as speaker:
            await speaker.expect("0")
            await speaker.say("40")
            assert json.loads((await speaker.expect("44"))[2:])["data"] == {"code": "unauthenticated"}
            assert await speaker.ended() == 1008
        poller = await harness.polling()
        (session,) = refusing.eio.sockets.values()
        waiting = asyncio.create_task(poller.get())  # once it is refused, it has little time to ask why
        await until(lambda: awaited(session), "no poll waits")
        await poller.post("40")
        assert (await waiting)[1].startswith("44")
        await until(lambda: not refusing.eio.sockets, "a refused session stayed")


async def test_who_tries_again_in_time_stays() -> None:
    """Another CONNECT of the same session counts anew."""
    refusing = server()
    async with serving(refusing) as harness, harness.websocket() as speaker:
        await speaker.expect("0")
        await speaker.say("40", '40{"token":"t"}')
        await speaker.expect("44")
        await speaker.expect("40")
        async with harness.websocket() as another:
            await another.expect("0")
            await another.say("40")
            assert await another.ended() == 1008  # so long has it been
        await speaker.say("41")
        assert len(refusing.eio.sockets) == 1


async def test_a_refusal_elsewhere_leaves_who_has_joined() -> None:
    """Only a session in no namespace at all is closed."""
    refusing = server()

    async def refuse(_sid: str, _environ: Any) -> bool:
        return False

    refusing.on("connect", refuse, namespace="/side")
    async with serving(refusing) as harness, harness.connected(auth={"token": "t"}) as speaker:
        await speaker.say("40/side,")
        await speaker.expect("44/side,")
        async with harness.websocket() as another:
            await another.expect("0")
            await another.say("40")
            assert await another.ended() == 1008  # so long has it been
        assert len(refusing.eio.sockets) == 1


async def test_a_body_that_does_not_come_is_given_up() -> None:
    """With 408; the log is not told."""
    slow = server(body_timeout=0.1)
    async with serving(slow) as harness:
        poller = await harness.polling()
        reader, writer = await asyncio.open_connection("127.0.0.1", harness.port)
        head = f"POST /socket.io/?{poller.query} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n4"
        writer.write(head.encode())
        async with asyncio.timeout(PATIENCE_S):
            assert (await reader.readline()).startswith(b"HTTP/1.1 408")
        writer.close()


def test_a_refusal_has_a_close_code() -> None:
    assert reasons.close_code(reasons.CONNECT_REFUSED) == reasons.POLICY_VIOLATION
