"""The network between clients and the balancer: TCP that is delayed and cut, and crooked for controls."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from random import Random

from tests.faults import FaultyWire

_TEXT = 0x81
# Of each connection one: what is passed on in place of a message of the server.
Meddle = Callable[[bytes], list[bytes]]


class ClientWire(FaultyWire):
    """Passes on TCP to an address (`127.0.0.1:80`); `outgoing`: each client's port, and the one beyond."""

    def __init__(self, target: str, chance: Random) -> None:
        super().__init__(target)
        self.meddle: Callable[[], Meddle] | None = None  # for each connection: a control of the checks
        self.delay_s = (0.0, 0.0)  # each piece is held back for a time between these
        self.outgoing: dict[int, int] = {}
        self._chance = chance
        self._pairs: dict[int, tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = {}

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = self._target.rpartition(":")
        client = int(writer.get_extra_info("peername")[1])
        try:
            theirs, ours = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.transport.abort()
            return
        self._pairs[client] = writer, ours
        self.outgoing[client] = int(ours.get_extra_info("sockname")[1])
        up = asyncio.create_task(self._pass(reader, ours))
        down = asyncio.create_task(self._bring(theirs, writer))
        self._tasks |= {up, down}
        with contextlib.suppress(asyncio.CancelledError):  # it is the end of all
            await asyncio.wait({up, down})
        self._tasks -= {up, down}
        self._pairs.pop(client, None)
        self.outgoing.pop(client, None)

    async def _bring(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """What the server sends: as it comes, but for what is done to it."""
        with contextlib.suppress(OSError, RuntimeError, asyncio.IncompleteReadError):
            head = await source.readuntil(b"\r\n\r\n") if self.meddle else b""
            sink.write(head)
            meddle = self.meddle() if self.meddle else None
            while meddle and head.startswith(b"HTTP/1.1 101"):
                first, size = await source.readexactly(2)
                if size >= 126:
                    size = int.from_bytes(await source.readexactly(2 if size == 126 else 8), "big")
                payload = await source.readexactly(size)
                for each in meddle(payload) if first == _TEXT else [payload]:
                    sink.write(bytes((first,)) + _length(len(each)) + each)
                await sink.drain()
        await self._pass(source, sink)

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, RuntimeError):
            while data := await source.read(65536):
                if self.delay_s[1]:
                    await asyncio.sleep(self._chance.uniform(*self.delay_s))
                sink.write(data)
                await sink.drain()
        with contextlib.suppress(OSError, RuntimeError):
            sink.close()

    def cut(self, share: float = 1.0) -> None:
        """Reset this share of all connections."""
        for client in self._chance.sample(sorted(self._pairs), round(share * len(self._pairs))):
            for end in self._pairs.pop(client):
                raw = end.get_extra_info("socket")
                if raw is not None and raw.fileno() != -1:
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.transport.abort()


def _length(size: int) -> bytes:
    return bytes((size,)) if size < 126 else b"\x7e" + size.to_bytes(2, "big")
