"""Load: pairs of clients, each with one request under way, in a closed loop or at a rate."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from bench.commands.people import Person
from bench.sockets.wire import RawPeer

_TICK_S = 0.001
_PATIENCE_S = 20.0


class Load(Protocol):
    """Whatever does one unit at a time."""

    done: int
    latencies: list[float]

    def start(self) -> None:
        """Do units, one after the other."""

    def due(self, at: float) -> None:
        """One is due at this time."""

    async def end(self) -> None:
        """Until all that was asked for has come. Raises TimeoutError."""


class Lane:
    """A pair, or one alone, that does one unit at a time: `sender` asks, and so many frames come to them.

    In a closed loop the next follows at once. At a rate each is due at its time, and late from then on.
    """

    def __init__(
        self, sender: Person, others: Sequence[Person], frames: int, make: Callable[[], bytes]
    ) -> None:
        self._sender, self._frames, self._make = sender, frames, make
        self._people = (sender, *others)
        self._left, self._since = 0, 0.0
        self._due: deque[float] = deque()
        self._looping = False
        self._over: asyncio.Future[None] | None = None
        self.done = 0
        self.refused: list[bytes] = []
        self.latencies: list[float] = []
        for person in self._people:
            person.message = self._hear

    def start(self) -> None:
        """Do units, one after the other."""
        self._looping = True
        self._send(time.perf_counter())

    def due(self, at: float) -> None:
        """One is due at this time."""
        if self._left:
            self._due.append(at)
        else:
            self._send(at)

    def give_up(self) -> None:
        """What is due and has not begun is not done."""
        self._due.clear()

    async def end(self) -> None:
        """Until all that was asked for has come; then its people talk again. Raises TimeoutError."""
        self._looping = False
        if self._left:
            self._over = asyncio.get_running_loop().create_future()
            async with asyncio.timeout(_PATIENCE_S):
                await self._over
        for person in self._people:
            person.listen()
        assert not self.refused, self.refused[0]

    def _send(self, since: float) -> None:
        self._left, self._since = self._frames, since
        self._sender.write(self._make())

    def _hear(self, _peer: RawPeer, payload: bytes) -> None:
        if payload[1] == 0x33 and b'"ok":true' not in payload:
            self.refused.append(payload)
            self._left = 1  # nothing else comes of it
        self._left -= 1
        if self._left:
            return
        self.done += 1
        now = time.perf_counter()
        self.latencies.append(now - self._since)
        if self._looping:
            self._send(now)
        elif self._due:
            self._send(self._due.popleft())
        elif self._over is not None:
            self._over.set_result(None)


async def closed_loop(lanes: Sequence[Load], seconds: float) -> None:
    """Each lane does its next unit when the last is done."""
    for lane in lanes:
        lane.start()
    await asyncio.sleep(seconds)


async def at_a_rate(lanes: Sequence[Load], rate: float, seconds: float) -> None:
    """Units are due evenly, lane by lane, whatever has come of those before."""
    begun, count = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - begun) < seconds:
        while count < elapsed * rate:
            lanes[count % len(lanes)].due(begun + count / rate)
            count += 1
        await asyncio.sleep(_TICK_S)
