"""How many wait in each pool of the queue, and since when: for metrics. Owner of none of its keys."""

from collections.abc import Mapping
from itertools import product
from typing import get_args

from msgspec import Struct

from core.vocabulary import Gender, Mode
from db.redis.multiplexed import RedisClient
from db.redis.tickets import prefix

POOLS = tuple(product(get_args(Mode), get_args(Gender), get_args(Gender)))
"""Mode, gender and gender sought. Who seeks several is in several."""


class Waiting(Struct, frozen=True):
    """How many, and when the first of them joined (Unix ms); None: there is nobody."""

    tickets: int
    since: int | None


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
