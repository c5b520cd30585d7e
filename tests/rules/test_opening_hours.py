"""When a place is open: by the clock on its wall, in any zone, also when that is put forward or back."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.clock import to_ms
from core.contract.locations import Hours
from core.errors import InvalidRequest
from services.opening_hours import checked, is_open
from services.time_zones import zone

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Also half an hour of daylight saving, a date that was left out, and clocks put back over midnight.
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Asia/Kathmandu",
    "Africa/Casablanca",
)


def hours(zone: str = "Europe/Berlin", exceptions: Any = None, **week: Any) -> Hours:
    said = {"zone": zone, "week": week, "except": exceptions or {}}
    return msgspec.convert(said, Hours)


def at(text: str) -> int:
    return to_ms(datetime.fromisoformat(text))


def open_at(own: Hours, *times: str) -> list[bool]:
    return [is_open(own, at(time)) for time in times]


def test_a_break_at_noon() -> None:
    """It opens on the minute, and is closed from the minute on at which it closes."""
    own = hours(mon=[["09:00", "12:30"], ["14:00", "18:00"]])
    berlin = ("08:59", "09:00", "12:29", "12:30", "13:59", "14:00", "17:59", "18:00")
    said = [is_open(own, at(f"2026-11-23T{time}+01:00")) for time in berlin]
    assert said == [False, True, True, False, False, True, True, False]
    assert open_at(own, "2026-11-22T10:00+01:00", "2026-11-24T10:00+01:00") == [False, False]


def test_past_midnight() -> None:
    """Hours are those of the evening on which they begin."""
    own = hours(sat=[["20:00", "03:00"]])
    assert open_at(own, "2026-11-29T02:59+01:00", "2026-11-29T03:00+01:00") == [True, False]
    assert open_at(own, "2026-11-28T02:00+01:00", "2026-11-28T20:00+01:00") == [False, True]


def test_round_the_clock() -> None:
    week: dict[str, Any] = {day: [["00:00", "00:00"]] for day in DAYS}
    own = hours(**week)
    first = at("2026-01-01T00:00+01:00")
    assert all(is_open(own, first + hour * 3_600_000) for hour in range(24 * 365))


def test_a_date_of_its_own() -> None:
    """Other hours, or none; what began the evening before goes on into it."""
    own = hours(
        exceptions={"2026-12-24": [["09:00", "13:00"]], "2026-12-25": []},
        thu=[["18:00", "02:00"]],
        fri=[["09:00", "18:00"]],
        wed=[["18:00", "02:00"]],
    )
    assert open_at(own, "2026-12-24T01:00+01:00", "2026-12-24T12:00+01:00", "2026-12-24T19:00+01:00") == [
        True,
        True,
        False,
    ]
    assert open_at(own, "2026-12-25T01:00+01:00", "2026-12-25T12:00+01:00", "2027-01-01T12:00+01:00") == [
        False,
        False,
        True,
    ]


def test_the_same_moment_in_two_zones() -> None:
    """Nine in Berlin is three in New York."""
    moment = "2026-11-23T08:00Z"
    week = {"mon": [["09:00", "18:00"]]}
    assert open_at(hours("Europe/Berlin", **week), moment) == [True]
    assert open_at(hours("America/New_York", **week), moment) == [False]


def test_the_night_without_an_hour() -> None:
    """On 29 March 2026 Berlin goes from 2 to 3: who opens within that opens at 3."""
    own = hours(sun=[["02:15", "02:45"], ["02:50", "05:00"]])
    assert open_at(own, "2026-03-29T00:59Z", "2026-03-29T01:00Z", "2026-03-29T03:00Z") == [False, True, False]


def test_the_night_with_an_hour_more() -> None:
    """On 25 October 2026 Berlin has the hour from 2 to 3 twice: who closes within it does so once."""
    own = hours(sat=[["20:00", "02:30"]], sun=[["02:45", "04:00"]])
    times = ("00:29", "00:30", "00:44", "00:45", "01:15", "01:59", "02:59", "03:00")
    said = [is_open(own, at(f"2026-10-25T{time}Z")) for time in times]
    assert said == [True, False, False, True, True, True, True, False]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"zone": "Europe/Nowhere"}, "hours.zone"),
        ({"mon": [["09:00", "12:00"], ["11:59", "18:00"]]}, "hours.week.mon"),
        ({"sun": [["09:00", "09:00"], ["12:00", "13:00"]]}, "hours.week.sun"),
        ({"exceptions": {"2026-02-30": []}}, "hours.except.2026-02-30"),
        ({"exceptions": {"2026-02-28": [["20:00", "04:00"], ["22:00", "23:00"]]}}, "hours.except.2026-02-28"),
    ],
)
def test_hours_that_cannot_be(wrong: Any, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        checked(hours(**wrong))
    assert refused.value.details == {"field": field}


@cache
def changes(name: str, year: int) -> list[datetime]:
    """The days on which the clock of this zone is put forward or back."""
    days = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(365)]
    own = zone(name)
    return [
        day
        for day in days
        if day.astimezone(own).utcoffset() != (day + timedelta(days=1)).astimezone(own).utcoffset()
    ]


@st.composite
def moments(draw: Any) -> tuple[str, int]:
    """A zone and a time in ms, more often than not about when its clock is put forward or back."""
    name = draw(st.sampled_from(ZONES))
    year = draw(st.integers(1995, 2035))
    days = changes(name, year) or [datetime(year, 7, 1, tzinfo=UTC)]
    moment = draw(st.sampled_from(days)) + timedelta(minutes=draw(st.integers(-36 * 60, 60 * 60)))
    return name, to_ms(moment)


clock_times = st.integers(0, 24 * 4 - 1).map(lambda n: f"{n // 4:02}:{n % 4 * 15:02}")
intervals = st.lists(st.tuples(clock_times, clock_times).map(list), max_size=3)


@st.composite
def cases(draw: Any) -> tuple[Hours, int]:
    name, moment = draw(moments())
    week = {day: draw(intervals) for day in DAYS}
    day = datetime.fromtimestamp(moment / 1000, UTC).date() + timedelta(days=draw(st.integers(-1, 1)))
    exceptions = {day.isoformat(): draw(intervals)} if draw(st.booleans()) else {}
    return hours(name, exceptions, **week), moment


def slowly(own: Hours, moment: int) -> bool:
    """What the policy says, by looking at the clock each minute of the three days before."""
    wall = zone(own.zone)
    minute = moment // 60_000
    seen = [
        datetime.fromtimestamp(each * 60, UTC).astimezone(wall).replace(tzinfo=None)
        for each in range(minute - 3 * 24 * 60, minute + 1)
    ]
    for number in range(-3, 4):
        midnight = seen[-1].replace(hour=0, minute=0) + timedelta(days=number)
        usual = getattr(own.week, DAYS[midnight.weekday()])
        for opens, closes in own.except_.get(midnight.date().isoformat(), usual):
            begin, end = (
                midnight + timedelta(hours=int(time[:2]), minutes=int(time[3:])) for time in (opens, closes)
            )
            if end <= begin:
                end += timedelta(days=1)
            has_opened, has_closed = (any(shown >= bound for shown in seen) for bound in (begin, end))
            if has_opened and not has_closed:
                return True
    return False


@given(cases())
@example((hours("Pacific/Apia", thu=[["12:00", "02:00"]], sat=[["00:00", "01:00"]]), at("2011-12-30T10:30Z")))
@example((hours("America/Sao_Paulo", sun=[["00:00", "01:00"]]), at("2018-02-18T02:30Z")))
def test_as_looking_at_the_clock_says(case: tuple[Hours, int]) -> None:
    """In all zones and years, over every change of the clock."""
    own, moment = case
    assert is_open(own, moment) == slowly(own, moment)
