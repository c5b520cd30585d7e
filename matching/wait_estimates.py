"""How long those who wait may still wait: they are told `estimated_wait_ms`, and a range. Pure.

Whoever left by themselves would have waited longer, nobody knows for how long. They count as those of their
kind do who waited longer than that (Kaplan and Meier 1958): else those who wait long would be forgotten.
Where the longest waits were broken off, nothing is known of what comes then. It is taken to go on at the
rate of the later half of the waits that ended: the exponential tail of largest likelihood, drawn towards
nobody being matched any more as by one who waited to the end.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import log, sqrt

from core.ticket import Ticket, Wait, kind

_ENOUGH = 5  # waits, before anything is said of them
_SHARE = 0.8  # of the waits fall into the range: the shortest of those, or one that begins a little sooner
_BELOW = (0.0, 0.5, 1.0)  # of those left out, so many are shorter
_MORE = 0.5  # over the root of how many are known, as much more: few say less of what is usual
_TAIL = 8  # as many waits stand for all that nobody has seen the end of
_ROUNDING = 1e-9


class _Waits:
    """Of one kind, the shortest first; and how many there are before each, in shares of all."""

    def __init__(self, waits: Sequence[tuple[int, bool]], patience_ms: int) -> None:
        """Of each (in ms) whether it was broken off."""
        self.ms: list[int] = []
        self.before = [0.0]
        self._ranges: dict[int, tuple[int, int]] = {}
        left, ordered = 1.0, sorted(waits)
        for nth, (ms, broken_off) in enumerate(ordered):
            if not broken_off:
                share = left / (len(waits) - nth)
                left -= share
                self.ms.append(ms)
                self.before.append(self.before[-1] + share)
        self._ended = len(self.ms)
        if left > _ROUNDING:  # the longest were broken off
            for ms in _tail([ms for ms, _ in ordered], self.ms, patience_ms):
                self.ms.append(ms)
                self.before.append(self.before[-1] + left / _TAIL)

    def number(self, first: int) -> int:
        """How many are known from that place on; all that nobody has seen the end of are one."""
        return max(0, self._ended - first) + (len(self.ms) > self._ended)

    def longer(self, ms: int) -> int:
        """The place of the first that is at least so long."""
        return bisect_left(self.ms, ms)

    def above(self, first: int, share: float) -> int:
        """The shortest (ms) that is longer than this share of those from that place on."""
        until = self._until(first, share)
        return self.ms[min(len(self.ms), bisect_right(self.before, until + _ROUNDING)) - 1]

    def within(self, first: int, share: float) -> int:
        """How long (ms) this share of those from that place on waited at most."""
        return self.ms[bisect_left(self.before, self._until(first, share) - _ROUNDING) - 1]

    def shortest(self, first: int) -> tuple[int, int]:
        """The range into which `_SHARE` of those fall. Remembered: most who ask have just come.

        Of those who did not leave themselves, half as many as may be are shorter: where most leave, those who
        would have waited long count for most, and whoever is matched at all is matched soon.
        """
        if (found := self._ranges.get(first)) is None:
            number = self.number(first)
            share = min(1.0, _SHARE + _MORE / sqrt(number))
            lows = [below * (1 - share) for below in _BELOW]
            ranges = [(low, self.above(first, low), self.within(first, low + share)) for low in lows]
            low, begin, end = min(ranges, key=lambda each: each[2] - each[1])
            found = self._ranges[first] = min(begin, self.ms[first + int(number * low / 2)]), end
        return found

    def _until(self, first: int, share: float) -> float:
        return self.before[first] + share * (self.before[-1] - self.before[first])


def _tail(seen: Sequence[int], ended: Sequence[int], patience_ms: int) -> Sequence[int]:
    """Waits longer than all that were `seen` (ms, the shortest first), of which these have `ended`."""
    since = ended[len(ended) // 2] if ended else patience_ms
    later = len(ended) - bisect_right(ended, since)
    if not later:
        return [patience_ms] * _TAIL
    exposed = max(0, patience_ms - since) + sum(ms - since for ms in seen if ms > since)
    mean = exposed / later
    waits = (seen[-1] - mean * log(1 - (nth + 0.5) / _TAIL) for nth in range(_TAIL))
    return [max(seen[-1], min(patience_ms, round(ms))) for ms in waits]


class WaitEstimates:
    """By the latest waits of one mode. Waits of a kind are sorted when somebody first asks for them."""

    def __init__(self, patience_ms: int) -> None:
        self._patience_ms = patience_ms
        self._latest: Sequence[Wait] = ()
        self._kinds: dict[str, _Waits] = {}

    def see(self, latest: Sequence[Wait]) -> None:
        """Take the latest waits of a market."""
        self._latest = latest
        self._kinds.clear()

    def of(self, ticket: Ticket, now: int) -> int | None:
        """How long (ms) this ticket may still wait: the median of its kind's waits of at least this length.

        None while too few are known. A user whose time ended unmatched counts as having waited to the end.
        """
        waited = now - ticket.joined_at
        waits = self._of_kind(kind(ticket))
        first = waits.longer(waited)
        return waits.above(first, 0.5) - waited if waits.number(first) >= _ENOUGH else None

    def range_of(self, ticket: Ticket, now: int) -> list[int] | None:
        """The range (ms) into which `_SHARE` of these waits fall."""
        waited = now - ticket.joined_at
        waits = self._of_kind(kind(ticket))
        first = waits.longer(waited)
        if waits.number(first) < _ENOUGH:
            return None
        low, high = waits.shortest(first)
        return [low - waited, high - waited]

    def _of_kind(self, kind: str) -> _Waits:
        """The latest waits of this kind."""
        waits = self._kinds.get(kind)
        if waits is None:
            known = [
                (self._patience_ms if wait.waited_ms is None else wait.waited_ms, wait.left)
                for wait in self._latest
                if wait.kind == kind
            ]
            waits = self._kinds[kind] = _Waits(known, self._patience_ms)
        return waits
