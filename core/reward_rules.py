"""What earns which reward, and which rewards are redeemed. Pure: `db/postgres/rewards.py` keeps what follows.

A rule grants nothing twice for one occasion: the how manieth of what it counts; of all else there is one.
What is reached is asked for as `>=`: a check-in that comes late may lift a streak from 4 to 8 days.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from core.happenings import (
    CheckedIn,
    FirstCall,
    Happening,
    KeptConnection,
    LevelIs,
    MentorSession,
    MilestoneReached,
    StreakIs,
)
from core.vocabulary import LocationType, RewardType

RuleKind = Literal[
    "check_in", "streak", "level", "milestone", "first_call", "kept_connection", "mentor_session"
]
KINDS: dict[type[Happening], RuleKind] = {
    CheckedIn: "check_in",
    StreakIs: "streak",
    LevelIs: "level",
    MilestoneReached: "milestone",
    FirstCall: "first_call",
    KeptConnection: "kept_connection",
    MentorSession: "mentor_session",
}
COUNTED: frozenset[RuleKind] = frozenset({"check_in", "kept_connection", "mentor_session"})
REACHED: frozenset[RuleKind] = frozenset({"streak", "level"})
HIGHEST_LEVEL = 5

# Why a reward cannot be redeemed.
WhyNot = Literal[
    "already_redeemed", "reversed", "expired", "other_partner", "not_redeemable", "own_reward", "code_expired"
]


class Terms(Struct, frozen=True, kw_only=True):
    """What a rule asks for: every n-th of what is counted (check-ins: `at` places of a type, or anywhere),
    what is reached, or a milestone.
    """

    kind: RuleKind
    every: int = 1
    at: LocationType | None = None
    reaches: int | None = None
    milestone: str | None = None


class Rule(Terms, frozen=True, kw_only=True):
    """A rule in force."""

    id: str


class Due(Struct, frozen=True):
    """What a rule owes for this occasion, unless it has been granted."""

    rule_id: str
    occasion: str


class RewardFacts(Struct, frozen=True, kw_only=True):
    """What decides whether a reward of a user is redeemed. `partner_id` None: by any partner. Times in ms."""

    user_id: str
    type: RewardType
    partner_id: str | None = None
    expires_at: int | None = None
    redeemed_at: int | None = None
    reversed_at: int | None = None


def due(rules: Iterable[Rule], happened: Sequence[Happening]) -> list[Due]:
    """What is owed, in the order of the rules' ids: those who lock several do so in one order."""
    owed = {
        Due(rule.id, occasion)
        for rule in rules
        for each in happened
        if (occasion := _occasion(rule, each)) is not None
    }
    return sorted(owed, key=lambda each: (each.rule_id, each.occasion))


def _occasion(rule: Terms, happening: Happening) -> str | None:
    """By which this rule grants a reward now; None: it does not."""
    if KINDS[type(happening)] != rule.kind:
        return None
    match happening:
        case CheckedIn(at=at, nth=nth, nth_at=nth_at):
            return _nth(rule, nth) if rule.at is None else _nth(rule, nth_at) if rule.at == at else None
        case KeptConnection(nth=nth) | MentorSession(nth=nth):
            return _nth(rule, nth)
        case StreakIs(days=reached) | LevelIs(level=reached):
            return "" if rule.reaches is not None and reached >= rule.reaches else None
        case MilestoneReached(milestone=milestone):
            return "" if milestone == rule.milestone else None
    return ""


def _nth(rule: Terms, nth: int) -> str | None:
    times, over = divmod(nth, rule.every)
    return str(times) if times and not over else None


def mistake(terms: Terms) -> tuple[str, str] | None:
    """The field that is wrong, and a sentence about it; None: the rule makes sense."""
    kind = terms.kind
    if terms.every != 1 and kind not in COUNTED:
        return "every", f"`every` is for what is counted: {', '.join(sorted(COUNTED))}."
    if terms.at is not None and kind != "check_in":
        return "at", "`at` is for check-ins."
    if (terms.reaches is not None) != (kind in REACHED):
        return "reaches", "`reaches` goes with `streak` (days) and `level`, and with nothing else."
    if kind == "level" and terms.reaches is not None and not 2 <= terms.reaches <= HIGHEST_LEVEL:
        return "reaches", f"Levels that can be reached are 2 to {HIGHEST_LEVEL}."
    if (terms.milestone is not None) != (kind == "milestone"):
        return "milestone", "`milestone` goes with the kind `milestone`, and with nothing else."
    return None


def why_not(reward: RewardFacts, partner_id: str, staff_id: str, now: int) -> WhyNot | None:
    """Why these staff of this partner do not redeem it now; None: they do."""
    if reward.reversed_at is not None:
        return "reversed"
    if reward.redeemed_at is not None:
        return "already_redeemed"
    if reward.expires_at is not None and reward.expires_at <= now:
        return "expired"
    if reward.type == "badge":
        return "not_redeemable"
    if reward.partner_id not in (None, partner_id):
        return "other_partner"
    return "own_reward" if reward.user_id == staff_id else None
