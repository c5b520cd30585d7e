"""Tokens of others that have served, in Redis, which forgets them when they are over."""

from db.redis.multiplexed import RedisClient


class UsedTokens:
    """By an id that names what each served for. Redis' errors pass through."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def first_use(self, id_: str) -> int | None:
        """When it served first (ms); None: it has not, or is over."""
        at = await self._redis.command("GET", _key(id_))
        return None if at is None else int(at)

    async def used(self, id_: str, now: int, *, for_ms: int) -> None:
        """It has served; that is kept for so long."""
        await self._redis.command("SET", _key(id_), now, "NX", "PX", for_ms)


def _key(id_: str) -> str:
    return f"used:{id_}"
