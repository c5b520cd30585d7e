"""The policy of matching: of those who may meet, who is offered to whom. Pure: time is an argument."""

from collections.abc import Iterable, Mapping, Sequence, Set

from msgspec import Struct, field

from core.ticket import Ticket
from realtime.matching.rules import DEFAULT_RELAXATION, Wish, obstacle, relaxed, unmet_wish, wishes
from realtime.matching.score import Weights, parts, score


class Choice(Struct, frozen=True):
    """Someone who may be offered, and how well they fit (0 to 1)."""

    ticket: Ticket
    score: float


class Considered(Struct, frozen=True, kw_only=True):
    """What the policy thought of one candidate; `removed` is the rule or wish that took them out."""

    ticket: Ticket
    removed: str | None
    parts: Mapping[str, float]
    score: float


class Policy(Struct, frozen=True, kw_only=True):
    """`shares` sum to 1; `common_language` makes one language in common a hard rule; times in ms."""

    shares: Weights = field(default_factory=lambda: Weights().shares())
    relaxation: Mapping[Wish, int] = field(default_factory=lambda: DEFAULT_RELAXATION)
    common_language: bool = False
    patience_ms: int = 300_000

    def removed(self, one: Ticket, other: Ticket, avoid: Set[str], now: int) -> str | None:
        """The hard rule, or the wish of either, by which these two are not matched now."""
        return (
            obstacle(one, other, avoid, common_language=self.common_language)
            or unmet_wish(one, other, now - one.joined_at, self.relaxation)
            or unmet_wish(other, one, now - other.joined_at, self.relaxation)
        )

    def rank(
        self, seeker: Ticket, candidates: Iterable[Ticket], avoid: Set[str], now: int
    ) -> Sequence[Choice]:
        """Those who may be offered to the seeker now, the best first; of equals, who has waited longest."""
        choices = [
            Choice(other, score(self.shares, seeker, other, now, self.patience_ms))
            for other in candidates
            if self.removed(seeker, other, avoid, now) is None
        ]
        choices.sort(key=lambda choice: (-choice.score, choice.ticket.joined_at, choice.ticket.id))
        return choices

    def consider(
        self, seeker: Ticket, candidates: Iterable[Ticket], avoid: Set[str], now: int
    ) -> Sequence[Considered]:
        """The same, told in full for people: every candidate with the reason or the parts of the score."""
        shares = {name: getattr(self.shares, name) for name in self.shares.__struct_fields__}
        told = []
        for other in candidates:
            weighted = {
                name: shares[name] * part
                for name, part in parts(seeker, other, now, self.patience_ms).items()
                if shares[name]
            }
            why = self.removed(seeker, other, avoid, now)
            told.append(Considered(ticket=other, removed=why, parts=weighted, score=sum(weighted.values())))
        return told

    def relaxed(self, ticket: Ticket, now: int) -> Sequence[Wish]:
        """The wishes of this ticket that no longer count."""
        return relaxed(ticket, now - ticket.joined_at, self.relaxation)

    def relaxes(self, ticket: Ticket, now: int) -> Mapping[Wish, int]:
        """The wishes that still count, and after how many ms of waiting they no longer will."""
        waited = now - ticket.joined_at
        return {wish: self.relaxation[wish] for wish in wishes(ticket) if waited < self.relaxation[wish]}
