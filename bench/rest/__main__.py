"""`make bench-rest`: what requests cost, beside the same endpoints in FastAPI with async SQLAlchemy.

Both servers in turns, each on one core, on copies of one filled PostgreSQL, which runs wherever there is
room; the load is on the other core. CPU is that of the server's process, of PostgreSQL and of Redis, in
microseconds a request. Both are asked the same first, and have to answer alike. Then ours alone, at a share
of what it held on one core in a closed loop, with more and more rows: how long its answers take then. Where
load and stores had too little room themselves, that is not said: they would be what is measured.

Filled databases are kept (`.data/bench-rest`), and used again while schema and filling are the same.
Windows in which other processes took too much of the machine are measured again, three times at most.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import asyncpg
import uvloop

from bench.commands.measuring import Figure, NoisyWindowError, window
from bench.commands.stacks import Node, pin_load
from bench.rest.asking import Asking
from bench.rest.check import differences
from bench.rest.load import HttpLane, Make, connected
from bench.rest.report import compared, grown, line
from bench.rest.stacks import DATA, FLAVOURS, Flavour, Stores, started

_ATTEMPTS = 4
_SHARE = 0.7
_LANES, _PACED_LANES = 16, 64
Figures = dict[str, dict[str, list[Figure]]]


class RestBench:
    """One run on a database with so many rows."""

    def __init__(self, stores: Stores, url: str, asking: Asking, options: argparse.Namespace) -> None:
        self._stores, self._url, self._asking, self._options = stores, url, asking, options
        self.closed: Figures = defaultdict(lambda: defaultdict(list))
        self.paced: Figures = defaultdict(lambda: defaultdict(list))

    async def run(self, flavours: Sequence[Flavour]) -> None:
        """Round by round, server by server, row by row."""
        if len(flavours) > 1:
            await self._check()
        for number in range(self._options.rounds):
            for flavour in flavours:
                _say(f"round {number + 1}/{self._options.rounds}: {flavour}")
                node = await started(flavour, self._stores, self._url)
                try:
                    await self._rows(node, flavour)
                finally:
                    await node.stop()

    async def _check(self) -> None:
        nodes = [await started(flavour, self._stores, self._url) for flavour in FLAVOURS]
        lanes = [(await connected(node.port, 1))[0] for node in nodes]
        try:
            if found := await differences(self._asking, *lanes):
                sys.exit("The two do not do the same:\n" + "\n".join(found))
        finally:
            for lane, node in zip(lanes, nodes, strict=True):
                lane.close()
                await node.stop()

    async def _rows(self, node: Node, flavour: Flavour) -> None:
        for name, make in self._asking.rows.items():
            if self._options.only and name not in self._options.only:
                continue
            figure = await self._measured(node, make, 0, f"{flavour}, {name}")
            if figure is None:
                continue
            self.closed[name][flavour].append(figure)
            if flavour == "ours" and self._options.paced_seconds:
                held = 1e6 / figure.used.server * _SHARE
                rate = min(figure.rate * _SHARE, held)
                at_rate = await self._measured(node, make, rate, f"{flavour}, {name}, {_SHARE:.0%} of that")
                if at_rate is not None:
                    self.paced[name][flavour].append(at_rate)

    async def _measured(self, node: Node, make: Make, rate: float, name: str) -> Figure | None:
        """From a quiet window, or None where there was none."""
        lanes = await connected(node.port, _PACED_LANES if rate else _LANES)
        try:
            for lane in lanes:
                lane.make = make
            for _ in range(_ATTEMPTS):
                try:
                    return await self._window(node, lanes, rate, name)
                except NoisyWindowError as noise:
                    _say(f"    noisy: {name}: {noise}")
        finally:
            for lane in lanes:
                lane.close()
        return None

    async def _window(self, node: Node, lanes: Sequence[HttpLane], rate: float, name: str) -> Figure:
        figure = await window(
            self._stores.meters,
            lanes=lanes,
            rate=rate,
            pids=[node.pid],
            seconds=self._options.paced_seconds if rate else self._options.seconds,
            noise=self._options.noise,
        )
        _say(f"  {name}: {line(figure)}")
        return figure


async def _run(options: argparse.Namespace) -> None:
    options.folder.mkdir(parents=True, exist_ok=True)
    paced: dict[int, Figures] = {}
    pin_load()  # and so the stores, which it starts: none of them may take of the server's core
    async with Stores.open(options.folder) as stores:
        if options.fill:
            for rows in options.rows:
                await stores.filled(rows)
            return
        for rows in options.rows:
            compares = rows == options.rows[-1]
            async with stores.copied(rows) as url:
                connection = await asyncpg.connect(url)
                asking = await Asking.of(connection, rows)
                await connection.close()
                bench = RestBench(stores, url, asking, options)
                await bench.run(options.flavours if compares else ["ours"])
                paced[rows] = bench.paced
                if compares:
                    print(f"{rows:,} posts and check-ins, {rows // 10:,} places\n\n{compared(bench.closed)}")
    print(f"\n{grown(paced)}")


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000], help="posts and check-ins")
    parser.add_argument("--fill", action="store_true", help="only fill what is not filled yet")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.5, help="length of a measured window")
    parser.add_argument("--paced-seconds", type=float, default=3.0, help="the same at a rate; 0: none")
    parser.add_argument("--only", nargs="*", default=[], help="these rows alone")
    parser.add_argument("--flavours", nargs="+", default=list(FLAVOURS), choices=FLAVOURS)
    parser.add_argument("--noise", type=float, default=0.15, help="share of a core others may take")
    parser.add_argument("--folder", type=Path, default=DATA, help="where filled databases are kept")
    uvloop.run(partial(_run, parser.parse_args())())


if __name__ == "__main__":
    main()
