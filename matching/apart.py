"""For how long the same two are not offered to each other: they have met, or one did not answer. Pure."""

from msgspec import Struct

from core.settings import Settings


class Since(Struct, frozen=True, kw_only=True):
    """What happened before these times (ms since the epoch) keeps nobody apart any more."""

    met: int
    unanswered: int


class Apart(Struct, frozen=True, kw_only=True):
    """In ms: after two have met, or one would not meet the other; after an offer that one left unanswered."""

    met_ms: int
    unanswered_ms: int

    @classmethod
    def of(cls, settings: Settings) -> "Apart":
        """As the operator has set it; silence is no worse than having met."""
        return cls(
            met_ms=settings.rematch_ms,
            unanswered_ms=min(settings.no_show_apart_s * 1000, settings.rematch_ms),
        )

    def since(self, now: int) -> Since:
        """What counts at this time."""
        return Since(met=now - self.met_ms, unanswered=now - self.unanswered_ms)
