"""Faults between the product and its stores: a wire that is cut or goes silent; the embedded ones."""

import asyncio
import contextlib
import gc
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from ssl import SSLContext
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import psutil

from tests.served import Served


class FaultyWire:
    """A TCP port that passes on whatever comes, to a unix socket; `silence` and `cut` are its faults."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._open = asyncio.Event()
        self._open.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    def silence(self) -> None:
        """Connections stay and are still made, and nothing passes: a black hole."""
        self._open.clear()

    def speak(self) -> None:
        """What has been held back passes, and all that follows."""
        self._open.set()

    def cut(self) -> None:
        """Reset every connection; new ones are made."""
        writers, self._writers = self._writers, set()
        for writer in writers:
            raw = writer.get_extra_info("socket")
            if raw is not None and raw.fileno() != -1 and raw.family == socket.AF_INET:  # not closed already
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    @asynccontextmanager
    async def laid(
        self, tls: SSLContext | None = None, *, at: socket.socket | None = None
    ) -> AsyncIterator[Self]:
        """There for as long as the block lasts; `at` a socket that listens, or any port."""
        at = at or socket.create_server(("127.0.0.1", 0))
        server = await asyncio.start_server(self._connect, sock=at, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            self.cut()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._open.wait()
        try:
            theirs, ours = await self._reach()
        except OSError:  # nobody is there
            writer.transport.abort()
            return
        self._writers |= {writer, ours}
        for source, sink in ((reader, ours), (theirs, writer)):
            task = asyncio.create_task(self._pass(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_unix_connection(self._target)

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, RuntimeError):  # the latter is uvloop's, of a wire that was cut
            while data := await source.read(65536):
                await self._open.wait()
                sink.write(data)
                await sink.drain()
        sink.close()
        self._writers.discard(sink)


class TcpWire(FaultyWire):
    """The same to a TCP port of this machine, and from any time on to another one."""

    def __init__(self, target: int) -> None:
        super().__init__("")
        self._far = target

    def lead_to(self, target: int) -> None:
        """Where connections end that are made from now on."""
        self._far = target

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self._far)


def redis_wire(url: str) -> tuple[FaultyWire, str]:
    """A wire to this Redis, and the query that names its database."""
    parts = urlsplit(url)
    return FaultyWire(parts.path), parse_qs(parts.query).get("db", ["0"])[0]


@contextmanager
def told_to_the_loop() -> Iterator[list[dict[str, Any]]]:
    """What the loop was told of within the block, as of an error that nobody has asked about."""
    gc.collect()  # what tests before have left is told of now
    loop, said = asyncio.get_running_loop(), list[dict[str, Any]]()
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, about: said.append(about))
    try:
        yield said
    finally:
        loop.set_exception_handler(before)


def embedded(node: Served, name: str) -> int:
    """The process of the embedded server of that name below this node."""
    offspring = psutil.Process(node.pid).children(recursive=True)
    return int(next(p for p in offspring if p.name() == name and p.parent().name() != name).pid)
