"""The stores below the nodes, as processes of one's own that faults may treat as they like."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from tests.machines.postgres_server import PostgresServer, postgres_server
from tests.machines.redis_cluster import RedisCluster, redis_cluster
from tests.machines.redis_server import RedisServer, redis_7, redis_server

NODE_TIMEOUT_MS = 1_000  # a replica takes over by itself

Kind = Literal["single", "replicated"]


@dataclass(frozen=True, slots=True)
class Stores:
    """Where they answer, and those that there are to lay hands on."""

    database_url: str
    redis_url: str
    postgres: PostgresServer | None = None
    standby: PostgresServer | None = None
    redis: RedisServer | None = None
    cluster: RedisCluster | None = None


@asynccontextmanager
async def open_stores(kind: Kind) -> AsyncIterator[Stores]:
    """One of each; or a primary with its standby, and three masters with a replica each."""
    async with AsyncExitStack() as stack:
        if kind == "single":
            redis = await stack.enter_async_context(redis_server(binary=redis_7(), appendonly=True))
            postgres = await stack.enter_async_context(postgres_server())
            yield Stores(postgres.url, redis.url, postgres=postgres, redis=redis)
            return
        of_redis = redis_cluster(binary=redis_7(), node_timeout_ms=NODE_TIMEOUT_MS)
        cluster = await stack.enter_async_context(of_redis)
        primary = await stack.enter_async_context(postgres_server(tcp=True))
        standby = await stack.enter_async_context(primary.standby())
        await primary.until_streaming(standby)
        # From here on it waits for the standby with each commit, as docs/operations.md says.
        await primary.tell(f"ALTER SYSTEM SET synchronous_standby_names = '{standby.folder.name}'")
        await primary.tell("SELECT pg_reload_conf()")
        both = f"127.0.0.1:{primary.port},127.0.0.1:{standby.port}"
        yield Stores(
            f"postgresql://realtime@{both}/realtime",
            cluster.url,
            postgres=primary,
            standby=standby,
            cluster=cluster,
        )
