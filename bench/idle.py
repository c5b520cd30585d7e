"""`python -m bench.idle`: what a product costs that nobody uses, or to which people are only connected.

Nodes as processes of their own on one real PostgreSQL and Redis. Prints Markdown: the CPU of each, in ms a
second, and how often the stores are asked. Ends by itself.
"""

import argparse
import asyncio
import json
import statistics
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import asyncpg
import psutil
import uvloop
from msgspec import Struct
from redis.asyncio import Redis

from bench.accounts import register
from bench.sockets.wire import RawPeer, connect
from tests.served import ROOT, Served

_ACCOUNTS = 50
_SETTLED_S = 6.0  # what a start leaves to do is done
_PATIENCE_S = 60


class Servers(Struct):
    """The stores: where they answer, and their processes."""

    database_url: str
    redis_url: str
    pid: int

    def processes(self, name: str) -> list[psutil.Process]:
        """Those of this program that live now: PostgreSQL has one for each connection."""
        return [p for p in psutil.Process(self.pid).children(recursive=True) if name in p.name()]


class Counts(Struct):
    """Counted since each server began: CPU in ns; what was asked of the stores."""

    python: int
    redis: int
    postgres: int
    commands: int
    transactions: int


class Second(Struct):
    """What one second costs: CPU in ms of all nodes, Redis and PostgreSQL; what the stores were asked."""

    python: float
    redis: float
    postgres: float
    commands: float
    transactions: float


@asynccontextmanager
async def stores() -> AsyncIterator[Servers]:
    """PostgreSQL and Redis, with data that goes with them."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "db.embedded",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_PATIENCE_S):
            said = json.loads(await process.stdout.readline())
        yield Servers(**said, pid=process.pid)
    finally:
        process.stdin.close()
        await process.wait()


async def count(
    nodes: Iterable[Served], servers: Servers, redis: Redis, postgres: asyncpg.Connection
) -> Counts:
    """Everything as it is now."""
    asked = await redis.info("stats")
    transactions = await postgres.fetchval(
        "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
    )
    return Counts(
        python=cpu_ns(psutil.Process(node.pid) for node in nodes),
        redis=cpu_ns(servers.processes("redis")),
        postgres=cpu_ns(servers.processes("postgres")),
        commands=asked["total_commands_processed"],
        transactions=transactions,
    )


def cpu_ns(processes: Iterable[psutil.Process]) -> int:
    """CPU time of all their threads that live."""
    threads = (task for p in processes for task in Path(f"/proc/{p.pid}/task").iterdir())
    return sum(int((task / "schedstat").read_text().split()[0]) for task in threads)


def a_second(before: Counts, after: Counts, seconds: float) -> Second:
    """What was counted in between, by the second."""

    def rate(read: Callable[[Counts], int], unit: float = 1) -> float:
        return (read(after) - read(before)) / unit / seconds

    return Second(
        python=rate(lambda c: c.python, 1e6),
        redis=rate(lambda c: c.redis, 1e6),
        postgres=rate(lambda c: c.postgres, 1e6),
        commands=rate(lambda c: c.commands),
        transactions=rate(lambda c: c.transactions),
    )


async def _connected(nodes: list[Served], number: int) -> list[RawPeer]:
    """So many connections, spread over the nodes and a few accounts."""
    peers: list[RawPeer] = []
    async with aiohttp.ClientSession() as web:
        accounts = min(_ACCOUNTS, number)
        for nth in range(accounts):
            signed_in = await register(web, nodes[0].address, nth)
            port = int(nodes[nth % len(nodes)].address.rpartition(":")[2])
            own = number // accounts + (nth < number % accounts)
            peers += await connect(port, own, json.dumps({"token": signed_in["access_token"]}))
    return peers


async def measure(options: argparse.Namespace) -> list[Second]:
    """Each round of the same servers."""
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(stores())
        urls = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
        most = {"MAX_CONNECTIONS_A_USER": str(options.connections + 1), "LOG_LEVEL": "WARNING"}
        nodes = [Served(**urls, **most) for _ in range(options.nodes)]
        for node in nodes:
            await node.start()
            stack.push_async_callback(node.stop)
        peers = await _connected(nodes, options.connections) if options.connections else []
        redis = await stack.enter_async_context(Redis.from_url(servers.redis_url))
        postgres = await asyncpg.connect(servers.database_url)
        stack.push_async_callback(postgres.close)
        seconds = []
        for _ in range(options.rounds):
            await asyncio.sleep(_SETTLED_S)
            before = await count(nodes, servers, redis, postgres)
            await asyncio.sleep(options.seconds)
            seconds.append(a_second(before, await count(nodes, servers, redis, postgres), options.seconds))
        for peer in peers:
            peer.transport.abort()
        return seconds


def table(seconds: list[Second]) -> str:
    """Median and range of each."""
    rows = ["| a second of standing idle | median | least | most |", "|---|---|---|---|"]
    for name, unit in (
        ("python", "ms"),
        ("redis", "ms"),
        ("postgres", "ms"),
        ("commands", ""),
        ("transactions", ""),
    ):
        values = [getattr(second, name) for second in seconds]
        shown = " | ".join(f"{v:.2f}" for v in (statistics.median(values), min(values), max(values)))
        rows.append(f"| {name}{f', {unit}' if unit else ''} | {shown} |")
    return "\n".join(rows)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("--connections", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=1)
    print(table(uvloop.run(measure(parser.parse_args()))))


if __name__ == "__main__":
    main()
