"""A task that waits for Redis can be cancelled, at whichever step of a command."""

import asyncio
import random

from db.redis.multiplexed import RedisClient
from tests.patience import PATIENCE_S

AT_ONCE = 4
ROUNDS = 50


async def test_no_cancellation_is_lost(redis_client: RedisClient) -> None:
    """And the answers that nobody wants any more reach nobody else."""
    chance = random.Random(37)
    over = asyncio.Event()

    async def ask(name: str) -> None:
        while not over.is_set():
            assert await redis_client.command("ECHO", name) == name.encode()

    for _ in range(ROUNDS):
        over.clear()
        tasks = [asyncio.create_task(ask(f"caller {n}")) for n in range(AT_ONCE)]
        for _ in range(chance.randrange(1, 30)):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        over.set()  # a task that lost its cancellation ends here, and not as cancelled
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), PATIENCE_S)
        assert [task.cancelled() for task in tasks] == [True] * AT_ONCE
