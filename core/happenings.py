"""What people may earn a reward by. Pure: whoever sees it happen says so, `core/reward_rules.py` says what it
earns.

Said last in the transaction in which it happens (`db/postgres/rewards.py`), as things are after it. To say
the same twice earns nothing twice.
"""

from msgspec import Struct

from core.vocabulary import LocationType


class CheckedIn(Struct, frozen=True, kw_only=True):
    """A verified check-in that counts: the `nth` of this user, and the `nth_at` at places of this type."""

    at: LocationType
    nth: int
    nth_at: int


class StreakIs(Struct, frozen=True):
    """How many days in a row it is by now."""

    days: int


class LevelIs(Struct, frozen=True):
    """The level of the journey by now, from 1."""

    level: int


class MilestoneReached(Struct, frozen=True):
    """One of the journey's, by its id."""

    milestone: str


class FirstCall(Struct, frozen=True):
    """A call with somebody was live, and none before."""


class KeptConnection(Struct, frozen=True):
    """Two want to stay in touch: the `nth` person with whom this user does or did."""

    nth: int


class MentorSession(Struct, frozen=True):
    """The `nth` session with a mentor that this user has completed."""

    nth: int


Happening = CheckedIn | StreakIs | LevelIs | MilestoneReached | FirstCall | KeptConnection | MentorSession
