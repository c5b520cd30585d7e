"""`python -m bench.matching.live`: what a join costs, and how soon it becomes an offer, on real servers.

The product as `composition/realtime.py` puts it together, with all its jobs at work, on a real Redis and a
real PostgreSQL; only sockets are left out: commands go to their handlers as the gateway would give them, and
the leases of all who wait are renewed as for connections held here. `crowd.py` says who waits. Prints
Markdown.

At full speed joins follow one another, some at a time, each until its search is over. At a rate they come as
chance has it, and an offer's time counts from when the join was due until it has been announced. A fit waits
for a join whose search finds somebody who is permitted and worth what is asked. Where those who wait are not
worth that much, one waits for those who come, though somebody is permitted.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np
import structlog
import uvloop
from msgspec import Struct
from msgspec.structs import astuple
from redis.asyncio import Redis

from bench.matching.crowd import BenchCrowd, accounts, sign_up
from bench.matching.product import Product
from composition import realtime
from core import logs
from core.clock import now_ms
from core.garbage import collect_little
from core.settings import Settings
from core.tasks import end
from core.ticket import Ticket
from core.vocabulary import Gender
from db.embedded import EmbeddedServers, Urls
from db.migrations.migrate import migrate
from matching.policy import Policy

_AT_ONCE = 16
_CAME_MS = 200_000  # those who wait have come over so long
_WARM_UP_S = 3.0
_IDLE_S = 4.0
_AFTERWARDS_S = 2.0
_TICK_S = 0.005


class Options(Struct, frozen=True):
    """Joins at full speed, joins a second at a rate and for how long."""

    joins: int
    rate: float
    seconds: float


class LiveMeasurements(Struct, frozen=True):
    """Of one product with one pool. CPU is of the product's process or of Redis; a share is of one core."""

    joins_per_s: float  # at full speed
    product_us: float  # a join
    redis_us: float  # a join
    p50_ms: float  # from join to offer, of those for whom a fit waited
    p99_ms: float
    permitted: float  # share of the joins for whom anybody permitted waited
    fit: float  # share of these for whom a fit waited
    within_s: float  # share of these who had an offer within a second, at once or not
    busy: float  # share that the product used meanwhile
    stall_ms: float  # the longest time the product did but one thing
    idle: float  # share that the product uses when nobody joins
    idle_redis: float
    slowest_ms: float  # the longest command of Redis


class Used(Struct, frozen=True):
    """Seconds: the clock, CPU of this process, CPU of Redis."""

    clock: float
    product: float
    redis: float

    @classmethod
    async def now(cls, redis: Redis) -> "Used":
        cpu = await redis.info("cpu")
        busy = float(cpu["used_cpu_user"]) + float(cpu["used_cpu_sys"])
        return cls(time.perf_counter(), time.process_time(), busy)

    def since(self, before: "Used") -> "Used":
        return Used(*(mine - theirs for mine, theirs in zip(astuple(self), astuple(before), strict=True)))


class Bench:
    """One product with a pool that waits and is kept at its size."""

    def __init__(self, product: Product, redis: Redis, crowd: BenchCrowd, size: int) -> None:
        self.product, self._redis, self._crowd, self._size = product, redis, crowd, size
        self._everyone: list[Ticket] = []
        self._waiting: dict[str, Ticket] = {}
        self._due: dict[str, float] = {}  # when those who came later did
        self._men = 0  # how many more men wait who could be met than women
        self.stall = 0.0

    async def fill(self) -> None:
        """Have the pool wait."""
        now = now_ms()
        for ticket in self._crowd.waiting(self._size, now - _CAME_MS, now):
            await self.product.tickets.join(ticket, now + 60_000)
            self._everyone.append(ticket)
            self._waiting[ticket.user_id] = ticket
        self._men = (self._size + 1) // 2

    def _next(self) -> Ticket:
        """The next to join: of the plentiful side while the pool is too small, else one they wait for."""
        for user_id in self.product.gone:
            if gone := self._waiting.pop(user_id, None):
                self._men -= 1 if gone.card.gender == "male" else -1
        self.product.gone.clear()
        plentiful: Gender = "male" if self._men > 0 else "female"
        scarce: Gender = "female" if self._men > 0 else "male"
        ticket = self._crowd.next(scarce if len(self._waiting) >= self._size else plentiful)
        self._men += 1 if ticket.card.gender == "male" else -1
        self._waiting[ticket.user_id] = ticket
        self._everyone.append(ticket)
        return ticket

    async def idle(self) -> Used:
        """What a quiet queue of this size uses."""
        before = await Used.now(self._redis)
        await asyncio.sleep(_IDLE_S)
        return (await Used.now(self._redis)).since(before)

    async def at_full_speed(self, joins: int) -> Used:
        """So many joins, some at a time, each until its search is over."""
        left = iter(range(joins))

        async def joiner() -> None:
            for _ in left:
                ticket = self._next()
                over = self.product.searched[ticket.user_id] = asyncio.Event()
                self._due[ticket.user_id] = time.perf_counter()
                await self.product.join(ticket)
                await over.wait()

        before = await Used.now(self._redis)
        await asyncio.gather(*(joiner() for _ in range(_AT_ONCE)))
        return (await Used.now(self._redis)).since(before)

    async def at_a_rate(self, rate: float, seconds: float, chance: random.Random) -> Sequence[Ticket]:
        """Joins at times of chance; those who came in that time."""
        begun = due = time.perf_counter()
        async with asyncio.TaskGroup() as joins:
            came = []
            while (due := due + chance.expovariate(rate)) < begun + seconds:
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                ticket = self._next()
                self._due[ticket.user_id] = due
                came.append(ticket)
                joins.create_task(self.product.join(ticket))
        return came

    def anybody_waited(self, ticket: Ticket, policy: Policy) -> bool:
        """Whether the rules permitted anyone who waited when this ticket came."""
        then = self._due[ticket.user_id]
        return any(
            self._due.get(other.user_id, 0.0) < then < self.product.offered.get(other.user_id, np.inf)
            and policy.removed(ticket, other, frozenset(), ticket.joined_at) is None
            for other in self._everyone
        )

    def latency_ms(self, ticket: Ticket) -> float:
        """From the join to the offer; without one, for ever."""
        offered = self.product.offered.get(ticket.user_id, np.inf)
        return (offered - self._due[ticket.user_id]) * 1000

    async def renew(self, every_s: float) -> None:
        """Prolong the leases of all who wait, as the node would that holds their connections."""
        while True:
            await self.product.queue.renew(list(self._waiting))
            await asyncio.sleep(every_s)

    async def watch(self) -> None:
        """Note how long the product does not come round."""
        while True:
            due = time.perf_counter() + _TICK_S
            await asyncio.sleep(_TICK_S)
            self.stall = max(self.stall, time.perf_counter() - due)


async def measure(urls: Urls, crowd: BenchCrowd, size: int, options: Options, seed: int) -> LiveMeasurements:
    """Start the product on empty stores, fill the pool, and measure all of it."""
    async with Redis.from_url(urls.redis_url) as redis:
        await redis.flushall()
        await redis.config_set("slowlog-log-slower-than", 1000)
        connection = await asyncpg.connect(urls.database_url)
        await connection.execute("TRUNCATE interaction.calls CASCADE")
        await connection.close()
        settings = Settings(
            port=0, database_url=urls.database_url, redis_url=urls.redis_url, log_level="ERROR", offer_s=3600
        )
        async with _running(settings) as product:
            bench = Bench(product, redis, crowd, size)
            await bench.fill()
            jobs = [asyncio.create_task(bench.renew(settings.queue_lease_s / 3))]
            try:
                return await _measured(bench, redis, options, seed)
            finally:
                await end(jobs)


async def _measured(bench: Bench, redis: Redis, options: Options, seed: int) -> LiveMeasurements:
    chance = random.Random(seed)
    await bench.at_a_rate(options.rate, _WARM_UP_S, chance)
    await redis.slowlog_reset()
    full = await bench.at_full_speed(options.joins)
    watch = asyncio.create_task(bench.watch())
    before = await Used.now(redis)
    came = await bench.at_a_rate(options.rate, options.seconds, chance)
    rated = (await Used.now(redis)).since(before)
    await end([watch])
    await asyncio.sleep(_AFTERWARDS_S)
    slowest = max((entry["duration"] for entry in await redis.slowlog_get(1000)), default=0)
    idle = await bench.idle()
    permitted = [ticket for ticket in came if bench.anybody_waited(ticket, Policy())]
    at_once = [bench.latency_ms(ticket) for ticket in came if ticket.user_id in bench.product.at_once]
    within_s = [ticket for ticket in permitted if bench.latency_ms(ticket) <= 1000]
    return LiveMeasurements(
        joins_per_s=options.joins / full.clock,
        product_us=full.product / options.joins * 1e6,
        redis_us=full.redis / options.joins * 1e6,
        p50_ms=float(np.quantile(at_once, 0.5)),
        p99_ms=float(np.quantile(at_once, 0.99)),
        permitted=len(permitted) / len(came),
        fit=len(at_once) / len(permitted),
        within_s=len(within_s) / len(permitted),
        busy=rated.product / rated.clock,
        stall_ms=bench.stall * 1000,
        idle=idle.product / idle.clock,
        idle_redis=idle.redis / idle.clock,
        slowest_ms=slowest / 1000,
    )


@asynccontextmanager
async def _running(settings: Settings) -> AsyncIterator[Product]:
    made: list[Product] = []

    class Noted(Product):
        def __init__(self, *around: Any, **parts: Any) -> None:
            super().__init__(*around, **parts)
            made.append(self)

    async with realtime.running(settings, services=Noted):
        yield made[0]


def _pin() -> None:
    """The product on a core of its own, where there is more than one; the servers stay where they like."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[-1]})


async def run(
    sizes: Sequence[int], rounds: int, options: Options, folder: Path
) -> dict[int, list[LiveMeasurements]]:
    """All sizes in turn, so many times."""
    settings = Settings(data_dir=str(folder), log_level="ERROR")
    logs.set_up(settings)
    found: dict[int, list[LiveMeasurements]] = {size: [] for size in sizes}
    comers = int(1.5 * (options.joins + options.rate * (options.seconds + _WARM_UP_S)))
    async with EmbeddedServers.open(folder, postgres=True, redis=True, log=lambda _: None) as urls:
        _pin()
        await migrate(urls.database_url, structlog.get_logger())
        people = accounts(2 * max(sizes) + 2 * comers, 1)
        await sign_up(urls.database_url, people)
        for number in range(rounds):
            for size in sizes:
                measured = await measure(urls, BenchCrowd(people), size, options, seed=number)
                found[size].append(measured)
                print(f"round {number + 1}/{rounds}, {size} waiting: {measured}", file=sys.stderr, flush=True)
    return found


_ROWS = {
    "joins a second on one core": ("joins_per_s", "{:.0f}"),
    "CPU of the product a join, µs": ("product_us", "{:.0f}"),
    "CPU of Redis a join, µs": ("redis_us", "{:.0f}"),
    "join to offer where a fit waits, p50, ms": ("p50_ms", "{:.1f}"),
    "join to offer where a fit waits, p99, ms": ("p99_ms", "{:.1f}"),
    "joins for whom somebody permitted waits": ("permitted", "{:.0%}"),
    "of these, for whom a fit waits": ("fit", "{:.0%}"),
    "of these, offered within a second": ("within_s", "{:.0%}"),
    "core used at that rate": ("busy", "{:.0%}"),
    "longest stall, ms": ("stall_ms", "{:.1f}"),
    "core used when nobody joins": ("idle", "{:.1%}"),
    "Redis' core when nobody joins": ("idle_redis", "{:.1%}"),
    "slowest command of Redis, ms": ("slowest_ms", "{:.1f}"),
}


def table(found: dict[int, list[LiveMeasurements]]) -> str:
    """A column a size: median (least to most)."""
    lines = [f"| waiting | {' | '.join(f'{size:,}' for size in found)} |", "|---" * (len(found) + 1) + "|"]
    for title, (name, shape) in _ROWS.items():
        cells = []
        for rows in found.values():
            values = sorted(getattr(row, name) for row in rows)
            middle, *ends = (shape.format(v) for v in (float(np.median(values)), values[0], values[-1]))
            cells.append(f"{middle} ({ends[0]} to {ends[1]})" if len(rows) > 1 else middle)
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.matching.live",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument(
        "--waiting", type=int, nargs="+", default=[10, 1_000, 10_000], help="sizes of the pool"
    )
    parser.add_argument("--rounds", type=int, default=3, help="times that each is measured")
    parser.add_argument("--joins", type=int, default=2_000, help="joins at full speed")
    parser.add_argument("--rate", type=float, default=300, help="joins a second at a rate")
    parser.add_argument("--seconds", type=float, default=10, help="how long at a rate")
    given = parser.parse_args()
    options = Options(given.joins, given.rate, given.seconds)
    collect_little()  # as `python -m realtime` does
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        found = uvloop.run(run(given.waiting, given.rounds, options, Path(folder)))
    print(f"\n{options.rate:g} joins a second for {options.seconds:g} s; median (least to most)\n")
    print(table(found))


if __name__ == "__main__":
    main()
