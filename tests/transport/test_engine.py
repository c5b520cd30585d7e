"""Engine.IO v4 as its document has it: handshake, heartbeat, polling, upgrade, close. All timers."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from realtime.transport import reasons
from realtime.transport.frames import close_frame
from tests.patience import PATIENCE_S
from tests.transport.echo import EchoServer
from tests.transport.speaker import EngineHarness, serving, until, upgrade_request
from tests.transport.test_frames import masked


@pytest.fixture
def echo() -> EchoServer:
    """Timers of a production server."""
    return EchoServer()


@pytest.fixture
async def harness(echo: EchoServer) -> AsyncIterator[EngineHarness]:
    """The server, served."""
    async with serving(echo.server, "engine.io") as harness:
        yield harness


@pytest.fixture
def quick() -> EchoServer:
    """Pings every 100 ms, answered within 80."""
    return EchoServer(ping_interval=0.1, ping_timeout=0.08)


@pytest.mark.parametrize(
    ("interval", "patience", "said"),
    [(25, 20, (25000, 20000)), (0.3, 0.2, (300, 200)), ((0.5, 0.25), 0.2, (750, 200))],
)
async def test_the_handshake_says_the_timers_in_milliseconds(
    interval: Any, patience: float, said: Any
) -> None:
    """Below a second too."""
    async with serving(
        EchoServer(ping_interval=interval, ping_timeout=patience).server, "engine.io"
    ) as harness:
        opened = (await harness.polling()).opened
        assert (opened["pingInterval"], opened["pingTimeout"]) == said
        assert opened["upgrades"] == ["websocket"]
        async with harness.websocket() as speaker:
            assert json.loads((await speaker.expect("0"))[1:])["upgrades"] == []


@pytest.mark.parametrize(
    ("method", "query", "status", "code"),
    [
        ("GET", "EIO=4", 400, 0),
        ("GET", "EIO=4&transport=carrier-pigeon", 400, 0),
        ("GET", "EIO=4&transport=polling&j=0", 400, 0),
        ("GET", "EIO=4&transport=polling&sid=nobody", 400, 1),
        ("POST", "EIO=4&transport=polling&sid=nobody", 400, 1),
        ("POST", "EIO=4&transport=polling", 400, 2),
        ("PUT", "EIO=4&transport=polling", 400, 2),
        ("GET", "EIO=4&transport=websocket", 400, 3),
        ("GET", "transport=polling", 400, 5),
        ("GET", "EIO=3&transport=polling", 400, 5),
    ],
)
async def test_requests_that_open_nothing(
    harness: EngineHarness, method: str, query: str, status: int, code: int
) -> None:
    """Each is answered with Engine.IO's code and opens no session."""
    got, text = await harness.request(method, query)
    assert (got, json.loads(text)["code"]) == (status, code)


async def test_polling_carries_text_and_binary(harness: EngineHarness) -> None:
    """Several packets in a body, in order."""
    poller = await harness.polling()
    assert await poller.post("4one\x1e4två\x1ebAQIDBA==") == (200, "ok")
    assert await poller.get() == (200, "4one\x1e4två\x1ebAQIDBA==")


async def test_a_poll_waits_for_something_to_say(harness: EngineHarness) -> None:
    """It is answered when a packet comes, not before."""
    poller = await harness.polling()
    waiting = asyncio.create_task(poller.get())
    await asyncio.sleep(0)
    await poller.post("4late")
    assert await waiting == (200, "4late")


async def test_a_bad_body_ends_the_session(harness: EngineHarness, echo: EchoServer) -> None:
    """At once: the next poll finds none."""
    poller = await harness.polling()
    assert (await poller.post("nonsense"))[0] == 400
    assert (await poller.get())[0] == 400
    assert echo.gone == [(poller.opened["sid"], reasons.PARSE_ERROR)]


async def test_a_body_too_long_is_not_read(harness: EngineHarness) -> None:
    """One over a megabyte."""
    poller = await harness.polling()
    assert (await poller.post(b"4" + b"x" * 1_000_001))[0] == 413


async def test_a_second_poll_ends_the_session(harness: EngineHarness, echo: EchoServer) -> None:
    """The first is told CLOSE, the second gets an error."""
    poller = await harness.polling()
    first = asyncio.create_task(poller.get())
    await until(lambda: _polling(echo, poller.opened["sid"]), "the poll did not arrive")
    assert (await poller.get())[0] == 400
    assert await first == (200, "1")
    assert (await poller.get())[0] == 400


def _polling(echo: EchoServer, sid: str) -> bool:
    return echo.server.sockets[sid].carrier._waiter is not None  # type: ignore[union-attr]


async def test_hanging_up_on_a_poll_ends_the_session(harness: EngineHarness, echo: EchoServer) -> None:
    """What such a client missed cannot be known."""
    poller = await harness.polling()
    waiting = asyncio.create_task(poller.get())
    await until(lambda: _polling(echo, poller.opened["sid"]), "the poll did not arrive")
    waiting.cancel()
    await until(lambda: echo.gone, "the session did not end")
    assert echo.gone == [(poller.opened["sid"], reasons.TRANSPORT_CLOSE)]


async def test_a_close_over_polling_ends_the_poll(harness: EngineHarness, echo: EchoServer) -> None:
    """With a NOOP, since the client asked for it."""
    poller = await harness.polling()
    waiting = asyncio.create_task(poller.get())
    await until(lambda: _polling(echo, poller.opened["sid"]), "the poll did not arrive")
    await poller.post("1")
    assert await waiting == (200, "6")
    assert echo.gone == [(poller.opened["sid"], reasons.CLIENT_DISCONNECT)]


async def test_a_websocket_carries_text_and_binary(harness: EngineHarness) -> None:
    """Of any size up to the limit, fragments or not."""
    async with harness.websocket() as speaker:
        await speaker.expect("0")
        for packet in ("4hello", b"\x01\x02", "4" + "x" * 70_000, '4{"a": 1}'):
            await speaker.say(packet)
            heard = await speaker.hear()
            assert heard == (packet.replace(" ", "") if isinstance(packet, str) else packet)


@pytest.mark.parametrize("packet", ["", "nonsense", "2", "9", "5"])
async def test_a_bad_packet_closes_a_websocket(harness: EngineHarness, echo: EchoServer, packet: str) -> None:
    """With 1002, and the session with it."""
    async with harness.websocket() as speaker:
        await speaker.expect("0")
        await speaker.say(packet)
        assert await speaker.ended() == 1002
    assert [reason for _, reason in echo.gone] == [reasons.PARSE_ERROR]
    assert not echo.server.sockets


async def test_a_packet_too_big_closes_a_websocket(harness: EngineHarness) -> None:
    """With 1009."""
    async with harness.websocket() as speaker:
        await speaker.expect("0")
        await speaker.say("4" + "x" * 1_000_000)
        assert await speaker.ended() == 1009


async def test_a_websocket_ping_is_ponged(harness: EngineHarness) -> None:
    """That of WebSocket itself, not Engine.IO's."""
    async with harness.http.ws_connect(f"{harness.url}?EIO=4&transport=websocket", autoping=False) as socket:
        await socket.receive_str()
        await socket.ping(b"there?")
        assert (await socket.receive()).data == b"there?"


async def test_pings_go_on_while_they_are_answered() -> None:
    """Over both transports."""
    patient = EchoServer(ping_interval=0.1, ping_timeout=60)  # a busy machine takes its time to answer
    async with serving(patient.server, "engine.io") as harness:
        async with harness.websocket() as speaker:
            speaker.deaf = True
            await speaker.expect("0")
            for _ in range(4):
                assert await speaker.hear() == "2"
                await speaker.say("3")
        poller = await harness.polling()
        for _ in range(4):
            assert await poller.get() == (200, "2")
            await poller.post("3")


async def test_an_unanswered_ping_ends_the_session(quick: EchoServer) -> None:
    """After the interval and the time-out, over both transports, and with TCP."""
    async with serving(quick.server, "engine.io") as harness:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        async with harness.websocket() as speaker:
            assert await speaker.ended() == reasons.GOING_AWAY
            assert loop.time() - begun > 0.15
        await harness.polling()
        await until(lambda: len(quick.gone) == 2, "the polling session did not end")
        assert {reason for _, reason in quick.gone} == {reasons.PING_TIMEOUT}


async def test_pongs_that_nobody_asked_for_keep_nobody_alive(quick: EchoServer) -> None:
    """A client cannot answer ahead."""
    async with serving(quick.server, "engine.io") as harness, harness.websocket() as speaker:
        await speaker.expect("0")
        await speaker.say("3", "3", "3")
        await speaker.ended()
    assert quick.gone[0][1] == reasons.PING_TIMEOUT


async def test_an_upgrade_loses_nothing(harness: EngineHarness, echo: EchoServer) -> None:
    """What waits for polling goes out over the WebSocket."""
    poller = await harness.polling()
    waiting = asyncio.create_task(poller.get())
    async with harness.websocket(f"EIO=4&transport=websocket&sid={poller.opened['sid']}") as speaker:
        await speaker.say("2probe")
        assert await speaker.hear() == "3probe"
        assert await waiting == (200, "6")
        assert await poller.get() == (200, "6")
        await poller.post("4before")
        await until(lambda: echo.server.sockets[poller.opened["sid"]].backlog, "the echo did not wait")
        await speaker.say("5", "4after")
        assert [await speaker.hear(), await speaker.hear()] == ["4before", "4after"]
        assert (await poller.get())[0] == 400
        assert echo.server.transport(poller.opened["sid"]) == "websocket"


async def test_a_second_websocket_leaves_the_first_alone(harness: EngineHarness) -> None:
    """It is closed; the session goes on."""
    poller = await harness.polling()
    query = f"EIO=4&transport=websocket&sid={poller.opened['sid']}"
    async with harness.websocket(query) as speaker:
        await speaker.say("2probe")
        await speaker.expect("3probe")
        async with harness.websocket(query) as second:
            await second.ended()
        await speaker.say("5", "4still here")
        assert await speaker.hear() == "4still here"


@pytest.mark.parametrize("packets", [["4too early"], ["5"], [b"\x00"], ["2probe", "2probe"]])
async def test_a_failed_probe_leaves_polling_alone(harness: EngineHarness, packets: list[Any]) -> None:
    """Whatever it says instead of a probe and an upgrade."""
    poller = await harness.polling()
    async with harness.websocket(f"EIO=4&transport=websocket&sid={poller.opened['sid']}") as probe:
        await probe.say(*packets)
        await probe.ended()
    await poller.post("4here")
    assert await poller.get() == (200, "4here")


async def test_a_probe_that_stalls_is_given_up() -> None:
    """After the upgrade time-out."""
    echo = EchoServer(upgrade_timeout=0.05)
    async with serving(echo.server, "engine.io") as harness:
        poller = await harness.polling()
        async with harness.websocket(f"EIO=4&transport=websocket&sid={poller.opened['sid']}") as probe:
            await probe.ended()
        await poller.post("4here")
        assert await poller.get() == (200, "4here")


async def test_every_end_closes_tcp_and_is_told_once(harness: EngineHarness, echo: EchoServer) -> None:
    """Ended by the client, by the server, by a vanished connection."""
    async with harness.websocket() as speaker:
        await speaker.expect("0")
        await speaker.say("1")
        assert await speaker.ended() == 1000
    async with harness.websocket() as speaker:
        sid = json.loads((await speaker.expect("0"))[1:])["sid"]
        await echo.server.disconnect(sid)
        assert await speaker.ended() == 1000
    async with harness.websocket() as speaker:
        await speaker.expect("0")
        speaker.socket.get_extra_info("socket").shutdown(2)
        await until(lambda: len(echo.gone) == 3, "a disconnect was not told")
    assert [reason for _, reason in echo.gone] == [
        reasons.CLIENT_DISCONNECT, reasons.SERVER_DISCONNECT, reasons.TRANSPORT_CLOSE,
    ]  # fmt: skip
    assert not echo.server.sockets


async def test_a_shutdown_says_going_away(echo: EchoServer) -> None:
    """1001, and the handlers have run when it is done."""
    async with serving(echo.server, "engine.io") as harness, harness.websocket() as speaker:
        await speaker.expect("0")
        ended = asyncio.create_task(speaker.ended())
        await echo.server.shutdown()
        assert await ended == 1001
    assert [reason for _, reason in echo.gone] == [reasons.SERVER_SHUTDOWN]


async def test_a_peer_that_does_not_close_is_cut_off() -> None:
    """The server does not wait for ever for the other half of a close."""
    echo = EchoServer(close_timeout=0.05)
    async with serving(echo.server, "engine.io") as harness:
        reader, writer = await asyncio.open_connection("127.0.0.1", harness.port)
        writer.write(upgrade_request())
        await reader.readuntil(b'"maxPayload"')
        await echo.server.disconnect()
        async with asyncio.timeout(PATIENCE_S):
            assert await _rest(reader) == close_frame(1000)
        writer.close()


async def _rest(reader: asyncio.StreamReader) -> bytes:
    """What comes before the connection is cut."""
    rest = b""
    with suppress(ConnectionResetError):
        while chunk := await reader.read(100):
            rest += chunk
    return rest.partition(b"}")[2]


async def test_bytes_that_come_with_the_upgrade_request_are_heard(harness: EngineHarness) -> None:
    """A client need not wait for the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", harness.port)
    writer.write(upgrade_request() + masked(1, b"4early"))
    async with asyncio.timeout(PATIENCE_S):
        await reader.readuntil(b"4early")
    writer.close()
