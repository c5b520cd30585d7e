"""What matches are made by: the same for the search, the sweep and rematches."""

from msgspec import Struct

from matching.policy import Policy
from matching.rematch import RematchIntervals
from realtime.matchmaking.markets import Markets


class SearchLimits(Struct, frozen=True, kw_only=True):
    """How far a search goes: how many candidates are read at most, and for how long two are kept apart.

    `alone_ms`: after waiting so long with nobody else left, two who met may meet again (`rematches`); 0:
    never.
    """

    candidates: int
    apart: RematchIntervals
    alone_ms: int = 0


class MatchingContext(Struct, frozen=True, kw_only=True):
    """Who may be offered to whom (policy), what waiting is worth (markets), and how far a search goes."""

    policy: Policy
    markets: Markets
    limits: SearchLimits
