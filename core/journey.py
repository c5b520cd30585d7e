"""The journey: what somebody's check-ins come to. Pure: a fold, step by step, in the order of their days.

Those that count do so once each; the order is that of local days, then of times. A streak is of days one
after the other on which something counts, by the clock of whoever checks in: today, as long as it goes on,
breaks nothing. A missed day is bridged: the first one where they have changed zones (once in so many days),
then one by each freeze that they have. Each missed day takes what there is, so a streak that ends has used it
all up. Days that are bridged keep a streak, and do not lengthen it.

Nothing has to run for a streak to end: `at_day` says how it stands on any day.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from functools import reduce
from typing import Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from core.vocabulary import LocationType

# With how many check-ins each level begins.
LEVELS: Final = (0, 5, 20, 50, 120)
FREEZE_EVERY: Final = 7  # days of a streak
MOST_FREEZES: Final = 2
GRACE_EVERY: Final = 7  # days between two that a change of zone bridges
CALENDAR_DAYS: Final = 91
_DAY = timedelta(days=1)

Key: TypeAlias = tuple[date, int, str]


class Counted(Struct, frozen=True, kw_only=True):
    """A check-in that counts: `at` in ms, `day` as the calendar had it there and then."""

    id: str
    at: int
    day: date
    zone: str
    type: LocationType

    @property
    def key(self) -> Key:
        """Its place in the order."""
        return self.day, self.at, self.id


class Journey(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What all until the `last` one come to; `zone` is that of the last, `excused` the last day of grace.

    `level` and `total` are always there. `days` on which something counted, and that were `frozen` or
    excused, are those that a calendar shows, the oldest first. Milestones are with the time in ms.
    """

    level: int
    total: int
    streak: int = 0
    longest: int = 0
    freezes: int = 0
    level_since: int | None = None
    types: Mapping[LocationType, int] = {}
    milestones: Mapping[str, int] = {}
    last: Key | None = None
    zone: str = ""
    excused: date | None = None
    days: tuple[date, ...] = ()
    frozen: tuple[date, ...] = ()

    def at_places(self, kind: LocationType) -> int:
        """How many were at places of this type."""
        return self.types.get(kind, 0)


BEGUN: Final = Journey(level=1, total=0)


class Milestone(Struct, frozen=True):
    """Something to reach: `of` a journey, at least so much."""

    id: str
    title: str
    of: Callable[[Journey], int]
    needed: int


def _all(journey: Journey) -> int:
    return journey.total


def _longest(journey: Journey) -> int:
    return journey.longest


def _level(journey: Journey) -> int:
    return journey.level


def _gyms(journey: Journey) -> int:
    return journey.at_places("gym")


def _cafes(journey: Journey) -> int:
    return journey.at_places("coffee")


MILESTONES: Final = (
    Milestone("first_check_in", "First check-in", _all, 1),
    Milestone("check_ins_10", "Ten check-ins", _all, 10),
    Milestone("check_ins_50", "Fifty check-ins", _all, 50),
    Milestone("check_ins_100", "A hundred check-ins", _all, 100),
    Milestone("streak_3", "Three days in a row", _longest, 3),
    Milestone("streak_7", "A week in a row", _longest, 7),
    Milestone("streak_30", "Thirty days in a row", _longest, 30),
    Milestone("streak_100", "A hundred days in a row", _longest, 100),
    Milestone("gym_5", "Five times at a gym", _gyms, 5),
    Milestone("gym_25", "Twenty-five times at a gym", _gyms, 25),
    Milestone("coffee_5", "Five times at a café", _cafes, 5),
    Milestone("level_3", "Level 3", _level, 3),
    Milestone("level_5", "Level 5", _level, 5),
)


class Bridge(Struct, frozen=True):
    """What becomes of the days between the last one and another."""

    holds: bool
    freezes: int
    excused: date | None
    frozen: tuple[date, ...]


class Standing(Struct, frozen=True):
    """How a journey stands on a day. `last_day`: the last on which a check-in goes on with the streak."""

    streak: int
    freezes: int
    last_day: date | None
    frozen: tuple[date, ...]


def fold(counted: Iterable[Counted], begun: Journey = BEGUN) -> Journey:
    """What these come to, in whatever order they are given, after what had `begun` before them."""
    return reduce(step, sorted(counted, key=lambda each: each.key), begun)


def goes_on(journey: Journey, counted: Counted) -> bool:
    """Whether it is the next one; else all have to be folded anew."""
    return journey.last is None or journey.last < counted.key


def step(journey: Journey, counted: Counted) -> Journey:
    """The journey with the next check-in."""
    moved = _moved(journey, counted)
    total = journey.total + 1
    level = level_of(total)
    kept = counted.day - timedelta(days=CALENDAR_DAYS)
    moved = replace(
        moved,
        total=total,
        level=level,
        level_since=journey.level_since if level == journey.level else counted.at,
        types={**journey.types, counted.type: journey.at_places(counted.type) + 1},
        longest=max(moved.longest, moved.streak),
        last=counted.key,
        zone=counted.zone,
        days=tuple(day for day in moved.days if day > kept),
        frozen=tuple(day for day in moved.frozen if day > kept),
    )
    reached = {
        each.id: counted.at
        for each in MILESTONES
        if each.id not in moved.milestones and each.of(moved) >= each.needed
    }
    return replace(moved, milestones={**moved.milestones, **reached}) if reached else moved


def level_of(total: int) -> int:
    """The level of so many check-ins."""
    return sum(total >= needed for needed in LEVELS)


def next_level_at(level: int) -> int | None:
    """With how many check-ins the next one begins; None: there is none."""
    return LEVELS[level] if level < len(LEVELS) else None


def percent(total: int) -> int:
    """How far it is from this level to the next."""
    level = level_of(total)
    above = next_level_at(level)
    if above is None:
        return 100
    begins = LEVELS[level - 1]
    return 100 * (total - begins) // (above - begins)


def at_day(journey: Journey, today: date, zone: str) -> Standing:
    """How it stands `today` in this zone, where today may still go on."""
    if journey.last is None:
        return Standing(0, 0, None, ())
    bridge = bridged(journey, today, zone)
    if not bridge.holds:
        return Standing(0, 0, None, journey.frozen + bridge.frozen)
    bridges = journey.freezes + _may_be_excused(journey, zone)
    last_day = journey.last[0] + (1 + bridges) * _DAY
    return Standing(journey.streak, bridge.freezes, last_day, journey.frozen + bridge.frozen)


def bridged(journey: Journey, day: date, zone: str) -> Bridge:
    """What becomes of the days between the last one and this."""
    assert journey.last
    first = journey.last[0] + _DAY
    missed = max((day - first).days, 0)
    excused = journey.excused
    bridging: tuple[date, ...] = ()
    if missed and _may_be_excused(journey, zone):
        excused, bridging = first, (first,)
        first, missed = first + _DAY, missed - 1
    used = min(missed, journey.freezes)
    frozen = bridging + tuple(first + n * _DAY for n in range(used))
    return Bridge(missed <= journey.freezes, journey.freezes - used, excused, frozen)


def _moved(journey: Journey, counted: Counted) -> Journey:
    """With another day, if it is one."""
    if journey.last is None:
        return replace(journey, streak=1, days=(counted.day,))
    if journey.last[0] == counted.day:
        return journey
    bridge = bridged(journey, counted.day, counted.zone)
    streak = journey.streak + 1 if bridge.holds else 1
    earned = 1 if streak % FREEZE_EVERY == 0 else 0
    return replace(
        journey,
        streak=streak,
        freezes=min(bridge.freezes + earned, MOST_FREEZES),
        excused=bridge.excused,
        days=(*journey.days, counted.day),
        frozen=journey.frozen + bridge.frozen,
    )


def _may_be_excused(journey: Journey, zone: str) -> bool:
    """Whether the first day missed after the last one is bridged by a change of zone."""
    assert journey.last
    if zone == journey.zone:
        return False
    return journey.excused is None or (journey.last[0] + _DAY - journey.excused).days >= GRACE_EVERY
