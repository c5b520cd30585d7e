"""How many wait in each pool of the queue, and since when: for metrics. Owner of none of its keys."""

from collections.abc import Mapping
from itertools import product
from typing import get_args

from msgspec import Struct

from core.vocabulary import Gender, Mode
from db.redis.multiplexed import RedisClient
from db.redis.queue_keys import prefix

_MODES: tuple[Mode, ...] = get_args(Mode)
POOLS = tuple(product(get_args(Mode), get_args(Gender), get_args(Gender)))
"""Mode, gender and gender sought. Who seeks several is in several."""


class Waiting(Struct, frozen=True):
    """How many, and when the first of them joined (Unix ms); None: there is nobody."""

    tickets: int
    since: int | None


class Swept(Struct, frozen=True):
    """When the first of those who wait joined, and when they were swept last, in Unix ms.

    None: nobody waits, or there was no sweep lately.
    """

    since: int | None
    swept: int | None


class QueuePools:
    """Those of one region."""

    def __init__(self, redis: RedisClient, region: str) -> None:
        self._redis, self._prefix = redis, prefix(region)

    async def all(self) -> Mapping[tuple[str, str, str], Waiting]:
        """Each pool, in one trip."""
        keys = [f"{self._prefix}:{':'.join(pool)}" for pool in POOLS]
        counts = [self._redis.command("ZCARD", key) for key in keys]
        firsts = [self._redis.command("ZRANGE", key, 0, 0, "WITHSCORES") for key in keys]
        found = {}
        for pool, count, first in zip(POOLS, counts, firsts, strict=True):
            number, oldest = await count, await first
            found[pool] = Waiting(number, int(float(oldest[1])) if oldest else None)
        return found

    async def swept(self) -> Mapping[Mode, Swept]:
        """Each mode, in one trip."""
        asked = {
            mode: (
                self._redis.command("ZRANGE", f"{self._prefix}:{mode}", 0, 0, "WITHSCORES"),
                self._redis.command("GET", f"{self._prefix}:{mode}:news"),
            )
            for mode in _MODES
        }
        found = {}
        for mode, (waiting, news) in asked.items():
            first, last = await waiting, await news
            found[mode] = Swept(int(float(first[1])) if first else None, int(last) if last else None)
        return found
