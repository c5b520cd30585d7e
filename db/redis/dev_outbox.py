"""What would have been sent by mail or SMS, in Redis: for developers, who may ask any process for it."""

import msgspec

from db.redis.multiplexed import RedisClient

_KEY = "dev:outbox"
_KEPT = 100
_KEPT_S = 86_400


class DevOutboxStore:
    """The newest `_KEPT`, for a day after the last. Redis' errors pass through."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def put(self, sent: msgspec.Struct) -> None:
        """One more."""
        await self._redis.command("LPUSH", _KEY, msgspec.json.encode(sent))
        await self._redis.command("LTRIM", _KEY, 0, _KEPT - 1)
        await self._redis.command("EXPIRE", _KEY, _KEPT_S)

    async def newest(self) -> list[bytes]:
        """Each as JSON, the newest first."""
        kept: list[bytes] = await self._redis.command("LRANGE", _KEY, 0, -1)
        return kept
