"""`make bench-signaling`: calls set up a second on one core, and what the flight recorder adds to a signal.

Two nodes on one core, the clients on the other; beside them two nodes without the recorder (`TIMELINE_DAYS`
0), and two more of these as a control, which says what chance makes of nothing. All are on the same
PostgreSQL and Redis. Each round has nodes and people of its own, and in it they signal in turns, so that all
find the same machine and the same stores (`bursts.py`). CPU of the nodes, of Redis and of PostgreSQL in µs,
medians of the rounds, and the ratios in a round. A set-up goes from the queue over offer, acceptance,
descriptions and six candidates each way until both are live, and ends. With `--browsers` two pages in
Chromium meet so many times, and their timelines say how long that took.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from itertools import chain, count
from pathlib import Path
from typing import Literal

import aiohttp
import uvloop
from msgspec import Struct

from bench.accounts import register
from bench.commands.people import Meeting, Person, come, go_live, leave, meet
from bench.commands.stacks import PRODUCT, Node, Stores, pin_load
from bench.signaling.browsers import between, timelines
from bench.signaling.bursts import Cost, in_turns
from bench.signaling.setups import Caller, Count

Recorder = Literal["with", "without", "control"]
_DAYS: Mapping[Recorder, str] = {"with": "30", "without": "0", "control": "0"}
_NAMES: Mapping[Recorder, str] = {
    "with": "with the recorder",
    "without": "without it",
    "control": "without it once more",
}
_SHARE = 0.9
_PATIENCE_S = 120.0


class Side(Struct, frozen=True):
    """Two nodes with the recorder, or without it, and people at them who meet nobody of another side."""

    nodes: Sequence[Node]
    people: Sequence[Person]

    @property
    def pids(self) -> Sequence[int]:
        return [node.pid for node in self.nodes]


class SignalingBench:
    """One run."""

    def __init__(self, stores: Stores, options: argparse.Namespace) -> None:
        self._stores, self._options = stores, options
        self._names = count()
        self.costs: dict[str, dict[Recorder, list[Cost]]] = {
            what: {how: [] for how in _DAYS} for what in ("a signal", "a set-up")
        }
        self.waits: dict[str, list[int]] = {}

    async def run(self) -> None:
        for number in range(self._options.rounds):
            _say(f"round {number + 1}/{self._options.rounds}")
            async with AsyncExitStack() as stack:
                sides = {how: await self._side(stack, how) for how in _in_turns(number)}
                await self._signals(sides)
                for how in _in_turns(number) if self._options.calls else ():
                    self.costs["a set-up"][how].append(await self._set_ups(sides[how]))
        if self._options.browsers:
            await self._browsers()

    async def _side(self, stack: AsyncExitStack, recorder: Recorder) -> Side:
        nodes = []
        for _ in range(2):
            nodes.append(await self._node(recorder))
            stack.push_async_callback(nodes[-1].stop)
        people = await come([node.port for node in nodes], await self._accounts(nodes[0]))
        stack.push_async_callback(leave, people)
        return Side(nodes, people)

    async def _node(self, recorder: Recorder) -> Node:
        urls = self._stores.urls
        stores = {"DATABASE_URL": urls.database_url, "REDIS_URL": urls.redis_url}
        env = {**stores, **PRODUCT, "TIMELINE_DAYS": _DAYS[recorder], "REGION": recorder}
        return await Node.run([sys.executable, "-m", "realtime"], env, terminates=True)

    async def _accounts(self, node: Node) -> Sequence[dict[str, str]]:
        accounts = []
        async with aiohttp.ClientSession() as web:
            for number in range(2 * self._options.pairs):
                gender = "male" if number % 2 else "female"
                signed = await register(web, node.address, next(self._names), gender)
                accounts.append({"id": signed["user"]["id"], "token": signed["access_token"]})
        return accounts

    async def _signals(self, sides: Mapping[Recorder, Side]) -> None:
        """Once all are in their calls."""
        meetings: dict[Recorder, list[Meeting]] = {}
        for how, side in sides.items():
            meetings[how] = []
            for one, other in zip(side.people[::2], side.people[1::2], strict=True):
                meetings[how].append(await meet(one, other))
                await go_live(meetings[how][-1])
        pids = {how: side.pids for how, side in sides.items()}
        costs = await in_turns(self._stores.meters, pids, meetings, self._options.turns)
        for how, cost in costs.items():
            self.costs["a signal"][how].append(cost)
            _say(f"  a signal, {_NAMES[how]}: {cost.used.all:.1f} µs")
        for meeting in chain(*meetings.values()):
            await meeting.offerer.ask("call:end", call_id=meeting.call_id)

    async def _set_ups(self, side: Side) -> Cost:
        before, begun = self._stores.meters.used(side.pids), time.perf_counter()
        # The last ones wait for each other.
        calls = round(len(side.people) / 2 * self._options.calls * _SHARE)
        live = Count(2 * calls)
        callers = [Caller(person, self._options.calls, live) for person in side.people]
        async with asyncio.timeout(_PATIENCE_S):
            await live.reached.wait()
        used, wall = self._stores.meters.used(side.pids).since(before), time.perf_counter() - begun
        took = [each * 1000 for caller in callers for each in caller.took_s]
        _say(f"  a set-up: {used.all / calls:.0f} µs, {calls / wall:.0f} a second")
        return Cost(used.each(calls), calls / wall, statistics.median(took))

    async def _browsers(self) -> None:
        node = await self._node("with")
        try:
            found = await timelines(node, self._stores.database, self._options.browsers)
        finally:
            await node.stop()
        for name, begins in (("offered", "offered"), ("both have accepted", "started")):
            self.waits[name] = sorted(between(notes, begins, "live") for notes in found)

    def report(self) -> str:
        """Markdown."""
        lines = [
            "| two nodes on one core | nodes / Redis / PostgreSQL, µs | a second | median, ms |"
            " to that without, in all |",
            "|---|---|---|---|---|",
        ]
        for what, by in self.costs.items() if self._options.rounds else ():
            for how, costs in by.items() if by["without"] else ():
                used, rate, median = _medians(costs)
                ratio = "" if how == "without" else _compared(costs, by["without"])
                lines.append(f"| {what}, {_NAMES[how]} | {used} | {rate:.0f} | {median:.1f} | {ratio} |")
        for name, waits in self.waits.items():
            if waits:
                middle = statistics.median(waits)
                lines.append(
                    f"\nTwo browsers, from “{name}” to live: {waits[0]} / {middle:.0f} / {waits[-1]} ms"
                )
        return "\n".join(lines)


def _in_turns(number: int) -> Sequence[Recorder]:
    there = tuple(_DAYS)
    return there if number % 2 else there[::-1]


def _compared(costs: Sequence[Cost], to: Sequence[Cost]) -> str:
    """The ratios of the rounds: median, least and most."""
    ratios = [one.used.all / other.used.all for one, other in zip(costs, to, strict=True)]
    return f"{statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"


def _medians(costs: Sequence[Cost]) -> tuple[str, float, float]:
    parts = zip(
        *((c.used.server, c.used.redis, c.used.postgres, c.rate, c.median_ms) for c in costs), strict=True
    )
    server, redis, postgres, rate, took = (statistics.median(part) for part in parts)
    return f"{server:.1f} / {redis:.1f} / {postgres:.1f}", rate, took


def _say(text: str) -> None:
    print(text, file=sys.stderr)


async def _run(options: argparse.Namespace, folder: Path) -> None:
    async with Stores.open(folder) as stores:
        pin_load()
        bench = SignalingBench(stores, options)
        try:
            await bench.run()
        finally:
            print(bench.report())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--turns", type=int, default=100, help="of each side in a round, 10 bursts each")
    # After ten it counts who hangs up at once.
    parser.add_argument("--calls", type=int, default=8, help="that each sets up in a round; 0: none")
    parser.add_argument("--pairs", type=int, default=50)
    parser.add_argument("--browsers", type=int, default=5, help="calls of two pages; 0: none")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        uvloop.run(_run(options, Path(folder)))


if __name__ == "__main__":
    main()
