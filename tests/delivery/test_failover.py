"""A replica takes over that lacks what its master has acknowledged last: whoever comes back is told."""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count

import pytest
from msgspec.structs import replace

from core.keys import Keyring
from core.numbered_event import NumberedEvent
from db.outage import AWAY, OUTAGES
from db.redis.event_log import EventLog
from db.redis.multiplexed import RedisClient, open_redis_client
from db.redis.multiplexed.words import SLOTS, key_slot
from realtime.gateway.recovery import Recovery
from tests.delivery.test_event_log import ended
from tests.faults import told_to_the_loop
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
    await cluster.succeed(number + 3)


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


@pytest.mark.parametrize("number", [0, 1])
async def test_a_master_that_comes_back_empty_has_new_logs_and_no_other_has(number: int) -> None:
    """Also where two masters share a sixteenth of the slots. Nobody takes over, so no epoch tells of it."""
    async with redis_cluster(replicas=False) as cluster, node(cluster) as (client, log):
        ends = [cluster_end(n) for n in (0, 1)]
        users, has_kept = (
            [slot_user(slot) for end in ends for slot in (end, end + 1)],
            [owner != number for owner in (0, 1, 1, 2)],
        )
        for user in users:
            await log.send(user, ended(1))
        before = [(await log.tail(user)).log.name for user in users]
        await cluster.kill(number)
        cluster.servers[number].forget()
        await cluster.start(number)
        async with asyncio.timeout(PATIENCE_S):
            for user in users:
                await served_again(client, user)
        after = [await log.tail(user) for user in users]
        assert [tail.length == 1 for tail in after] == has_kept
        assert [tail.log.name == name for tail, name in zip(after, before, strict=True)] == has_kept
        assert {log.logs.of(user).name for user in users} <= {
            each.name for each in (await log.look()).values()
        }


def cluster_end(master: int) -> int:
    """The last slot of this of three masters."""
    return (master + 1) * -(-SLOTS // 3) - 1


def slot_user(slot: int) -> str:
    """A user whose stream is in this slot."""
    return next(user for user in map(str, count()) if key_slot(user) == slot)


async def test_a_client_that_asks_for_the_logs_first_of_all_knows_them(cluster: RedisCluster) -> None:
    """It has never been connected, and does not know yet that this is a cluster."""
    user = whose(1)
    async with node(cluster) as (_, log), open_redis_client(cluster.url, patience_s=20) as fresh:
        known = await log.look()
        assert await EventLog(fresh, keep=50, keep_s=300).look() == {
            part: replace(each, looks=each.looks + 1) for part, each in known.items()
        }
    async with node(cluster) as (_, log), open_redis_client(cluster.url, patience_s=20) as fresh:
        assert (await EventLog(fresh, keep=50, keep_s=300).tail(user)).log.name == (
            await log.tail(user)
        ).log.name


async def test_masters_that_are_away_are_told_of_once(cluster: RedisCluster) -> None:
    """By who asks, and not by each question that nobody asks about any more."""
    users = whose(0), whose(1)
    with told_to_the_loop() as said:
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
