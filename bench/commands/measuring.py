"""One window: load on the lanes, and what it cost."""

import asyncio
import time
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from bench.commands.bursts import Between, Burst
from bench.commands.lanes import Lane, Load, at_a_rate, closed_loop
from bench.commands.meters import Meters, Trips, Used

_WARM_UP = 0.5  # of a window
_SETTLING_S = 0.05
_LOOK_S = 0.02
_IDLE_S = 25.0  # within which both servers ping each client once, and do whatever else they do now and then


class NoisyWindowError(Exception):
    """Other processes took too much of the machine while this was measured."""


class Figure(Struct, frozen=True):
    """A row of one server in one round: CPU of a unit, units a second, share of its core, ms.

    `beside`: the share of a core that load and stores took together.
    """

    used: Used
    rate: float
    busy: float
    p50_ms: float
    p99_ms: float
    beside: float


async def window(
    meters: Meters, lanes: Sequence[Load], *, rate: float, pids: Sequence[int], seconds: float, noise: float
) -> Figure:
    """Measured once all is under way. `rate` 0: a closed loop. Raises NoisyWindowError."""
    lasting = seconds * (1 + _WARM_UP)
    load = asyncio.create_task(at_a_rate(lanes, rate, lasting) if rate else closed_loop(lanes, lasting))
    await asyncio.sleep(seconds * _WARM_UP)
    for lane in lanes:
        lane.latencies.clear()
    before, done, begun = meters.used(pids), sum(lane.done for lane in lanes), time.perf_counter()
    await load
    used = meters.used(pids).since(before)
    wall, units = time.perf_counter() - begun, sum(lane.done for lane in lanes) - done
    latencies = [latency for lane in lanes for latency in lane.latencies]
    await asyncio.gather(*(lane.end() for lane in lanes))
    return _figure(used, wall, units, latencies, noise)


async def in_bursts(
    meters: Meters, burst: Burst, between: Between, *, pids: Sequence[int], seconds: float, noise: float
) -> Figure:
    """The same of what is done all at once, again and again for so long. Raises NoisyWindowError."""
    await burst()  # once to warm up
    await between()
    used, wall, latencies = Used(0, 0, 0), 0.0, list[float]()
    while wall < seconds:
        before, begun = meters.used(pids), time.perf_counter()
        latencies += await burst()
        await asyncio.sleep(_SETTLING_S)
        wall += time.perf_counter() - begun
        used = used.plus(meters.used(pids).since(before))
        await between()
    return _figure(used, wall, len(latencies), latencies, noise)


async def idle(meters: Meters, *, pids: Sequence[int], seconds: float, noise: float) -> Figure:
    """A second of standing idle is the unit."""
    before, begun = meters.used(pids), time.perf_counter()
    await asyncio.sleep(max(seconds, _IDLE_S))
    wall = time.perf_counter() - begun
    used = meters.used(pids).since(before)
    figure = _figure(used, wall, 1, [0.0], noise)
    return replace(figure, used=used.each(wall), rate=1.0)


def _figure(used: Used, wall: float, units: int, latencies: Sequence[float], noise: float) -> Figure:
    if used.others > (noise * wall + 0.05) * 1e6:
        raise NoisyWindowError(f"{used.others / 1e6:.2f} s of {wall:.2f} s")
    p50, p99 = (float(cut) * 1000 for cut in np.quantile(latencies, [0.5, 0.99]))
    busy, beside = (part / wall / 1e6 for part in (used.server, used.load + used.postgres + used.redis))
    return Figure(used.each(units), units / wall, busy, p50, p99, beside)


async def trips(meters: Meters, lanes: Sequence[Lane], seconds: float) -> Trips:
    """Of one unit, when one pair does them one after the other: nothing shares a trip then.

    PostgreSQL tells of its transactions about once a second, so they are counted from one telling to another.
    """
    lane = lanes[0]
    lane.start()
    seen = [(await meters.trips(), lane.done)]
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        await asyncio.sleep(_LOOK_S)
        seen.append((await meters.trips(), lane.done))
    await asyncio.gather(*(each.end() for each in lanes))
    told = [now for before, now in pairwise(seen) if now[0].transactions > before[0].transactions]
    asked = _between(seen[0], seen[-1])
    return replace(asked, transactions=_between(told[0], told[-1]).transactions if len(told) > 1 else 0.0)


def _between(first: tuple[Trips, int], last: tuple[Trips, int]) -> Trips:
    return last[0].since(first[0]).each(max(1, last[1] - first[1]))
