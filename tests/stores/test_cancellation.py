"""A task that waits for Redis can be cancelled: the client's own pool lost one of five on Python 3.11."""

import asyncio
import random

from redis.asyncio import Redis

from db.redis.client import open_redis
from tests.patience import PATIENCE_S

AT_ONCE = 4
ROUNDS = 50


async def test_no_cancellation_is_lost(redis_url: str) -> None:
    """At whichever step of a command it comes, with connections to spare and without."""
    chance = random.Random(37)
    for size in (2, 50):
        async with open_redis(redis_url, size=size) as redis:
            over = asyncio.Event()

            async def ask(redis: Redis = redis, over: asyncio.Event = over) -> None:
                while not over.is_set():
                    await redis.ping()

            for _ in range(ROUNDS):
                over.clear()
                tasks = [asyncio.create_task(ask()) for _ in range(AT_ONCE)]
                for _ in range(chance.randrange(1, 30)):
                    await asyncio.sleep(0)
                for task in tasks:
                    task.cancel()
                over.set()  # a task that lost its cancellation ends here, and not as cancelled
                await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), PATIENCE_S)
                assert [task.cancelled() for task in tasks] == [True] * AT_ONCE
