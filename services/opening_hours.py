"""When a place is open. Pure.

Hours are what the clock on the wall of the place says. A place opens at the first moment at which that clock
shows its opening time or a later one, and closes at the first at which it shows its closing time or a later
one: what falls into the hour that spring leaves out is left out, and an hour that comes twice in autumn
neither opens nor closes anything twice. Hours belong to the day on which they begin. A date with hours of its
own has those alone; what has begun the evening before goes on into it.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from core.contract.locations import Hours
from core.errors import InvalidRequest
from services.time_zones import TIME_ZONES, zone

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_M = 24 * 60
_MINUTE = timedelta(minutes=1)


def is_open(hours: Hours, at: int) -> bool:
    """Whether a place with these hours is open at this time in ms."""
    time, today, yesterday = _shown(hours.zone, at // 60_000)
    if any(opens <= time and (time < closes or closes <= opens) for opens, closes in begin_on(hours, today)):
        return True
    return any(closes <= opens and time < closes for opens, closes in begin_on(hours, yesterday))


def checked(hours: Hours, field: str = "hours") -> Hours:
    """The same. Raises `InvalidRequest` for a zone or a date that there is not, and hours that overlap."""
    if hours.zone not in TIME_ZONES:
        raise _wrong("`zone` has to be an IANA name, as `Europe/Berlin`.", f"{field}.zone")
    for name in _DAYS:
        _check_day(getattr(hours.week, name), f"{field}.week.{name}")
    for day, intervals in hours.except_.items():
        try:
            date.fromisoformat(day)
        except ValueError:
            raise _wrong(f"`{day}` is no date.", f"{field}.except.{day}") from None
        _check_day(intervals, f"{field}.except.{day}")
    return hours


def begin_on(hours: Hours, day: date) -> Sequence[Sequence[str]]:
    """What begins on this day."""
    own = hours.except_.get(day.isoformat()) if hours.except_ else None
    if own is not None:
        return own
    week: Sequence[Sequence[str]] = getattr(hours.week, _DAYS[day.weekday()])
    return week


@lru_cache(1024)  # many places share a zone, and are asked about the same moment
def _shown(name: str, minute: int) -> tuple[str, date, date]:
    """What the clock of this zone shows then, and the days of it and before it."""
    shown = _latest_shown(name, minute)
    today = shown.date()
    return f"{shown:%H:%M}", today, today - timedelta(days=1)


def _latest_shown(name: str, minute: int) -> datetime:
    """The latest that the clock of this zone has shown by this minute since the epoch, to the minute.

    It is what the clock shows, but where that was put back: then it is the last minute before that.
    """
    own = zone(name)
    local = datetime.fromtimestamp(minute * 60, UTC).astimezone(own)
    shown = local.replace(tzinfo=None)
    while local.fold:
        shown += _MINUTE
        local = shown.replace(tzinfo=own)
        again = local.replace(fold=1)
        if again.utcoffset() == local.utcoffset():  # it comes once: the clock was put back just before it
            return shown - _MINUTE
        local = again
    return shown


def _check_day(intervals: Sequence[Sequence[str]], field: str) -> None:
    spans = sorted(_span(opens, closes) for opens, closes in intervals)
    for (_, end), (begin, _) in pairwise(spans):
        if begin < end:
            raise _wrong("Hours of one day may not overlap.", field)


def _span(opens: str, closes: str) -> tuple[int, int]:
    """From when until when, in minutes of the day on which it begins."""
    begin, end = (int(time[:2]) * 60 + int(time[3:]) for time in (opens, closes))
    return begin, end if end > begin else end + _DAY_M


def _wrong(message: str, field: str) -> InvalidRequest:
    return InvalidRequest(message, details={"field": field})
