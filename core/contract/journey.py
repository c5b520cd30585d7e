"""The journey: what one's check-ins come to."""

from typing import Annotated

from msgspec import Meta

from core.vocabulary import Timestamp
from core.wire.endpoint import Cache, Endpoint
from core.wire.message import Wire

LocalDay = Annotated[str, Meta(description="A day of the calendar", examples=["2026-11-23"])]


class MilestoneView(Wire):
    """Something to reach. `title` is in English; a client may say it in its own words, by the id."""

    id: str
    title: str
    achieved_at: Timestamp | None = None


class CalendarDay(Wire):
    """A day on which something counted, or that was missed and `frozen`: bridged, so that the streak held."""

    day: LocalDay
    counts: bool
    frozen: bool


class JourneyView(Wire):
    """What counts, and how it stands now.

    `next_level_at`: with how many check-ins the next level begins, null on the last one; `percent` of the way
    there. `current_streak`: days in a row; today breaks nothing as long as it goes on. `freezes`: missed
    days that would break nothing; one is earned with each seventh day of a streak, two are kept. The streak
    holds until `streak_alive_until`, without another check-in; null: there is none. `calendar`: of the last
    13 weeks, the oldest day first.
    """

    level: Annotated[int, Meta(ge=1, le=5)]
    percent: Annotated[int, Meta(ge=0, le=100)]
    next_level_at: int | None
    level_since: Timestamp
    total_check_ins: int
    gym_visits: int
    mentor_sessions: int
    coffee_redemptions: int
    current_streak: int
    longest_streak: int
    freezes: int
    streak_alive_until: Timestamp | None
    milestones: list[MilestoneView]
    calendar: list[CalendarDay]


ENDPOINTS = (
    Endpoint(
        name="journey",
        method="GET",
        path="/v1/me/journey",
        area="places",
        summary="One's journey: level, streak, milestones and calendar.",
        reply=JourneyView,
        versioned=True,
        cache=Cache(max_age_s=0),
    ),
)
