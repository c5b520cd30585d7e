"""Token buckets: in Redis for all nodes, in memory for one, or none at all. Implementations of `Limiter` and
`LocalLimiter`.

A refusal takes nothing out, so a client that keeps trying waits no longer than one that stops.
"""

from pathlib import Path

from core.token_bucket import TokenBuckets
from db.redis.multiplexed import RedisClient, load_script

_TAKE = load_script(Path(__file__).with_name("lua") / "token_bucket.lua", repeatable=False)


class RedisLimiter:
    """Shared by all nodes; a bucket that is full again is kept for `full_ms`. Redis' errors pass through."""

    def __init__(self, redis: RedisClient, *, full_ms: int = 1_000) -> None:
        self._redis, self._full_ms = redis, full_ms

    async def take(self, key: str, *, rate_per_s: float, burst: int, cost: int = 1, now: int) -> int:
        """0, or ms to wait (see `services.ports.Limiter`)."""
        args = (rate_per_s, burst, cost, now, self._full_ms)
        return int(await self._redis.run(_TAKE, [f"limit:{key}"], args))


class MemoryLimiter:
    """The same rule in this process; keeps at most `most` buckets, the oldest go first."""

    def __init__(self, most: int = 100_000) -> None:
        self._buckets = TokenBuckets(most)

    async def take(self, key: str, *, rate_per_s: float, burst: int, cost: int = 1, now: int) -> int:
        """0, or ms to wait (see `services.ports.Limiter`)."""
        return self._buckets.of(key, rate_per_s=rate_per_s, burst=burst).take(now, cost)

    def take_here(self, key: str, *, rate_per_s: float, burst: int, now: int) -> int:
        """The same of one, for whoever does not wait."""
        return self._buckets.of(key, rate_per_s=rate_per_s, burst=burst).take(now)


class NoLimits:
    """`RATE_LIMITS=off`."""

    async def take(self, key: str, *, rate_per_s: float, burst: int, cost: int = 1, now: int) -> int:  # noqa: ARG002
        """Always allowed."""
        return 0

    def take_here(self, key: str, *, rate_per_s: float, burst: int, now: int) -> int:  # noqa: ARG002
        """The same."""
        return 0
