"""Which process of its own matches in a region. Owner of `queue:{region}:matchmaker`.

It only spares several of them the same work: a claim takes two tickets or none, whoever tries.
Redis' errors pass through.
"""

from pathlib import Path

from db.redis.multiplexed import RedisClient, load_script
from db.redis.queue_keys import prefix

LEASE_MS = 3_000
_LUA = Path(__file__).with_name("lua") / "matchmaker"
_HOLD = load_script(_LUA / "hold.lua", repeatable=True)
_LEAVE = load_script(_LUA / "leave.lua", repeatable=True)


class MatchmakerLease:
    """That of one region."""

    def __init__(self, redis: RedisClient, region: str, *, lease_ms: int = LEASE_MS) -> None:
        self._redis, self._keys, self._lease_ms = redis, [f"{prefix(region)}:matchmaker"], lease_ms

    async def hold(self, process: str) -> bool:
        """Whether this process matches, from now on for a lease."""
        return bool(await self._redis.run(_HOLD, self._keys, (process, self._lease_ms)))

    async def leave(self, process: str) -> None:
        """This process matches no more."""
        await self._redis.run(_LEAVE, self._keys, (process,))
