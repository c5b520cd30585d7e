"""`python -m bench.news`: what it costs to tell those who wait how the wait goes.

A product as a process of its own on real stores; everybody waits, and nobody fits anybody. It runs once with
news and once without: the difference is theirs. Prints Markdown. Ends by itself.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Sequence

import aiohttp
import psutil
import uvloop
from msgspec import Struct

from bench.accounts import register
from bench.idle import cpu_ns
from bench.sockets.wire import RawPeer, frame
from tests.served import Served

_AT_ONCE = 20
_PATIENCE_S = 120
_SETTLED_S = 6.0


class WaitingPeer(RawPeer):
    """Comes with its token, and counts the news that it hears. `queued` when it waits."""

    def __init__(self, port: int, token: str) -> None:
        super().__init__(port, json.dumps({"token": token}))
        self.queued: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.news = 0
        self.message = lambda _, payload: self._hear(payload)

    def _hear(self, payload: bytes) -> None:
        if b'"queue:updated"' in payload:
            self.news += 1
        elif payload.startswith(b"43") and not self.queued.done():
            self.queued.set_result(None)

    async def join(self) -> None:
        """Wait for somebody who will not come."""
        self.write(frame('420["queue:join",{"mode":"voice","preferences":{"genders":["female"]}}]'))
        await self.queued


class Cost(Struct):
    """Of so many seconds: the news that arrived; CPU in ms a second of the product, Redis and PostgreSQL."""

    news_a_second: float
    python: float
    redis: float
    postgres: float


async def _peer(web: aiohttp.ClientSession, address: str, number: int) -> WaitingPeer:
    token = (await register(web, address, number))["access_token"]
    port = int(address.rpartition(":")[2])
    _, peer = await asyncio.get_running_loop().create_connection(
        lambda: WaitingPeer(port, token), "127.0.0.1", port
    )
    await peer.ready
    await peer.join()
    return peer


async def _crowd(address: str, people: int) -> list[WaitingPeer]:
    peers: list[WaitingPeer] = []
    async with aiohttp.ClientSession() as web, asyncio.timeout(_PATIENCE_S):
        for first in range(0, people, _AT_ONCE):
            some = range(first, min(people, first + _AT_ONCE))
            peers += await asyncio.gather(*(_peer(web, address, number) for number in some))
    return peers


def _count(node: Served, peers: Sequence[WaitingPeer]) -> tuple[int, int, int, int]:
    product = psutil.Process(node.pid)
    stores = product.children(recursive=True)
    redis = [p for p in stores if "redis" in p.name()]
    postgres = [p for p in stores if "postgres" in p.name()]
    return sum(peer.news for peer in peers), cpu_ns([product]), cpu_ns(redis), cpu_ns(postgres)


async def measure(people: int, seconds: float, every_s: int) -> Cost:
    """With news every so often."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        node = Served(DATA_DIR=folder, QUEUE_UPDATE_S=str(every_s), QUEUE_S="3600", LOG_LEVEL="WARNING")
        await node.start()
        try:
            peers = await _crowd(node.address, people)
            await asyncio.sleep(_SETTLED_S)
            before, begun = _count(node, peers), time.monotonic()
            await asyncio.sleep(seconds)
            news, *cpu = (now - then for now, then in zip(_count(node, peers), before, strict=True))
            took = time.monotonic() - begun
            for peer in peers:
                peer.transport.abort()
            return Cost(news / took, *(ns / 1e6 / took for ns in cpu))
        finally:
            await node.stop()


async def run(options: argparse.Namespace) -> str:
    """A table: with, without, and what is left for one."""
    told = await measure(options.people, options.seconds, 3)
    silent = await measure(options.people, options.seconds, 3_600)
    rows = [
        f"| {options.people:,} wait | news a second | python, ms | redis, ms | postgres, ms |",
        "|---" * 5 + "|",
    ]
    for name, cost in (("with news", told), ("without", silent)):
        figures = (cost.news_a_second, cost.python, cost.redis, cost.postgres)
        rows.append(f"| {name} | " + " | ".join(f"{figure:.1f}" for figure in figures) + " |")
    each = 1000 / told.news_a_second
    python, redis = (told.python - silent.python) * each, (told.redis - silent.redis) * each
    return "\n".join((*rows, f"\nOne costs {python:.1f} µs of Python and {redis:.1f} of Redis."))


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=9)
    os.environ.setdefault("RATE_LIMITS", "off")
    print(uvloop.run(run(parser.parse_args())))


if __name__ == "__main__":
    main()
