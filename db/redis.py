"""Redis: the pool of connections. Stores own their keys; this module owns how they are reached."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

_PATIENCE_S = 5


@asynccontextmanager
async def open_redis(url: str, *, size: int) -> AsyncIterator[Redis]:
    """At most `size` connections; who finds none free waits for some seconds, and then is told of an outage.

    A command that finds its connection broken is tried again at once and twice more, within half a second:
    every script of ours may be repeated.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=size,
        timeout=_PATIENCE_S,
        socket_connect_timeout=_PATIENCE_S,
        retry=Retry(ExponentialBackoff(cap=0.3, base=0.05), 3),
    )
    async with Redis.from_pool(pool) as redis:
        yield redis
