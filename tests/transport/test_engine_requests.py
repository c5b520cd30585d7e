"""Which requests may open a session: origins, proxies, refusals, what is compressed."""

from typing import Any

import aiohttp
import pytest

from realtime.transport import EngineServer
from tests.transport.echo import EchoServer
from tests.transport.speaker import serving


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
    async with serving(server, "engine.io") as harness:
        sent = origin.format(host=f"127.0.0.1:{harness.port}")
        async with harness.http.ws_connect(f"{harness.url}?EIO=4&transport=websocket", origin=sent) as socket:
            assert (await socket.receive_str()).startswith("0{")


async def test_behind_a_proxy_the_own_host_is_what_the_proxy_was_asked_for() -> None:
    """Only a trusted one says so."""
    said = {"Origin": "https://talk.example", "X-Forwarded-Host": "talk.example"}
    for proxies, status in (("127.0.0.1", 200), ("", 403)):
        server = EngineServer(async_mode="aiohttp", trusted_proxies=proxies)
        async with serving(server, "engine.io") as harness:
            assert (await harness.request("GET", "EIO=4&transport=polling", headers=said))[0] == status


@pytest.mark.parametrize(
    ("proxies", "forwarded", "seen"),
    [
        ("", "203.0.113.9", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.0/8", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1, 10.0.0.0/8", "6.6.6.6, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "not an address", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.9:49152", "203.0.113.9"),
    ],
)
async def test_the_peers_address(proxies: str, forwarded: str, seen: str) -> None:
    """What a trusted proxy says, and never what a client says of itself."""
    server = EngineServer(async_mode="aiohttp", trusted_proxies=proxies)
    met: list[str] = []
    server.on("connect", lambda _sid, environ: met.append(environ["REMOTE_ADDR"]))
    async with serving(server, "engine.io") as harness:
        await harness.request("GET", "EIO=4&transport=polling", headers={"X-Forwarded-For": forwarded})
    assert met == [seen]


async def test_a_head_too_long_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Without a traceback, and without what the client sent."""
    async with serving(EchoServer().server, "engine.io", taken=False) as harness:
        too_long = {"X-A": "a" * 9000}
        assert (await harness.request("GET", "EIO=4&transport=polling", headers=too_long))[0] == 400
    lines = [record for record in caplog.records if record.name == "aiohttp.server"]
    assert [(line.exc_info, "aaa" in line.getMessage()) for line in lines] == [(None, False)]


async def test_metrics_are_there_before_the_first_request() -> None:
    """A scrape may come before any client."""
    server = EngineServer(async_mode="aiohttp")
    assert (server.eager_tasks.running, len(server.sockets)) == (0, 0)
    async with serving(server, "engine.io") as harness:
        await harness.polling()
        assert server.eager_tasks.running == 0


async def test_a_connect_handler_may_refuse() -> None:
    """401 with what it returned; nothing is left of the session."""
    server = EngineServer(async_mode="aiohttp")
    server.on("connect", lambda _sid, _environ: {"why": "no"})
    async with serving(server, "engine.io") as harness:
        assert await harness.request("GET", "EIO=4&transport=polling") == (401, '{"why":"no"}')
        assert not server.sockets


async def test_a_closed_gate_answers_503_to_new_sessions_only() -> None:
    """A draining server still serves those that it has."""
    open_ = [True]
    echo = EchoServer(gate=lambda: open_[0])
    async with serving(echo.server, "engine.io") as harness:
        poller = await harness.polling()
        open_[0] = False
        assert (await harness.request("GET", "EIO=4&transport=polling"))[0] == 503
        await poller.post("4still")
        assert await poller.get() == (200, "4still")


async def test_deflate_is_not_accepted() -> None:
    """It costs a hundred times the memory of a connection."""
    async with serving(EchoServer().server, "engine.io") as harness:
        url = f"{harness.url}?EIO=4&transport=websocket"
        async with harness.http.ws_connect(url, compress=15) as socket:
            assert socket.compress == 0


async def test_deflate_when_a_setting_asks_for_it() -> None:
    """Both ways, of any size, each message for itself; what inflates to too much is refused."""
    async with serving(EchoServer(deflate_threshold=100).server, "engine.io") as harness:
        url = f"{harness.url}?EIO=4&transport=websocket"
        async with harness.http.ws_connect(url, compress=15) as socket:
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
        async with harness.http.ws_connect(url) as socket:
            assert not socket.compress
