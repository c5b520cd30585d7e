"""Whose turn it is to have a probe go its way, and when one last did so with success, for all nodes.

Redis' errors pass through.
"""

from db.redis.multiplexed import RedisClient

_TURN, _SUCCESS = "probe:turn", "probe:success"


class ProbeTurns:
    """Times are Unix ms."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def take(self, ms: int) -> bool:
        """Whether it is this node's turn; nobody else's for so long then."""
        # A second time it would be refused because of the first, whose answer nobody has.
        return bool(await self._redis.command("SET", _TURN, 1, "NX", "PX", ms, repeatable=False))

    async def succeeded(self, at: int) -> None:
        """A probe came through, from sign-in to sign-out."""
        await self._redis.command("SET", _SUCCESS, at, repeatable=True)

    async def last_success(self) -> int | None:
        """When one last did; None: nobody knows of any."""
        at = await self._redis.command("GET", _SUCCESS, repeatable=True)
        return None if at is None else int(at)
