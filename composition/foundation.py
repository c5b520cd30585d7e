"""What every program needs: PostgreSQL and Redis, given or embedded, the bus between nodes, a clock."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry

from core.clock import Clock, SharedClock, now_ms
from core.environment import remarks
from core.ids import new_id
from core.settings import Settings
from db.embedded import EmbeddedServers, Urls
from db.migrations.migrate import migrate
from db.outage import OUTAGES, needed
from db.postgres.pool import Pool, open_pool
from db.redis.bus import Bus
from db.redis.clock_sync import ClockSync
from db.redis.multiplexed import RedisClient, open_redis_client
from rest.service import Check

_log = structlog.get_logger()


class Foundation:
    """Settings, servers, bus, clock and metrics, which the parts of a program are built on."""

    def __init__(
        self,
        settings: Settings,
        pool: Pool,
        redis: RedisClient,
        bus: Bus,
        *,
        node_id: str,
        clock: Clock = now_ms,
        registry: CollectorRegistry | None = None,
    ) -> None:
        self.settings, self.node_id = settings, node_id
        self.pool, self.redis, self.bus = pool, redis, bus
        self.clock, self.registry = clock, registry or CollectorRegistry()

    def new_id(self) -> str:
        """A new id, by the clock that all nodes share."""
        return new_id(self.clock())

    @property
    def checks(self) -> dict[str, Check]:
        """The checks of what a node cannot work without, for `/readyz`."""
        return {
            "postgres": self.pool.check_writes,
            "redis": self.redis.check_writes,
            "event_bus": self.bus.check,
        }


@asynccontextmanager
async def foundation(settings: Settings) -> AsyncIterator[Foundation]:
    """Starts the servers, migrates, and opens a pool for each and the bus, for as long as the block lasts."""
    node_id = settings.node_id or new_id()
    for remark in remarks(settings):
        _log.warning(remark)
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(_servers(settings))
        with needed("PostgreSQL", "DATABASE_URL"):
            await migrate(urls.database_url, _log)
            pool = await open_pool(
                urls.database_url, size=settings.database_pool, patience_s=settings.patience_s
            )
        stack.push_async_callback(_close, pool)
        with needed("Redis", "REDIS_URL"):
            redis = await stack.enter_async_context(
                open_redis_client(urls.redis_url, patience_s=settings.patience_s)
            )
            bus = await stack.enter_async_context(Bus(redis, node_id))
            clock, registry = SharedClock(), CollectorRegistry()
            await stack.enter_async_context(ClockSync(redis, clock, registry))
        yield Foundation(settings, pool, redis, bus, node_id=node_id, clock=clock, registry=registry)


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[Pool]:
    """One connection to PostgreSQL, with the newest schema, whether a server is running or not."""
    async with _database_url(settings) as url:
        with needed("PostgreSQL", "DATABASE_URL"):
            await migrate(url, _log)
            pool = await open_pool(url, size=1)
        try:
            yield pool
        finally:
            await pool.close()


@asynccontextmanager
async def _servers(settings: Settings) -> AsyncIterator[Urls]:
    """The given PostgreSQL and Redis, or embedded ones."""
    async with EmbeddedServers.open(
        Path(settings.data_dir),
        postgres=not settings.database_url,
        redis=not settings.redis_url,
        log=_log.info,
    ) as embedded:
        yield Urls(settings.database_url or embedded.database_url, settings.redis_url or embedded.redis_url)


@asynccontextmanager
async def _database_url(settings: Settings) -> AsyncIterator[str]:
    if settings.database_url:
        yield settings.database_url
        return
    async with EmbeddedServers.database(Path(settings.data_dir), _log.info) as url:
        yield url


async def _close(pool: Pool) -> None:
    """Close the pool. If PostgreSQL has ended first, as when a machine stops, there is nothing to close."""
    with suppress(*OUTAGES):
        await pool.close()
