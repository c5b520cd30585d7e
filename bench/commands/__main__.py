"""`make bench-commands`: what each command costs, beside the best Node.js server for the same promises.

Both servers in turns, each on one core, on the same PostgreSQL and Redis, which run wherever there is room;
the load is on the other core. CPU is that of the server's processes, of Redis and of PostgreSQL, in
microseconds a unit, and a unit is done when it was acknowledged and has arrived. Prints the medians of the
rounds, and the ratios of the same round: their median, with the smallest and the largest. Of what comes at a
rate, it also says which part is what the server costs while nothing comes. Windows in which other processes
took too much of the machine are measured again, three times at most, then left out. `--against` a folder, the
product as it is checked out there takes the place of the Node.js server: what a change has gained.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

from bench.accounts import signed_up
from bench.commands import bursts, check, crowds, rows
from bench.commands.lanes import Lane
from bench.commands.measuring import Figure, NoisyWindowError, idle, in_bursts, trips, window
from bench.commands.meters import Trips
from bench.commands.people import Meeting, befriend, come, go_live, leave, meet
from bench.commands.report import Paced, Results, idle_table, line, table, trips_table
from bench.commands.stacks import FLAVOURS, NODE_STACK, PROJECT, Flavour, Node, Stores, on_stores

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
        self._groups: dict[int, list[str]] = {}
        self._checked_group = ""
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
        rooms, of which the Node.js server gets copies; and so has everybody, together with others."""
        pairs, node = self._options.pairs, await Node.start("ours", self._stores)
        count = 4 * pairs + 2 * check.PAIRS
        sizes = [size for size in crowds.SIZES if self._wants(_group(size))]
        everybody = max(count, *sizes) if sizes else count
        _say(f"preparing {everybody} accounts")
        try:
            self._accounts = await signed_up(node.address, ["female", "male"] * (everybody // 2))
            ids = [account["id"] for account in self._accounts]
            self._groups = await crowds.gather_all(self._stores.database, ids, sizes)
            self._checked_group = await crowds.gather(self._stores.database, ids[4 * pairs : count])
            people = await come([node.port], self._accounts[2 * pairs : count])
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
        for flavour in self._options.flavours if self._options.check and not self._options.against else ():
            _say(f"checking: {flavour}")
            accounts = self._accounts[4 * pairs : 4 * pairs + 2 * check.PAIRS]
            broken = await check.check(
                flavour, self._stores, accounts, self._room_ids[pairs:], self._checked_group
            )
            for each in broken:
                _say(f"  BROKEN: {each}")
            self.broken += broken

    async def _turn(self, flavour: Flavour) -> None:
        """All rows of one server: those of one node, then those of two."""
        self._flavour, self._nodes = flavour, []
        try:
            for where in ("one node", "two nodes"):
                self._nodes.append(await self._start(flavour))
                await self._calls(self._nodes, where)
                await self._chats(self._nodes, where)
            await self._crowds(self._nodes)
        finally:
            for node in self._nodes:
                await node.stop()

    async def _start(self, flavour: Flavour) -> Node:
        options = self._options
        return await Node.start(
            flavour, self._stores, profile=options.profile, before=options.against or PROJECT
        )

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

    async def _crowds(self, nodes: Sequence[Node]) -> None:
        """Everybody is there, each at one of the nodes, and hears what is said in their group."""
        for size, room_ids in self._groups.items():
            people = await come([node.port for node in nodes], self._accounts[: size * len(room_ids)])
            await self._lanes(_group(size), partial(crowds.lanes, people, size, room_ids))
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


def _group(size: int) -> str:
    return f"chat:send in a group of {size}, two nodes"


def _idle(where: str) -> str:
    return f"standing idle, {where}, a second"


def _say(text: str) -> None:
    print(text, file=sys.stderr)


async def _run(options: argparse.Namespace, stores: Stores) -> None:
    bench = CommandsBench(stores, options)
    try:
        await bench.run()
    finally:  # a run that is broken off is not lost
        other: Flavour = "before" if options.against else "node"
        print(table(bench.results, other))
        print("\n" + idle_table(bench.results, bench.paced, other))
        print("\n" + trips_table(bench.asked, other))
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
    parser.add_argument("--against", type=Path, help="another checkout of the product, instead of Node.js")
    parser.add_argument("--profile", type=Path, help="folder for CPU profiles of the Node.js server")
    options = parser.parse_args()
    if options.against:
        options.flavours = ["ours", "before"]
    on_stores(partial(_run, options))


if __name__ == "__main__":
    main()
