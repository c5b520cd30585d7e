"""The policy of matching: of those who may meet, who is offered to whom, and when. Pure: time is an argument.

Hard rules and wishes say who may meet (`rules`), the score says how well two fit (`score`), and the
reservation value what a match must be worth to be made now rather than later (`reservation_value`). Of
several candidates the one is chosen whose score exceeds most what was asked, which favours people who have
little else to expect, and those who are likely to accept (`acceptance`).
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Protocol
from zlib import crc32

from msgspec import Struct, field
from msgspec.structs import replace

from core.settings import Settings
from core.ticket import Ticket
from matching.haunts import familiar
from matching.reservation_value import ReservationParameters, ReservationValues
from matching.rules import (
    DEFAULT_RELAXATION,
    Verdict,
    Wish,
    obstacles,
    permitted,
    relaxed,
    unmet_wish,
    wishes,
)
from matching.score import Weights, parts, scores

_HAIR = 0.001  # of gain: what six seconds of waiting are worth


class Choice(Struct, frozen=True, gc=False):
    """Someone who may be offered: how well they fit, and the score that was asked for.

    `likely`: how many times as likely as others they accept (`acceptance`). A search makes a hundred of them,
    and none is ever in a cycle.
    """

    ticket: Ticket
    score: float
    asked: float
    likely: float = 1.0

    @property
    def promise(self) -> tuple[float, float, float]:
        """What `Policy.gain` judges by."""
        return self.score, self.asked, self.likely


class Survey(Struct, frozen=True, kw_only=True):
    """The result of looking at candidates: who may be offered, best first, and why the others may not.

    `removed` counts by rule or wish, and by `asked`: more was asked of the pair than it is worth.
    """

    choices: Sequence[Choice]
    removed: Mapping[str, int]

    @property
    def considered(self) -> int:
        """How many were looked at."""
        return len(self.choices) + sum(self.removed.values())


class Asks(Protocol):
    """Says which score is asked of a pair, as `ReservationValues` does."""

    def asked(self, one: Ticket, other: Ticket, now: int) -> float: ...


class Considered(Struct, frozen=True, kw_only=True):
    """How the policy judged one candidate; `removed` is the rule or wish that excludes them, if any."""

    ticket: Ticket
    removed: str | None
    parts: Mapping[str, float]
    score: float
    asked: float


class Policy(Struct, frozen=True, kw_only=True):
    """`shares` sum to 1, but for `places`; times in ms.

    `common_language` makes one language in common a hard rule.

    Stored with a decision that it made: see `core/stored.py`. `relaxation` is by `Wish`.
    """

    shares: Weights = field(default_factory=lambda: Weights.of(Settings()).shares())
    stance: ReservationParameters = ReservationParameters()
    relaxation: Mapping[str, int] = field(default_factory=lambda: DEFAULT_RELAXATION)
    common_language: bool = False
    patience_ms: int = 300_000

    @classmethod
    def of(cls, settings: Settings) -> "Policy":
        """As the operator has set it."""
        return cls(
            shares=Weights.of(settings).shares(),
            stance=_stance(settings),
            relaxation={
                "countries": settings.relax_countries_s * 1000,
                "intents": settings.relax_intents_s * 1000,
                "languages": settings.relax_languages_s * 1000,
            },
            patience_ms=settings.queue_s * 1000,
        )

    def reservation_values(self) -> ReservationValues:
        """The reservation values of this policy. They have seen no market: nobody expects anything yet."""
        return ReservationValues(
            # Nobody is asked for more, or told so, because somebody came who goes where they go.
            replace(self.shares, places=0),
            patience_ms=self.patience_ms,
            stance=self.stance,
            common_language=self.common_language,
        )

    def removed(self, one: Ticket, other: Ticket, avoid: Set[str], now: int) -> str | None:
        """The hard rule, or the wish of either, by which these two are not matched now."""
        return self.obstacles(one, avoid)(other) or self.unmet(one, other, now)

    def obstacles(self, one: Ticket, avoid: Set[str] = frozenset()) -> Callable[[Ticket], Verdict]:
        """The hard rule between one and each of many others."""
        return obstacles(one, avoid, common_language=self.common_language)

    def permitted(self, one: Ticket, others: Iterable[Ticket]) -> list[Ticket]:
        """Those of many others between whom and one stands no hard rule."""
        return permitted(one, others, common_language=self.common_language)

    def unmet(self, one: Ticket, other: Ticket, now: int) -> Wish | None:
        """The wish of either that the other does not meet."""
        for mine, theirs in ((one, other), (other, one)):
            if _wishful(mine):
                unmet = unmet_wish(mine, theirs, now - mine.joined_at, self.relaxation)
                if unmet is not None:
                    return unmet
        return None

    def score(self, one: Ticket, other: Ticket, now: int) -> float:
        """How well these two fit now, as `scores` says."""
        return self.scores(one, now)(other, 0.0)

    def scores(self, one: Ticket, now: int) -> Callable[[Ticket, float], float]:
        """`score` of one and each of many others, if it is so much at least; else something below that."""
        return scores(self.shares, one, now, self.patience_ms)

    def seniority(self, ticket: Ticket, now: int) -> float:
        """The part of the score for having waited: it is that of the one who waited longer."""
        return self.shares.wait * min(1.0, max(0.0, (now - ticket.joined_at) / self.patience_ms))

    def familiarity(self, one: Ticket, other: Ticket) -> float:
        """The part of the score for going to the same places."""
        return self.shares.places * familiar(frozenset(one.haunts), other.haunts)

    def gain(self, fit: float, asked: float, likely: float = 1.0) -> float:
        """The score less `regard` times what was asked, by how likely it is had: the greatest is chosen.

        What is less than nothing is the worse, the less likely they accept.
        """
        gain = fit - self.stance.regard * asked
        return gain * likely if gain > 0 else gain / likely

    def survey(
        self,
        seeker: Ticket,
        candidates: Iterable[Ticket],
        avoid: Set[str],
        now: int,
        reservation_values: ReservationValues,
        *,
        unasked: bool = False,
    ) -> Survey:
        """The candidates that may be offered to the seeker now, best first, and what removed the others.

        `unasked`: whatever their score. Of equals, the one who has waited longest comes first.
        """
        ranked: list[tuple[float, int, str, int, Choice]] = []
        removed: dict[str, int] = {}
        against, scores = self.obstacles(seeker, avoid), self.scores(seeker, now)
        accepts, gain = reservation_values.likely, self.gain
        asking: Callable[[Ticket], float] | None = None
        wishful = _wishful(seeker)
        for other in candidates:
            why: str | None = against(other)
            if why is None and (wishful or other.countries or other.intents or other.languages):
                why = self.unmet(seeker, other, now)
            if why is None:
                # What is expected is worked out for those alone of whom it is asked.
                asking = asking or reservation_values.asking(seeker, now)
                asked = asking(other)
                fit = scores(other, 0.0 if unasked else asked)
                if unasked or fit >= asked:
                    choice = Choice(other, fit, asked, likely := accepts(other))
                    # As `order` says. A number before the choice itself, which cannot be compared.
                    worst = -gain(fit, asked, likely)
                    ranked.append((worst, other.joined_at, other.id, len(ranked), choice))
                    continue
                why = "asked"
            removed[why] = removed.get(why, 0) + 1
        ranked.sort()
        return Survey(choices=[choice for *_, choice in ranked], removed=removed)

    def order(self, choice: Choice) -> tuple[float, int, str]:
        """Sort key of choices: the greatest gain first; among equals the longest waiting first."""
        return -self.gain(*choice.promise), choice.ticket.joined_at, choice.ticket.id

    def spread(self, choices: Sequence[Choice], seeker: Ticket) -> Sequence[Choice]:
        """The same choices; of those as good as the best, give or take a hair, another comes first for each.

        For searches that know nothing of each other: all would try for the one who has waited longest.
        """
        least = self.gain(*choices[0].promise) - _HAIR if choices else 0.0
        alike = bisect_right(choices, -least, key=lambda c: -self.gain(*c.promise))
        first = crc32(seeker.id.encode()) % max(1, alike)
        return [*choices[first:alike], *choices[:first], *choices[alike:]]

    def consider(
        self,
        seeker: Ticket,
        candidates: Iterable[Ticket],
        avoid: Set[str],
        now: int,
        reservation_values: Asks,
    ) -> Sequence[Considered]:
        """Every candidate with the reason against them or the parts of their score, for people to read."""
        shares = {name: getattr(self.shares, name) for name in self.shares.__struct_fields__}
        told = []
        for other in candidates:
            weighted = {
                name: shares[name] * part
                for name, part in parts(seeker, other, now, self.patience_ms).items()
                if shares[name]
            }
            why = self.removed(seeker, other, avoid, now)
            asked = reservation_values.asked(seeker, other, now)
            fit = sum(weighted.values())
            told.append(Considered(ticket=other, removed=why, parts=weighted, score=fit, asked=asked))
        return told

    def relaxed(self, ticket: Ticket, now: int) -> Sequence[Wish]:
        """The wishes of this ticket that no longer count."""
        return relaxed(ticket, now - ticket.joined_at, self.relaxation)

    def relaxes(self, ticket: Ticket, now: int) -> Mapping[Wish, int]:
        """The wishes that still count, and after how many ms of waiting they no longer will."""
        waited = now - ticket.joined_at
        return {wish: self.relaxation[wish] for wish in wishes(ticket) if waited < self.relaxation[wish]}


def _wishful(ticket: Ticket) -> bool:
    """Whether it states a wish: most state none."""
    return bool(ticket.countries or ticket.intents or ticket.languages)


def _stance(settings: Settings) -> ReservationParameters:
    stance = ReservationParameters(cost=settings.match_wait_cost, departure=settings.match_departure_cost)
    return stance if settings.match_last_call == "on" else replace(stance, last_call_ms=0)
