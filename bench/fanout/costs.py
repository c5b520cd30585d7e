"""What an event costs each process, beyond what that process uses standing idle."""

import asyncio
import time
from collections.abc import Sequence

from msgspec import Struct

from bench.commands.lanes import closed_loop
from bench.commands.measuring import NoisyWindowError
from bench.commands.meters import Meters, cpu_us
from bench.fanout import talks
from bench.fanout.talks import Talk

_LOOK_S = 0.1
_BUSY = 0.1  # of a core: a node that uses less has nothing left to do
_PATIENCE_S = 20.0


class Reading(Struct, frozen=True):
    """Microseconds of CPU so far, or between two moments, and seconds; each node has its place."""

    nodes: tuple[float, ...]
    redis: float
    others: float
    wall_s: float

    @classmethod
    def now(cls, meters: Meters, pids: Sequence[int]) -> "Reading":
        used = meters.used(pids)
        return cls(tuple(map(cpu_us, pids)), used.redis, used.others, time.perf_counter())

    def since(self, before: "Reading") -> "Reading":
        nodes = tuple(mine - theirs for mine, theirs in zip(self.nodes, before.nodes, strict=True))
        return Reading(
            nodes,
            self.redis - before.redis,
            self.others - before.others,
            self.wall_s - before.wall_s,
        )


class Cost(Struct, frozen=True):
    """Microseconds of CPU an event. With one node `emitting` has both parts, and there is no idle one."""

    emitting: float
    receiving: float | None
    idle: float | None  # one of them
    redis: float
    all: float
    rate: float  # events a second
    standing: float  # ms of CPU a second of a node to which nothing is said


async def settled(pids: Sequence[int]) -> None:
    """Until no node has anything left to do: what one that is behind still owes belongs to the events.

    Raises TimeoutError.
    """
    async with asyncio.timeout(_PATIENCE_S):
        before = [cpu_us(pid) for pid in pids]
        while True:
            await asyncio.sleep(_LOOK_S)
            now = [cpu_us(pid) for pid in pids]
            if max(new - old for new, old in zip(now, before, strict=True)) < _BUSY * _LOOK_S * 1e6:
                return
            before = now


async def standing(meters: Meters, pids: Sequence[int], *, seconds: float, noise: float) -> Reading:
    """What they use while nothing comes. Raises NoisyWindowError."""
    await settled(pids)
    before = Reading.now(meters, pids)
    await asyncio.sleep(seconds)
    return _quiet(Reading.now(meters, pids).since(before), noise)


async def cost(
    meters: Meters, pids: Sequence[int], said: Sequence[Talk], idle: Reading, *, seconds: float, noise: float
) -> Cost:
    """Everybody tells in a closed loop for so long, and it has all arrived, or this raises LostError.

    Raises NoisyWindowError as well.
    """
    await settled(pids)
    before = Reading.now(meters, pids)
    await _burst(said, seconds)
    busy_s = time.perf_counter() - before.wall_s
    await settled(pids)
    used = Reading.now(meters, pids).since(before)
    talks.check(said)
    return _of(_quiet(used, noise), idle, sum(talk.lane.done for talk in said), busy_s)


async def warm_up(said: Sequence[Talk], seconds: float) -> None:
    """The same, and nobody counts."""
    await _burst(said, seconds)
    talks.check(said)


async def _burst(said: Sequence[Talk], seconds: float) -> None:
    lanes = [talk.lane for talk in said]
    await closed_loop(lanes, seconds)
    try:
        await asyncio.gather(*(lane.end() for lane in lanes))
    except TimeoutError:
        talks.check(said)
        raise


def _quiet(used: Reading, noise: float) -> Reading:
    if used.others > (noise * used.wall_s + 0.05) * 1e6:
        raise NoisyWindowError(f"{used.others / 1e6:.2f} s of {used.wall_s:.2f} s")
    return used


def _of(used: Reading, idle: Reading, events: int, busy_s: float) -> Cost:
    """Of so many events, said in so many seconds."""

    def more(mine: float, standing: float) -> float:
        return (mine - standing * used.wall_s / idle.wall_s) / events

    nodes = [more(mine, standing) for mine, standing in zip(used.nodes, idle.nodes, strict=True)]
    redis = more(used.redis, idle.redis)
    others = nodes[1:-1]
    return Cost(
        emitting=nodes[0],
        receiving=nodes[-1] if len(nodes) > 1 else None,
        idle=sum(others) / len(others) if others else None,
        redis=redis,
        all=sum(nodes) + redis,
        rate=events / busy_s,
        standing=sum(idle.nodes) / len(idle.nodes) / idle.wall_s / 1000,
    )
