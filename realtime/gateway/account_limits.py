"""What one account may use of this process: connects, connections, and commands on each of them."""

import sys

from core.clock import Clock
from core.errors import RateLimited
from core.settings import Settings
from core.token_bucket import TokenBucket
from realtime.gateway.command_queue import CommandQueue
from services.ports import Limiter


class AccountLimits:
    """Counts the connections of each account. With RATE_LIMITS off there is no bound."""

    def __init__(self, settings: Settings, limiter: Limiter, clock: Clock) -> None:
        self._settings, self._limiter, self._clock = settings, limiter, clock
        self._limited = settings.rate_limits == "on"
        self._of_user: dict[str, int] = {}

    async def slow_down(self, user_id: str) -> None:
        """A connect costs several queries, so an account may connect only so often. Raises `RateLimited`."""
        rate, burst = self._settings.connects_per_m / 60, self._settings.connects_burst
        wait_ms = await self._limiter.take(
            f"connect:{user_id}", rate_per_s=rate, burst=burst, now=self._clock()
        )
        if wait_ms:
            raise RateLimited("Too many connects of this account.", retry_after_ms=wait_ms)

    async def excuse(self, user_id: str) -> None:
        """That connect does not count: who may not come in keeps nobody out."""
        rate, burst = self._settings.connects_per_m / 60, self._settings.connects_burst
        await self._limiter.take(
            f"connect:{user_id}", rate_per_s=rate, burst=burst, cost=-1, now=self._clock()
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

    def pace(self) -> TokenBucket:
        """How fast these may come."""
        rate = self._settings.commands_per_s if self._limited else 0
        return TokenBucket(rate_per_s=rate, burst=self._settings.commands_burst)
