"""Counts what accounts and networks ask for, as `core.limits` says, and refuses what is too much.

What a limit waits for is never worth an outage: while Redis does not answer, what it would count passes.
"""

from collections.abc import Iterable

import structlog

from core.errors import RateLimited
from core.limits import LIMITS, Limit, LimitName
from core.settings import Settings
from core.tasks import TaskSet
from db.outage import OUTAGES
from services.ports import Limiter, LocalLimiter

_log = structlog.get_logger()
# So many may pass on a node before all nodes know of them.
_SHARE = 10
_MOST = 50_000


class Limits:
    """`shared` counts for all nodes, `here` for this one."""

    def __init__(self, settings: Settings, *, shared: Limiter, here: LocalLimiter) -> None:
        self._shared, self._here = shared, here
        self._rates = {name: limit.rate(settings) for name, limit in LIMITS.items()}
        self._most_shares = {name: min(_SHARE, rate.burst) for name, rate in self._rates.items()}
        self._shares: dict[str, _Share] = {}
        self._tasks = TaskSet()

    async def count(
        self, names: Iterable[LimitName], now: int, *, account: str | None, network: str | None
    ) -> None:
        """One more of each of these, where who is asked about is known. Raises `RateLimited`."""
        for name in names:
            limit = LIMITS[name]
            who = account if limit.key == "account" else network if limit.key == "network" else None
            if who is None:
                continue
            if limit.where == "node":
                rate = self._rates[name]
                wait_ms = self._here.take_here(
                    f"{name}:{who}", rate_per_s=rate.per_s, burst=rate.burst, now=now
                )
            elif limit.where == "shares":
                wait_ms = self._of_share(name, who, now)
            else:
                wait_ms = await self._take(name, who, now)
            if wait_ms:
                raise _too_many(limit, wait_ms)

    def count_at_once(self, names: Iterable[LimitName], now: int, *, account: str) -> None:
        """The same of limits by account that are counted in shares."""
        for name in names:
            if wait_ms := self._of_share(name, account, now):
                raise _too_many(LIMITS[name], wait_ms)

    async def _take(self, name: LimitName, who: str, now: int, cost: int = 1) -> int:
        rate = self._rates[name]
        try:
            return await self._shared.take(
                f"{name}:{who}", rate_per_s=rate.per_s, burst=rate.burst, cost=cost, now=now
            )
        except OUTAGES as error:
            _log.debug("a limit is not counted", limit=name, error=repr(error))
            return 0

    def _of_share(self, name: LimitName, who: str, now: int) -> int:
        """0, or the ms to wait. Nobody waits for the count: it says how it was so far."""
        key = f"{name}:{who}"
        share = self._shares.pop(key, None) or _Share()
        self._shares[key] = share  # the latest one last
        if len(self._shares) > _MOST:
            del self._shares[next(iter(self._shares))]
        if now < share.closed_until:
            return share.closed_until - now
        share.used += 1
        if not share.telling and share.used >= self._most_shares[name]:
            share.telling = True
            self._tasks.spawn(self._tell(name, who, share, now))
        return 0

    async def _tell(self, name: LimitName, who: str, share: "_Share", now: int) -> None:
        """Count what was used here for all nodes. If that is too much, none is left for a while."""
        used = min(share.used, self._rates[name].burst)
        try:
            wait_ms = await self._take(name, who, now, cost=used)
        finally:
            share.telling = False
        if wait_ms:
            share.closed_until = now + wait_ms
        else:
            share.used -= used


def _too_many(limit: Limit, wait_ms: int) -> RateLimited:
    return RateLimited(f"Too many {limit.of} of this {limit.key}.", retry_after_ms=wait_ms)


class _Share:
    """What one account has used here that is not counted for all yet, and until when it may use no more."""

    __slots__ = ("closed_until", "telling", "used")

    def __init__(self) -> None:
        self.used, self.closed_until, self.telling = 0, 0, False
