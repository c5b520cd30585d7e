"""When two who met, or who missed each other, may be offered to each other again. Pure.

After an interval; or sooner, when nobody else is left for either of them
(`realtime/matchmaking/rematches.py`).
"""

from collections.abc import Set

from msgspec import Struct

from core.clock import LATEST_MS
from core.settings import Settings
from core.ticket import Census, Ticket
from matching.rules import obstacle


class Since(Struct, frozen=True, kw_only=True):
    """What happened before these times (ms since the epoch) no longer keeps two users apart."""

    met: int
    unanswered: int

    @property
    def counts(self) -> bool:
        """Whether anything that has happened may keep two apart."""
        return min(self.met, self.unanswered) < LATEST_MS


class RematchIntervals(Struct, frozen=True, kw_only=True):
    """In ms: after two have met or one has declined the other; after an offer that one left unanswered."""

    met_ms: int
    unanswered_ms: int

    @classmethod
    def of(cls, settings: Settings) -> "RematchIntervals":
        """As the operator has set it. An unanswered offer keeps two apart no longer than a meeting."""
        return cls(
            met_ms=settings.rematch_ms,
            unanswered_ms=min(settings.no_show_apart_s * 1000, settings.rematch_ms),
        )

    def since(self, now: int) -> Since:
        """From which times on things count, seen from `now`; `LATEST_MS`: they never do.

        A key that stands for what has just happened may be an hour old (`core.ids.earliest`), so to ask since
        now would be to read an hour.
        """
        return Since(met=_ago(now, self.met_ms), unanswered=_ago(now, self.unanswered_ms))


def _ago(now: int, ms: int) -> int:
    return now - ms if ms > 0 else LATEST_MS


def has_nobody_else(ticket: Ticket, census: Census, met: Set[str], *, common_language: bool) -> bool:
    """Whether all who wait and whom this user may meet, now or when wishes relax, are in `met`."""
    if census.drawn is not None:
        return False  # so many wait that there is somebody
    return all(
        other.user_id in met or obstacle(ticket, other, common_language=common_language) is not None
        for pool in census.pools
        for other in pool.drawn
    )
