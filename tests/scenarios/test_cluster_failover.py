"""A master of a Redis Cluster dies under people in calls and in the queue, with what its replica lacks."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from core.settings import Settings
from db.redis.queue_keys import prefix
from tests.integration.person import ClientDevice, Person, Refused
from tests.machines.redis_cluster import RedisCluster, redis_cluster
from tests.machines.redis_server import redis_7
from tests.patience import PATIENCE_S
from tests.scenarios.conftest import StartNode, accepted
from tests.served import Served

Crowd = Callable[..., Awaitable[Person]]
CALLS, EARLY, LATE, IN_FLIGHT = 3, 2, 3, 6
MOST_SIGNALS = 12  # of one side before and after: a call takes 40 candidates of each
SEEKING_MEN = {"preferences": {"genders": ["male"]}}


@pytest.fixture
async def cluster() -> AsyncIterator[RedisCluster]:
    """Of Redis 7: three masters, with a replica each."""
    async with redis_cluster(binary=redis_7()) as cluster:
        yield cluster


@dataclass
class Talk:
    """Two in a call on two nodes, who send each other one candidate after the other."""

    ana: ClientDevice
    ben: ClientDevice
    call_id: str
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1024))

    async def signal(self, sender: ClientDevice, hearer: ClientDevice) -> None:
        """One that is acknowledged is heard, unless the servers lost it: then another one is."""
        said_so_far = list[int]()
        async with asyncio.timeout(PATIENCE_S):
            for number in itertools.islice(self.numbers, MOST_SIGNALS):
                said_so_far.append(number)
                text = f"candidate:{number} 1 udp 2122260223 192.0.2.7 {number} typ host"
                said = {"candidate": text, "sdpMid": "0"}
                while not await answered(
                    sender, "call:signal", call_id=self.call_id, epoch=1, candidate=said
                ):
                    await asyncio.sleep(0.1)
                with suppress(TimeoutError):
                    async with asyncio.timeout(3):
                        while not any(heard(hearer, each) for each in said_so_far):
                            await asyncio.sleep(0.01)
                        return
        raise AssertionError("no signal arrived")

    async def both(self) -> None:
        await self.signal(self.ana, self.ben)
        await self.signal(self.ben, self.ana)


def heard(device: ClientDevice, number: int) -> bool:
    return any(
        name == "call:signal" and payload["candidate"]["candidate"].split()[5] == str(number)
        for name, payload, _ in device.heard
    )


async def answered(device: ClientDevice, command: str, **payload: Any) -> bool:
    """Whether it was done: else it is answered `unavailable`, and nothing else."""
    try:
        await device.ask(command, **payload)
    except Refused as refused:
        if refused.code != "unavailable":
            raise
        return False
    return True


async def stirs(device: ClientDevice) -> None:
    """Asks without end."""
    while True:
        if not await answered(device, "presence:set", status="online"):
            await asyncio.sleep(0.05)


async def unanswered(web: aiohttp.ClientSession, node: Served) -> float:
    """What this node has asked Redis, and waits for."""
    async with web.get(f"{node.address}/metrics") as response:
        lines = (await response.text()).splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith("realtime_redis_in_flight"))


async def begin(crowd: Crowd, nodes: Sequence[Served]) -> Talk:
    """A live call of two on two nodes."""
    she, he = await crowd(nodes[0], gender="female"), await crowd(nodes[1], gender="male")
    ana, ben = await she.connect(), await he.connect()
    call_id = await accepted(ana, ben, "voice")
    for device in (ana, ben):
        await device.next("call:started")
        await device.ask("call:connected", call_id=call_id, epoch=1)
    for device in (ana, ben):
        await device.next("call:state", state="live")
    return Talk(ana, ben, call_id)


async def test_calls_and_the_queue_outlive_a_master_of_redis(
    cluster: RedisCluster, start_node: StartNode, crowd: Crowd, web: aiohttp.ClientSession
) -> None:
    """Whoever was let into the queue is there or told otherwise, each join is answered, calls go on.

    The queue is on the master that dies, and a part of the calls.
    """
    nodes = [await start_node(REDIS_URL=cluster.url) for _ in range(2)]
    talks = [await begin(crowd, nodes) for _ in range(CALLS)]
    await asyncio.gather(*(talk.both() for talk in talks))
    women = [await crowd(nodes[n % 2], gender="female") for n in range(EARLY + LATE + IN_FLIGHT)]
    devices = [await person.connect() for person in women]
    early, late, flying = devices[:EARLY], devices[EARLY : EARLY + LATE], devices[EARLY + LATE :]
    join: dict[str, Any] = {"mode": "voice", **SEEKING_MEN}
    for device in early:
        await device.ask("queue:join", **join)
    load = [asyncio.create_task(stirs(device)) for talk in talks for device in (talk.ana, talk.ben)]
    tag = prefix(Settings().region)
    master = await cluster.owner(tag)
    replica = master + 3
    await cluster.tell(master, "SET", f"{tag}:known", 1)
    assert await cluster.tell(master, "WAIT", 1, 0)
    with cluster.servers[replica].frozen():
        await cluster.tell(master, "CLIENT KILL", "TYPE", "REPLICA")
        for device in late:  # of whom the replica never hears
            await device.ask("queue:join", **join)
        with cluster.servers[master].frozen():
            joins = [asyncio.create_task(answered(device, "queue:join", **join)) for device in flying]
            async with asyncio.timeout(PATIENCE_S):
                while sum([await unanswered(web, node) for node in nodes]) < IN_FLIGHT:
                    await asyncio.sleep(0.02)
            await cluster.kill(master)
    await cluster.succeed(replica)
    async with asyncio.timeout(PATIENCE_S):
        done = await asyncio.gather(*joins)
    for device in late:
        assert (await device.next("queue:left"))["reason"] == "disconnected"
    await asyncio.gather(*(talk.both() for talk in talks))
    for task in load:
        assert not task.done(), task.exception()
        task.cancel()
    for device, was_let_in in zip((*late, *flying), (False,) * LATE + tuple(done), strict=True):
        if not was_let_in:
            await device.ask("queue:join", **join)
    assert not any(device.has_heard("call:ended") for talk in talks for device in (talk.ana, talk.ben))
    assert not any(device.has_heard("queue:left") for device in early)
    men = [await crowd(nodes[n % 2], gender="male") for n in range(len(devices))]
    for man in men:
        await (await man.connect()).ask("queue:join", mode="voice", preferences={"genders": ["female"]})
    offered = [await device.next("call:offered") for device in devices]
    assert {offer["peer"]["user_id"] for offer in offered} == {man.id for man in men}
    for talk in talks:
        await talk.ana.ask("call:end", call_id=talk.call_id)
        assert (await talk.ben.next("call:ended", call_id=talk.call_id))["reason"] == "hung_up"
