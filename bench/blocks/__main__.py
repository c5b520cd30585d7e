"""`make bench-blocks`: how soon a block, a ban, a suspension and a deletion have had all their effects.

Two processes of the product share one core, on a real PostgreSQL and Redis; of a pair each is on another
node. First the bench finds out how many signals and messages between the nodes that core holds, then at which
rates the nodes use a share of it. At these it asks for them, and meanwhile for acts at times of chance,
whether or not those before are done. From the request of an act until its last effect was seen at both.
Prints Markdown, and the slowest of each kind step by step, as the nodes tell of it; the clock is that of one
machine.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import numpy as np
import uvloop
from msgspec import Struct

from bench.accounts import register
from bench.blocks.acts import KINDS, Act, Parted, Stage, Witness
from bench.blocks.load import Load, Rates
from bench.blocks.nodes import BenchNode, Marks
from bench.commands.people import Person, befriend, come, leave
from bench.commands.rows import Friends
from bench.commands.stacks import Stores, pin_load
from core import logs
from core.settings import Settings
from db.postgres.pool import Pool, open_pool

_SEED = 2


class PartingsBench:
    """One run."""

    def __init__(
        self, nodes: Sequence[BenchNode], stores: Stores, pool: Pool, web: aiohttp.ClientSession, marks: Marks
    ) -> None:
        self._nodes, self._stores, self._pool, self._web = nodes, stores, pool, web
        self._marks, self._accounts = marks, 0

    async def _account(self, gender: str = "other") -> dict[str, str]:
        """Each at the next node."""
        node = self._nodes[self._accounts % len(self._nodes)]
        signed = await register(self._web, node.address, self._accounts, gender)
        self._accounts += 1
        return {"id": signed["user"]["id"], "token": signed["access_token"]}

    async def load(self, pairs: int) -> tuple[Load, list[Person]]:
        """So many who signal, and so many who write."""
        ports = [node.port for node in self._nodes]
        people = await come(ports, [await self._account() for _ in range(4 * pairs)])
        callers, writers = people[: 2 * pairs], people[2 * pairs :]
        friends = [
            Friends(one, other, await befriend(one, other))
            for one, other in zip(writers[::2], writers[1::2], strict=True)
        ]
        return await Load.of(self._nodes, callers, friends), people

    async def acts(self, count: int) -> list[Act]:
        """So many of each kind, in an order of chance, all ready."""
        moderator = await self._account()
        role = "UPDATE identity.users SET role = 'moderator' WHERE id = $1"
        await self._pool.execute(role, moderator["id"])
        stage = Stage(
            self._web,
            self._pool,
            lambda channel: self._stores.redis.publish(channel, b""),
            moderator["token"],
        )
        acts = []
        for number in range(count):
            for kind in KINDS:
                here, there = self._nodes[:: 1 if number % 2 else -1]
                she = await Witness.come(here.port, await self._account("female"))
                he = await Witness.come(there.port, await self._account("male"))
                node = self._nodes[number // 2 % 2]  # of him who acts, of her, of neither of the two
                acts.append(await stage.act(kind, she, he, node, by_him=number % 4 >= 2))
        random.Random(_SEED).shuffle(acts)
        return acts

    async def run(self, options: argparse.Namespace) -> "Result":
        """Everything is ready before anything is measured."""
        _say("preparing")
        load, people = await self.load(options.pairs)
        acts = await self.acts(options.acts)
        try:
            held = await load.calibrate(options.seconds)
            _say(f"in a closed loop: {held}")
            rates = await load.pace(held, options.share, options.seconds / 2)
            async with load.at(rates) as measured:
                found = await _at_times_of_chance(acts, options.rate, self._marks)
                return Result(held, measured(), found, refused=len(acts) - len(found))
        finally:
            await leave([*people, *(person for act in acts for person in (act.she, act.he))])


async def _at_times_of_chance(acts: Sequence[Act], rate: float, marks: Marks) -> list[Parted]:
    chance, under_way = random.Random(_SEED), []
    for act in acts:
        under_way.append(asyncio.create_task(act.measured(marks)))
        await asyncio.sleep(chance.expovariate(rate))
    return [parted for parted in await asyncio.gather(*under_way) if parted is not None]


class Result(Struct, frozen=True):
    """What the core held, what it was asked for meanwhile, and what became of each act."""

    held: Rates
    meanwhile: Rates
    parted: Sequence[Parted]
    refused: int


def report(result: Result) -> str:
    """The table, and the slowest of each kind."""
    lines = [
        f"Held in a closed loop: {result.held}. Meanwhile: {result.meanwhile}."
        f" Refused for want of time: {result.refused} acts. Load of the machine {os.getloadavg()[0]:.1f}.",
        "",
        "| ms from the request to its last effect | acts | p50 | p99 | longest |",
        "|---|---|---|---|---|",
    ]
    found = {kind: [each for each in result.parted if each.kind == kind] for kind in KINDS}
    by_kind = {kind: parted for kind, parted in found.items() if parted}
    for kind, parted in by_kind.items():
        taken = [each.last * 1000 for each in parted]
        p50, p99 = np.quantile(taken, [0.5, 0.99])
        lines.append(f"| {kind} | {len(taken)} | {p50:.0f} | {p99:.0f} | {max(taken):.0f} |")
        for effect in parted[0].until:
            p50, p99 = np.quantile([each.until[effect] * 1000 for each in parted], [0.5, 0.99])
            lines.append(f"| {kind}, {effect} | | {p50:.0f} | {p99:.0f} | |")
    for kind, parted in by_kind.items():
        slowest = max(parted, key=lambda each: each.last)
        lines += ["", f"The slowest {kind}, ms after it was asked for:"]
        lines += [f"- {at * 1000:.0f} {step}" for at, step in slowest.steps]
    return "\n".join(lines)


def _say(text: str) -> None:
    print(text, file=sys.stderr)


async def _run(options: argparse.Namespace, folder: Path) -> None:
    marks = Marks()
    async with AsyncExitStack() as stack:
        stores = await stack.enter_async_context(Stores.open(folder))
        pin_load()
        nodes = [await stack.enter_async_context(BenchNode(stores.urls, marks)) for _ in range(2)]
        pool = await open_pool(stores.urls.database_url, size=4)
        stack.push_async_callback(pool.close)
        web = await stack.enter_async_context(aiohttp.ClientSession())
        print(report(await PartingsBench(nodes, stores, pool, web, marks).run(options)))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.blocks", description=__doc__)
    parser.add_argument("--acts", type=int, default=100, help="of each kind")
    parser.add_argument("--rate", type=float, default=4, help="acts a second, at times of chance")
    parser.add_argument("--share", type=float, default=0.7, help="of their core, for the load")
    parser.add_argument("--pairs", type=int, default=20, help="who signal, and as many who write")
    parser.add_argument("--seconds", type=float, default=4, help="of the closed loop that is measured")
    options = parser.parse_args()
    logs.set_up(Settings(log_level="ERROR"))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        uvloop.run(_run(options, Path(folder)))


if __name__ == "__main__":
    main()
