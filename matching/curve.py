"""What waiting is worth by remaining patience: the solution of the equation in `reservation_value`. Pure."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from math import exp, inf, log

# From so many seconds of remaining patience on, how likely a second it is that the user leaves by themselves;
# from 0 on.
Leaving = Sequence[tuple[float, float]]
NEVER: Leaving = ((0.0, 0.0),)

_STANDING = 1e-12  # a change smaller than this is one of rounding


class Curve:
    """A chain of spans: `V(r) = limit + (start - limit) * exp(-pace * (r - since))`.

    It rises with time left, unless those who have waited for less leave sooner: then it falls again.
    """

    __slots__ = ("_since", "_spans")

    def __init__(
        self,
        scores: Sequence[float],
        rate: float,
        cost: float,
        called: float = 0.0,
        leaving: Leaving = NEVER,
        departure: float = 0.0,
    ) -> None:
        """`scores` of those who may come, each `rate` times a second; `cost` of a second.

        `called`: how often a second a user is taken by the last call of one of them. `leaving` by themselves
        costs `departure` beside what is expected.
        """
        self._since = list[float]()
        self._spans = list[tuple[float, float, float]]()
        ranked = [0.0, *sorted(scores)]  # nothing is worth less than 0
        above = list(accumulate(reversed(ranked), initial=0.0))[::-1]  # the sum from each place on
        by_call = called * above[0] / max(1, len(scores)) - cost
        value, place = 0.0, 1  # what stands before this place is worth no more than `value`
        ends = (*(begin for begin, _ in leaving[1:]), inf)
        for (begin, hazard), end in zip(leaving, ends, strict=True):
            since, lost = begin, by_call - departure * hazard
            while True:
                pace = rate * (len(ranked) - place) + called + hazard
                limit = (rate * above[place] + lost) / pace if pace > 0 else value
                if limit <= value == 0 or abs(limit - value) < _STANDING:
                    limit = value
                self._since.append(since)
                self._spans.append((limit, value, pace))
                bound, beyond = _next(ranked, place, value, limit)
                reached = inf if bound == limit else since + log((limit - value) / (limit - bound)) / pace
                if reached >= end:
                    value = limit + (value - limit) * exp(-pace * (end - since))
                    break
                since, value, place = reached, bound, beyond

    def at(self, seconds: float) -> float:
        """The worth of waiting with so much patience left."""
        if seconds <= 0:
            return 0.0
        span = bisect_right(self._since, seconds) - 1
        limit, start, pace = self._spans[span]
        return limit + (start - limit) * exp(-pace * (seconds - self._since[span]))


def _next(ranked: Sequence[float], place: int, value: float, limit: float) -> tuple[float, int]:
    """The score at which the next span begins, and its place; the limit, if none is reached before that."""
    if limit < value and ranked[place - 1] > limit:
        return ranked[place - 1], max(1, place - 1)
    if limit > value and place < len(ranked) and ranked[place] < limit:
        return ranked[place], place + 1
    return limit, place
