"""Users' events in a cluster: only the servers of their slot have work with them, wherever the slot is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import pytest

from core.contract.presence import PresenceChanged
from core.ids import new_id
from db.redis import bundle
from db.redis.bus import Bus
from db.redis.event_log import EventLog, channel
from db.redis.multiplexed import RedisClient, open_redis_client
from db.redis.multiplexed.words import key_slot
from tests.delivery.test_event_log import ended
from tests.delivery.test_failover import served_again, whose
from tests.machines.redis_cluster import RedisCluster, redis_cluster
from tests.machines.redis_server import redis_7
from tests.patience import PATIENCE_S


@pytest.fixture
async def cluster() -> AsyncIterator[RedisCluster]:
    """Of Redis 7: three masters, with a replica each."""
    async with redis_cluster(binary=redis_7()) as cluster:
        yield cluster


@dataclass
class Node:
    """Of the product: what it hears of users, and how often it had to read again."""

    client: RedisClient
    bus: Bus
    log: EventLog
    heard: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    returns: asyncio.Queue[None] = field(default_factory=asyncio.Queue)

    async def _returned(self) -> None:
        self.returns.put_nowait(None)

    async def listen(self, *users: str) -> None:
        self.bus.on_return.append(self._returned)
        for user in users:
            await self.bus.subscribe(channel(user), self.heard.put_nowait)

    async def tells_shards(self, *, whether: bool = True) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self.client.shards != whether:
                await asyncio.sleep(0.01)

    async def hears(self, speaker: "Node", user: str, number: int) -> None:
        """What the other says, whatever it takes to say it and be heard."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                await served_again(speaker.client, user)
                await asyncio.gather(speaker.log.send(user, ended(number)), return_exceptions=True)
                try:
                    async with asyncio.timeout(0.3):
                        while f'"duration_s":{number}'.encode() not in await self.heard.get():
                            pass
                        return
                except TimeoutError:
                    pass


@asynccontextmanager
async def node(
    cluster: RedisCluster, number: int = 2, *, patience_s: float = PATIENCE_S, late_s: float = PATIENCE_S
) -> AsyncIterator[Node]:
    """`number`: the server that it is given. `late_s`: after which it takes a canary for lost."""
    async with (
        open_redis_client(cluster.urls[number], patience_s=patience_s) as client,
        Bus(client, new_id(), canary_s=0.3, late_s=late_s) as bus,
    ):
        yield Node(client, bus, EventLog(client, keep=50, keep_s=300))


def hurried(cluster: RedisCluster, number: int = 2) -> AbstractAsyncContextManager[Node]:
    """One that soon takes who does not answer for gone, also where a busy machine is only slow."""
    return node(cluster, number, patience_s=5, late_s=0.3)


async def passed_on(cluster: RedisCluster) -> tuple[int, int]:
    """What the last two masters have passed on to other servers, plainly and to those of the slot."""
    about = (await cluster.tell_all("CLUSTER INFO"))[1:3]
    kinds = ("publish", "publishshard")
    plain, shards = (
        sum(int(each.get(f"cluster_stats_messages_{kind}_sent", 0)) for each in about) for kind in kinds
    )
    return plain, shards


async def test_an_event_is_told_to_the_servers_of_its_slot_alone(cluster: RedisCluster) -> None:
    """The one that has it, and its replica: stored ones, those that are only said, and ends of sessions."""
    users = [whose(1), whose(2)]  # of masters that are not asked to say what is for all
    async with node(cluster) as ours, node(cluster) as other:
        await ours.listen(*users)
        await ours.tells_shards()
        await other.tells_shards()
        before = await passed_on(cluster)
        for user in users:
            await other.log.send(user, ended(1))
            await other.log.send(user, PresenceChanged(user_id=user, status="away", last_seen=None))
            await other.log.revoked(user, None, "signed_out")
        async with asyncio.timeout(PATIENCE_S):
            heard = [await ours.heard.get() for _ in range(6)]
        assert sum(b"call:ended" in said for said in heard) == 2
        assert sum(said.startswith(b"revoked") for said in heard) == 2
        plain, shards = await passed_on(cluster)
        assert (plain - before[0], shards - before[1]) == (0, 6)
        async with open_redis_client(cluster.urls[1]) as client:  # of a node of the version before
            await EventLog(client, keep=50, keep_s=300).send(users[0], ended(2))
        async with asyncio.timeout(PATIENCE_S):
            await ours.heard.get()
        assert (await passed_on(cluster))[0] - plain == 5


@pytest.mark.parametrize("fault", ["killed", "planned", "frozen", "moved"])
async def test_whoever_has_the_slot_now_is_listened_to(cluster: RedisCluster, fault: str) -> None:
    """And what may have been missed is read."""
    user = whose(0)
    async with hurried(cluster) as ours, hurried(cluster) as other:
        await ours.listen(user)
        await other.tells_shards()
        await ours.hears(other, user, 1)
        while not ours.returns.empty():  # a busy machine may be too late for a canary
            ours.returns.get_nowait()
        if fault == "killed":
            await cluster.kill(0)
            await cluster.succeed(3)
            await ours.hears(other, user, 2)
        elif fault == "planned":
            await cluster.take_over(3)
            await ours.hears(other, user, 2)
        elif fault == "frozen":
            with cluster.servers[0].frozen():
                await cluster.succeed(3)
                await ours.hears(other, user, 2)
            await cluster.until("slave", 0, "INFO", "replication", told=lambda about: about["role"])
        else:
            await move(cluster, f"{{{user}}}", 0, 1)
            await ours.hears(other, user, 2)
        async with asyncio.timeout(PATIENCE_S):
            await ours.returns.get()
        await ours.hears(other, user, 3)


async def move(cluster: RedisCluster, key: str, old: int, new: int) -> None:
    """The slot of this key, with all that is in it."""
    slot, ids = key_slot(key), await cluster.tell_all("CLUSTER MYID")
    await cluster.tell(new, "CLUSTER SETSLOT", slot, "IMPORTING", ids[old])
    await cluster.tell(old, "CLUSTER SETSLOT", slot, "MIGRATING", ids[new])
    for found in await cluster.tell(old, "CLUSTER GETKEYSINSLOT", slot, 100):
        await cluster.tell(old, "MIGRATE", "127.0.0.1", cluster.ports[new], found, 0, 1_000)
    for number in (new, old, *range(2, 6)):
        if number in await cluster.masters():
            await cluster.tell(number, "CLUSTER SETSLOT", slot, "NODE", ids[new])


async def test_a_cluster_is_upgraded_server_by_server() -> None:
    """From one that does not know sharded pub/sub: nothing is said to shards before the last server knows it.

    Whatever server a node was given, and whichever came first.
    """
    users = [whose(third) for third in range(3)]
    async with redis_cluster() as cluster:
        await upgraded(cluster, 3)
        await cluster.take_over(3)
        async with hurried(cluster, 3) as ours, hurried(cluster, 1) as other:
            await ours.listen(*users)
            for user in users:
                await ours.hears(other, user, 1)
            for number in (0, 4, 5):
                await upgraded(cluster, number)
            for number in (4, 5):
                await cluster.take_over(number)
            assert [ours.client.shards, other.client.shards] == [False, False]
            for user in users:
                await ours.hears(other, user, 2)
            for number in (1, 2):
                await upgraded(cluster, number)
            await other.tells_shards()
            for user in users:
                await ours.hears(other, user, 3)


async def upgraded(cluster: RedisCluster, number: int) -> None:
    """A replica, which then has again all that its master has."""
    await cluster.until("slave", number, "INFO", "replication", told=lambda about: about["role"])
    await cluster.upgrade(number, redis_7())
    await cluster.linked(number)


async def test_beside_a_node_that_knows_only_plain_channels_all_is_said_plainly(
    cluster: RedisCluster,
) -> None:
    """As of the version before: it hears us and is heard, until it has gone."""
    user = new_id()
    heard = asyncio.Queue[bytes]()
    async with node(cluster) as ours, node(cluster) as other:
        await ours.listen(user)
        await other.tells_shards()
        async with (
            open_redis_client(cluster.urls[1]) as client,
            client.subscriber(lambda _, said: heard.put_nowait(said), lambda: None) as old,
        ):
            await old.subscribe(bundle.CHANNEL.encode())
            await old.subscribe(channel(user).encode())
            await other.tells_shards(whether=False)
            await other.log.send(user, ended(1))
            assert b"call:ended" in await asyncio.wait_for(heard.get(), PATIENCE_S)
            assert b"call:ended" in await asyncio.wait_for(ours.heard.get(), PATIENCE_S)
            await EventLog(client, keep=50, keep_s=300).send(user, ended(2))
            assert b'"duration_s":2' in await asyncio.wait_for(ours.heard.get(), PATIENCE_S)
        await other.tells_shards()
        for number in (3, 4):  # each once
            await other.log.send(user, ended(number))
            assert f'"duration_s":{number}'.encode() in await asyncio.wait_for(ours.heard.get(), PATIENCE_S)
