"""The journey as its owner sees it now. Pure but for `Journeys`, which asks the store."""

from datetime import UTC, date, datetime, time, timedelta

from core.clock import rfc3339, to_ms
from core.contract.journey import CalendarDay, JourneyView, MilestoneView
from core.journey import CALENDAR_DAYS, MILESTONES, Journey, Standing, at_day, next_level_at, percent
from db.postgres.journeys import Beside, JourneyStore
from services.time_zones import TIME_ZONES, zone

UTC_NAME = "UTC"


class Journeys:
    """The use case. Errors of an outage of Postgres pass through (`db.outage`)."""

    def __init__(self, store: JourneyStore) -> None:
        self._store = store

    async def of(self, user_id: str, now: int) -> JourneyView:
        """One's own, by the clock that one has set, or had at the last check-in."""
        own = await self._store.of(user_id)
        return view(own.journey, own.beside, first_zone(own.time_zone, own.journey.zone), now)


def view(journey: Journey, beside: Beside, zone_name: str, now: int) -> JourneyView:
    """How it stands now, for one whose clock is of this zone."""
    today = local_day(zone_name, now)
    standing = at_day(journey, today, zone_name)
    return JourneyView(
        level=journey.level,
        percent=percent(journey.total),
        next_level_at=next_level_at(journey.level),
        level_since=rfc3339(beside.since if journey.level_since is None else journey.level_since),
        total_check_ins=journey.total,
        gym_visits=journey.at_places("gym"),
        mentor_sessions=beside.mentor_sessions,
        coffee_redemptions=beside.coffee_redemptions,
        current_streak=standing.streak,
        longest_streak=journey.longest,
        freezes=standing.freezes,
        streak_alive_until=_end(standing, zone_name),
        milestones=[_milestone(journey, each.id, each.title) for each in MILESTONES],
        calendar=_calendar(journey, standing, today),
    )


def local_day(zone_name: str, at: int) -> date:
    """What the calendar shows there at this time in ms."""
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(zone(zone_name)).date()


def begins(zone_name: str, day: date) -> int:
    """When this day begins there, in ms."""
    return to_ms(datetime.combine(day, time.min, zone(zone_name)))


def first_zone(*names: str | None) -> str:
    """The first of these that there is; else UTC."""
    return next((name for name in names if name in TIME_ZONES), UTC_NAME)


def _end(standing: Standing, zone_name: str) -> str | None:
    last = standing.last_day
    return None if last is None else rfc3339(begins(zone_name, last + timedelta(days=1)))


def _milestone(journey: Journey, milestone_id: str, title: str) -> MilestoneView:
    at = journey.milestones.get(milestone_id)
    return MilestoneView(id=milestone_id, title=title, achieved_at=None if at is None else rfc3339(at))


def _calendar(journey: Journey, standing: Standing, today: date) -> list[CalendarDay]:
    since = today - timedelta(days=CALENDAR_DAYS)
    shown = {day: False for day in journey.days if day > since}
    shown |= {day: True for day in standing.frozen if day > since}
    return [
        CalendarDay(day=day.isoformat(), counts=not frozen, frozen=frozen)
        for day, frozen in sorted(shown.items())
    ]
