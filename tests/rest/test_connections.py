"""TCP connections as strangers make them: silent, slow, endless, many. Raw sockets, no store behind."""

import asyncio
import logging
import subprocess
import sys
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from core.settings import Settings
from realtime.transport import EngineServer
from rest.http.listening import listening
from tests.patience import PATIENCE_S
from tests.rest.surrounded import surroundings
from tests.transport.speaker import until, upgrade_request

GET = b"GET / HTTP/1.1\r\nHost: x\r\n"


class Body(bytearray):
    """What is answered, so that one sees whether it is still there."""


class Door:
    """A served application with one page, which waits while it is told to."""

    def __init__(self) -> None:
        self.port = 0
        self.asked = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()
        self.ended = asyncio.Event()
        self.said: list[weakref.ref[Body]] = []
        self.engine = EngineServer(async_mode="aiohttp")

    async def page(self, _request: web.Request) -> web.Response:
        self.asked.set()
        await self.open.wait()
        body = Body(b"page")
        self.said.append(weakref.ref(body))
        return web.Response(body=body, content_type="text/plain")

    async def much(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        try:
            await response.prepare(request)
            while True:
                await response.write(b"x" * 100_000)
        finally:
            self.ended.set()

    async def connect(self, said: bytes = b"", *, host: str = "127.0.0.1") -> "HttpCaller":
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(host, 0))
        writer.write(said)
        return HttpCaller(reader, writer)


class HttpCaller:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, headers: bytes = b"") -> int:
        """The status of one more request."""
        self.writer.write(GET + headers + b"\r\n")
        return await self.status()

    async def status(self) -> int:
        """The status of an answer, whose body has a length."""
        async with asyncio.timeout(PATIENCE_S):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]
            await self.reader.readexactly(int(length or b"0"))
        return int(head.split(b" ")[1])

    async def ended(self) -> bytes:
        """What still comes before the server closes."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    def drop(self) -> None:
        self.writer.transport.abort()


@asynccontextmanager
async def serving(**settings: Any) -> AsyncIterator[Door]:
    door = Door()
    app = web.Application(middlewares=[surroundings()])
    app.router.add_get("/", door.page)
    app.router.add_get("/much", door.much)
    door.engine.attach(app)
    async with listening(app, Settings(port=0, **settings)) as port:
        door.port = port
        yield door
        door.open.set()


@pytest.mark.parametrize("said", [b"", b"GET", GET, GET + b"X-A: b"])
async def test_a_head_that_does_not_come_ends_the_connection(said: bytes) -> None:
    """Whatever was said of it."""
    async with serving(head_s=1) as door:
        assert await (await door.connect(said)).ended() == b""


async def test_a_head_that_comes_in_drops_ends_the_connection() -> None:
    """Each drop is no new beginning."""
    async with serving(head_s=1) as door:
        caller = await door.connect(GET)
        ended = asyncio.create_task(caller.ended())
        while not ended.done():
            caller.writer.write(b"X-A: b\r\n")
            await asyncio.wait([ended], timeout=0.1)
        assert await ended == b""


async def test_a_second_head_has_no_more_time_than_the_first() -> None:
    """A connection that was served once is not let off."""
    async with serving(head_s=1, keep_alive_s=3600) as door:
        caller = await door.connect(GET + b"\r\n")
        assert await caller.status() == 200
        caller.writer.write(GET)
        assert await caller.ended() == b""


async def test_an_idle_connection_is_kept_for_a_while() -> None:
    async with serving(keep_alive_s=5) as door:
        caller = await door.connect()
        assert [await caller.ask(), await caller.ask()] == [200, 200]
        assert await caller.ended() == b""


async def test_who_does_not_read_is_let_go() -> None:
    """The handler need not wait for ever for the kernel to take more."""
    async with serving(keep_alive_s=1) as door:
        caller = await door.connect(b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n")
        caller.writer.transport.pause_reading()  # type: ignore[attr-defined]
        async with asyncio.timeout(PATIENCE_S):
            await door.ended.wait()
        caller.drop()


async def test_an_idle_connection_keeps_nothing_of_what_was_answered() -> None:
    """It may idle for a minute, and a proxy's for an hour."""
    async with serving() as door:
        caller = await door.connect()
        assert [await caller.ask(), await caller.ask()] == [200, 200]
        assert len(door.said) == 2
        await until(lambda: [body() for body in door.said] == [None, None], "an answer is kept")
        assert await caller.ask() == 200


async def test_a_slow_answer_is_waited_for() -> None:
    """The time for heads is not that for answers."""
    async with serving(head_s=1, keep_alive_s=1) as door:
        door.open.clear()
        caller = await door.connect(GET + b"\r\n")
        silent = await door.connect()
        await silent.ended()  # so long has it been
        await asyncio.wait_for(door.asked.wait(), PATIENCE_S)
        door.open.set()
        assert await caller.status() == 200


async def test_one_address_has_its_share() -> None:
    """The next one is told 503; others are served; who leaves makes room."""
    async with serving(max_connections_an_address=3) as door:
        callers = [await door.connect() for _ in range(3)]
        assert [await caller.ask() for caller in callers] == [200] * 3
        assert await (await door.connect(GET + b"\r\n")).status() == 503
        assert await (await door.connect(host="127.0.0.2")).ask() == 200
        callers.pop().drop()
        await _let_in(door)


async def _let_in(door: Door) -> None:
    """Until one more is served: an end takes a moment to be seen."""
    async with asyncio.timeout(PATIENCE_S):
        while (status := await (await door.connect(GET + b"\r\n")).status()) != 200:
            assert status == 503


async def test_an_address_is_bounded_only_where_limits_are_on() -> None:
    async with serving(max_connections_an_address=1, rate_limits="off") as door:
        callers = [await door.connect() for _ in range(3)]
        assert [await caller.ask() for caller in callers] == [200] * 3


async def test_a_websocket_keeps_its_place_until_it_ends() -> None:
    """It is one connection, whether aiohttp or the WebSocket reads it."""
    async with serving(max_connections_an_address=2) as door:
        sockets = [await door.connect(upgrade_request()) for _ in range(2)]
        for socket in sockets:
            await asyncio.wait_for(socket.reader.readuntil(b'"maxPayload"'), PATIENCE_S)
        assert await (await door.connect(GET + b"\r\n")).status() == 503
        sockets.pop().drop()
        await _let_in(door)


async def test_behind_a_proxy_the_forwarded_address_counts() -> None:
    """Its connections do not, and each request counts only while it lasts."""
    async with serving(max_connections_an_address=1, trusted_proxies="127.0.0.0/8") as door:
        door.open.clear()
        waiting, second, other = [await door.connect() for _ in range(3)]
        waiting.writer.write(GET + b"X-Forwarded-For: 203.0.113.9:4000\r\n\r\n")
        await asyncio.wait_for(door.asked.wait(), PATIENCE_S)
        assert await second.ask(b"X-Forwarded-For: 203.0.113.9:4001\r\n") == 429
        door.open.set()
        assert await waiting.status() == 200
        assert await other.ask(b"X-Forwarded-For: 203.0.113.10\r\n") == 200
        assert await second.ask(b"X-Forwarded-For: 203.0.113.9\r\n") == 200


async def test_a_websocket_behind_a_proxy_counts_for_its_client() -> None:
    """For as long as it is open."""
    forwarded = b"X-Forwarded-For: 203.0.113.9\r\n"
    async with serving(max_connections_an_address=1, trusted_proxies="127.0.0.0/8") as door:
        socket = await door.connect(upgrade_request().removesuffix(b"\r\n") + forwarded + b"\r\n")
        await asyncio.wait_for(socket.reader.readuntil(b'"maxPayload"'), PATIENCE_S)
        caller = await door.connect()
        assert await caller.ask(forwarded) == 429
        socket.drop()
        async with asyncio.timeout(PATIENCE_S):
            while await caller.ask(forwarded) != 200:
                pass


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"X-A: " + b"a" * 9000 + b"\r\n", 431),
        (b"".join(b"X-%d: %b\r\n" % (i, b"a" * 8000) for i in range(8)), 400),
        (b"".join(b"X-%d: a\r\n" % i for i in range(1000)), 400),
        (b"no header\r\n", 400),
        (b"X-A: b\r\n" * 20, 200),
    ],
)
async def test_heads_are_bounded(
    headers: bytes, status: int, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each header, their number and all of them together; nobody fills the log with it."""
    async with serving() as door:
        caller = await door.connect()
        assert await caller.ask(headers) == status
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert "Traceback" not in "".join(capfd.readouterr())


async def test_what_is_no_http_tells_nobody_of_which_version_the_server_is() -> None:
    """As every other answer."""
    async with serving() as door:
        answer = await (await door.connect(b"nonsense\r\n\r\n")).ended()
    assert b" 400 " in answer
    assert b"\r\nServer: realtime-connect\r\n" in answer


async def test_a_head_without_end_is_not_gathered() -> None:
    """It is refused at its bound, not when it is whole."""
    async with serving(max_head_bytes=16_000) as door:
        caller = await door.connect(GET)
        ended = asyncio.create_task(caller.ended())
        sent = 0
        while not ended.done() and sent < 100_000:
            caller.writer.write(b"X-%d: %b\r\n" % (sent, b"a" * 1000))
            sent += 1000
            await asyncio.wait([ended], timeout=0.02)
        await ended
    assert 15_000 <= sent < 100_000


def test_a_process_asks_for_descriptors_and_keeps_some() -> None:
    """Soft limit to what is allowed; a quarter of what is left for one address.

    Of what it keeps for itself nobody is warned, but of a limit that is too low.
    """
    said = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 1024))
from core.settings import Settings
from rest.http.listening import connection_limits
from tests.patience import PATIENCE_S
assert connection_limits(Settings(max_connections=1000)).seats.most == 814
seats = connection_limits(Settings()).seats
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0], seats.most, seats.most_each)
resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
try:
    connection_limits(Settings())
except OSError as error:
    print(error)
"""
    ran = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True, timeout=60)
    warned, figures, refused = ran.stdout.splitlines()
    assert "There is room for 814 connections, not for MAX_CONNECTIONS=20000" in warned
    assert "Let it open 20210 (ulimit -n;" in warned
    assert "or set MAX_CONNECTIONS=814." in warned
    assert figures.split() == ["1024", "814", "203"]
    assert refused.startswith("MAX_CONNECTIONS: 128 open files are allowed, and 211 are needed at least")
