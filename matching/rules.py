"""The rules of who may meet whom. Pure.

`obstacle` has the hard rules, which hold however long two wait. Wishes relax: each is dropped after a time of
its own, the one that matters least first.
"""

from collections.abc import Callable, Iterable, Mapping, Set
from typing import Literal

from core.ticket import Ticket
from core.vocabulary import ADULT_AGE

Obstacle = Literal[
    "account", "device", "mode", "adult", "gender", "age", "met_or_blocked", "trust", "language"
]
Wish = Literal["countries", "intents", "languages"]
Verdict = Obstacle | None  # what stands between two

# Where nothing else is given: in the product the settings `relax_*_s` decide. By `Wish`; a stored policy may
# name one that this version does not know.
DEFAULT_RELAXATION: Mapping[str, int] = {"countries": 5_000, "intents": 10_000, "languages": 20_000}


def obstacle(
    one: Ticket, other: Ticket, avoid: Set[str] = frozenset(), *, common_language: bool = False
) -> Obstacle | None:
    """The rule that forbids these two to meet, or None. It is the same in both directions.

    `avoid` are the users whom `one` must not meet: a block either way, or met not long ago.
    """
    return obstacles(one, avoid, common_language=common_language)(other)


def obstacles(
    one: Ticket, avoid: Set[str] = frozenset(), *, common_language: bool = False
) -> Callable[[Ticket], Verdict]:
    """`obstacle` for one and many others: what is the same for all of them is looked up once."""
    mine, genders, youngest, oldest = one.card, one.genders, one.age_min, one.age_max
    gender, age, user_id, device, mode = mine.gender, mine.age, mine.user_id, one.device, one.mode
    minor, suspect, languages = age < ADULT_AGE, one.tier == "suspect", frozenset(mine.languages)

    def against(other: Ticket) -> Verdict:  # noqa: PLR0911 - a line a rule
        theirs = other.card
        if theirs.gender not in genders or gender not in other.genders:
            return "gender"
        if not (youngest <= theirs.age <= oldest and other.age_min <= age <= other.age_max):
            return "age"
        if user_id == theirs.user_id:
            return "account"
        if device and device == other.device:
            return "device"
        if mode != other.mode:
            return "mode"
        if minor or theirs.age < ADULT_AGE:
            return "adult"
        if suspect != (other.tier == "suspect"):
            return "trust"
        if common_language and languages.isdisjoint(theirs.languages):
            return "language"
        return "met_or_blocked" if theirs.user_id in avoid else None

    return against


def permitted(one: Ticket, others: Iterable[Ticket], *, common_language: bool = False) -> list[Ticket]:
    """Those of many others between whom and one there is no `obstacle`, where nobody asks which there is.

    The same in one expression, what most fail first: so many are gone through without a call for each.
    """
    mine, genders, mode, device = one.card, one.genders, one.mode, one.device
    gender, age, user_id, suspect = mine.gender, mine.age, mine.user_id, one.tier == "suspect"
    youngest, oldest = max(ADULT_AGE, one.age_min), one.age_max
    if age < ADULT_AGE:
        return []
    found = [
        other
        for other in others
        if youngest <= (theirs := other.card).age <= oldest
        and other.age_min <= age <= other.age_max
        and theirs.gender in genders
        and gender in other.genders
        and theirs.user_id != user_id
        and other.mode == mode
        and (other.tier == "suspect") == suspect
        and not (device and other.device == device)
    ]
    if not common_language:
        return found
    languages = frozenset(mine.languages)
    return [other for other in found if not languages.isdisjoint(other.card.languages)]


def unmet_wish(
    one: Ticket, other: Ticket, waited_ms: int, relaxation: Mapping[str, int] = DEFAULT_RELAXATION
) -> Wish | None:
    """The wish of `one`, who has waited for `waited_ms`, that excludes `other` for now."""
    theirs = other.card
    if one.countries and waited_ms < relaxation["countries"] and theirs.country not in one.countries:
        return "countries"
    if one.intents and waited_ms < relaxation["intents"] and theirs.intent not in one.intents:
        return "intents"
    if (
        one.languages
        and waited_ms < relaxation["languages"]
        and not set(one.languages) & set(theirs.languages)
    ):
        return "languages"
    return None


def wishes(ticket: Ticket) -> tuple[Wish, ...]:
    """The wishes that this ticket states."""
    stated: dict[Wish, tuple[str, ...]] = {
        "countries": ticket.countries,
        "intents": ticket.intents,
        "languages": ticket.languages,
    }
    return tuple(wish for wish, words in stated.items() if words)


def relaxed(
    ticket: Ticket, waited_ms: int, relaxation: Mapping[str, int] = DEFAULT_RELAXATION
) -> tuple[Wish, ...]:
    """The wishes that no longer count after waiting so long."""
    return tuple(wish for wish in wishes(ticket) if waited_ms >= relaxation[wish])
