"""When people leave by themselves: the hazard of leaving by the time waited, learnt from those who did. Pure.

Nobody says how long they will wait. What is seen is who left and after how long; and of the others that they
had not left yet when they were matched or their ticket's time had ended (they are censored). Time is cut at
quantiles of the departures, and in each piece the hazard is their number over the time for which everybody
was exposed there. That is the maximum-likelihood estimate of a piecewise exponential model (Friedman, Annals
of Statistics 10, 1982), which is to hazards what Kaplan and Meier (1958) are to survival.

The hazard of a kind is drawn towards that of the whole mode, as if `_LIKENESS` more departures in each piece
had been seen there; and that of the mode towards nobody leaving, as if `_STAYERS` more had stayed: this
is believed before there is data. Whoever leaves again and again is noted once in five minutes, and what is
learnt is forgotten as others leave: the stores keep the latest some hundred.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

from core.ticket import Wait

_PIECES = 12
_NARROWEST_S = 0.25  # those who leave at the end of the same countdown do not do so in the same millisecond
_LIKENESS = 5.0
_STAYERS = 10.0

# From so many seconds of waiting on, which share of those who are still there leaves in a second.
Hazard = Sequence[tuple[float, float]]


class Patience:
    """The hazards of those who were in one mode lately."""

    def __init__(self, patience_ms: int) -> None:
        """`patience_ms`: how long a ticket may wait."""
        self._longest_s = patience_ms / 1000
        self._latest: Sequence[Wait] = ()
        self._cuts: Sequence[float] = ()
        self._all: Hazard = ()
        self._by_kind: dict[str, Hazard] = {}

    def see(self, latest: Sequence[Wait]) -> None:
        """Take the latest who were matched, left, or waited to the end."""
        self._latest = latest
        self._by_kind.clear()
        self._cuts = _cuts(sorted(self._waited_s(wait) for wait in latest if wait.left))
        if self._cuts:
            ends = (*self._cuts[1:], max(self._longest_s, self._cuts[-1] + 1))
            self._all = [
                (since, left / (exposed_s + _STAYERS * (end - since)))
                for (since, end), (left, exposed_s) in zip(
                    zip(self._cuts, ends, strict=True), self._count(latest), strict=True
                )
            ]

    def of(self, kind: str) -> Hazard:
        """The hazard of users of this kind; none while nobody has left."""
        if not self._cuts:
            return ()
        hazard = self._by_kind.get(kind)
        if hazard is None:
            counted = self._count(wait for wait in self._latest if wait.kind == kind)
            hazard = self._by_kind[kind] = [
                (since, (left + _LIKENESS) / (exposed_s + _LIKENESS / usual) if usual else 0.0)
                for (since, usual), (left, exposed_s) in zip(self._all, counted, strict=True)
            ]
        return hazard

    def _count(self, waits: Iterable[Wait]) -> Sequence[tuple[int, float]]:
        """For each piece, how many left in it, and for how many seconds in all these were there."""
        cuts = self._cuts
        left, ended, exposed = [0] * len(cuts), [0] * len(cuts), [0.0] * len(cuts)
        for wait in waits:
            waited = self._waited_s(wait)
            piece = bisect_right(cuts, waited) - 1
            left[piece] += wait.left
            ended[piece] += 1
            exposed[piece] += waited - cuts[piece]
        longer = sum(ended)
        for piece, (since, end) in enumerate(pairwise(cuts)):
            longer -= ended[piece]
            exposed[piece] += longer * (end - since)
        return list(zip(left, exposed, strict=True))

    def _waited_s(self, wait: Wait) -> float:
        """How long they were there; no longer than a ticket may wait, whatever clocks say."""
        longest = self._longest_s
        return longest if wait.waited_ms is None else min(longest, max(0.0, wait.waited_ms / 1000))


def _cuts(departures: Sequence[float]) -> Sequence[float]:
    """Where the pieces begin: about as many of the departures in each, and nobody after the last."""
    if not departures:
        return ()
    quantiles = [departures[nth * len(departures) // _PIECES] for nth in range(_PIECES)]
    cuts = [0.0]
    for at in (*quantiles, departures[-1] + _NARROWEST_S):
        if at - cuts[-1] >= _NARROWEST_S:
            cuts.append(at)
    return cuts
