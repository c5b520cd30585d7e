"""Signals of several sides in turns: what one costs each of them.

The people of a side signal all at once, and again when all has come, as browsers do that have found their
addresses. So as many share a request to Redis on each side. Where each goes on by itself, chance decides how
many do, and that makes more of a difference than what is compared here.
"""

import asyncio
import statistics
import time
from collections.abc import Mapping, Sequence
from typing import TypeVar

from msgspec import Struct

from bench.commands import rows
from bench.commands.meters import Meters, Used, cpu_us
from bench.commands.people import Meeting

_AT_ONCE = 10  # bursts of a side, some hundredths of a second; then it is another's turn
_WARM_TURNS = 3
SideName = TypeVar("SideName", bound=str)


class Cost(Struct, frozen=True):
    """µs of one, how many a second there were, and the median of what each took, in ms."""

    used: Used
    rate: float
    median_ms: float


class _Sum(Struct):
    """Of one side: what the stores have used for it, and what its people saw. µs and s."""

    redis: float = 0.0
    postgres: float = 0.0
    wall: float = 0.0
    signals: int = 0
    latencies: list[float] = []


async def in_turns(
    meters: Meters,
    pids: Mapping[SideName, Sequence[int]],
    meetings: Mapping[SideName, Sequence[Meeting]],
    turns: int,
) -> dict[SideName, Cost]:
    """Of each side, which has these processes and these meetings.

    A side's processes are counted all the time, as they do some of its work later; the stores in its turns.
    """
    for _ in range(_WARM_TURNS):
        for of_side in meetings.values():
            await _burst(of_side)
    before = {name: sum(map(cpu_us, each)) for name, each in pids.items()}
    sums = {name: _Sum() for name in pids}
    for turn in range(turns):
        order = list(sums.items())
        for name, so_far in order if turn % 2 else order[::-1]:
            await _turn(meters, meetings[name], so_far)
    costs = {}
    for name, so_far in sums.items():
        server = sum(map(cpu_us, pids[name])) - before[name]
        used = Used(server, so_far.redis, so_far.postgres).each(so_far.signals)
        median_ms = statistics.median(so_far.latencies) * 1000
        costs[name] = Cost(used, so_far.signals / so_far.wall, median_ms)
    return costs


async def _turn(meters: Meters, meetings: Sequence[Meeting], so_far: _Sum) -> None:
    before, begun = meters.used(()), time.perf_counter()
    for _ in range(_AT_ONCE):
        so_far.latencies += await _burst(meetings)
    used = meters.used(()).since(before)
    so_far.redis += used.redis
    so_far.postgres += used.postgres
    so_far.wall += time.perf_counter() - begun
    so_far.signals += _AT_ONCE * len(meetings)


async def _burst(meetings: Sequence[Meeting]) -> list[float]:
    """Seconds that each took."""
    lanes = rows.signals(meetings)
    now = time.perf_counter()
    for lane in lanes:
        lane.due(now)
    await asyncio.gather(*(lane.end() for lane in lanes))
    return [lane.latencies[0] for lane in lanes]
