"""Token buckets: in Redis for all nodes, in memory for one, or none at all. Implementations of `Limiter`.

A refusal takes nothing out, so that who goes on hammering waits no longer than who stops.
"""

import math
from pathlib import Path

from redis.asyncio import Redis

# What adding fractions loses: less than that is not lacking. The script has the same figure.
_DUST = 1e-5

_LUA = Path(__file__).with_name("lua") / "token_bucket.lua"


class RedisLimiter:
    """Shared by all nodes. Redis' errors pass through."""

    def __init__(self, redis: Redis) -> None:
        self._take = redis.register_script(_LUA.read_text())

    async def take(self, key: str, *, rate_per_s: float, burst: int, cost: int = 1, now: int) -> int:
        """0, or ms to wait (see `services.ports.Limiter`)."""
        return int(await self._take(keys=[f"limit:{key}"], args=[rate_per_s, burst, cost, now]))


class MemoryLimiter:
    """The same rule in this process; keeps at most `most` buckets, the oldest go first."""

    def __init__(self, most: int = 100_000) -> None:
        self._buckets: dict[str, tuple[float, int]] = {}
        self._most = most

    async def take(self, key: str, *, rate_per_s: float, burst: int, cost: int = 1, now: int) -> int:
        """0, or ms to wait (see `services.ports.Limiter`)."""
        held, then = self._buckets.pop(key, (float(burst), now))
        at = max(then, now)
        tokens = min(float(burst), held + (at - then) * rate_per_s / 1000)
        lacking = cost - tokens
        wait = math.ceil((lacking - _DUST) * 1000 / rate_per_s) if lacking > _DUST else 0
        self._buckets[key] = (tokens if wait else min(float(burst), max(0.0, -lacking)), at)
        if len(self._buckets) > self._most:
            del self._buckets[next(iter(self._buckets))]
        return wait


class NoLimits:
    """`RATE_LIMITS=off`."""

    async def take(self, key: str, *, rate_per_s: float, burst: int, cost: int = 1, now: int) -> int:  # noqa: ARG002
        """Always allowed."""
        return 0
