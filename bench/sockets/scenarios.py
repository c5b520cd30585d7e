"""What is measured: each scenario drives one server and says what a unit of its work cost.

A closed loop keeps one message of each connection under way; CPU of the server between two moments is
divided by the messages answered between them.
"""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bench.sockets.target import Target, machine_busy_s
from bench.sockets.wire import RawPeer, connect, disconnect, frame

SMALL = '{"call_id":"0192f0c1-2b3d-7e4f-8a9b-0c1d2e3f4a5b","audio":true,"video":false}'
LARGE = '{"text":"' + "x" * 1000 + '"}'


class NoisyWindowError(Exception):
    """Other processes took too much of the machine while this was measured."""


@dataclass
class Window:
    """CPU of a server over a stretch of time."""

    target: Target
    cpu_us: float = 0.0
    wall_s: float = 0.0
    units: int = 0
    values: dict[str, float] = field(default_factory=dict)

    @property
    def cost(self) -> float:
        """Microseconds of CPU a unit. Raises NoisyWindowError when nothing was answered."""
        if not self.units:
            raise NoisyWindowError("nothing answered")
        return self.cpu_us / self.units


@asynccontextmanager
async def window(target: Target) -> AsyncIterator[Window]:
    """Measure what happens inside. Raises NoisyWindowError afterwards if the machine was not ours."""
    measured = Window(target)
    busy, own, cpu, begun = machine_busy_s(), time.process_time(), target.cpu_ns(), time.monotonic()
    yield measured
    measured.wall_s = time.monotonic() - begun
    measured.cpu_us = (target.cpu_ns() - cpu) / 1000
    others = machine_busy_s() - busy - (time.process_time() - own) - measured.cpu_us / 1e6
    if others > target.noise_allowed * measured.wall_s + 0.05:
        raise NoisyWindowError(f"{others:.2f} s of {measured.wall_s:.2f} s")


Kick = Callable[[RawPeer], bytes]


async def closed_loop(target: Target, peers: list[RawPeer], request: Kick, seconds: float) -> float:
    """Each peer sends its next message when the last is answered; the cost of one."""
    counted = 0
    running = True
    sending = {peer: request(peer) for peer in peers}

    def answered(peer: RawPeer, _payload: bytes) -> None:
        nonlocal counted
        counted += 1
        if running:
            peer.write(sending[peer])

    for peer in peers:
        peer.message = answered
        peer.write(sending[peer])
    try:
        return await steady_cost(target, seconds, lambda: counted)
    finally:
        running = False
        await _quiet(lambda: counted)


async def steady_cost(target: Target, seconds: float, count: Callable[[], int]) -> float:
    """The cost of one of those that are counted, once all is under way."""
    await asyncio.sleep(seconds / 2)
    async with window(target) as measured:
        before = count()
        await asyncio.sleep(seconds)
        measured.units = count() - before
    return measured.cost


async def _quiet(count: Callable[[], int]) -> None:
    """Wait until nothing comes any more."""
    seen = -1
    while seen != count():
        seen = count()
        await asyncio.sleep(0.05)


async def echo(target: Target, peers: list[RawPeer], seconds: float) -> float:
    """An event acknowledged with its own argument."""
    request = frame(f'421["echo",{SMALL}]')
    return await closed_loop(target, peers, lambda _peer: request, seconds)


async def later(target: Target, peers: list[RawPeer], seconds: float) -> float:
    """The same, by a handler that suspends once."""
    request = frame(f'421["later",{SMALL}]')
    return await closed_loop(target, peers, lambda _peer: request, seconds)


async def class_namespace(target: Target, _peers: list[RawPeer], seconds: float) -> float:
    """The same, by a method of a namespace class in a namespace of its own."""
    peers = await connect(target.port, 200, "/class,")
    request = frame(f'42/class,1["echo",{SMALL}]')
    try:
        return await closed_loop(target, peers, lambda _peer: request, seconds)
    finally:
        await disconnect(peers)


async def relay(target: Target, peers: list[RawPeer], seconds: float) -> float:
    """1 KB from one client to another: two that send to each other in turn."""
    other = {peer: peers[i ^ 1] for i, peer in enumerate(peers[: len(peers) // 2 * 2])}
    return await closed_loop(
        target, list(other), lambda peer: frame(f'42["relay","{other[peer].sid}",{LARGE}]'), seconds
    )


async def broadcast(target: Target, peers: list[RawPeer], seconds: float) -> float:
    """One event to a room of 500; the cost of a delivery."""
    room = peers[:500]
    joined = 0
    all_in: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def count_join(_peer: RawPeer, _payload: bytes) -> None:
        nonlocal joined
        joined += 1
        if joined == len(room):
            all_in.set_result(None)

    for peer in room:
        peer.message = count_join
        peer.write(frame('421["join","hall"]'))
    await asyncio.wait_for(all_in, 20)
    delivered = 0
    request = frame(f'42["broadcast","hall",{SMALL}]')

    def count_delivery(_peer: RawPeer, _payload: bytes) -> None:
        nonlocal delivered
        delivered += 1
        # Two broadcasts under way, so that the server never waits for the slowest reader.
        if delivered % len(room) == 0 and running:
            room[0].write(request)

    running = True
    for peer in room:
        peer.message = count_delivery
    room[0].write(request)
    room[0].write(request)
    try:
        return await steady_cost(target, seconds, lambda: delivered)
    finally:
        running = False
        await _quiet(lambda: delivered)


async def open_loop(
    target: Target, peers: list[RawPeer], seconds: float, rate: int = 4000
) -> dict[str, float]:
    """Echoes at a fixed rate, whatever comes back; latencies in milliseconds."""
    request = frame(f'421["echo",{SMALL}]')
    sent: dict[RawPeer, float] = {}
    latencies: list[float] = []

    def answered(peer: RawPeer, _payload: bytes) -> None:
        latencies.append(time.perf_counter() - sent.pop(peer))

    for peer in peers:
        peer.message = answered
    begun = time.perf_counter()
    done = 0
    async with window(target) as measured:
        while (elapsed := time.perf_counter() - begun) < seconds:
            while done < elapsed * rate:
                peer = peers[done % len(peers)]
                if peer not in sent:
                    sent[peer] = time.perf_counter()
                    peer.write(request)
                done += 1
            await asyncio.sleep(0.001)
        measured.units = len(latencies)
    await _quiet(lambda: len(latencies))
    cuts = statistics.quantiles(latencies, n=100)
    return {
        "open-loop echo": measured.cost,
        "open-loop p50 ms": cuts[49] * 1e3,
        "open-loop p99 ms": cuts[98] * 1e3,
    }


Scenario = Callable[[Target, list[RawPeer], float], Awaitable[float]]
MESSAGES: dict[str, Scenario] = {
    "echo": echo,
    "relay 1 KB": relay,
    "broadcast delivery": broadcast,
    "suspending handler": later,
    "class namespace": class_namespace,
}
