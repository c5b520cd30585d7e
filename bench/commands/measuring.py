"""One window: load on the lanes, and what it cost."""

import asyncio
import time
from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from bench.commands.lanes import Lane, at_a_rate, closed_loop
from bench.commands.meters import Meters, Trips, Used

_WARM_UP = 0.5  # of a window
_LATE_S = 1.2  # PostgreSQL tells of its transactions so late


class NoisyWindowError(Exception):
    """Other processes took too much of the machine while this was measured."""


class Figure(Struct, frozen=True):
    """A row of one server in one round: CPU of a unit, units a second, milliseconds, share of its core."""

    used: Used
    rate: float
    busy: float
    p50_ms: float
    p99_ms: float
    trips: tuple[float, ...] = ()


async def window(
    meters: Meters, pids: Sequence[int], lanes: Sequence[Lane], *, rate: float, seconds: float, noise: float
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
    latencies = [latency * 1000 for lane in lanes for latency in lane.latencies]
    await asyncio.gather(*(lane.end() for lane in lanes))
    if used.others > (noise * wall + 0.05) * 1e6:
        raise NoisyWindowError(f"{used.others / 1e6:.2f} s of {wall:.2f} s")
    p50, p99 = np.quantile(latencies, [0.5, 0.99])
    return Figure(used.each(units), units / wall, used.server / wall / 1e6, float(p50), float(p99))


async def trips(meters: Meters, lanes: Sequence[Lane], seconds: float) -> tuple[float, ...]:
    """Of a unit, when each lane does one after the other: with a single lane nothing shares a trip."""
    await asyncio.sleep(_LATE_S)
    before: Trips = await meters.trips()
    await closed_loop(lanes, seconds)
    await asyncio.gather(*(lane.end() for lane in lanes))
    await asyncio.sleep(_LATE_S)
    return (await meters.trips()).since(before).each(sum(lane.done for lane in lanes))
