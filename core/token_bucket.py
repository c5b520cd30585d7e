"""A token bucket in memory; `db/redis/lua/token_bucket.lua` is the same rule for all nodes. Pure."""

import math

# Less than this missing comes of adding fractions, and counts as enough. The script has the same number.
_DUST = 1e-5


class TokenBucket:
    """Holds `burst` at most and gains `rate_per_s`; full at first. A rate of 0 sets no limit."""

    __slots__ = ("_at", "_burst", "_rate_per_s", "_tokens")

    def __init__(self, *, rate_per_s: float, burst: int) -> None:
        self._rate_per_s = rate_per_s
        self._burst = self._tokens = float(burst)
        self._at = 0

    def take(self, now: int, cost: int = 1) -> int:
        """0 when taken, else the ms until it would hold enough: a refusal takes nothing.

        A negative cost gives back.
        """
        if not self._rate_per_s:
            return 0
        if now > self._at:  # time that was set back gains nothing, and nothing twice
            gained = (now - self._at) * self._rate_per_s / 1000
            self._tokens, self._at = min(self._burst, self._tokens + gained), now
        lacking = cost - self._tokens
        if lacking > _DUST:
            return math.ceil((lacking - _DUST) * 1000 / self._rate_per_s)
        self._tokens = min(self._burst, max(0.0, -lacking))
        return 0
