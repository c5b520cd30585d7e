"""`make bench-pushes`: what a push costs whoever says something, and how many pushes one process sends.

First a message, said by a client over its socket in rooms whose other members are not connected, with one
push asked for in each room (for all that is said in two seconds there is one, so this is the dearest case):
where pushes are not set, where they are and nobody has a device, and where all have one. CPU of the server,
which does no jobs meanwhile, of Redis and of PostgreSQL. Then the job itself: a process that does nothing
else sends what is said in a group of 500 to the devices of all, browsers or phones, which is encrypted for
each, to push services of the tests in another process. They answer at once, on loopback and without TLS: a
real one is waited for (up to 50 at a time), which takes longer, and no more CPU but that of TLS.

Prints Markdown: medians of the rounds, which take turns, with the smallest and the largest. Ends by itself.
"""

import argparse
import asyncio
import os
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from statistics import median
from typing import Any

import psutil
import uvloop

from bench.idle import cpu_ns
from bench.pushes.world import MEMBERS, Kind, Used, World, grown, world
from tests.rest.test_outside_push import Browser
from tests.served import ROOT

_KINDS: Mapping[Kind, str] = {"direct": "a room of two", "group": f"a group of {MEMBERS}"}
_PARTS = ("server", "redis", "postgres")
Devices = Mapping[str, Mapping[str, Any] | None]


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def shown(values: list[float], unit: float = 1) -> str:
    """Their median, with the smallest and the largest."""
    middle, least, most = (each / unit for each in (median(values), min(values), max(values)))
    return f"{middle:,.0f} ({least:,.0f} to {most:,.0f})"


class MessageBench:
    """What a message costs."""

    def __init__(self, silent: World, pushing: World, devices: Devices) -> None:
        self._silent, self._pushing, self._devices = silent, pushing, devices
        self._found: dict[tuple[Kind, str], list[Used]] = defaultdict(list)

    async def round(self) -> None:
        """Each way once."""
        for name, place, devices in (
            ("pushes are not set", self._silent, {}),
            ("set, nobody has a device", self._pushing, {}),
            ("set, all have one: a push is asked for", self._pushing, self._devices),
        ):
            await place.give(devices)
            for kind in _KINDS:
                used, asked = await place.measured(kind)
                rooms = len(place.rooms[kind])
                assert asked == (rooms if devices else 0), f"{asked} pushes were asked for in {rooms} rooms"
                self._found[kind, name].append(used)

    def table(self) -> str:
        """All ways, in µs a message."""
        rows = ["| µs of CPU a message | " + " | ".join(_PARTS) + " |", "|---|---|---|---|"]
        for (kind, name), found in sorted(self._found.items(), key=lambda each: each[0][0]):
            parts = (shown([getattr(used, part) for used in found], 1_000) for part in _PARTS)
            rows.append(f"| {_KINDS[kind]}: {name} | {' | '.join(parts)} |")
        return "\n".join(rows)


class Program:
    """A process of this bench, which answers a line with a line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def cpu(self) -> int:
        """In ns, since it began."""
        return cpu_ns([psutil.Process(self._process.pid)])

    async def hear(self) -> str:
        """The next line that it says."""
        assert self._process.stdout is not None
        async with asyncio.timeout(120):
            line = await self._process.stdout.readline()
        assert line, "a process of this bench has ended"
        return line.decode().strip()

    async def ask(self, line: str = "") -> str:
        """What it answers."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        return await self.hear()


@asynccontextmanager
async def program(name: str, *arguments: str) -> AsyncIterator[Program]:
    """It ends with the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"bench.pushes.{name}", *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    try:
        yield Program(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


class SendingBench:
    """How many pushes a second one process sends, and with which CPU."""

    def __init__(self, place: World, services: Program, sender: Program) -> None:
        self._place, self._services, self._sender = place, services, sender
        self._found: dict[str, list[tuple[float, ...]]] = defaultdict(list)

    async def round(self, name: str, devices: Devices) -> None:
        """What was just said, once to each of these devices."""
        await self._place.give(devices)
        [room_id, *_] = await self._place.say("group")
        postgres, services = self._place.postgres(), self._services.cpu
        seconds, cpu = map(float, (await self._sender.ask(room_id)).split())
        services = self._services.cpu - services
        used = grown(postgres, self._place.postgres())
        sent = int(await self._services.ask())
        assert sent == len(devices), f"{sent} pushes came of {len(devices)}"
        self._found[name].append((sent / seconds, *(ns / sent / 1e3 for ns in (cpu, used, services))))

    def table(self) -> str:
        """Of each kind of device."""
        rows = [
            f"| to a group of {MEMBERS} with {MEMBERS} devices | pushes a second"
            " | µs of CPU a push: sender | PostgreSQL | push service of the tests |",
            "|---" * 5 + "|",
        ]
        for name, found in self._found.items():
            rows.append(f"| {name} | {' | '.join(shown(list(each)) for each in zip(*found, strict=True))} |")
        return "\n".join(rows)


async def _rounds(number: int, what: str, one: Callable[[], Awaitable[None]]) -> None:
    for nth in range(number):
        _say(f"{what}, round {nth + 1} of {number}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        await one()


async def run(options: argparse.Namespace) -> None:
    """Both tables."""
    async with AsyncExitStack() as stack:
        _say("starting two worlds: PostgreSQL, Redis, a node")
        rooms = {"pairs": options.pairs, "groups": options.groups}
        silent = await stack.enter_async_context(world(**rooms, pushes=False))
        pushing = await stack.enter_async_context(world(**rooms, pushes=True))
        services = await stack.enter_async_context(program("push_services"))
        address = await services.hear()
        sender = await stack.enter_async_context(program("sender", pushing.servers.database_url, address))
        phones: Devices = dict.fromkeys(pushing.others)
        browsers: Devices = {who: Browser(f"{address}/{who}").target.subscription for who in pushing.others}

        messages, sending = MessageBench(silent, pushing, phones), SendingBench(pushing, services, sender)
        await messages.round()  # once to warm up
        messages = MessageBench(silent, pushing, phones)
        await _rounds(options.rounds, "messages", messages.round)

        async def both() -> None:
            await sending.round("browsers (Web Push)", browsers)
            await sending.round("phones (FCM)", phones)

        await both()
        sending = SendingBench(pushing, services, sender)
        await _rounds(options.rounds, "pushes", both)
    print(f"{messages.table()}\n\n{sending.table()}")


def main() -> None:
    """The command."""
    about = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="bench-pushes", description=__doc__, formatter_class=about)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--pairs", type=int, default=100, help="rooms of two in which something is said")
    parser.add_argument("--groups", type=int, default=5, help=f"groups of {MEMBERS} in which it is")
    uvloop.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
