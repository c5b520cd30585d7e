"""What is answered without aiohttp's requests: the same as with them, whatever is sent, in any pieces."""

import asyncio
import re
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

from core.settings import Settings
from realtime.transport import SocketServer
from realtime.transport.frames import text_frame
from rest.http.headers import SAFE
from rest.http.listening import listening
from tests.patience import PATIENCE_S
from tests.rest.surrounded import surroundings
from tests.transport.speaker import EngineHarness, awaited, serving, until, upgrade_request
from tests.transport.test_frames import masked

MOST = 1000
ECHO = b'421["echo",1]'
BIG = b'422["big"]'
TICK = b'42["tick"]'
LAST = b"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def server(*, fast: bool, ping_s: float = 600) -> SocketServer:
    made = SocketServer(
        ping_interval=ping_s, ping_timeout=600,
        async_mode="aiohttp", cors_allowed_origins=["https://app.example"], max_http_buffer_size=MOST,
        answer_headers=SAFE,
    )  # fmt: skip

    async def echo(_sid: str, value: Any) -> Any:
        return value

    async def big(_sid: str) -> str:
        return "x" * 3000

    made.on("echo", echo)
    made.on("big", big)
    if not fast:
        made.eio._fast_path.serve = _nowhere  # type: ignore[method-assign]
    return made


def _nowhere(path: str) -> None:
    """The fast path is for no requests."""


def post(body: bytes, *lines: bytes, query: bytes = b"", version: bytes = b"1.1") -> bytes:
    return head(b"POST", b"Content-Length: %d" % len(body), *lines, query=query, version=version) + body


def get(*lines: bytes, query: bytes = b"", method: bytes = b"GET", version: bytes = b"1.1") -> bytes:
    return head(method, *lines, query=query, version=version)


def head(method: bytes, *lines: bytes, query: bytes, version: bytes = b"1.1") -> bytes:
    first = b"%b /socket.io/?EIO=4&transport=polling&sid=SID%b HTTP/%b" % (method, query, version)
    return b"\r\n".join((first, b"Host: x", *lines, b"", b""))


JOINED = post(b"40") + get()
SHAPES: dict[str, bytes] = {
    "packets and a poll": JOINED + post(ECHO) + get(),
    "one after the other in one piece": JOINED + post(ECHO) * 3 + get(),
    "a poll that waits for what comes behind it": JOINED + get() + post(ECHO),
    "more than aiohttp lets queue": JOINED + post(b"3") * 300 + post(ECHO) + get(),
    "a request for aiohttp between them": JOINED + post(ECHO) + get(method=b"HEAD") + post(ECHO) + get(),
    "another origin": JOINED + get(b"Origin: https://evil.example") + post(ECHO, b"Origin: null"),
    "a listed origin": post(b"40", b"Origin: https://app.example") + get(b"Origin: https://app.example"),
    "its own origin": post(b"40", b"Origin: http://x") + get(b"Origin: http://x"),
    "a long answer": JOINED + post(BIG) + get(),
    "a long answer, packed": JOINED + post(BIG) + get(b"Accept-Encoding: gzip"),
    "a query with a time": post(b"40", query=b"&t=ab.1") + get(query=b"&t=abc"),
    "a query with an escape": post(b"40", query=b"&t=%41") + get(query=b"&x=a+b"),
    "a query that says it twice": post(b"40", query=b"&sid=other") + get(),
    "JSONP": JOINED + post(ECHO, query=b"&j=1") + get(query=b"&j=1"),
    "chunks": JOINED
    + get(b"Transfer-Encoding: chunked", method=b"POST")
    + b'2\r\n42\r\nb\r\n1["echo",1]\r\n0\r\n\r\n',
    "chunks and a length": JOINED + post(ECHO, b"Transfer-Encoding: chunked") + get(),
    "two lengths": JOINED + post(ECHO, b"Content-Length: 3") + get(),
    "two that are the same": JOINED + post(ECHO, b"Content-Length: 13") + get(),
    "a length that is none": JOINED + get(b"Content-Length: +13", method=b"POST") + ECHO,
    "a shorter length": JOINED + get(b"Content-Length: 2", method=b"POST") + post(ECHO),
    "a poll with a body": JOINED + get(b"Content-Length: 13") + post(ECHO) + get(),
    "a body that hides a request": JOINED + post(post(ECHO)) + post(ECHO) + get(),
    "a name with a space": JOINED + get(b"Content-Length : 3", method=b"POST") + b"abc",
    "a folded header": JOINED + get(b"X-A: b\r\n c") + post(ECHO),
    "line feeds alone": JOINED + get().replace(b"\r\n", b"\n") + post(ECHO),
    "a null": JOINED + get(b"X-A: \x00"),
    "no host": JOINED + get().replace(b"Host: x\r\n", b""),
    "a long header": JOINED + get(b"X-A: " + b"a" * 9000),
    "a long head, and a poll that waits": JOINED
    + get(*(b"X-%d: %b" % (number, b"a" * 4000) for number in range(9))),
    "the old version": post(b"40", version=b"1.0") + get(),
    "the old version, kept": post(b"40", b"Connection: keep-alive", version=b"1.0") + get(),
    "a close": post(b"40", b"Connection: close") + get(),
    "an expectation": JOINED + post(ECHO, b"Expect: 100-continue") + get(),
    "an encoded body": JOINED + post(ECHO, b"Content-Encoding: gzip") + get(),
    "an absolute target, and a poll that waits": JOINED
    + get().replace(b"GET /", b"GET http://x/")
    + post(ECHO),
    "other methods": JOINED + get(method=b"OPTIONS") + get(method=b"PUT") + get(method=b"DELETE"),
    "no packet": JOINED + post(b"") + get(),
    "no packet of Engine.IO": JOINED + post(b"x") + get(),
    "no packet of Socket.IO": JOINED + post(b"4x") + get(),
    "a close of the session": JOINED + post(b"1") + get(),
    "too much, and a poll that waits": JOINED + post(b"4" * (MOST + 1)) + get(),
    "too many, and a poll that waits": JOINED + post(b"\x1e".join([b"3"] * 1001)) + get(),
    "another session": get().replace(b"SID", b"nobody") + post(b"40").replace(b"SID", b"nobody"),
    "no HTTP": JOINED + b"\x16\x03\x01\r\n\r\n",
    "no HTTP behind a poll that waits": JOINED + get() + b"\x16\x03\x01\r\n\r\n",
}
CLOSED_EARLIER = {"no HTTP behind a poll that waits"}
"""The fast path closes at once; aiohttp waits for the poll, and then says what it was."""


async def said(harness: EngineHarness, shape: bytes, pieces: int) -> list[Any]:
    """All answers to these bytes on one connection, sent in pieces of this size."""
    reader, writer = await asyncio.open_connection("127.0.0.1", harness.port)
    writer.write(b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n")
    opened = await reader.readuntil(b"}")
    sid = re.findall(rb'"sid":"([^"]+)"', opened)[0]
    everything = (shape + LAST).replace(b"SID", sid)
    text = bytearray()
    try:
        for start in range(0, len(everything), pieces):
            writer.write(everything[start : start + pieces])
            await writer.drain()
            await asyncio.sleep(0)
        async with asyncio.timeout(PATIENCE_S):
            while some := await reader.read(1 << 16):
                text += some
    except ConnectionError:  # it was closed while there was still something to read: answers may be lost
        return []
    finally:
        writer.close()
    return list(answers(re.sub(rb'"sid":"[^"]{20}"', b'"sid":"%b"' % (b"x" * 20), bytes(text))))


async def all_said(pieces: int, *, fast: bool) -> dict[str, list[Any]]:
    """The same of all shapes, beside one another; a poll that waits is answered by a tick."""
    made = server(fast=fast)
    async with serving(made) as harness:
        ticking = asyncio.create_task(tick(made))
        try:
            heard = [said(harness, shape, pieces) for shape in SHAPES.values()]
            return dict(zip(SHAPES, await asyncio.gather(*heard), strict=True))
        finally:
            ticking.cancel()


async def tick(made: SocketServer) -> None:
    """Until cancelled."""
    while True:
        for session in filter(awaited, list(made.eio.sockets.values())):
            session.send(text_frame(TICK))
        await asyncio.sleep(0.05)


def answers(text: bytes) -> Iterator[tuple[bytes, list[bytes], bytes]]:
    """First line, headers but for the date and the length, and body of each."""
    while text:
        top, _, text = text.partition(b"\r\n\r\n")
        first, *lines = top.split(b"\r\n")
        fields = {line.partition(b": ")[0].lower(): line.partition(b": ")[2] for line in lines}
        size = int(fields.pop(b"content-length", b"0"))
        fields.pop(b"date", None)
        body = text[:size]
        text = text[size:]
        if fields.get(b"content-encoding") == b"gzip":
            body = zlib.decompress(body, zlib.MAX_WBITS | 16)
        yield first, sorted(b"%b: %b" % field for field in fields.items()), without_chance(body)


def without_chance(body: bytes) -> bytes:
    """Without a tick beside other packets: it came just then. A poll that waited has nothing else."""
    packets = body.split(b"\x1e")
    return b"\x1e".join([packet for packet in packets if packet != TICK] or packets[:1])


@pytest.mark.parametrize("pieces", [1 << 20, 61, 7])
async def test_the_answers_are_aiohttps(pieces: int) -> None:
    """One connection says it to a server with the fast path, another to one without."""
    without = await all_said(pieces, fast=False)
    with_it = await all_said(pieces, fast=True)
    for name in CLOSED_EARLIER:
        shorter, longer = with_it.pop(name), without.pop(name)
        assert longer[: len(shorter)] == shorter
    heard = [name for name in with_it if with_it[name] and without[name]]
    assert {name: with_it[name] for name in heard} == {name: without[name] for name in heard}
    assert len(heard) > len(SHAPES) // 2


async def test_no_request_of_aiohttps_is_made() -> None:
    """Neither of polls nor of packets; and a poll is answered when there is something."""
    made, of_others = server(fast=True), asyncio.all_tasks()
    async with serving(made) as harness:
        poller = await harness.polling()
        await poller.join()
        (session,) = made.eio.sockets.values()
        waiting = asyncio.create_task(poller.get())
        await until(lambda: awaited(session), "no poll waits")
        assert not any("_handle_request" in repr(task) for task in asyncio.all_tasks() - of_others)
        await made.emit("news", 1, to=next(iter(made.manager.spaces["/"].members)))
        assert await waiting == (200, '42["news",1]')


async def test_a_client_that_gives_up_its_poll_is_gone() -> None:
    """As with aiohttp's own requests."""
    made = server(fast=True)
    gone: list[str] = []
    made.on("disconnect", lambda _sid, reason: gone.append(reason))
    async with serving(made) as harness:
        poller = await harness.polling()
        await poller.join()
        (session,) = made.eio.sockets.values()
        waiting = asyncio.create_task(poller.get())
        await until(lambda: awaited(session), "no poll waits")
        waiting.cancel()
        await until(lambda: gone, "nobody has noticed")
    assert gone == ["transport close"]


async def test_a_poll_may_wait_longer_than_a_connection_may_be_idle() -> None:
    """But an idle one ends, also if aiohttp has never heard of it."""
    made = server(fast=True, ping_s=7)
    app = web.Application()
    made.attach(app)
    settings = Settings(host="127.0.0.1", port=0, keep_alive_s=3)
    async with listening(app, settings, made.take) as port, asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n")
        sid = re.findall(rb'"sid":"([^"]+)"', await reader.readuntil(b"}"))[0]
        other_reader, other = await asyncio.open_connection("127.0.0.1", port)
        other.write((JOINED + get()).replace(b"SID", sid))  # at once: between them it would be idle
        await other_reader.readuntil(b'40{"sid":')  # 7 s from its beginning, the session is pinged
        assert (await other_reader.readuntil(b"\r\n\r\n2")).endswith(b"\r\n\r\n2")
        assert await other_reader.read() == b""
        assert await reader.read() == b""
        for each in (writer, other):
            each.close()


@pytest.mark.parametrize("trusted", ["127.0.0.1", ""])
async def test_behind_a_proxy_each_client_counts(trusted: str) -> None:
    """A client with too many requests that wait gets 429, as on the way through aiohttp."""
    made = server(fast=True)
    app = web.Application(middlewares=[surroundings()])
    made.attach(app)
    settings = Settings(
        host="127.0.0.1", port=0, trusted_proxies=trusted, max_connections_an_address=1, max_connections=8
    )
    async with listening(app, settings, made.take) as port, asyncio.timeout(PATIENCE_S):
        if not trusted:  # each connection counts
            await refused(port, 503)
            return
        for one, other, status in (
            (b"192.0.2.1", b"192.0.2.1", b"429"),
            (b"192.0.2.2", b"192.0.2.3", b"200"),
        ):
            first, second = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
            first[1].write(b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n")
            sid = re.findall(rb'"sid":"([^"]+)"', await first[0].readuntil(b"}"))[0]
            first[1].write(JOINED.replace(b"SID", sid))
            await first[0].readuntil(b'40{"sid":')
            first[1].write(get(b"X-Forwarded-For: " + one).replace(b"SID", sid))
            (session,) = (each for each in made.eio.sockets.values() if each.sid.encode() == sid)
            await until(lambda s=session: awaited(s), "no poll waits")
            second[1].write(post(ECHO, b"X-Forwarded-For: " + other).replace(b"SID", sid))
            assert (await second[0].readuntil(b"\r\n")).split()[1] == status
            for _, writer in (first, second):
                writer.close()


async def refused(port: int, status: int) -> None:
    """A second connection of one address is."""
    _, first = await asyncio.open_connection("127.0.0.1", port)
    reader, second = await asyncio.open_connection("127.0.0.1", port)
    assert (await reader.readuntil(b"\r\n")).split()[1] == b"%d" % status
    for writer in (first, second):
        writer.close()


async def test_a_websocket_is_opened_without_a_request_of_aiohttps() -> None:
    """With what came behind its request in the same piece."""
    made, of_others = server(fast=True), asyncio.all_tasks()
    async with serving(made) as harness, asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", harness.port)
        writer.write(upgrade_request("socket.io") + masked(1, b"40"))
        assert (await reader.readuntil(b'40{"sid"')).startswith(b"HTTP/1.1 101 ")
        assert not any("RequestHandler" in repr(task) for task in asyncio.all_tasks() - of_others)
        writer.close()
