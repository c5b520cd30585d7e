"""What each process tells Prometheus of the stores: pools, the way to Redis, and how long the bus takes."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry

from core.clock import Clock
from core.tasks import beside
from db.postgres.metrics import PoolMetrics
from db.postgres.pool import Pool
from db.postgres.replica import Replica
from db.redis.bus import Bus
from db.redis.bus_lag import CHANNEL, BusLag
from db.redis.metrics import RedisMetrics
from db.redis.multiplexed import RedisClient


@asynccontextmanager
async def store_metrics(
    registry: CollectorRegistry,
    pool: Pool,
    replica: Replica,
    redis: RedisClient,
    bus: Bus,
    *,
    node_id: str,
    clock: Clock,
) -> AsyncIterator[None]:
    """Told for as long as the block lasts."""

    def pools() -> Mapping[str, Pool]:
        return {"primary": pool} | ({"standby": replica.standby} if replica.standby else {})

    lag = BusLag(bus, node_id, clock)
    for collector in (PoolMetrics(pools), RedisMetrics(redis), lag):
        registry.register(collector)
    await bus.subscribe(CHANNEL, lag.hear)
    async with beside(lag.run()):
        yield
