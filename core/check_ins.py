"""Whether somebody was at a place, and whether that counts. Pure. Lengths in metres, times in ms.

Nobody is refused: what does not count is kept with the reason. Of several reasons the one is told that
waiting helps least against. A check-in is compared with those that count before and after it, since one that
comes late from a phone that was offline may lie between two.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from msgspec import Struct

from core.clock import DAY_MS
from core.geography import Position, distance_m
from core.vocabulary import CheckInReason

LATE_MS: Final = 60_000  # from then on a position says nothing of where somebody was
OLDEST_MS: Final = DAY_MS
APART_MS: Final = 600_000
# An airliner with the wind behind it.
FASTEST_M_S: Final = 300.0
# A phone that knows no better where it is may be anywhere; of a better one so much is in its favour at most.
WORST_ACCURACY_M: Final = 200.0
COUNTED_ACCURACY_M: Final = 100.0
AROUND_MS: Final = DAY_MS  # no two places are so far apart that it takes longer


class Spot(Struct, frozen=True):
    """Where a place is, and how near one has to be."""

    position: Position
    radius_m: float


class Before(Struct, frozen=True):
    """One that counts, at a time near the one that is judged."""

    location_id: str
    spot: Spot
    at: int
    day: date


class Attempt(Struct, frozen=True):
    """One that is to be judged."""

    location_id: str
    spot: Spot
    at: int
    day: date
    verified: bool


def is_there(spot: Spot, seen: Position, accuracy_m: float) -> bool:
    """Whether somebody whose phone has seen itself there may be at the place."""
    if accuracy_m > WORST_ACCURACY_M:
        return False
    return distance_m(spot.position, seen) <= spot.radius_m + min(accuracy_m, COUNTED_ACCURACY_M)


def why_not(attempt: Attempt, others: Sequence[Before], *, most_a_day: int) -> CheckInReason | None:
    """Why it does not count; None: it does. `others`: those that count within a day of it, or on its day."""
    if not attempt.verified:
        return "not_verified"
    today = [each for each in others if each.day == attempt.day]
    if any(each.location_id == attempt.location_id for each in today):
        return "already_today"
    if len(today) >= most_a_day:
        return "too_many"
    if any(_is_too_fast(attempt, each) for each in others):
        return "too_fast"
    if any(abs(each.at - attempt.at) < APART_MS for each in others):
        return "too_soon"
    return None


def _is_too_fast(attempt: Attempt, other: Before) -> bool:
    """Whether nobody gets from one place to the other in the time between."""
    between_m = distance_m(attempt.spot.position, other.spot.position)
    way_m = between_m - attempt.spot.radius_m - other.spot.radius_m
    return way_m > FASTEST_M_S * abs(attempt.at - other.at) / 1000
