"""A token bucket in memory; `db/redis/lua/token_bucket.lua` is the same rule for all nodes. Pure."""

import math
from collections.abc import Sequence

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
        rate_per_s, burst, tokens = self._rate_per_s, self._burst, self._tokens
        if not rate_per_s:
            return 0
        if now > self._at:  # time that was set back gains nothing, and nothing twice
            tokens += (now - self._at) * rate_per_s / 1000
            if tokens > burst:  # noqa: PLR1730 - a call less for each command
                tokens = burst
            self._tokens, self._at = tokens, now
        left = tokens - cost
        if 0 <= left <= burst:
            self._tokens = left
            return 0
        if left < -_DUST:
            return math.ceil((-left - _DUST) * 1000 / rate_per_s)
        self._tokens = 0.0 if left < 0 else burst
        return 0


class TokenBuckets:
    """One for each key, `most` of them; the one that was asked for longest ago goes first."""

    def __init__(self, most: int = 100_000) -> None:
        self._buckets: dict[str, TokenBucket] = {}
        self._most = most

    def of(self, key: str, *, rate_per_s: float, burst: int) -> TokenBucket:
        """The one that there is, or a new one."""
        bucket = self._buckets.pop(key, None) or TokenBucket(rate_per_s=rate_per_s, burst=burst)
        self._buckets[key] = bucket
        if len(self._buckets) > self._most:
            del self._buckets[next(iter(self._buckets))]
        return bucket


class Pace:
    """Several buckets, out of each of which something is taken, or out of none."""

    __slots__ = ("_buckets",)

    def __init__(self, buckets: Sequence[TokenBucket]) -> None:
        self._buckets = buckets

    def take(self, now: int) -> int:
        """0 when taken, else the ms to wait for the first that does not hold enough."""
        for bucket in self._buckets:
            if wait_ms := bucket.take(now):
                for earlier in self._buckets[: self._buckets.index(bucket)]:
                    earlier.take(now, -1)
                return wait_ms
        return 0
