"""How well two fit: weighted parts, each from 0 to 1, so that a score can be explained by its parts. Pure."""

from collections.abc import Callable
from functools import lru_cache
from math import dist

from msgspec import Struct

from core.settings import Settings
from core.ticket import Ticket
from matching.haunts import familiar

_AGES_APART = 20  # years of difference from which on age adds nothing
_UNKNOWN_VALUES = 0.5
_ROUNDING = 1e-9  # sums in another order differ by less


class Weights(Struct, frozen=True, kw_only=True):
    """Shares of the score; only their proportions count (see `shares`).

    `places` is beside the others: going to the same places adds to a score, and nobody has less who does not
    tell where they go.
    """

    intent: float = 25
    language: float = 20
    country: float = 10
    values: float = 25
    age: float = 10
    trust: float = 5
    wait: float = 5
    places: float = 0  # of a policy that was recorded before there was one

    @classmethod
    def of(cls, settings: Settings) -> "Weights":
        """As the operator has set them: the settings `match_weight_*`."""
        return cls(**{name: getattr(settings, f"match_weight_{name}") for name in cls.__struct_fields__})

    def shares(self) -> "Weights":
        """The same proportions, with a sum of 1 of all but `places`; if nothing else counts, that is 1."""
        total = self.intent + self.language + self.country + self.values + self.age + self.trust + self.wait
        total = total or self.places
        names = self.__struct_fields__
        return Weights(**{name: getattr(self, name) / total for name in names})


def closeness(one: Ticket, other: Ticket) -> float:
    """The cosine of their values, scaled to 0 … 1; one half if either's are unknown."""
    (keys, mine), (others, theirs) = one.direction, other.direction
    if not keys or not others:
        return _UNKNOWN_VALUES
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
        "places": familiar(frozenset(one.haunts), other.haunts),
    }


def scores(shares: Weights, one: Ticket, now: int, patience_ms: int) -> Callable[[Ticket, float], float]:
    """The score of one with each of many others, the weighted sum of `parts`: 0 to 1, and more for places.

    It is exact if it is at least as much as is asked for. What cannot reach that, however close their values
    may be, is answered with something below it, so that most values need not be compared.
    """
    mine, tier, joined_at, languages = one.card, one.tier, one.joined_at, frozenset(one.card.languages)
    intent, country, age = mine.intent, mine.country, mine.age
    by_age = _by_age(shares.age)
    for_intent, for_language, for_country = shares.intent, shares.language, shares.country
    for_values, for_trust, half_trust, for_wait = shares.values, shares.trust, shares.trust / 2, shares.wait
    compared, uncompared = bool(for_values and one.values), for_values * _UNKNOWN_VALUES

    def fit(other: Ticket, least: float) -> float:
        theirs = other.card
        by_intent = for_intent if theirs.intent == intent else 0.0
        by_country = for_country if country is not None and theirs.country == country else 0.0
        by_language = 0.0 if languages.isdisjoint(theirs.languages) else for_language
        by_years = by_age.get(theirs.age - age, 0.0)
        by_trust = for_trust if other.tier == tier else half_trust
        came = other.joined_at
        waited = (now - (min(joined_at, came))) / patience_ms
        by_wait = 0.0 if waited <= 0 else for_wait if waited >= 1 else for_wait * waited
        rest = by_intent + by_country + by_language + by_years + by_trust + by_wait
        if rest + for_values < least - _ROUNDING:
            return rest + for_values
        by_values = for_values * closeness(one, other) if compared else uncompared
        return rest + by_values

    haunts, for_places = frozenset(one.haunts), shares.places
    if not haunts or not for_places:
        return fit

    def fit_and_familiar(other: Ticket, least: float) -> float:
        more = for_places * familiar(haunts, other.haunts) if other.haunts else 0.0
        return fit(other, least - more) + more if more else fit(other, least)

    return fit_and_familiar


@lru_cache(maxsize=8)
def _by_age(share: float) -> dict[int, float]:
    """What this part adds, by the difference in years."""
    return {years: share * (1 - abs(years) / _AGES_APART) for years in range(1 - _AGES_APART, _AGES_APART)}
