"""The load: signals and messages between the nodes, at a share of what their core holds."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence

from msgspec import Struct

from bench.blocks.nodes import BenchNode
from bench.commands import rows
from bench.commands.lanes import Lane, at_a_rate, closed_loop
from bench.commands.people import Meeting, Person, go_live, meet

_FOREVER_S = 3600.0
_APPROACHES = 3


class Rates(Struct, frozen=True):
    """Signals and messages a second, and the share of a core that the nodes used for them."""

    signals: float
    messages: float
    busy: float

    def times(self, factor: float) -> "Rates":
        """So many times as much of each."""
        return Rates(factor * self.signals, factor * self.messages, factor * self.busy)

    def __str__(self) -> str:
        return (
            f"{self.signals:.0f} signals and {self.messages:.0f} messages a second, {self.busy:.0%} of a core"
        )


class Load:
    """Pairs who signal in calls that go on, and pairs who write, each between two nodes."""

    def __init__(
        self, nodes: Sequence[BenchNode], meetings: Sequence[Meeting], friends: Sequence[rows.Friends]
    ) -> None:
        self._nodes, self._meetings, self._friends = nodes, meetings, friends

    @classmethod
    async def of(
        cls, nodes: Sequence[BenchNode], callers: Sequence[Person], friends: Sequence[rows.Friends]
    ) -> "Load":
        """Callers who follow each other are pairs."""
        meetings = []
        for one, other in zip(callers[::2], callers[1::2], strict=True):
            meetings.append(await meet(one, other))
            await go_live(meetings[-1])
        return cls(nodes, meetings, friends)

    async def calibrate(self, seconds: float) -> Rates:
        """What the nodes hold: each pair does its next unit when the last is done."""
        signals, messages = self._lanes()
        work = asyncio.create_task(closed_loop([*signals, *messages], 1.5 * seconds))
        await asyncio.sleep(seconds / 2)
        measured = self._measure(signals, messages)
        await work
        rates = measured()
        await _end(*signals, *messages)
        return rates

    async def pace(self, held: Rates, busy: float, seconds: float) -> Rates:
        """The rates at which the nodes use this share of their core: what comes singly costs more."""
        rates = held.times(busy)
        for _ in range(_APPROACHES):
            async with self.at(rates) as measured:
                await asyncio.sleep(seconds)
                rates = rates.times(busy / measured().busy)
        return rates

    @contextlib.asynccontextmanager
    async def at(self, rates: Rates) -> AsyncIterator["Measured"]:
        """So many a second while the block lasts, whatever has come of those before."""
        signals, messages = self._lanes()
        work = [
            asyncio.create_task(at_a_rate(lanes, rate, _FOREVER_S))
            for lanes, rate in ((signals, rates.signals), (messages, rates.messages))
        ]
        try:
            await asyncio.sleep(1)  # under way
            yield self._measure(signals, messages)
        finally:
            for one in work:
                one.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            for lane in (*signals, *messages):
                lane.give_up()
            await _end(*signals, *messages)

    def _lanes(self) -> tuple[list[Lane], list[Lane]]:
        return rows.signals(self._meetings), rows.messages(self._friends)

    def _measure(self, signals: Sequence[Lane], messages: Sequence[Lane]) -> "Measured":
        return Measured(self._nodes, signals, messages)


class Measured:
    """What was done since it was made, when called."""

    def __init__(self, nodes: Sequence[BenchNode], signals: Sequence[Lane], messages: Sequence[Lane]) -> None:
        self._nodes, self._lanes = nodes, (signals, messages)
        self._before = self._now()

    def _now(self) -> tuple[float, float, float, float]:
        signals, messages = (float(sum(lane.done for lane in lanes)) for lanes in self._lanes)
        return signals, messages, sum(node.cpu_s() for node in self._nodes), time.perf_counter()

    def __call__(self) -> Rates:
        signals, messages, cpu, wall = (
            now - before for now, before in zip(self._now(), self._before, strict=True)
        )
        return Rates(signals / wall, messages / wall, cpu / wall)


async def _end(*lanes: Lane) -> None:
    await asyncio.gather(*(lane.end() for lane in lanes))
