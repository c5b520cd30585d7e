"""When people leave by themselves: the hazard of leaving by the time waited, learnt from those who did. Pure.

Nobody says how long they will wait. What is seen is who left and after how long; and of the others that they
had not left yet when they were matched or their ticket's time had ended (they are censored). Time is cut at
quantiles of the departures, and in each piece the hazard is their number over the time for which everybody
was exposed there. That is the maximum-likelihood estimate of a piecewise exponential model (Friedman, Annals
of Statistics 10, 1982), which is to hazards what Kaplan and Meier (1958) are to survival.

What was seen counts for half as much after `_HALF_LIFE_MS`, so an evening is not judged by the afternoon, and
the stores keep no more than the latest some hundred. The hazard of a kind is drawn towards that of the whole
mode, as if `_LIKENESS` more departures in each piece had been seen there; and that of the mode towards nobody
leaving, as if `_STAYERS` more had stayed: this is believed before there is data.

Traits (on what device somebody is, how long they have waited before) make a hazard so many times as high: as
many as left who have the trait, over as many as would have if it made no difference (a proportional hazard,
drawn towards 1 as by a gamma prior). Whoever leaves again and again is noted once in a quarter of an hour.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from math import inf, log

from core.ticket import Wait

_PIECES = 12
_NARROWEST_S = 0.25  # those who leave at the end of the same countdown do not do so in the same millisecond
_LIKENESS = 5.0
_STAYERS = 10.0
_HALF_LIFE_MS = 900_000
_FORGOTTEN = 0.02  # what counts for less is left out
_LIKELY = log(2)  # so high a hazard in all, and half have left
_MOST_TIMES = 4.0  # that traits make a hazard higher or lower, in all

# From so many seconds of waiting on, which share of those who are still there leaves in a second.
Hazard = Sequence[tuple[float, float]]


class _Seen:
    """A wait in seconds, and how much it counts."""

    __slots__ = ("kind", "left", "s", "traits", "weight")

    def __init__(self, wait: Wait, s: float, weight: float) -> None:
        self.kind, self.traits, self.s, self.weight = wait.kind, wait.traits, s, weight
        self.left = weight if wait.left else 0.0


class Patience:
    """The hazards of those who were in one mode lately."""

    def __init__(self, patience_ms: int) -> None:
        """`patience_ms`: how long a ticket may wait."""
        self._longest_s = patience_ms / 1000
        self._latest: Sequence[_Seen] = ()
        self._cuts: Sequence[float] = ()
        self._all: Hazard = ()
        self._by_kind: dict[tuple[str, tuple[str, ...]], Hazard] = {}
        self._before: dict[str, Sequence[float]] = {}
        self._times: dict[str, float] | None = None

    def see(self, latest: Sequence[Wait], now: int) -> None:
        """Take the latest who were matched, left, or waited to the end, as they count at this time (ms)."""
        self._latest = [
            _Seen(wait, self._waited_s(wait), weight)
            for wait in latest
            if (weight := _weight(wait, now)) > _FORGOTTEN
        ]
        self._by_kind.clear()
        self._before.clear()
        self._times = None
        self._cuts = _cuts(sorted(seen.s for seen in self._latest if seen.left))
        if self._cuts:
            ends = (*self._cuts[1:], max(self._longest_s, self._cuts[-1] + 1))
            self._all = [
                (since, left / (exposed_s + _STAYERS * (end - since)))
                for (since, end), (left, exposed_s) in zip(
                    zip(self._cuts, ends, strict=True), self._count(self._latest), strict=True
                )
            ]

    @property
    def has_seen_departures(self) -> bool:
        """Whether anybody has left by themselves, of those who count still."""
        return bool(self._cuts)

    def of(self, kind: str, traits: tuple[str, ...] = ()) -> Hazard:
        """The hazard of users of this kind, and with these traits; none while nobody has left."""
        if not self._cuts:
            return ()
        hazard = self._by_kind.get((kind, traits))
        if hazard is None:
            if traits:
                times = self._so_many_times(traits)
                hazard = [(since, times * rate) for since, rate in self.of(kind)]
            else:
                counted = self._count(seen for seen in self._latest if seen.kind == kind)
                hazard = [
                    (since, (left + _LIKENESS) / (exposed_s + _LIKENESS / usual) if usual else 0.0)
                    for (since, usual), (left, exposed_s) in zip(self._all, counted, strict=True)
                ]
            self._by_kind[kind, traits] = hazard
        return hazard

    def leaves_within(
        self, kind: str, traits: tuple[str, ...], seconds: float
    ) -> Sequence[tuple[float, float]]:
        """From when to when (in seconds of waiting) users of this kind more likely leave in so many seconds
        than not: as where all give up at the same time.
        """
        spells, hazard = list[tuple[float, float]](), self.of(kind, traits)
        for (since, rate), (end, _) in pairwise((*hazard, (inf, 0.0))):
            if rate * min(seconds, end - since) >= _LIKELY:
                begins, ends = since - seconds + _LIKELY / rate, end - _LIKELY / rate
                if spells and begins <= spells[-1][1]:
                    begins = spells.pop()[0]
                spells.append((begins, ends))
        return spells

    def _so_many_times(self, traits: Iterable[str]) -> float:
        """How much sooner those leave who have all of these."""
        if self._times is None:
            self._times = self._learn_traits()
        product = 1.0
        for trait in traits:
            product *= self._times.get(trait, 1.0)
        return min(_MOST_TIMES, max(1 / _MOST_TIMES, product))

    def _learn_traits(self) -> dict[str, float]:
        """For each trait. Those of one sort come after the others, so none counts what another explains."""
        times: dict[str, float] = {}
        for sort in sorted({_sort(trait) for seen in self._latest for trait in seen.traits}):
            left, expected = defaultdict[str, float](float), defaultdict[str, float](float)
            for seen in self._latest:
                for trait in seen.traits:
                    if _sort(trait) == sort:
                        left[trait] += seen.left
                        expected[trait] += self._expected(seen, times)
            times |= {t: (left[t] + _LIKENESS) / (expected[t] + _LIKENESS) for t in expected}
        return times

    def _expected(self, seen: _Seen, times: dict[str, float]) -> float:
        """How many of such people would have left in that time."""
        hazard = self.of(seen.kind)
        before = self._before.get(seen.kind)
        if before is None:  # how many have left, of one, when each piece begins
            pieces = (rate * (end - since) for (since, rate), (end, _) in pairwise(hazard))
            before = self._before[seen.kind] = list(accumulate(pieces, initial=0.0))
        piece = bisect_right(self._cuts, seen.s) - 1
        expected = (before[piece] + hazard[piece][1] * (seen.s - hazard[piece][0])) * seen.weight
        for trait in seen.traits:
            expected *= times.get(trait, 1.0)
        return expected

    def _count(self, waits: Iterable[_Seen]) -> Sequence[tuple[float, float]]:
        """For each piece, how many left in it, and for how many seconds in all these were there."""
        cuts = self._cuts
        left, ended, exposed = [0.0] * len(cuts), [0.0] * len(cuts), [0.0] * len(cuts)
        for seen in waits:
            piece = bisect_right(cuts, seen.s) - 1
            left[piece] += seen.left
            ended[piece] += seen.weight
            exposed[piece] += (seen.s - cuts[piece]) * seen.weight
        longer = list(accumulate(reversed(ended)))[::-1]  # how many were still there when each piece began
        for piece, (since, end) in enumerate(pairwise(cuts)):
            exposed[piece] += longer[piece + 1] * (end - since)
        return list(zip(left, exposed, strict=True))

    def _waited_s(self, wait: Wait) -> float:
        """How long they were there; no longer than a ticket may wait, whatever clocks say."""
        longest = self._longest_s
        return longest if wait.waited_ms is None else min(longest, max(0.0, wait.waited_ms / 1000))


def _weight(wait: Wait, now: int) -> float:
    """How much is left of it: all, if a clock that is ahead has noted it."""
    return 1.0 if wait.at is None else 0.5 ** (max(0, now - wait.at) / _HALF_LIFE_MS)


def _sort(trait: str) -> str:
    """The sort of a trait such as `client=web`."""
    return trait.partition("=")[0]


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
