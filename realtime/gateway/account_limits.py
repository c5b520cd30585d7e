"""What one account may use of this process: connects, connections, and commands, by connection and in all."""

import sys

from core.clock import Clock
from core.errors import RateLimited
from core.limits import LIMITS
from core.settings import Settings
from core.token_bucket import Pace, TokenBucket, TokenBuckets
from core.wire.message import Command
from realtime.gateway.command_queue import CommandQueue
from services.ports import Limiter


class AccountLimits:
    """Counts the connections of each account. With RATE_LIMITS off there is no bound."""

    def __init__(self, settings: Settings, limiter: Limiter, clock: Clock) -> None:
        self._settings, self._limiter, self._clock = settings, limiter, clock
        self._limited = settings.rate_limits == "on"
        self._of_user: dict[str, int] = {}
        self._buckets = TokenBuckets()

    async def slow_down(self, user_id: str) -> None:
        """A connect costs several queries, so an account may connect only so often. Raises `RateLimited`."""
        if wait_ms := await self._connect(user_id, 1):
            raise RateLimited("Too many connects of this account.", retry_after_ms=wait_ms)

    async def excuse(self, user_id: str) -> None:
        """That connect does not count: who may not come in keeps nobody out."""
        await self._connect(user_id, -1)

    async def _connect(self, user_id: str, cost: int) -> int:
        rate = LIMITS["connects"].rate(self._settings)
        return await self._limiter.take(
            f"connect:{user_id}", rate_per_s=rate.per_s, burst=rate.burst, cost=cost, now=self._clock()
        )

    def add(self, user_id: str) -> None:
        """One connection more. Raises `RateLimited`."""
        held = self._of_user.get(user_id, 0)
        if self._limited and held >= self._settings.max_connections_a_user:
            raise RateLimited("Too many connections of this account.", retry_after_ms=1000)
        self._of_user[user_id] = held + 1

    def remove(self, user_id: str) -> None:
        """One connection less."""
        left = self._of_user.get(user_id, 1) - 1
        if left:
            self._of_user[user_id] = left
        else:
            self._of_user.pop(user_id, None)

    def command_queue(self) -> CommandQueue:
        """For the commands of a new connection."""
        return CommandQueue(self._settings.max_pending_commands if self._limited else sys.maxsize)

    def pace(self, user_id: str, network: str) -> Pace:
        """How fast these may come: on this connection, of this account, and of all in this network."""
        if not self._limited:
            return Pace(())
        here, account, network_wide = (LIMITS[name].rate(self._settings) for name in Command.general_limits)
        return Pace(
            (
                TokenBucket(rate_per_s=here.per_s, burst=here.burst),
                self._buckets.of(f"account:{user_id}", rate_per_s=account.per_s, burst=account.burst),
                self._buckets.of(
                    f"network:{network}", rate_per_s=network_wide.per_s, burst=network_wide.burst
                ),
            )
        )
