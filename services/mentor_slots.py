"""When a mentor has time: weekly hours, cut into sessions. Pure; times are ms since the epoch.

Hours are what the clock of the mentor's zone shows, as those of places (`services/opening_hours.py`): they
begin at the first moment at which it shows that time or a later one. From then on time is counted as it
passes: where spring leaves an hour out there are fewer sessions, where autumn repeats one there are more,
and each is as long as any other.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from core.clock import to_ms
from core.contract.locations import Hours
from core.mentor_sessions import MINUTE_MS
from services.opening_hours import begin_on
from services.time_zones import zone

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
# What a mentor is taken to offer as long as nobody has said.
USUAL = msgspec.convert(
    {"zone": "UTC", "week": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}}, Hours
)


def slots(schedule: Hours, minutes: int, begin: int, end: int) -> list[int]:
    """When sessions of so many minutes may begin: from `begin` on, and before `end`; soonest first."""
    found = {
        starts_at
        for opens_at, closes_at in _open(schedule, begin, end)
        for starts_at in range(opens_at, closes_at - minutes * MINUTE_MS + 1, minutes * MINUTE_MS)
        if begin <= starts_at < end
    }
    return sorted(found)


def offers(schedule: Hours, minutes: int, starts_at: int) -> bool:
    """Whether one of them begins then."""
    return slots(schedule, minutes, starts_at, starts_at + 1) == [starts_at]


def free(starts: Iterable[int], minutes: int, taken: Sequence[tuple[int, int]]) -> list[int]:
    """Those that overlap nothing that is `taken`, from the first time of each pair until the second."""
    length = minutes * MINUTE_MS
    return [at for at in starts if not any(at < until and since < at + length for since, until in taken)]


def _open(schedule: Hours, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Hours that may hold a moment from `begin` to `end`, each from when until when."""
    own = zone(schedule.zone)
    # A clock may be put forward or back by a day, and what began the day before goes on.
    day, last = _day(begin, own) - 2 * _DAY, _day(end, own) + _DAY
    while day <= last:
        for opens, closes in begin_on(schedule, day):
            ends_on = day if closes > opens else day + _DAY
            yield _first_shown(own, day, opens), _first_shown(own, ends_on, closes)
        day += _DAY


def _day(at: int, own: ZoneInfo) -> date:
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(own).date()


def _first_shown(own: ZoneInfo, day: date, shows: str) -> int:
    """The first moment at which the clock shows this time of this day, or a later one."""
    wall = datetime.combine(day, time.fromisoformat(shows))
    before, after = (wall.replace(tzinfo=own, fold=fold) for fold in (0, 1))
    was, is_then = before.utcoffset(), after.utcoffset()
    assert was is not None
    assert is_then is not None
    if was >= is_then:  # it comes, once or twice
        return to_ms(before)
    # It is left out: what comes first is the moment at which the clock is put forward.
    early, late = (wall - is_then).replace(tzinfo=UTC), (wall - was).replace(tzinfo=UTC)
    while late - early > _SECOND:
        between = early + ((late - early) // 2 // _SECOND) * _SECOND
        if between.astimezone(own).utcoffset() == was:
            early = between
        else:
            late = between
    return to_ms(late)
