"""`make bench-commands`: what each command costs, beside the best Node.js server for the same promises.

Both servers in turns, each on one core, on the same PostgreSQL and Redis, which run wherever there is room;
the load is on the other core. CPU is that of the server's processes, of Redis and of PostgreSQL, in
microseconds a unit, and a unit is done when it was acknowledged and has arrived. Prints the medians of the
rounds, and the ratios of the same round: their median, with the smallest and the largest. Of what comes at a
rate, it also says which part is what the server costs while nothing comes. Windows in which other processes
took too much of the machine are measured again, three times at most, then left out.
"""

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import aiohttp
import uvloop

from bench.accounts import register
from bench.commands import bursts, check, rows
from bench.commands.lanes import Lane
from bench.commands.measuring import Figure, NoisyWindowError, idle, in_bursts, trips, window
from bench.commands.meters import Trips
from bench.commands.people import Meeting, befriend, come, go_live, leave, meet
from bench.commands.report import Paced, Results, idle_table, line, table, trips_table
from bench.commands.stacks import FLAVOURS, NODE_STACK, Flavour, Node, Stores, pin_load

_ATTEMPTS = 4
_SHARE = 0.7
_TRIPS_S = 3.2
_SIGNALS, _MESSAGES = 1_000, 300  # a second
Measure = Callable[..., Awaitable[Figure]]


class CommandsBench:
    """One run."""

    def __init__(self, stores: Stores, options: argparse.Namespace) -> None:
        self._stores, self._options = stores, options
        self._accounts: list[dict[str, str]] = []
        self._room_ids: list[str] = []
        self.results: Results = defaultdict(lambda: defaultdict(list))
        self.asked: dict[str, dict[str, Trips]] = defaultdict(dict)
        self.paced: dict[str, Paced] = {}
        self.broken: list[str] = []
        self._flavour: Flavour = "ours"
        self._nodes: list[Node] = []

    async def run(self) -> None:
        await self._prepare()
        await self._check()
        for number in range(self._options.rounds):
            for flavour in self._options.flavours:
                _say(f"round {number + 1}/{self._options.rounds}: {flavour}")
                await self._turn(flavour)

    async def _prepare(self) -> None:
        """Accounts by the product: those who call, those who write, those of the check. The latter two have
        rooms, of which the Node.js server gets copies."""
        pairs, node = self._options.pairs, await Node.start("ours", self._stores)
        count = 4 * pairs + 2 * check.PAIRS
        _say(f"preparing {count} accounts")
        try:
            async with aiohttp.ClientSession() as web:
                for number in range(count):
                    signed = await register(web, node.address, number, "male" if number % 2 else "female")
                    self._accounts.append({"id": signed["user"]["id"], "token": signed["access_token"]})
            people = await come([node.port], self._accounts[2 * pairs :])
            for one, other in zip(people[::2], people[1::2], strict=True):
                self._room_ids.append(await befriend(one, other))
            await leave(people)
        finally:
            await node.stop()
        await self._stores.database.execute((NODE_STACK / "schema.sql").read_text())
        await self._stores.database.execute((NODE_STACK / "copy.sql").read_text())

    async def _check(self) -> None:
        """Nothing is worth measuring that does not keep its promises."""
        pairs = self._options.pairs
        for flavour in self._options.flavours if self._options.check else ():
            _say(f"checking: {flavour}")
            broken = await check.check(
                flavour, self._stores, self._accounts[4 * pairs :], self._room_ids[pairs:]
            )
            for each in broken:
                _say(f"  BROKEN: {each}")
            self.broken += broken

    async def _turn(self, flavour: Flavour) -> None:
        """All rows of one server: those of one node, then those of two."""
        self._flavour, self._nodes = flavour, []
        try:
            for where in ("one node", "two nodes"):
                self._nodes.append(await Node.start(flavour, self._stores, profile=self._options.profile))
                await self._calls(self._nodes, where)
                await self._chats(self._nodes, where)
        finally:
            for node in self._nodes:
                await node.stop()

    async def _calls(self, nodes: Sequence[Node], where: str) -> None:
        callers = self._accounts[: 2 * self._options.pairs]
        people = await come([node.port for node in nodes], callers)
        if self._wants(_paced(f"call:signal, {where}", _SIGNALS)):
            meetings: list[Meeting] = []
            for one, other in zip(people[::2], people[1::2], strict=True):
                meetings.append(await meet(one, other))
                await go_live(meetings[-1])
            await self._lanes(f"call:signal, {where}", lambda: rows.signals(meetings), _SIGNALS)
            for meeting in meetings:
                await meeting.offerer.ask("call:end", call_id=meeting.call_id)
        await self._bursts(f"queue:join to call:started, {where}", lambda: bursts.joins(people))
        await leave(people)

    async def _chats(self, nodes: Sequence[Node], where: str) -> None:
        ports = [node.port for node in nodes]
        accounts = self._accounts[2 * self._options.pairs : 4 * self._options.pairs]
        people = await come(ports, accounts)
        friends = [
            rows.Friends(one, other, room_id)
            for one, other, room_id in zip(people[::2], people[1::2], self._room_ids, strict=False)
        ]
        await self._lanes(f"chat:send, {where}", lambda: rows.messages(friends), _MESSAGES)
        await self._lanes(f"chat:typing, {where}", lambda: rows.typing(friends))
        await self._lanes(f"presence:watch, {where}", lambda: rows.presence_watch(friends))
        for two in friends:
            await two.one.ask("presence:watch", user_ids=[two.other.id])
        await self._lanes(f"presence:set, {where}", lambda: rows.presence_set(friends))
        await self._idle(_idle(where))
        if len(nodes) == 1:
            await leave(people)  # more than a stream keeps has come since they came
            people = await come(ports, accounts)
            await self._bursts("connect with recovery", lambda: bursts.returns(people, ports))
        await leave(people)

    async def _lanes(self, name: str, lanes: Callable[[], list[Lane]], rate: int = 0) -> None:
        """In a closed loop, and at a `rate` if there is one; of one node also at a share of what the closed
        loop held, and the trips."""

        def at(rate: float) -> Measure:
            return lambda **given: window(self._stores.meters, lanes=lanes(), rate=rate, **given)

        closed = await self._steady(name, at(0))
        if rate and await self._steady(_paced(name, rate), at(rate)):
            self.paced[_paced(name, rate)] = Paced(rate, _idle(name.partition(", ")[2]))
        if closed is None or len(self._nodes) > 1:
            return
        if rate:
            await self._steady(f"{name}, at {_SHARE:.0%} of that", at(closed.rate * _SHARE))
        if name not in self.asked or self._flavour not in self.asked[name]:
            self.asked[name][self._flavour] = await trips(self._stores.meters, lanes(), _TRIPS_S)

    async def _bursts(self, name: str, prepare: Callable[[], tuple[bursts.Burst, bursts.Between]]) -> None:
        if not self._wants(name):
            return
        burst, between = prepare()
        await self._steady(name, lambda **given: in_bursts(self._stores.meters, burst, between, **given))

    async def _idle(self, name: str) -> None:
        await self._steady(name, lambda **given: idle(self._stores.meters, **given))

    def _wants(self, name: str) -> bool:
        return not self._options.only or any(word in name for word in self._options.only)

    async def _steady(self, name: str, measure: Measure) -> Figure | None:
        """From a quiet window, or None where there was none."""
        if not self._wants(name):
            return None
        figure, options = None, self._options
        for _ in range(_ATTEMPTS):
            try:
                pids = [node.pid for node in self._nodes]
                figure = await measure(pids=pids, seconds=options.seconds, noise=options.noise)
                break
            except NoisyWindowError as noise:
                _say(f"    noisy: {name}: {noise}")
        self.results[name][self._flavour].append(figure)
        _say(f"  {self._flavour}, {name}: {line(figure) if figure else 'never quiet'}")
        return figure


def _paced(name: str, rate: int) -> str:
    return f"{name}, {rate} a second"


def _idle(where: str) -> str:
    return f"standing idle, {where}, a second"


def _say(text: str) -> None:
    print(text, file=sys.stderr)


async def _run(options: argparse.Namespace, folder: Path) -> None:
    async with Stores.open(folder) as stores:
        pin_load()
        bench = CommandsBench(stores, options)
        try:
            await bench.run()
        finally:  # a run that is broken off is not lost
            tables = table(bench.results), idle_table(bench.results, bench.paced), trips_table(bench.asked)
            print("\n\n".join(tables))
        if bench.broken:
            sys.exit("Promises that were not kept:\n" + "\n".join(bench.broken))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.5, help="length of a measured window")
    parser.add_argument("--pairs", type=int, default=50)
    parser.add_argument("--only", nargs="*", default=[], help="rows whose names contain one of these")
    parser.add_argument("--flavours", nargs="+", default=list(FLAVOURS), choices=FLAVOURS)
    parser.add_argument("--noise", type=float, default=0.15, help="share of a core others may take")
    parser.add_argument("--no-check", dest="check", action="store_false", help="measure at once")
    parser.add_argument("--profile", type=Path, help="folder for CPU profiles of the Node.js server")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        uvloop.run(_run(options, Path(folder)))


if __name__ == "__main__":
    main()
