"""What matches are made by: the same for the search, the sweep and rematches."""

from msgspec import Struct

from matching.policy import Policy
from realtime.matchmaking.markets import Markets
from realtime.matchmaking.search_limits import SearchLimits


class MatchingContext(Struct, frozen=True, kw_only=True):
    """Who may be offered to whom (policy), what waiting is worth (markets), and how far a search goes."""

    policy: Policy
    markets: Markets
    limits: SearchLimits
