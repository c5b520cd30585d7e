"""Engine.IO v4 as its document has it: handshake, heartbeat, polling, upgrade, close. All timers."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import aiohttp
import pytest

from realtime.transport import EngineServer, reasons
from realtime.transport.frames import close_frame
from tests.patience import PATIENCE_S
from tests.transport.speaker import House, serving, until, upgrade_request
from tests.transport.test_frames import masked


class Echo:
    """An Engine.IO server that sends back what it gets and remembers who went and why."""

    def __init__(self, **options: Any) -> None:
        self.server = EngineServer(async_mode="aiohttp", cors_allowed_origins="*", **options)
        self.gone: list[tuple[str, str]] = []
        self.server.on("message", self._message)
        self.server.on("disconnect", lambda sid, reason: self.gone.append((sid, reason)))

    async def _message(self, sid: str, data: Any) -> None:
        await self.server.send(sid, data)


@pytest.fixture
def echo() -> Echo:
    """Timers of a production server."""
    return Echo()


@pytest.fixture
async def house(echo: Echo) -> AsyncIterator[House]:
    """The server, served."""
    async with serving(echo.server, "engine.io") as house:
        yield house


@pytest.fixture
def quick() -> Echo:
    """Pings every 100 ms, answered within 80."""
    return Echo(ping_interval=0.1, ping_timeout=0.08)


@pytest.mark.parametrize(
    ("interval", "patience", "said"),
    [(25, 20, (25000, 20000)), (0.3, 0.2, (300, 200)), ((0.5, 0.25), 0.2, (750, 200))],
)
async def test_the_handshake_says_the_timers_in_milliseconds(
    interval: Any, patience: float, said: Any
) -> None:
    """Below a second too."""
    async with serving(Echo(ping_interval=interval, ping_timeout=patience).server, "engine.io") as house:
        opened = (await house.polling()).opened
        assert (opened["pingInterval"], opened["pingTimeout"]) == said
        assert opened["upgrades"] == ["websocket"]
        async with house.websocket() as speaker:
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
    house: House, method: str, query: str, status: int, code: int
) -> None:
    """Each is answered with Engine.IO's code and opens no session."""
    got, text = await house.request(method, query)
    assert (got, json.loads(text)["code"]) == (status, code)


async def test_polling_carries_text_and_binary(house: House) -> None:
    """Several packets in a body, in order."""
    poller = await house.polling()
    assert await poller.post("4one\x1e4två\x1ebAQIDBA==") == (200, "ok")
    assert await poller.get() == (200, "4one\x1e4två\x1ebAQIDBA==")


async def test_a_poll_waits_for_something_to_say(house: House) -> None:
    """It is answered when a packet comes, not before."""
    poller = await house.polling()
    waiting = asyncio.create_task(poller.get())
    await asyncio.sleep(0)
    await poller.post("4late")
    assert await waiting == (200, "4late")


async def test_a_bad_body_ends_the_session(house: House, echo: Echo) -> None:
    """At once: the next poll finds none."""
    poller = await house.polling()
    assert (await poller.post("nonsense"))[0] == 400
    assert (await poller.get())[0] == 400
    assert echo.gone == [(poller.opened["sid"], reasons.PARSE_ERROR)]


async def test_a_body_too_long_is_not_read(house: House) -> None:
    """One over a megabyte."""
    poller = await house.polling()
    assert (await poller.post(b"4" + b"x" * 1_000_001))[0] == 413


async def test_a_second_poll_ends_the_session(house: House, echo: Echo) -> None:
    """The first is told CLOSE, the second gets an error."""
    poller = await house.polling()
    first = asyncio.create_task(poller.get())
    await until(lambda: _polling(echo, poller.opened["sid"]), "the poll did not arrive")
    assert (await poller.get())[0] == 400
    assert await first == (200, "1")
    assert (await poller.get())[0] == 400


def _polling(echo: Echo, sid: str) -> bool:
    return echo.server.sockets[sid].carrier._waiter is not None  # type: ignore[union-attr]


async def test_hanging_up_on_a_poll_ends_the_session(house: House, echo: Echo) -> None:
    """What such a client missed cannot be known."""
    poller = await house.polling()
    waiting = asyncio.create_task(poller.get())
    await until(lambda: _polling(echo, poller.opened["sid"]), "the poll did not arrive")
    waiting.cancel()
    await until(lambda: echo.gone, "the session did not end")
    assert echo.gone == [(poller.opened["sid"], reasons.TRANSPORT_CLOSE)]


async def test_a_close_over_polling_ends_the_poll(house: House, echo: Echo) -> None:
    """With a NOOP, since the client asked for it."""
    poller = await house.polling()
    waiting = asyncio.create_task(poller.get())
    await until(lambda: _polling(echo, poller.opened["sid"]), "the poll did not arrive")
    await poller.post("1")
    assert await waiting == (200, "6")
    assert echo.gone == [(poller.opened["sid"], reasons.CLIENT_DISCONNECT)]


async def test_a_websocket_carries_text_and_binary(house: House) -> None:
    """Of any size up to the limit, fragments or not."""
    async with house.websocket() as speaker:
        await speaker.expect("0")
        for packet in ("4hello", b"\x01\x02", "4" + "x" * 70_000, '4{"a": 1}'):
            await speaker.say(packet)
            heard = await speaker.hear()
            assert heard == (packet.replace(" ", "") if isinstance(packet, str) else packet)


@pytest.mark.parametrize("packet", ["", "nonsense", "2", "9", "5"])
async def test_a_bad_packet_closes_a_websocket(house: House, echo: Echo, packet: str) -> None:
    """With 1002, and the session with it."""
    async with house.websocket() as speaker:
        await speaker.expect("0")
        await speaker.say(packet)
        assert await speaker.ended() == 1002
    assert [reason for _, reason in echo.gone] == [reasons.PARSE_ERROR]
    assert not echo.server.sockets


async def test_a_packet_too_big_closes_a_websocket(house: House) -> None:
    """With 1009."""
    async with house.websocket() as speaker:
        await speaker.expect("0")
        await speaker.say("4" + "x" * 1_000_000)
        assert await speaker.ended() == 1009


async def test_a_websocket_ping_is_ponged(house: House) -> None:
    """That of WebSocket itself, not Engine.IO's."""
    async with house.http.ws_connect(f"{house.url}?EIO=4&transport=websocket", autoping=False) as socket:
        await socket.receive_str()
        await socket.ping(b"there?")
        assert (await socket.receive()).data == b"there?"


async def test_pings_go_on_while_they_are_answered(quick: Echo) -> None:
    """Over both transports."""
    async with serving(quick.server, "engine.io") as house:
        async with house.websocket() as speaker:
            speaker.deaf = True
            await speaker.expect("0")
            for _ in range(4):
                assert await speaker.hear() == "2"
                await speaker.say("3")
        poller = await house.polling()
        for _ in range(4):
            assert await poller.get() == (200, "2")
            await poller.post("3")


async def test_an_unanswered_ping_ends_the_session(quick: Echo) -> None:
    """After the interval and the time-out, over both transports, and with TCP."""
    async with serving(quick.server, "engine.io") as house:
        loop = asyncio.get_running_loop()
        async with house.websocket() as speaker:
            begun = loop.time()
            assert await speaker.ended() is not None
            assert 0.15 < loop.time() - begun < 0.6
        await house.polling()
        await until(lambda: len(quick.gone) == 2, "the polling session did not end")
        assert {reason for _, reason in quick.gone} == {reasons.PING_TIMEOUT}


async def test_pongs_that_nobody_asked_for_keep_nobody_alive(quick: Echo) -> None:
    """A client cannot answer ahead."""
    async with serving(quick.server, "engine.io") as house, house.websocket() as speaker:
        await speaker.expect("0")
        await speaker.say("3", "3", "3")
        await speaker.ended()
    assert quick.gone[0][1] == reasons.PING_TIMEOUT


async def test_an_upgrade_loses_nothing(house: House, echo: Echo) -> None:
    """What waits for polling goes out over the WebSocket."""
    poller = await house.polling()
    waiting = asyncio.create_task(poller.get())
    async with house.websocket(f"EIO=4&transport=websocket&sid={poller.opened['sid']}") as speaker:
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


async def test_a_second_websocket_leaves_the_first_alone(house: House) -> None:
    """It is closed; the session goes on."""
    poller = await house.polling()
    query = f"EIO=4&transport=websocket&sid={poller.opened['sid']}"
    async with house.websocket(query) as speaker:
        await speaker.say("2probe")
        await speaker.expect("3probe")
        async with house.websocket(query) as second:
            await second.ended()
        await speaker.say("5", "4still here")
        assert await speaker.hear() == "4still here"


@pytest.mark.parametrize("packets", [["4too early"], ["5"], [b"\x00"], ["2probe", "2probe"]])
async def test_a_failed_probe_leaves_polling_alone(house: House, packets: list[Any]) -> None:
    """Whatever it says instead of a probe and an upgrade."""
    poller = await house.polling()
    async with house.websocket(f"EIO=4&transport=websocket&sid={poller.opened['sid']}") as probe:
        await probe.say(*packets)
        await probe.ended()
    await poller.post("4here")
    assert await poller.get() == (200, "4here")


async def test_a_probe_that_stalls_is_given_up() -> None:
    """After the upgrade time-out."""
    echo = Echo(upgrade_timeout=0.05)
    async with serving(echo.server, "engine.io") as house:
        poller = await house.polling()
        async with house.websocket(f"EIO=4&transport=websocket&sid={poller.opened['sid']}") as probe:
            await probe.ended()
        await poller.post("4here")
        assert await poller.get() == (200, "4here")


async def test_every_end_closes_tcp_and_is_told_once(house: House, echo: Echo) -> None:
    """Ended by the client, by the server, by a vanished connection."""
    async with house.websocket() as speaker:
        await speaker.expect("0")
        await speaker.say("1")
        assert await speaker.ended() == 1000
    async with house.websocket() as speaker:
        sid = json.loads((await speaker.expect("0"))[1:])["sid"]
        await echo.server.disconnect(sid)
        assert await speaker.ended() == 1000
    async with house.websocket() as speaker:
        await speaker.expect("0")
        speaker.socket.get_extra_info("socket").shutdown(2)
        await until(lambda: len(echo.gone) == 3, "a disconnect was not told")
    assert [reason for _, reason in echo.gone] == [
        reasons.CLIENT_DISCONNECT, reasons.SERVER_DISCONNECT, reasons.TRANSPORT_CLOSE,
    ]  # fmt: skip
    assert not echo.server.sockets


async def test_a_shutdown_says_going_away(echo: Echo) -> None:
    """1001, and the handlers have run when it is done."""
    async with serving(echo.server, "engine.io") as house, house.websocket() as speaker:
        await speaker.expect("0")
        ended = asyncio.create_task(speaker.ended())
        await echo.server.shutdown()
        assert await ended == 1001
    assert [reason for _, reason in echo.gone] == [reasons.SERVER_SHUTDOWN]


async def test_a_peer_that_does_not_close_is_cut_off() -> None:
    """The server does not wait for ever for the other half of a close."""
    echo = Echo(close_timeout=0.05)
    async with serving(echo.server, "engine.io") as house:
        reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
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


async def test_bytes_that_come_with_the_upgrade_request_are_heard(house: House) -> None:
    """A client need not wait for the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(upgrade_request() + masked(1, b"4early"))
    async with asyncio.timeout(PATIENCE_S):
        await reader.readuntil(b"4early")
    writer.close()


async def test_origins() -> None:
    """One's own, and those of a list if there is one; browsers get CORS headers."""
    url = "EIO=4&transport=polling"
    async with serving(EngineServer(async_mode="aiohttp"), "engine.io") as own:
        assert (await own.request("GET", url, headers={"Origin": "https://evil.example"}))[0] == 403
        assert (await own.request("GET", url, headers={"Origin": f"http://127.0.0.1:{own.port}"}))[0] == 200
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await own.http.ws_connect(f"{own.url}?EIO=4&transport=websocket", origin="https://evil.example")
    listed = EngineServer(async_mode="aiohttp", cors_allowed_origins=["https://app.example"])
    async with serving(listed, "engine.io") as listed_house:
        assert (await listed_house.request("GET", url, headers={"Origin": "https://app.example"}))[0] == 200
        own_page = {"Origin": f"http://127.0.0.1:{listed_house.port}"}
        assert (await listed_house.request("GET", url, headers=own_page))[0] == 200
        assert (await listed_house.request("GET", url, headers={"Origin": "https://evil.example"}))[0] == 403
        async with listed_house.http.options(
            f"{listed_house.url}?{url}", headers={"Origin": "https://app.example"}
        ) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example"


@pytest.mark.parametrize("origin", ["ws://{host}", "wss://{host}", "https://{host}", "capacitor://localhost"])
@pytest.mark.parametrize("listed", [None, ["https://app.example"]])
async def test_apps_open_a_websocket_with_the_origins_that_they_send(origin: str, listed: Any) -> None:
    """An iOS client makes one of the address that it connects to, others have schemes of their own."""
    server = EngineServer(async_mode="aiohttp", cors_allowed_origins=listed)
    async with serving(server, "engine.io") as house:
        sent = origin.format(host=f"127.0.0.1:{house.port}")
        async with house.http.ws_connect(f"{house.url}?EIO=4&transport=websocket", origin=sent) as socket:
            assert (await socket.receive_str()).startswith("0{")


async def test_behind_a_proxy_the_own_host_is_what_the_proxy_was_asked_for() -> None:
    """Only a trusted one says so."""
    said = {"Origin": "https://talk.example", "X-Forwarded-Host": "talk.example"}
    for proxies, status in ((("127.0.0.1",), 200), ((), 403)):
        server = EngineServer(async_mode="aiohttp", trusted_proxies=proxies)
        async with serving(server, "engine.io") as house:
            assert (await house.request("GET", "EIO=4&transport=polling", headers=said))[0] == status


@pytest.mark.parametrize(
    ("proxies", "forwarded", "seen"),
    [
        ((), "203.0.113.9", "127.0.0.1"),
        (("127.0.0.1",), "203.0.113.9", "203.0.113.9"),
        (("127.0.0.0/8",), "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (("127.0.0.1", "10.0.0.0/8"), "6.6.6.6, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        (("127.0.0.1",), "", "127.0.0.1"),
        (("127.0.0.1",), "not an address", "127.0.0.1"),
        (("127.0.0.1",), "203.0.113.9:49152", "203.0.113.9"),
    ],
)
async def test_the_peers_address(proxies: tuple[str, ...], forwarded: str, seen: str) -> None:
    """What a trusted proxy says, and never what a client says of itself."""
    server = EngineServer(async_mode="aiohttp", trusted_proxies=proxies)
    met: list[str] = []
    server.on("connect", lambda _sid, environ: met.append(environ["REMOTE_ADDR"]))
    async with serving(server, "engine.io") as house:
        await house.request("GET", "EIO=4&transport=polling", headers={"X-Forwarded-For": forwarded})
    assert met == [seen]


async def test_a_head_too_long_is_one_line_in_the_log(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """Without a traceback, and without what the client sent."""
    assert (await house.request("GET", "EIO=4&transport=polling", headers={"X-A": "a" * 9000}))[0] == 400
    lines = [record for record in caplog.records if record.name == "aiohttp.server"]
    assert [(line.exc_info, "aaa" in line.getMessage()) for line in lines] == [(None, False)]


async def test_figures_are_there_before_the_first_request() -> None:
    """A scrape may come before any client."""
    server = EngineServer(async_mode="aiohttp")
    assert (server.steps.running, len(server.sockets)) == (0, 0)
    async with serving(server, "engine.io") as house:
        await house.polling()
        assert server.steps.running == 0


async def test_a_connect_handler_may_refuse() -> None:
    """401 with what it returned; nothing is left of the session."""
    server = EngineServer(async_mode="aiohttp")
    server.on("connect", lambda _sid, _environ: {"why": "no"})
    async with serving(server, "engine.io") as house:
        assert await house.request("GET", "EIO=4&transport=polling") == (401, '{"why":"no"}')
        assert not server.sockets


async def test_a_closed_gate_answers_503_to_new_sessions_only() -> None:
    """A draining server still serves those that it has."""
    open_ = [True]
    echo = Echo(gate=lambda: open_[0])
    async with serving(echo.server, "engine.io") as house:
        poller = await house.polling()
        open_[0] = False
        assert (await house.request("GET", "EIO=4&transport=polling"))[0] == 503
        await poller.post("4still")
        assert await poller.get() == (200, "4still")


async def test_deflate_is_not_accepted(house: House) -> None:
    """It costs a hundred times the memory of a connection."""
    async with house.http.ws_connect(f"{house.url}?EIO=4&transport=websocket", compress=15) as socket:
        assert socket.compress == 0


async def test_deflate_when_a_setting_asks_for_it() -> None:
    """Both ways, of any size, each message for itself; what inflates to too much is refused."""
    async with serving(Echo(deflate_threshold=100).server, "engine.io") as house:
        url = f"{house.url}?EIO=4&transport=websocket"
        async with house.http.ws_connect(url, compress=15) as socket:
            assert socket.compress
            await socket.receive_str()
            for message in ("4short", "4" + "long " * 10_000, "4" + "x" * 99, "4again " * 500):
                await socket.send_str(message)
                assert await socket.receive_str() == message
            await socket.send_bytes(bytes(5000))
            assert await socket.receive_bytes() == bytes(5000)
            await socket.send_str("4" + "0" * 2_000_000)
            await socket.receive()
            assert socket.close_code == 1009
        async with house.http.ws_connect(url) as socket:
            assert not socket.compress
