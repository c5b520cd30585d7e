"""Both servers at once, each on stores of its own, measured in turns of half a second.

On a machine whose speed changes, the ratio of two windows that lie side by side says more than that of two
rounds. `python -m bench.commands.in_turns --only join` measures some rows; `--against` a folder, the product
as it is checked out there takes the place of the Node.js server. CPU as in `bench.commands`, in microseconds
a unit; of the ratios the median, with their quartiles, and the median of each part. What differs from start
to start (where memory lies, which plans PostgreSQL keeps) is the same in all windows of one: `--starts` says
how often to begin anew.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median, quantiles
from typing import Literal

import uvloop
from msgspec import Struct
from msgspec.structs import astuple

from bench.accounts import signed_up
from bench.commands import bursts, crowds, rows
from bench.commands.lanes import Lane, at_a_rate, closed_loop
from bench.commands.meters import Used
from bench.commands.people import Person, befriend, come, go_live, leave, meet
from bench.commands.stacks import NODE_STACK, PROJECT, Flavour, Node, Stores, pin_load

_SETTLING_S = 0.05
_WARM_UP = 2
_PARTS = ("server", "redis", "postgres")
_LEAST_US = 5.0
Work = Literal["join", "signal", "chat", "typing", "watch", "set", "return", "group"]


class Row(Struct, frozen=True):
    """What is measured, on how many nodes. `rate` a second, 0: in a closed loop, or in bursts."""

    work: Work
    nodes: int
    rate: int = 0
    members: int = 0

    def __str__(self) -> str:
        what = f"{self.work} of {self.members}" if self.members else self.work
        return f"{what}, {self.nodes} node(s)" + (f", {self.rate} a second" if self.rate else "")


_WORKS: Sequence[tuple[Work, Sequence[int]]] = (
    ("signal", (0, 1_000)),
    ("chat", (0, 300)),
    *((work, (0,)) for work in ("join", "typing", "watch", "set", "return")),
)
ROWS = [Row(work, nodes, rate) for work, rates in _WORKS for rate in rates for nodes in (1, 2)]
ROWS += [Row("group", 2, members=members) for members in crowds.SIZES]


NewLanes = Callable[[], list[Lane]]
_BY_FRIENDS: Mapping[Work, Callable[[Sequence[rows.Friends]], list[Lane]]] = {
    "chat": rows.messages,
    "typing": rows.typing,
    "watch": rows.presence_watch,
    "set": rows.presence_set,
}


async def _lanes(work: Work, both: Sequence[tuple[Person, Person]], room_ids: Sequence[str]) -> NewLanes:
    """Of these pairs, once they are where the work begins."""
    if work == "signal":
        meetings = [await meet(one, other) for one, other in both]
        for meeting in meetings:
            await go_live(meeting)
        return lambda: rows.signals(meetings)
    friends = [rows.Friends(*two, room_id) for two, room_id in zip(both, room_ids, strict=True)]
    if work == "set":
        for two in friends:
            await two.one.ask("presence:watch", user_ids=[two.other.id])
    lanes = _BY_FRIENDS[work]
    return lambda: lanes(friends)


class Side:
    """One of the two, with its people, ready to do a row."""

    def __init__(self, flavour: Flavour, stores: Stores, before: Path) -> None:
        self.flavour, self._stores, self._before = flavour, stores, before
        self.nodes: list[Node] = []
        self._lanes: NewLanes = list
        self._burst: tuple[bursts.Burst, bursts.Between] | None = None
        self.used: list[Used] = []

    async def prepare(self, row: Row, pairs: int) -> None:
        """Accounts are made by the product, and rooms too, of which the Node.js server gets copies."""
        accounts, room_ids = await self._signed_up(row, pairs)
        for _ in range(row.nodes):
            self.nodes.append(await Node.start(self.flavour, self._stores, before=self._before))
        ports = [node.port for node in self.nodes]
        people = await come(ports, accounts)
        if row.work == "join":
            self._burst = bursts.joins(people)
        elif row.work == "return":
            self._burst = bursts.returns(people, ports)
        elif row.members:
            self._lanes = lambda: crowds.lanes(people, row.members, room_ids)
        else:
            self._lanes = await _lanes(row.work, list(zip(people[::2], people[1::2], strict=True)), room_ids)

    async def _signed_up(self, row: Row, pairs: int) -> tuple[list[dict[str, str]], list[str]]:
        product: Flavour = "ours" if self.flavour == "node" else self.flavour
        first = await Node.start(product, self._stores, before=self._before)
        count = crowds.MOST if row.members else 2 * pairs
        try:
            accounts = await signed_up(first.address, ["female", "male"] * (count // 2))
            room_ids = await self._rooms(row, accounts, first)
        finally:
            await first.stop()
        if self.flavour == "node":
            for name in ("schema.sql", "copy.sql"):
                await self._stores.database.execute((NODE_STACK / name).read_text())
        return accounts, room_ids

    async def _rooms(self, row: Row, accounts: Sequence[dict[str, str]], node: Node) -> list[str]:
        """Those in which something is said, if so."""
        if row.members:
            everybody = [account["id"] for account in accounts]
            groups = await crowds.gather_all(self._stores.database, everybody, [row.members])
            return groups[row.members]
        if row.work in ("join", "signal"):
            return []
        people = await come([node.port], accounts)
        rooms = [await befriend(*two) for two in zip(people[::2], people[1::2], strict=True)]
        await leave(people)
        return rooms

    async def window(self, row: Row, seconds: float) -> Used:
        """Of one unit."""
        pids, meters = [node.pid for node in self.nodes], self._stores.meters
        if self._burst is not None:
            burst, between = self._burst
            before = meters.used(pids)
            units = len(await burst())
            await asyncio.sleep(_SETTLING_S)
            used = meters.used(pids).since(before)
            await between()
            return used.each(units)
        lanes, before = self._lanes(), meters.used(pids)
        await (at_a_rate(lanes, row.rate, seconds) if row.rate else closed_loop(lanes, seconds))
        await asyncio.gather(*(lane.end() for lane in lanes))
        return meters.used(pids).since(before).each(sum(lane.done for lane in lanes))


async def measure(row: Row, options: argparse.Namespace, sides: Sequence[Side]) -> None:
    """Windows of both, who is first in turns; the first ones only warm up."""
    try:
        for side in sides:
            await side.prepare(row, options.pairs)
        for number in range(_WARM_UP + options.windows):
            for side in sides[:: 1 if number % 2 else -1]:
                used = await side.window(row, options.seconds)
                if number >= _WARM_UP:
                    side.used.append(used)
    finally:
        for side in sides:
            for node in side.nodes:
                await node.stop()


async def _start(row: Row, options: argparse.Namespace) -> Sequence[Side]:
    other: Flavour = "before" if options.against else "node"
    os.sched_setaffinity(0, range(os.cpu_count() or 1))  # stores run wherever there is room
    async with AsyncExitStack() as stack:
        sides = []
        for flavour in ("ours", other):
            folder = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
            stores = await stack.enter_async_context(Stores.open(Path(folder)))
            sides.append(Side(flavour, stores, options.against or PROJECT))
        pin_load()
        await measure(row, options, sides)
    return sides


def _line(row: Row, starts: Sequence[Sequence[Side]]) -> str:
    def cost(place: int) -> str:
        parts = zip(*(astuple(used)[:3] for sides in starts for used in sides[place].used), strict=True)
        return " / ".join(f"{median(part):.0f}" for part in parts)

    pairs = [two for sides in starts for two in zip(*(side.used for side in sides), strict=True)]
    low, middle, high = quantiles([one.all / other.all for one, other in pairs], n=4)
    parts = " / ".join(
        _apart([(getattr(one, part), getattr(other, part)) for one, other in pairs]) for part in _PARTS
    )
    return f"| {row} | {cost(0)} | {cost(1)} | {middle:.2f} ({low:.2f}-{high:.2f}) | {parts} |"


def _apart(pairs: Sequence[tuple[float, float]]) -> str:
    """The median of the ratios, where the other has used anything worth a ratio."""
    ratios = [one / other for one, other in pairs if other >= _LEAST_US]
    return f"{median(ratios):.2f}" if 2 * len(ratios) > len(pairs) else "-"


async def _run(options: argparse.Namespace) -> None:
    other = "before" if options.against else "Node.js"
    print(f"| server / Redis / PostgreSQL, µs | ours | {other} | ours / {other} in all | of each |")
    print("|---|---|---|---|---|")
    for row in ROWS:
        if not options.only or any(word in str(row) for word in options.only):
            starts = [await _start(row, options) for _ in range(options.starts)]
            print(_line(row, starts), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], help="rows whose names contain one of these")
    parser.add_argument("--windows", type=int, default=16, help="of each server, a row and start")
    parser.add_argument("--seconds", type=float, default=0.5, help="length of a window")
    parser.add_argument("--starts", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=50)
    parser.add_argument("--against", type=Path, help="folder of another checkout of the product")
    options = parser.parse_args()
    try:
        uvloop.run(_run(options))
    except KeyboardInterrupt:
        sys.exit(1)


if __name__ == "__main__":
    main()
