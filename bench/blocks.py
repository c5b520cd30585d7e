"""`python -m bench.blocks`: how soon a block ends the call of the two, on two nodes that are busy.

Two processes of the product on a real PostgreSQL and Redis, the two of a pair on different nodes. While
blocks are asked for, each node is kept busy in slices of a few milliseconds, as by other people's commands:
a share of its loop that is given. Prints Markdown, and the slowest block step by step, as the nodes tell of
it; the clock is that of one machine.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import psutil
import socketio
import uvloop
from msgspec import Struct

from bench.accounts import register
from composition import realtime
from composition.foundation import Foundation
from composition.live_stores import LiveStores
from composition.services import Services
from core import logs
from core.contract.calls import CallEnded
from core.environment import load
from core.settings import Settings
from core.tasks import end
from db.embedded import EmbeddedServers, Urls
from realtime.presence.ports import Sockets
from signaling.messages import Block

_SLICE_S = 0.003
_PATIENCE_S = 20.0
_PAUSE_S = 0.1
Marks = dict[str, list[tuple[float, str]]]


# --- A node ---


def _mark(step: str, key: str) -> None:
    print(json.dumps([time.time(), step, key]), flush=True)


def _around(thing: Any, name: str, key: Callable[..., str | None], before: str, after: str) -> None:
    """Tell when this method begins and ends, for those calls that have a key."""
    method = getattr(thing, name)

    async def traced(*given: Any, **more: Any) -> Any:
        of = key(*given)
        if of and before:
            _mark(before, of)
        answer = await method(*given, **more)
        if of and after:
            _mark(after, of)
        return answer

    setattr(thing, name, traced)


class Traced(Services):
    """The product's services, which tell of each step from a block to the end of a call."""

    def __init__(self, stores: LiveStores, base: Foundation, sockets: Sockets) -> None:
        _around(stores.blocks, "block", lambda blocker, *_: blocker, "received", "committed")
        _around(
            stores.calls, "save", lambda call, *_: call.id if call.reason == "blocked" else None, "", "saved"
        )
        _around(
            stores.events,
            "send",
            lambda _, event: event.call_id if isinstance(event, CallEnded) else None,
            "",
            "announced to one",
        )
        super().__init__(stores, base, sockets)
        _around(
            self.call_service,
            "tell",
            lambda _, message: message.user_id if isinstance(message, Block) else None,
            "taken up",
            "",
        )


async def _busy(share: float) -> None:
    """Use this share of the loop, in slices that come as chance has it."""
    chance = random.Random(1)
    while True:
        await asyncio.sleep(chance.expovariate(share / (1 - share) / _SLICE_S) if share else 1)
        until = time.perf_counter() + _SLICE_S
        while time.perf_counter() < until:
            pass


async def _node(share: float) -> None:
    settings = load(os.environ)
    logs.set_up(settings)
    async with realtime.running(settings, services=Traced) as address:
        print(json.dumps([0, "address", address]), flush=True)
        lines = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
        )
        await lines.readline()
        work = asyncio.create_task(_busy(share))
        await lines.read()  # until the bench is over
        await end([work])


class BenchNode:
    """A node as a process, and the steps that it told of."""

    def __init__(self, urls: Urls, share: float, marks: Marks) -> None:
        self._urls, self._share, self._marks = urls, share, marks
        self.address = ""

    async def __aenter__(self) -> "BenchNode":
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bench.blocks",
            "--node",
            "--busy",
            str(self._share),
            env={
                **os.environ,
                "PORT": "0",
                "DATABASE_URL": self._urls.database_url,
                "REDIS_URL": self._urls.redis_url,
                "RATE_LIMITS": "off",
                "LOG_LEVEL": "ERROR",
                "PASSWORD_MEMORY_KIB": "8",
                "PASSWORD_PASSES": "1",
                "OFFER_S": "60",
                "CONNECT_S": "60",
            },
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._process.stdout is not None
        _, _, self.address = json.loads(await self._process.stdout.readline())
        self._ear = asyncio.create_task(self._listen(self._process.stdout))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
        await self._ear

    def cpu_s(self) -> float:
        """What it has used so far."""
        used = psutil.Process(self._process.pid).cpu_times()
        return float(used.user + used.system)

    def work(self) -> None:
        """Be busy from now on."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"work\n")

    async def _listen(self, told: asyncio.StreamReader) -> None:
        async for line in told:
            at, step, key = json.loads(line)
            self._marks[key].append((at, step))


# --- People ---


class BenchCaller:
    """Somebody on one device."""

    def __init__(self, address: str, account: Mapping[str, Any]) -> None:
        self.address, self.id, self.token = address, account["user"]["id"], account["access_token"]
        self.heard_at: dict[str, float] = {}
        self._heard: dict[str, asyncio.Future[Any]] = defaultdict(asyncio.get_running_loop().create_future)
        self._client = socketio.AsyncClient(reconnection=False)
        self._client.on("*", self._hear)

    @classmethod
    async def new(cls, address: str, web: aiohttp.ClientSession, gender: str, number: int) -> "BenchCaller":
        caller = cls(address, await register(web, address, number, gender))
        await caller._client.connect(address, auth={"token": caller.token}, transports=["websocket"])
        return caller

    async def _hear(self, name: str, payload: Any, *_: Any) -> None:
        self.heard_at.setdefault(name, time.time())
        if not self._heard[name].done():
            self._heard[name].set_result(payload)

    async def hear(self, name: str) -> Any:
        """The first event of this name."""
        async with asyncio.timeout(_PATIENCE_S):
            return await self._heard[name]

    async def ask(self, command: str, **payload: Any) -> None:
        answer = await self._client.call(command, payload, timeout=_PATIENCE_S)
        assert answer["ok"], answer

    async def leave(self) -> None:
        await self._client.disconnect()


async def _live(pair: Sequence[BenchCaller]) -> str:
    """The call of these two, live."""
    for caller in pair:
        await caller.ask("queue:join", mode="voice")
    call_id: str = (await pair[0].hear("call:offered"))["call_id"]
    for step, more in (("call:accept", {}), ("call:connected", {"epoch": 1})):
        for caller in pair:
            await caller.ask(step, call_id=call_id, **more)
    return call_id


# --- The measurement ---


class Found(Struct, frozen=True):
    """One block: seconds until each of the two heard of the end, and the steps in between."""

    until_heard: tuple[float, float]
    steps: tuple[tuple[float, str], ...]

    @property
    def slowest(self) -> float:
        return max(self.until_heard)


async def _block(
    pair: Sequence[BenchCaller], call_id: str, web: aiohttp.ClientSession, marks: Marks
) -> Found:
    blocker, blocked = pair
    asked = time.time()
    headers = {"Authorization": f"Bearer {blocker.token}"}
    url = f"{blocker.address}/v1/blocks"
    async with web.post(url, json={"user_id": blocked.id}, headers=headers) as response:
        assert response.status == 201, await response.text()
    answered = time.time()
    for caller in pair:
        await caller.hear("call:ended")
    heard = [caller.heard_at["call:ended"] for caller in pair]
    await asyncio.sleep(_PAUSE_S)  # the nodes' marks are on their way
    steps = [step for key in (blocker.id, call_id) for step in marks[key] if step[0] >= asked]
    steps.append((answered, "answered"))
    steps += [(heard[0], "heard by the blocker"), (heard[1], "heard by the blocked")]
    return Found(
        until_heard=(heard[0] - asked, heard[1] - asked),
        steps=tuple(sorted((at - asked, step) for at, step in steps)),
    )


async def measure(pairs: int, rate: float, share: float, folder: Path) -> list[Found]:
    """So many blocks, asked for at times of chance, whether or not those before are done."""
    chance = random.Random(2)
    marks: Marks = defaultdict(list)
    async with AsyncExitStack() as harness:
        servers = EmbeddedServers.open(folder, postgres=True, redis=True, log=lambda _: None)
        urls = await harness.enter_async_context(servers)
        nodes = [await harness.enter_async_context(BenchNode(urls, share, marks)) for _ in range(2)]
        web = await harness.enter_async_context(aiohttp.ClientSession())
        met = []
        for number in range(pairs):
            pair = [
                await BenchCaller.new(node.address, web, gender, 2 * number + nth)
                for nth, (node, gender) in enumerate(zip(nodes, ("female", "male"), strict=True))
            ]
            for caller in pair:
                harness.push_async_callback(caller.leave)
            met.append((pair[:: 1 if number % 2 else -1], await _live(pair)))
        for node in nodes:
            node.work()
        await asyncio.sleep(1)
        before = [node.cpu_s() for node in nodes]
        begun = time.perf_counter()
        blocks = []
        for pair, call_id in met:
            blocks.append(asyncio.create_task(_block(pair, call_id, web, marks)))
            await asyncio.sleep(chance.expovariate(rate))
        found = await asyncio.gather(*blocks)
        lasted = time.perf_counter() - begun
        used = [(node.cpu_s() - then) / lasted for node, then in zip(nodes, before, strict=True)]
        print(f"Cores used by the nodes: {', '.join(f'{share:.0%}' for share in used)}.")
        return found


def report(found: Sequence[Found]) -> str:
    """The table, and the trace of the slowest."""
    taken = [block.slowest * 1000 for block in found]
    p50, p99 = np.quantile(taken, [0.5, 0.99])
    load = os.getloadavg()[0]
    slowest = max(found, key=lambda block: block.slowest)
    return "\n".join(
        [
            f"{len(found)} blocks; load of the machine {load:.1f}.",
            "",
            "| from the block to both having heard, ms | p50 | p99 | longest |",
            "|---|---|---|---|",
            f"| | {p50:.0f} | {p99:.0f} | {max(taken):.0f} |",
            "",
            "The slowest, ms after it was asked for:",
            *(f"- {at * 1000:.0f} {step}" for at, step in slowest.steps),
        ]
    )


def main() -> None:
    """Print the table, or be a node of it."""
    parser = argparse.ArgumentParser(prog="python -m bench.blocks", description=__doc__)
    parser.add_argument("--blocks", type=int, default=60, help="pairs of whom one blocks the other")
    parser.add_argument("--rate", type=float, default=8, help="blocks a second, at times of chance")
    parser.add_argument("--busy", type=float, default=0.7, help="share of a core that each node is busy")
    parser.add_argument("--node", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.node:
        uvloop.run(_node(given.busy))
        return
    logs.set_up(Settings(log_level="ERROR"))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        print(report(uvloop.run(measure(given.blocks, given.rate, given.busy, Path(folder)))))


if __name__ == "__main__":
    main()
