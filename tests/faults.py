"""Faults between the product and its stores: a wire that is cut or goes silent; the embedded ones."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ssl import SSLContext
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
    async def laid(self, tls: SSLContext | None = None) -> AsyncIterator["FaultyWire"]:
        """There for as long as the block lasts."""
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0, ssl=tls)
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
        theirs, ours = await asyncio.open_unix_connection(self._target)
        self._writers |= {writer, ours}
        for source, sink in ((reader, ours), (theirs, writer)):
            task = asyncio.create_task(self._pass(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, RuntimeError):  # the latter is uvloop's, of a wire that was cut
            while data := await source.read(65536):
                await self._open.wait()
                sink.write(data)
                await sink.drain()
        sink.close()
        self._writers.discard(sink)


def redis_wire(url: str) -> tuple[FaultyWire, str]:
    """A wire to this Redis, and the query that names its database."""
    parts = urlsplit(url)
    return FaultyWire(parts.path), parse_qs(parts.query).get("db", ["0"])[0]


def embedded(node: Served, name: str) -> list[psutil.Process]:
    """The embedded server of that name below this node, and the processes that it has started."""
    offspring = psutil.Process(node.pid).children(recursive=True)
    server = next(p for p in offspring if p.name() == name and p.parent().name() != name)
    return [server, *server.children(recursive=True)]
