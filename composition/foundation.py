"""What every program needs: PostgreSQL and Redis, given or embedded, the bus between nodes, a clock."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry

from composition.places import check_places, clock_remark, redis_remark, session_remark
from composition.process_metrics import process_metrics
from composition.replica import replica
from composition.store_metrics import store_metrics
from core.clock import Clock, SharedClock, now_ms
from core.ending import CLOSED_S, Ending
from core.environment import remarks
from core.fields import Fields
from core.ids import new_id
from core.keys import Keyring
from core.settings import Settings
from core.tasks import beside
from db.embedded import EmbeddedServers, Urls
from db.migrations.migrate import migrate
from db.outage import OUTAGES, UnusableError, needed
from db.postgres.data_keys import KeyStore
from db.postgres.pool import Pool, open_pool
from db.postgres.replica import Replica
from db.redis.bus import Bus
from db.redis.clock_sync import ClockSync
from db.redis.multiplexed import RedisClient, open_redis_client
from rest.http.listening import metrics_listening
from rest.service import Check
from services.data_keys import KeyMissing, KeyWatch

_LEAVING_S = 1.0
_log = structlog.get_logger()


class Foundation:
    """Settings, servers, bus, clock and metrics, which the parts of a program are built on.

    Without an `ending`, nobody waits for it to end gently.
    """

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
        keyring: Keyring | None = None,
        ending: Ending | None = None,
        replica: Replica | None = None,
        urls: Urls | None = None,
    ) -> None:
        self.settings, self.node_id = settings, node_id
        self.urls = urls or Urls(settings.database_url, settings.redis_url)
        self.keyring = keyring or Keyring.of(settings)
        self.fields = Fields(self.keyring)
        self.pool, self.redis, self.bus = pool, redis, bus
        self.replica = replica or Replica(pool)
        self.clock, self.registry = clock, registry or CollectorRegistry()
        self.ending = ending or Ending(hurried=True)

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
async def foundation(settings: Settings, ending: Ending | None = None) -> AsyncIterator[Foundation]:
    """Starts the servers, migrates, and opens a pool for each and the bus, for as long as the block lasts."""
    node_id = settings.node_id or new_id()
    for remark in remarks(settings):
        _log.warning(remark)
    check_places(settings)
    async with AsyncExitStack() as stack:
        urls = await stack.enter_async_context(_servers(settings))
        direct = settings.database_direct_url
        with needed("PostgreSQL", "DATABASE_DIRECT_URL" if direct else "DATABASE_URL"):
            await migrate(direct or urls.database_url, _log)
        with needed("PostgreSQL", "DATABASE_URL"):
            pool = await open_pool(
                urls.database_url,
                size=settings.database_pool,
                patience_s=settings.patience_s,
                prepared=settings.database_prepared == "on",
            )
        stack.push_async_callback(_close, pool, ending)
        keyring = await stack.enter_async_context(held(pool, settings, node_id))
        with needed("Redis", "REDIS_URL"):
            redis = await stack.enter_async_context(
                open_redis_client(urls.redis_url, ca=settings.redis_ca, patience_s=settings.patience_s)
            )
            bus = await stack.enter_async_context(Bus(redis, node_id))
            clock, registry = SharedClock(), CollectorRegistry()
            await stack.enter_async_context(ClockSync(redis, clock, registry))
        for remark in (
            await clock_remark(pool.time_ms, clock),
            redis_remark(settings, redis.version),
            session_remark(await pool.unlike()),
        ):
            if remark:
                _log.warning(remark)
        stack.enter_context(process_metrics(registry))
        standby = await stack.enter_async_context(replica(settings, pool, clock, registry))
        told = store_metrics(registry, pool, standby, redis, bus, node_id=node_id, clock=clock)
        await stack.enter_async_context(told)
        await stack.enter_async_context(metrics_listening(registry, settings))
        yield Foundation(
            settings,
            pool,
            redis,
            bus,
            node_id=node_id,
            clock=clock,
            registry=registry,
            keyring=keyring,
            ending=ending,
            replica=standby,
            urls=urls,
        )


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[Pool]:
    """One connection to PostgreSQL, with the newest schema, whether a server is running or not."""
    direct = settings.database_direct_url
    async with _database_url(settings) as url:
        with needed("PostgreSQL", "DATABASE_DIRECT_URL" if direct else "DATABASE_URL"):
            await migrate(url, _log)
            pool = await open_pool(url, size=1)
        try:
            yield pool
        finally:
            await pool.close()


@asynccontextmanager
async def held(pool: Pool, settings: Settings, node_id: str) -> AsyncIterator[Keyring]:
    """The keys as they are now, for as long as the block lasts. Raises `UnusableError`."""
    keyring = Keyring.of(settings)
    watch = KeyWatch(KeyStore(pool), keyring, node_id)
    with needed("PostgreSQL", "DATABASE_URL"):
        try:
            await watch.look()
        except KeyMissing as missing:
            await watch.leave()
            raise UnusableError(str(missing)) from None
    if keyring.data and not keyring.writes:
        _log.warning("DATA_KEYS is set, and nothing is encrypted yet: see `python -m realtime data-keys`.")
    async with beside(watch.task.run()):
        try:
            yield keyring
        finally:
            with suppress(*OUTAGES):
                async with asyncio.timeout(_LEAVING_S):
                    await watch.leave()


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
    if given := settings.database_direct_url or settings.database_url:
        yield given
        return
    async with EmbeddedServers.database(Path(settings.data_dir), _log.info) as url:
        yield url


async def _close(pool: Pool, ending: Ending | None) -> None:
    """Close the pool. If PostgreSQL has ended first, as when a machine stops, there is nothing to close."""
    with suppress(*OUTAGES):
        await pool.close(min(pool.patience_s, (ending or Ending()).left_s(CLOSED_S)))
