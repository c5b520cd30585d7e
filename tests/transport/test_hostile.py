"""Clients that mean harm: garbage, floods, deafness, coming and going. Nothing raises, grows or stays.

HOSTILE_ROUNDS=100000 asks for the full measure, which takes minutes.
"""

import asyncio
import gc
import logging
import os
import random
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from realtime.transport import SocketServer, reasons
from realtime.transport.client import SocketClient
from realtime.transport.rooms import Member
from realtime.transport.session import Session
from realtime.transport.websocket import WebSocket
from tests.transport.speaker import EngineHarness, serving, until, upgrade_request
from tests.transport.test_frames import masked

ROUNDS = int(os.environ.get("HOSTILE_ROUNDS", "2000"))
AT_ONCE = 50
LOG_BYTES_A_ROUND = 50  # 5 MB for 100,000
TOO_LONG = masked(1, b"x" * 70_000)


class LogLines(logging.Handler):
    """Counts what is logged, as text."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0
        self.tracebacks = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.bytes += len(self.format(record))
        self.tracebacks += record.exc_info is not None


@pytest.fixture
def log() -> Iterator[LogLines]:
    """Everything that any logger says."""
    log = LogLines()
    names = ("", "engineio.server", "socketio.server", "aiohttp.server", "asyncio")
    for name in names:
        logging.getLogger(name).addHandler(log)
    yield log
    for name in names:
        logging.getLogger(name).removeHandler(log)


@pytest.fixture
def server() -> SocketServer:
    """A server with the limits of the product."""
    server = SocketServer(async_mode="aiohttp", max_http_buffer_size=65536, close_timeout=0.2)

    async def anything(_event: str, _sid: str, *values: Any) -> Any:
        return values

    server.on("*", anything)
    return server


@pytest.fixture
async def harness(server: SocketServer) -> AsyncIterator[EngineHarness]:
    """The server, served."""
    async with serving(server) as harness:
        yield harness


def garbage(chance: random.Random) -> bytes:
    """Frames that are no Engine.IO, no Socket.IO, no JSON or no frames."""
    noise = chance.randbytes(chance.randrange(1, 200))
    texts = (
        b"", b"x", b"4", b"42", b"42" + b"[" * 5000, b'42["a",' + b'{"a":' * 500, b"42[" + noise,
        noise, b"4" + noise,
        b'42["connect",{},{}]', b'42["disconnect"]', b"4599999-[]",
        b'451-["a",{"_placeholder":true,"num":9}]',
        b"43999999999999999999999[]", b"40" + noise, b"40[]", b'42["a",1e999999]', b"2probe", b"5", b"0{}",
        b"\xff\xfe",
    )  # fmt: skip
    text = chance.choice(texts)
    # Made when it is drawn: masking costs more than a server's whole refusal.
    frames: tuple[Callable[[], bytes], ...] = (
        lambda: masked(1, text), lambda: masked(1, text), lambda: masked(1, text), lambda: masked(2, noise),
        lambda: masked(1, text, rsv=0x40), lambda: masked(chance.randrange(3, 8), noise),
        lambda: masked(0, noise), lambda: TOO_LONG, lambda: masked(8, noise[:1]),
        lambda: b"\x81\xff" + b"\xff" * 8, lambda: noise, lambda: masked(9, noise[:125], final=False),
    )  # fmt: skip
    return chance.choice(frames)()


def nothing_left(server: SocketServer) -> bool:
    """No session, no member, no deadline."""
    return not (server.eio.sockets or server.manager.spaces or any(map(len, server.eio.deadlines)))


async def _spit(harness: EngineHarness, chance: random.Random, *, joined: bool) -> None:
    """One connection, one piece of garbage, whether or not it is closed for it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", harness.port)
    try:
        writer.write(upgrade_request("socket.io") + (masked(1, b"40") if joined else b"") + garbage(chance))
        writer.write_eof()
        while await reader.read(65536):
            pass
    except ConnectionError:
        pass
    finally:
        writer.close()


async def test_garbage_frames(harness: EngineHarness, server: SocketServer, log: LogLines) -> None:
    """Before and after CONNECT, many at a time."""
    chance = random.Random(7)
    for begun in range(0, ROUNDS, AT_ONCE):
        await asyncio.gather(*(_spit(harness, chance, joined=(begun + i) % 2 == 0) for i in range(AT_ONCE)))
    await until(lambda: nothing_left(server), "something leaked")
    assert log.tracebacks == 0
    assert log.bytes < max(LOG_BYTES_A_ROUND * ROUNDS, 20_000)


async def test_the_place_of_the_catch_all_is_a_name_like_any(
    harness: EngineHarness, server: SocketServer
) -> None:
    """Nobody speaks with the session id of another by naming it where the catch-all is told the own one."""
    heard: list[Any] = []
    server.on("*", lambda event, sid, *values: heard.append((event, sid, values)))
    async with harness.connected() as ana:
        await ana.say('421["*","another",{}]')
        assert await ana.hear() == "431[]"
        assert heard == [("*", ana.sid, ("another", {}))]


async def test_garbage_bodies(harness: EngineHarness, server: SocketServer, log: LogLines) -> None:
    """Each ends the session that it is sent to."""
    chance = random.Random(8)
    for _ in range(ROUNDS // 4):
        poller = await harness.polling()
        body = chance.choice(
            (
                b"",
                b"x",
                b"4\x1e",
                b"b" + chance.randbytes(20),
                chance.randbytes(100),
                b"4\x1e" * 2000,
                b"2",
                b"7",
                b"40\x1e42{}",
            )
        )
        await poller.post(body)
        await harness.request("GET", poller.query + "&burst=1")
        await poller.post("1")
    await until(lambda: nothing_left(server), "something leaked")
    assert log.tracebacks == 0
    assert log.bytes < max(LOG_BYTES_A_ROUND * ROUNDS, 20_000)


async def test_garbage_on_one_connection_ends_with_the_first(
    harness: EngineHarness, server: SocketServer, log: LogLines
) -> None:
    """A flood after it is read and dropped, for a bounded while."""
    chance = random.Random(9)
    reader, writer = await asyncio.open_connection("127.0.0.1", harness.port)
    writer.write(upgrade_request("socket.io") + masked(1, b"40"))
    await reader.readuntil(b'40{"sid"')
    try:
        for _ in range(200):
            writer.write(b"".join(garbage(chance) for _ in range(100)))
            await writer.drain()
    except ConnectionError:
        pass
    await until(lambda: nothing_left(server), "something leaked")
    writer.close()
    assert log.tracebacks == 0
    assert log.bytes < 20_000


async def test_fifty_slow_readers(server: SocketServer) -> None:
    """Each is thrown out before it has a megabyte; who reads is not kept waiting."""
    gone: list[str] = []
    server.on("disconnect", lambda _sid, reason: gone.append(reason))
    slow_count, worst = 50, 0
    async with serving(server) as harness, harness.connected() as reader:
        slow = []
        for _ in range(slow_count):
            stream, writer = await asyncio.open_connection("127.0.0.1", harness.port, limit=1024)
            writer.write(upgrade_request("socket.io") + masked(1, b"40"))
            await stream.readuntil(b'40{"sid"')
            slow.append(writer)
        sids = [sid for sid in server.manager.spaces["/"].members if sid != reader.sid]
        for number in range(5000):
            for sid in sids:
                await server.emit("news", "x" * 16_000 + str(number), to=sid)
            worst = max(worst, *map(_waiting, server.eio.sockets.values()))
            if not number % 50:
                await server.emit("tick", to=reader.sid)
                assert await reader.hear() == '42["tick"]'
            if len(gone) == slow_count:
                break
        for writer in slow:
            writer.transport.abort()
    assert gone[:slow_count] == [reasons.SLOW_CONSUMER] * slow_count
    assert worst <= 2**20


def _waiting(session: Session) -> int:
    backlog = session.backlog.size if session.backlog is not None else 0
    transport = getattr(session.carrier, "_transport", None)
    return backlog + (transport.get_write_buffer_size() if transport is not None else 0)


async def test_coming_and_going_leaves_nothing(harness: EngineHarness, server: SocketServer) -> None:
    """No object of any kind that a connection has."""
    server.on("connect", lambda sid, _environ: server.manager.basic_enter_room(sid, "/", "hall"))
    tasks, objects = len(asyncio.all_tasks()), _objects_of_connections()

    async def come_and_go(number: int) -> None:
        async with harness.connected() as speaker:
            if number % 3 == 0:
                await speaker.say("41")
            elif number % 3 == 1:
                await speaker.say("1")

    for _ in range(0, ROUNDS // 4, AT_ONCE):
        await asyncio.gather(*(come_and_go(number) for number in range(AT_ONCE)))
    await until(lambda: nothing_left(server), "something leaked")
    await until(lambda: len(asyncio.all_tasks()) <= tasks + 16, "tasks leaked")
    await until(lambda: _objects_of_connections() <= objects, "objects leaked")


def _objects_of_connections() -> int:
    gc.collect()
    return sum(isinstance(each, (Session, SocketClient, Member, WebSocket)) for each in gc.get_objects())


async def test_a_flood_of_pings_is_not_answered_into_memory(
    harness: EngineHarness, server: SocketServer
) -> None:
    """A client that does not read gets no more pongs than fit."""
    reader, writer = await asyncio.open_connection("127.0.0.1", harness.port, limit=1024)
    writer.write(upgrade_request("socket.io") + masked(1, b"40"))
    await reader.readuntil(b'40{"sid"')
    session = next(iter(server.eio.sockets.values()))
    ping = masked(9, b"x" * 125) * 1000
    for _ in range(100):
        writer.write(ping)
        await asyncio.sleep(0)
        assert _waiting(session) < 2**18
    writer.transport.abort()
    await until(lambda: nothing_left(server), "something leaked")
