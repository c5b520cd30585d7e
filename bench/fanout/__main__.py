"""`make bench-fanout`: the CPU of an event that one node emits and another delivers, by the number of nodes.

Ours, python-socketio with its Redis manager and Node.js with its Redis adapter, in turns, each with more and
more nodes as processes on one core, on one Redis; the load is on the other core. Pairs of clients: one, at
the first node, tells the other, at the last node, something of 1 KB, and again when that was acknowledged
and has arrived. Each node between has a client of its own to whom nothing is said. It is checked that all
that was said arrives, once and in order. Ours is the whole product with one more command, so its figures
have decoding, limits and order in them; the others emit, and no more. What a process uses standing idle is
taken off. PostgreSQL is not asked.

Prints µs of CPU an event: medians of the rounds, with the smallest and the largest. Windows in which other
processes took too much of the machine are measured again, three times at most, then left out. Ends by itself.
"""

import argparse
import asyncio
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from bench.accounts import signed_up
from bench.commands.measuring import NoisyWindowError
from bench.commands.people import Person, come, leave
from bench.commands.stacks import Stores, on_stores
from bench.fanout import costs, talks
from bench.fanout.costs import Cost, Reading
from bench.fanout.report import line, table
from bench.fanout.stacks import COMMANDS, STACKS, Cluster, Stack
from bench.fanout.talks import Talk, payload_bytes

_ATTEMPTS = 4
_WARM_UP = 0.3  # of a window
Found = TypeVar("Found")


class FanoutBench:
    """One run."""

    def __init__(self, stores: Stores, options: argparse.Namespace) -> None:
        self._stores, self._options = stores, options
        self._pairs: list[dict[str, str]] = []
        self._bystanders: list[dict[str, str]] = []
        self.results: dict[str, dict[int, list[Cost | None]]] = defaultdict(lambda: defaultdict(list))

    async def run(self) -> None:
        await self._prepare()
        for number in range(self._options.rounds):
            for stack in self._options.stacks:
                _say(f"round {number + 1}/{self._options.rounds}: {stack}")
                await self._turn(stack)

    async def _prepare(self) -> None:
        """Accounts, of which the others use the ids as names of rooms."""
        count, cluster = 2 * self._options.pairs, Cluster("ours", self._stores)
        bystanders = max(self._options.nodes)
        _say(f"preparing {count + bystanders} accounts; an event says {payload_bytes()} bytes")
        try:
            await cluster.grow(1)
            accounts = await signed_up(cluster.nodes[0].address, ["other"] * (count + bystanders))
        finally:
            await cluster.stop()
        self._pairs, self._bystanders = accounts[:count], accounts[count:]

    async def _turn(self, stack: Stack) -> None:
        """One server, with more and more nodes."""
        cluster = Cluster(stack, self._stores)
        try:
            for size in sorted(self._options.nodes):
                await cluster.grow(size)
                await self._size(stack, cluster)
        finally:
            await cluster.stop()

    async def _size(self, stack: Stack, cluster: Cluster) -> None:
        ports, tokens = cluster.ports, self._accounts(stack)
        count = len(self._pairs)
        people = await come([ports[0], ports[-1]], tokens[:count])
        between = await come(ports[1:-1], tokens[count : count + len(ports) - 2]) if len(ports) > 2 else []
        idle = await self._steady(
            lambda: costs.standing(
                self._stores.meters, cluster.pids, seconds=self._options.idle, noise=self._options.noise
            )
        )
        for name, command in COMMANDS[stack].items():
            found = await self._cost(cluster, people, command, idle) if idle else None
            self.results[name][len(ports)].append(found)
            _say(f"  {name}, nodes: {len(ports)}; {line(found) if found else 'never quiet'}")
        await leave([*people, *between])

    def _accounts(self, stack: Stack) -> list[dict[str, str]]:
        """What each says who comes: a token, or the room of its own."""
        accounts = [*self._pairs, *self._bystanders]
        return accounts if stack == "ours" else [{**each, "token": each["id"]} for each in accounts]

    async def _cost(self, cluster: Cluster, people: list[Person], command: str, idle: Reading) -> Cost | None:
        def said() -> list[Talk]:
            return [Talk(one, other, command) for one, other in zip(people[::2], people[1::2], strict=True)]

        options = self._options
        await costs.warm_up(said(), options.seconds * _WARM_UP)
        return await self._steady(
            lambda: costs.cost(
                self._stores.meters,
                cluster.pids,
                said(),
                idle,
                seconds=options.seconds,
                noise=options.noise,
            )
        )

    async def _steady(self, measure: Callable[[], Awaitable[Found]]) -> Found | None:
        """From a quiet window, or None where there was none."""
        for _ in range(_ATTEMPTS):
            try:
                return await measure()
            except NoisyWindowError as noise:
                _say(f"    noisy: {noise}")
        return None


def _say(text: str) -> None:
    print(text, file=sys.stderr)


async def _run(options: argparse.Namespace, stores: Stores) -> None:
    bench = FanoutBench(stores, options)
    try:
        async with asyncio.timeout(options.most) as bound:
            await bench.run()
    except TimeoutError:
        if not bound.expired():
            raise
        _say(f"stopped after {options.most:.0f} s")
    except talks.LostError as lost:
        sys.exit(f"Not everything has arrived: {lost}")
    finally:  # a run that is broken off is not lost
        print(table(bench.results))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--nodes", type=int, nargs="+", default=[1, 3, 8], help="how many there are")
    parser.add_argument("--stacks", nargs="+", default=list(STACKS), choices=STACKS)
    parser.add_argument("--pairs", type=int, default=20, help="each with one event under way")
    parser.add_argument("--seconds", type=float, default=0.7, help="length of a measured window")
    parser.add_argument("--idle", type=float, default=1.5, help="seconds of standing idle that are measured")
    parser.add_argument("--noise", type=float, default=0.15, help="share of a core others may take")
    parser.add_argument("--most", type=float, default=180, help="seconds after which it stops")
    on_stores(partial(_run, parser.parse_args()))


if __name__ == "__main__":
    main()
