"""How far one has had to look for places lately, by where and for what: there the next look begins.

It says only how much is looked at first, never what is found.
"""

from core.geography import Position
from core.vocabulary import LocationType

_CELL = 0.1  # degrees, which are some ten kilometres
_MOST = 4096  # cells and kinds that are remembered
_MARGIN, _GROWTH = 1.3, 1.5

_Key = tuple[int, int, LocationType | None, int]


class Reaches:
    """Of one process. Where a town ends, they are those of the town: what is too near costs one more look,
    what is too far all that lies between.
    """

    def __init__(self) -> None:
        self._known: dict[_Key, float] = {}

    def first_m(self, around: Position, kind: LocationType | None, wanted: int) -> float:
        """How far to look first for so many; 0: nobody has asked there."""
        return self._known.get(_key(around, kind, wanted), 0.0)

    def found(self, around: Position, kind: LocationType | None, wanted: int, reach_m: float) -> None:
        """The last of so many was there, or one has looked so far in vain."""
        key, reach_m = _key(around, kind, wanted), reach_m * _MARGIN
        known = self._known.pop(key, reach_m)
        self._known[key] = min(reach_m, known * _GROWTH)
        if len(self._known) > _MOST:
            del self._known[next(iter(self._known))]  # it was asked for least lately


def _key(around: Position, kind: LocationType | None, wanted: int) -> _Key:
    return int(around.lat // _CELL), int(around.lon // _CELL), kind, wanted
