"""Load: connections that are kept open, each with one request under way.

As raw as a client can be, so that it costs far less than a server: a request is bytes, and of an answer only
its status and its length are read.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import cast

_LENGTH, _END = b"content-length: ", b"\r\n\r\n"
_PATIENCE_S = 30.0

Make = Callable[[], bytes]


def request(method: str, path: str, token: str, body: bytes = b"", **headers: str) -> bytes:
    """It as bytes. A header's name has `_` for `-`."""
    said = {"Host": "127.0.0.1", "Authorization": f"Bearer {token}", "User-Agent": "bench", **headers}
    if body:
        said |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in said.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


class HttpLane(asyncio.Protocol):
    """A connection on which requests follow one another, as in `bench.commands.lanes.Lane`.

    In a closed loop the next follows at once. At a rate each is due at its time, and late from then on.
    """

    def __init__(self) -> None:
        self._buffer, self._missing = b"", 0
        self._since = 0.0
        self._busy = self._looping = False
        self._due: deque[float] = deque()
        self._over: asyncio.Future[None] | None = None
        self._answer: asyncio.Future[bytes] | None = None
        self.make: Make = bytes
        self.done = 0
        self.refused: list[bytes] = []
        self.latencies: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It may be used."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more comes."""
        if self._busy:
            self.refused.append(f"the connection was lost: {exc}".encode())
            self._ended()

    def close(self) -> None:
        """At once."""
        self._busy = False
        self._transport.abort()

    async def ask(self, asked: bytes) -> bytes:
        """A whole answer, head and body; not while there is load."""
        self._answer = asyncio.get_running_loop().create_future()
        self._busy = True
        self._transport.write(asked)
        async with asyncio.timeout(_PATIENCE_S):
            return await self._answer

    def start(self) -> None:
        """Ask, again and again."""
        self._looping = True
        self._send(time.perf_counter())

    def due(self, at: float) -> None:
        """A request is due at this time."""
        if self._busy:
            self._due.append(at)
        else:
            self._send(at)

    async def end(self) -> None:
        """Until all that was asked for has come. Raises TimeoutError."""
        self._looping = False
        if self._busy:
            self._over = asyncio.get_running_loop().create_future()
            async with asyncio.timeout(_PATIENCE_S):
                await self._over
            self._over = None
        assert not self.refused, self.refused[0]

    def data_received(self, data: bytes) -> None:
        """Part of an answer."""
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        if self._missing > len(data):
            self._buffer = data
            return
        if not self._missing:
            head = data.find(_END)
            if head < 0:
                self._buffer = data
                return
            self._missing = head + 4 + _length(data[:head])
            if self._missing > len(data):
                self._buffer = data
                return
        self._missing = 0
        self._came(data)

    def _came(self, answer: bytes) -> None:
        now = time.perf_counter()
        if self._answer is not None:
            self._busy, waiting = False, self._answer
            self._answer = None
            waiting.set_result(answer)
            return
        if answer[9:10] != b"2":
            self.refused.append(answer)
        self.done += 1
        self.latencies.append(now - self._since)
        if self._looping:
            self._send(now)
        elif self._due:
            self._send(self._due.popleft())
        else:
            self._ended()

    def _ended(self) -> None:
        self._busy = False
        if self._over is not None and not self._over.done():
            self._over.set_result(None)

    def _send(self, since: float) -> None:
        self._busy, self._since = True, since
        self._transport.write(self.make())


def _length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(_LENGTH)
    if at < 0:
        return 0
    return int(lowered[at + len(_LENGTH) :].split(b"\r", 1)[0])


async def connected(port: int, count: int) -> Sequence[HttpLane]:
    """So many."""
    loop = asyncio.get_running_loop()
    return [(await loop.create_connection(HttpLane, "127.0.0.1", port))[1] for _ in range(count)]
