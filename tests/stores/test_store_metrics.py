"""What is told of stores and of what all nodes share: read where it is, and it moves."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.registry import Collector

from core.clock import now_ms
from core.ids import new_id
from db.postgres.metrics import PoolMetrics
from db.postgres.open_calls import OpenCalls
from db.postgres.pool import open_pool
from db.redis import bus_lag
from db.redis.bus import Bus
from db.redis.bus_lag import BusLag
from db.redis.metrics import RedisMetrics
from db.redis.multiplexed import open_redis_client
from db.redis.queue_pools import POOLS, QueuePools, Waiting
from realtime.background.survey import Survey
from tests.patience import PATIENCE_S
from tests.stores.world import World


def told(collector: Collector, name: str, **labels: str) -> float:
    registry = CollectorRegistry()
    registry.register(collector)
    value = registry.get_sample_value(f"realtime_{name}", labels)
    assert value is not None, f"{name} {labels} is not told"
    return value


async def until(collector: Collector, name: str, least: float, **labels: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while told(collector, name, **labels) < least:
            await asyncio.sleep(0.005)


async def test_who_waits_for_a_connection_is_told_and_then_how_long(world: World, database_url: str) -> None:
    pool = await open_pool(database_url, size=2)
    metrics = PoolMetrics(lambda: {"primary": pool})
    own = {"pool": "primary"}
    async with pool.acquire():
        assert told(metrics, "postgres_connections", state="busy", **own) == 1
        async with pool.acquire():
            waiting = asyncio.create_task(pool.fetchval("SELECT 1"))
            await until(metrics, "postgres_waiters", 1, **own)
            assert told(metrics, "postgres_connections", state="busy", **own) == 2
            before = told(metrics, "postgres_wait_seconds_count", **own)
        assert await waiting == 1
    assert told(metrics, "postgres_waiters", **own) == 0
    assert told(metrics, "postgres_wait_seconds_count", **own) == before + 1
    assert told(metrics, "postgres_connections", state="idle", **own) == 2
    assert told(metrics, "postgres_connections_max", **own) == 2
    await pool.fetchval("SELECT 1")
    assert told(metrics, "postgres_wait_seconds_count", **own) == before + 1, "who finds one waits for nobody"
    await pool.close()


async def test_what_redis_has_not_answered_is_told_and_connections_that_were_lost(redis_url: str) -> None:
    async with open_redis_client(redis_url) as redis:
        metrics = RedisMetrics(redis)
        assert told(metrics, "redis_in_flight") == 0
        asked = [redis.command("ECHO", str(number)) for number in range(7)]
        assert told(metrics, "redis_in_flight") == 7
        await asyncio.gather(*asked)
        assert (told(metrics, "redis_in_flight"), told(metrics, "redis_resets_total")) == (0, 0)
        own = await redis.command("CLIENT", "ID")
        async with open_redis_client(redis_url) as other:
            await other.command("CLIENT", "KILL", "ID", own)
        await until(metrics, "redis_resets_total", 1)
        assert await redis.command("ECHO", "again", repeatable=True) == b"again"
        assert told(metrics, "redis_resets_total") == 1


async def test_a_node_learns_how_long_another_is_not_heard(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody understands is passed over: another version, or a stranger, may have said it."""
    channel = new_id()  # channels are those of all databases of a server, and nodes of other tests are heard
    monkeypatch.setattr(bus_lag, "CHANNEL", channel)
    async with open_redis_client(redis_url) as redis, Bus(redis, "one") as bus, Bus(redis, "two") as other:
        here = BusLag(bus, "one", lambda: 12_000, every_s=0.05)
        there = BusLag(other, "two", lambda: 10_000, every_s=0.05)
        await bus.subscribe(channel, here.hear)
        for odd in (b"", b"now", b"-1 three", b"\xff\xff"):
            await other.publish(channel, odd)
        running = [asyncio.create_task(lag.run()) for lag in (here, there)]
        await until(here, "bus_lag_seconds_count", 2, said_by="itself")
        await until(here, "bus_lag_seconds_count", 2, said_by="another")
        for task in running:
            task.cancel()
    assert told(here, "bus_lag_seconds_bucket", said_by="another", le="1.0") == 0, "it was heard 2 s late"
    assert told(here, "bus_lag_seconds_sum", said_by="another") >= 4
    assert told(here, "bus_lag_seconds_sum", said_by="itself") < PATIENCE_S


async def test_calls_are_told_by_state(world: World) -> None:
    """Those of people: of probes there is none."""
    calls = OpenCalls(world.pool)
    before = await calls.by_state()
    ids = [new_id() for _ in range(4)]
    for call_id in ids:
        await world.offer(call_id, await world.pair())
    for call_id in ids[1:]:
        await world.call_records.started(call_id, now_ms())
    for call_id in ids[2:]:
        await world.call_records.live(call_id, now_ms())
    await world.call_records.ended(
        ids[3], reason="hung_up", by=None, duration_s=1, now=now_ms(), decision_deadline=now_ms() + 9_000
    )
    probes, theirs = await world.pair(), [new_id() for _ in range(2)]
    await world.pool.execute("UPDATE identity.users SET probe = true WHERE id = ANY ($1)", probes)
    await world.offer(theirs[0], probes)
    await world.end(theirs[0], now=now_ms(), decision_deadline=now_ms() + 9_000)
    await world.offer(theirs[1], probes)
    now = await calls.by_state()
    await world.pool.execute("UPDATE identity.users SET probe = false WHERE id = ANY ($1)", probes)
    assert {state: now[state] - before[state] for state in now} == dict.fromkeys(
        ("offered", "connecting", "live", "deciding"), 1
    )


async def test_pools_are_told_with_their_oldest(redis_url: str) -> None:
    async with open_redis_client(redis_url) as redis:
        pools = QueuePools(redis, f"region-{new_id()}")
        prefix, pool = pools._prefix, ("voice", "female", "male")
        for ticket, joined_at in (("older", 1_000_000), ("newer", 1_500_000)):
            await redis.command("ZADD", f"{prefix}:voice:female:male", joined_at, ticket)
        found = await pools.all()
        assert found.keys() == set(POOLS)
        assert found[pool] == Waiting(2, 1_000_000)
        assert found["video", "female", "male"] == Waiting(0, None)
        survey = Survey(pools, _NoCalls(), lambda: 1_060_000)
        words = dict(zip(("mode", "gender", "seeking"), pool, strict=True))
        assert told(survey, "matching_pool_tickets", **words) == 0, "each is there before the first look"
        await survey._look_at_pools()
        assert told(survey, "matching_pool_tickets", **words) == 2
        assert told(survey, "matching_pool_oldest_seconds", **words) == pytest.approx(60)
        await redis.command("DEL", f"{prefix}:voice:female:male")


class _NoCalls:
    async def by_state(self) -> dict[str, int]:
        return {}
