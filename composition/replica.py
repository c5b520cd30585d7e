"""The standby of `DATABASE_REPLICA_URL`, for what may be a moment old; without one, the primary."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry

from core.clock import Clock
from core.settings import Settings
from core.tasks import beside
from db.postgres.pool import Pool, open_pool
from db.postgres.replica import Replica


@asynccontextmanager
async def replica(
    settings: Settings, primary: Pool, clock: Clock, registry: CollectorRegistry
) -> AsyncIterator[Replica]:
    """Watched for as long as the block lasts. That it is away is no reason not to start."""
    url = settings.database_replica_url
    if not url:
        yield Replica(primary, registry=registry)
        return

    async def open_it() -> Pool:
        return await open_pool(
            url,
            size=settings.database_pool,
            patience_s=settings.patience_s,
            prepared=settings.database_prepared == "on",
            name="the standby",
        )

    found = Replica(primary, open_it, most_s=settings.replica_lag_s, clock=clock, registry=registry)
    try:
        async with beside(found.task.run()):
            yield found
    finally:
        await found.close()
