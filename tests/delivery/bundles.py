"""The messages that all nodes hear, of which each takes what is for its own users."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from db.redis import bundle
from tests.patience import PATIENCE_S


@asynccontextmanager
async def bundles(redis: Redis) -> AsyncIterator[Callable[..., Awaitable[int]]]:
    """Asks in how many of the messages that all nodes hear a user was named, since this began.

    In so many at `least`, as soon as they come: one Redis tells its listeners one after the other.
    """
    async with redis.pubsub() as nodes:
        await nodes.subscribe(bundle.CHANNEL)
        assert (await nodes.get_message(timeout=PATIENCE_S))["type"] == "subscribe"
        heard: list[bytes] = []

        async def naming(user: str, *, least: int = 0) -> int:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    while (message := await nodes.get_message(timeout=0.01)) is not None:
                        heard.append(message["data"])
                    found = sum(user.encode() in message for message in heard)
                    if found >= least:
                        return found

        yield naming
