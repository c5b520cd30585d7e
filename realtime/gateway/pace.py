"""How fast one connection may send commands: a token bucket in memory, for a connection lives on one node."""


class Pace:
    """`rate_per_s` commands a second on average, `burst` at once; a rate of 0 sets no limit."""

    def __init__(self, *, rate_per_s: int, burst: int) -> None:
        self._rate = rate_per_s
        self._burst = float(burst)
        self._left = float(burst)
        self._at = 0

    def take(self, now: int) -> int:
        """0 when one more command may pass, else the milliseconds until it may."""
        if self._rate == 0:
            return 0
        self._left = min(self._burst, self._left + (now - self._at) * self._rate / 1000)
        self._at = now
        if self._left >= 1:
            self._left -= 1
            return 0
        return max(1, round((1 - self._left) * 1000 / self._rate))
