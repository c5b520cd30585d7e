"""How far a search goes."""

from msgspec import Struct

from matching.rematch import RematchIntervals


class SearchLimits(Struct, frozen=True, kw_only=True):
    """How many candidates are read at most, and for how long two are kept apart.

    `alone_ms`: after waiting so long with nobody else left, two who met may meet again (`rematches`); 0:
    never.
    """

    candidates: int
    apart: RematchIntervals
    alone_ms: int = 0
