"""How long things take, counted so that counting costs next to nothing: whoever tells of it adds it up."""

from bisect import bisect_left
from collections.abc import Sequence


class Timing:
    """A histogram: how many took up to each of the `bounds`, in seconds, and how long all took together."""

    __slots__ = ("_bounds", "_counts", "total_s")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.total_s = 0.0

    def add(self, seconds: float) -> None:
        """One more."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self.total_s += seconds

    @property
    def buckets(self) -> Sequence[tuple[str, float]]:
        """As Prometheus has them: how many took up to each bound, those of smaller ones included."""
        told, so_far = [], 0
        for bound, count in zip([*map(str, self._bounds), "+Inf"], self._counts, strict=True):
            so_far += count
            told.append((bound, float(so_far)))
        return told
