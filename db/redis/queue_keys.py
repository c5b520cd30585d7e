"""Names of keys of a region's queue, and what is done by name alone, by those too who match nobody."""

from db.redis.multiplexed import RedisClient

_LEARNT = ("habit", "noted", "came", "missed")


def prefix(region: str) -> str:
    """The prefix of all keys of the region's queue; the braces keep them in one slot."""
    return f"queue:{{{region}}}"


class Learnt:
    """What was learnt of how users wait and answer."""

    def __init__(self, redis: RedisClient, region: str) -> None:
        self._redis, self._prefix = redis, prefix(region)

    async def forget(self, user_id: str) -> None:
        """All of this user."""
        for what in _LEARNT:
            await self._redis.command("DEL", f"{self._prefix}:{what}:{user_id}")
