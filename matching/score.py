"""How well two fit: weighted parts, each from 0 to 1, so that a score can be explained by its parts. Pure."""

from collections.abc import Mapping

from msgspec import Struct

from core.settings import Settings
from core.ticket import Ticket

_AGES_APART = 20  # years of difference from which on age adds nothing
_UNKNOWN_VALUES = 0.5


class Weights(Struct, frozen=True, kw_only=True):
    """Shares of the score; only their proportions count (see `shares`)."""

    intent: float = 25
    language: float = 20
    country: float = 10
    values: float = 25
    age: float = 10
    trust: float = 5
    wait: float = 5

    @classmethod
    def of(cls, settings: Settings) -> "Weights":
        """As the operator has set them: the settings `match_weight_*`."""
        return cls(**{name: getattr(settings, f"match_weight_{name}") for name in cls.__struct_fields__})

    def shares(self) -> "Weights":
        """The same proportions with a sum of 1."""
        total = self.intent + self.language + self.country + self.values + self.age + self.trust + self.wait
        names = self.__struct_fields__
        return Weights(**{name: getattr(self, name) / total for name in names})


def closeness(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """The cosine of two vectors of length one, scaled to 0 … 1; one half if either is unknown."""
    if not one or not other:
        return _UNKNOWN_VALUES
    get = other.get
    return (1 + sum([strength * get(name, 0.0) for name, strength in one.items()])) / 2


def parts(one: Ticket, other: Ticket, now: int, patience_ms: int) -> dict[str, float]:
    """Each part of the score, unweighted. The same for both sides."""
    mine, theirs = one.card, other.card
    waited = now - min(one.joined_at, other.joined_at)
    return {
        "intent": float(mine.intent == theirs.intent),
        "language": float(not set(mine.languages).isdisjoint(theirs.languages)),
        "country": float(mine.country is not None and mine.country == theirs.country),
        "values": closeness(one.values, other.values),
        "age": max(0.0, 1 - abs(mine.age - theirs.age) / _AGES_APART),
        "trust": 1.0 if one.tier == other.tier else 0.5,
        "wait": min(1.0, max(0.0, waited / patience_ms)),
    }


def score(shares: Weights, one: Ticket, other: Ticket, now: int, patience_ms: int) -> float:
    """From 0 to 1. The weighted sum of `parts`; parts of no weight are not computed."""
    mine, theirs = one.card, other.card
    total = shares.intent if mine.intent == theirs.intent else 0.0
    if shares.values:
        total += shares.values * closeness(one.values, other.values)
    if mine.country is not None and mine.country == theirs.country:
        total += shares.country
    if shares.language and not set(mine.languages).isdisjoint(theirs.languages):
        total += shares.language
    if shares.age:
        total += shares.age * max(0.0, 1 - abs(mine.age - theirs.age) / _AGES_APART)
    total += shares.trust if one.tier == other.tier else shares.trust / 2
    if shares.wait:
        waited = now - min(one.joined_at, other.joined_at)
        total += shares.wait * min(1.0, max(0.0, waited / patience_ms))
    return total
