"""How well two fit: weighted parts, each from 0 to 1, so that a score can be explained by its parts. Pure."""

from math import dist

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


def closeness(one: Ticket, other: Ticket) -> float:
    """The cosine of their values, scaled to 0 … 1; one half if either's are unknown."""
    if not one.values or not other.values:
        return _UNKNOWN_VALUES
    (keys, mine), (others, theirs) = one.direction, other.direction
    if keys == others:  # of vectors of length one, how far apart they end says the same, and sooner
        return 1 - dist(mine, theirs) ** 2 / 4
    get = other.values.get
    return (1 + sum([strength * get(key, 0.0) for key, strength in one.values.items()])) / 2


def parts(one: Ticket, other: Ticket, now: int, patience_ms: int) -> dict[str, float]:
    """Each part of the score, unweighted. The same for both sides."""
    mine, theirs = one.card, other.card
    waited = now - min(one.joined_at, other.joined_at)
    return {
        "intent": float(mine.intent == theirs.intent),
        "language": float(not set(mine.languages).isdisjoint(theirs.languages)),
        "country": float(mine.country is not None and mine.country == theirs.country),
        "values": closeness(one, other),
        "age": max(0.0, 1 - abs(mine.age - theirs.age) / _AGES_APART),
        "trust": 1.0 if one.tier == other.tier else 0.5,
        "wait": min(1.0, max(0.0, waited / patience_ms)),
    }


def score(shares: Weights, one: Ticket, other: Ticket, now: int, patience_ms: int) -> float:
    """From 0 to 1. The weighted sum of `parts`; parts of no weight are not computed."""
    mine, theirs = one.card, other.card
    total = shares.intent if mine.intent == theirs.intent else 0.0
    if shares.values:
        total += shares.values * closeness(one, other)
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
