"""A replica takes over that lacks what its master has acknowledged last: whoever comes back is told."""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count

import pytest

from core.keys import Keyring
from core.numbered_event import NumberedEvent
from db.outage import AWAY, OUTAGES
from db.redis.event_log import EventLog
from db.redis.multiplexed import RedisClient, open_redis_client
from db.redis.multiplexed.words import key_slot
from realtime.gateway.recovery import Recovery
from tests.delivery.test_event_log import ended
from tests.machines.redis_cluster import RedisCluster, redis_cluster
from tests.patience import PATIENCE_S


@pytest.fixture
async def cluster() -> AsyncIterator[RedisCluster]:
    """Three masters, with a replica each."""
    async with redis_cluster() as cluster:
        yield cluster


@asynccontextmanager
async def node(cluster: RedisCluster) -> AsyncIterator[tuple[RedisClient, EventLog]]:
    """Of the product: its client and its event log."""
    async with open_redis_client(cluster.urls[2], patience_s=20) as client:
        await client.command("GET", "anything")
        yield client, EventLog(client, keep=50, keep_s=300)


def whose(third: int) -> str:
    """A user whose stream is on this of three masters."""
    return next(user for user in map(str, count()) if key_slot(user) * 3 // 16_384 == third)


async def lose(cluster: RedisCluster, number: int, last: Callable[[], Awaitable[object]]) -> None:
    """This master acknowledges something `last`, which its replica never hears of, and dies."""
    with cluster.servers[number + 3].frozen():
        await cluster.tell(number, "CLIENT KILL", "TYPE", "REPLICA")
        await last()
        await cluster.kill(number)
    await cluster.until("master", number + 3, "INFO", "replication", told=lambda about: about["role"])


async def served_again(client: RedisClient, user: str) -> None:
    """Whoever took over answers this client."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(*OUTAGES):
                await client.command("GET", f"{{{user}}}")
                return


async def test_offsets_of_before_recover_nothing_where_events_may_be_lost(cluster: RedisCluster) -> None:
    """Though the event before is there: nobody can say what came after it. Elsewhere all goes on."""
    recovery = Recovery(Keyring("a secret of some length").keys("place in a stream"), keep=50, keep_s=300)
    async with node(cluster) as (client, log), node(cluster) as (_, idle):
        ana, ben = whose(0), whose(1)
        for user in (ana, ben):
            await log.send(user, ended(1))
        before = {user: await log.tail(user) for user in (ana, ben)}
        await idle.look()
        await lose(cluster, 0, lambda: log.send(ana, ended(2)))
        async with asyncio.timeout(PATIENCE_S):
            while True:
                asked = await asyncio.gather(client.command("GET", f"{{{ana}}}"), return_exceptions=True)
                if not isinstance(asked[0], Exception):
                    break
        for each in (log, idle):
            after = {user: await each.tail(user) for user in (ana, ben)}
            assert after[ana].end == before[ana].end  # the second is gone
            assert after[ana].log.name != before[ana].log.name
            assert after[ben].log.name == before[ben].log.name
        offset = recovery.offset(ana, before[ana].end, before[ana].log.name)
        assert recovery.wanted(ana, None, offset, after[ana].log.name) is None
        assert {(await each.look())[part].name for each in (log, idle) for part in [log.logs.part(ana)]} == {
            after[ana].log.name
        }


async def test_masters_that_are_away_are_told_of_once(cluster: RedisCluster) -> None:
    """By who asks, and not by each question that nobody asks about any more."""
    said: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, about: said.append(about))
    users = whose(0), whose(1)
    async with node(cluster) as (client, log):
        async with asyncio.timeout(PATIENCE_S):
            while len(client._servers.replicated) < 3:
                await client.command("PING")
                client.keep_up()
        await client.replicated()
        for number in (0, 1, 3, 4):
            await cluster.kill(number)
        with pytest.raises(OUTAGES):
            await client.replicated()
        with pytest.raises(AWAY):
            await log.announce([NumberedEvent(users, ended(n), "lane", n, n - 1) for n in (1, 2)])
    gc.collect()
    assert said == []
