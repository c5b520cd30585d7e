"""`python -m bench.news`: what it costs to tell those who wait how the wait goes.

A product as a process of its own on real stores; everybody waits, and nobody fits anybody. It runs once with
news and once without, with the same people: the difference is theirs. Prints Markdown. Ends by itself.
"""

import argparse
import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import aiohttp
import psutil
import uvloop
from msgspec import Struct
from redis.asyncio import Redis

from bench.accounts import register
from bench.idle import Servers, cpu_ns, stores
from bench.sockets.wire import RawPeer, frame
from tests.served import Served

_AT_ONCE = 20
_PATIENCE_S = 600
_SETTLED_S = 6.0
# Everybody comes from here, at once, and stays for as long as it takes.
_OPEN = {
    "ACCESS_TOKEN_S": "86400",
    "LOG_LEVEL": "WARNING",
    "MAX_CONNECTIONS_AN_ADDRESS": "20000",
    "MAX_NEWCOMERS_AN_ADDRESS": "5000",
    "PASSWORD_MEMORY_KIB": "8",
    "PASSWORD_PASSES": "1",
    "QUEUE_S": "3600",
}


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


async def _some_at_once(people: int, work: Callable[[int], Awaitable[Any]]) -> list[Any]:
    """For each of them, in their order."""
    done: list[Any] = []
    async with asyncio.timeout(_PATIENCE_S):
        for first in range(0, people, _AT_ONCE):
            some = range(first, min(people, first + _AT_ONCE))
            done += await asyncio.gather(*(work(number) for number in some))
    return done


async def _wait(port: int, token: str) -> WaitingPeer:
    _, peer = await asyncio.get_running_loop().create_connection(
        lambda: WaitingPeer(port, token), "127.0.0.1", port
    )
    await peer.ready
    await peer.join()
    return peer


def _count(node: Served, servers: Servers, peers: Sequence[WaitingPeer]) -> tuple[int, int, int, int]:
    redis, postgres = (cpu_ns(servers.processes(name)) for name in ("redis", "postgres"))
    return sum(peer.news for peer in peers), cpu_ns([psutil.Process(node.pid)]), redis, postgres


async def measure(servers: Servers, tokens: list[str], people: int, seconds: float, every_s: int) -> Cost:
    """With news every so often. `tokens`: of those who have signed up; all do so the first time."""
    urls = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
    node = Served(**urls, **_OPEN, QUEUE_UPDATE_S=str(every_s))
    await node.start()
    try:
        if not tokens:
            async with aiohttp.ClientSession() as web:
                signed_in = await _some_at_once(people, lambda number: register(web, node.address, number))
            tokens += [each["access_token"] for each in signed_in]
        port = int(node.address.rpartition(":")[2])
        peers = await _some_at_once(people, lambda number: _wait(port, tokens[number]))
        await asyncio.sleep(_SETTLED_S)
        before, begun = _count(node, servers, peers), time.monotonic()
        await asyncio.sleep(seconds)
        counts = zip(_count(node, servers, peers), before, strict=True)
        news, *cpu = (now - then for now, then in counts)
        took = time.monotonic() - begun
        for peer in peers:
            peer.transport.abort()
        return Cost(news / took, *(ns / 1e6 / took for ns in cpu))
    finally:
        await node.stop()


async def run(options: argparse.Namespace) -> str:
    """A table: with, without, and what is left for one."""
    tokens: list[str] = []
    async with stores() as servers, Redis.from_url(servers.redis_url) as kept:
        told = await measure(servers, tokens, options.people, options.seconds, 3)
        await kept.flushall()
        silent = await measure(servers, tokens, options.people, options.seconds, 3_600)
    rows = [
        f"| {options.people:,} wait | news a second | python, ms | redis, ms | postgres, ms |",
        "|---" * 5 + "|",
    ]
    for name, cost in (("with news", told), ("without", silent)):
        figures = (cost.news_a_second, cost.python, cost.redis, cost.postgres)
        rows.append(f"| {name} | " + " | ".join(f"{figure:.1f}" for figure in figures) + " |")
    each = 1000 / told.news_a_second
    python, redis = (told.python - silent.python) * each, (told.redis - silent.redis) * each
    share = (told.python - silent.python) / 10
    return "\n".join(
        (*rows, f"\nOne costs {python:.1f} µs of Python and {redis:.1f} of Redis: {share:.1f} % of a core.")
    )


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=9)
    os.environ.setdefault("RATE_LIMITS", "off")
    print(uvloop.run(run(parser.parse_args())))


if __name__ == "__main__":
    main()
