"""Sharded pub/sub by the client: whatever fails, a channel that is wanted is heard."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from db.outage import Outages
from db.redis.multiplexed import RedisClient, ShardedSubscriber, open_redis_client
from db.redis.multiplexed.words import key_slot
from tests.machines.redis_cluster import RedisCluster, redis_cluster
from tests.machines.redis_server import redis_7
from tests.patience import PATIENCE_S

CHANNEL = b"user:{0}"
TAG = "{0}"


class Noted(Outages):
    """And how often something has failed."""

    def __init__(self) -> None:
        super().__init__("Redis")
        self.failures = 0

    def failed(self, error: BaseException) -> None:
        self.failures += 1
        super().failed(error)


class Listener:
    """What was heard, and each time that something may have been missed."""

    def __init__(self, client: RedisClient) -> None:
        self.client, self.returns = client, asyncio.Queue[None]()
        self.subscriber: ShardedSubscriber
        self._heard = asyncio.Queue[bytes]()

    def hear(self, _: bytes, said: bytes) -> None:
        self._heard.put_nowait(said)

    def returned(self) -> None:
        self.returns.put_nowait(None)

    async def hears(self, cluster: RedisCluster, number: int) -> None:
        """What is said to the shard on this server, which may be one that nobody listens to yet."""
        async with asyncio.timeout(PATIENCE_S):
            while not await cluster.tell(number, "SPUBLISH", CHANNEL, "here"):
                await asyncio.sleep(0.01)
            assert await self._heard.get() == b"here"


@asynccontextmanager
async def listener(cluster: RedisCluster, **given: Any) -> AsyncIterator[Listener]:
    async with open_redis_client(cluster.url, patience_s=5, **given) as client:
        await client.command("GET", TAG)
        listening = Listener(client)
        async with client.sharded_subscriber(listening.hear, listening.returned) as listening.subscriber:
            yield listening


async def test_who_asks_again_is_not_forgotten_when_the_first_question_fails() -> None:
    """The channel is followed to where its slot goes."""
    async with redis_cluster(2, replicas=False, binary=redis_7()) as cluster, listener(cluster) as ours:
        here = await cluster.owner(TAG)
        first = ours.subscriber.subscribe(CHANNEL)
        first.cancel()
        ours.subscriber.unsubscribe(CHANNEL)
        await asyncio.wait_for(ours.subscriber.subscribe(CHANNEL), PATIENCE_S)
        await ours.hears(cluster, here)
        ids = await cluster.tell_all("CLUSTER MYID")
        for number in (1 - here, here):
            await cluster.tell(number, "CLUSTER SETSLOT", key_slot(TAG), "NODE", ids[1 - here])
        await ours.hears(cluster, 1 - here)
        await asyncio.wait_for(ours.returns.get(), PATIENCE_S)
        assert ours.returns.empty()


async def test_what_cannot_be_taken_up_yet_is_told_of_when_it_can() -> None:
    """Until then there is nothing to be read again for, however often it is tried."""
    noted = Noted()
    async with (
        redis_cluster(2, replicas=False, binary=redis_7()) as cluster,
        listener(cluster, outages=noted) as ours,
    ):
        here = await cluster.owner(TAG)
        await ours.subscriber.subscribe(CHANNEL)
        ids = await cluster.tell_all("CLUSTER MYID")
        await cluster.kill(1 - here)
        await cluster.tell(here, "CLUSTER SETSLOT", key_slot(TAG), "NODE", ids[1 - here])
        async with asyncio.timeout(PATIENCE_S):
            while noted.failures < 12:  # three rounds at least
                await asyncio.sleep(0.01)
        assert ours.returns.empty()
        await cluster.start(1 - here)
        await cluster.tell(1 - here, "CLUSTER SETSLOT", key_slot(TAG), "NODE", ids[1 - here])
        await ours.hears(cluster, 1 - here)
        await asyncio.wait_for(ours.returns.get(), PATIENCE_S)
        assert ours.returns.empty()
