"""Marks of sign-ups that were refused for their age, in Redis, which forgets them by itself."""

import asyncio
from collections.abc import Sequence

from db.redis.multiplexed import RedisClient


class RefusedAges:
    """Marks, which are keyed hashes. Redis' errors pass through."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def remember(self, marks: Sequence[str], ms: int) -> None:
        """Each of them, for so long from now on."""
        await asyncio.gather(*(self._redis.command("SET", _key(mark), 1, "PX", ms) for mark in marks))

    async def any_of(self, marks: Sequence[str]) -> bool:
        """Whether one of them is remembered."""
        return any(await asyncio.gather(*(self._redis.command("EXISTS", _key(mark)) for mark in marks)))


def _key(mark: str) -> str:
    return f"underage:{mark}"
