"""When sessions with a mentor may begin: by the clock of their zone, in any zone, put forward and back."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.clock import rfc3339
from core.contract.locations import Hours
from services.mentor_slots import free, offers, slots
from services.time_zones import zone
from tests.rules.test_opening_hours import DAYS, at, cases, hours

MINUTE_MS, DAY_MS = 60_000, 86_400_000


def utc(own: Hours, minutes: int, begin: str, end: str) -> list[str]:
    """When they begin, in hours of UTC."""
    return [rfc3339(each)[11:16] for each in slots(own, minutes, at(begin), at(end))]


def test_hours_are_cut_into_sessions() -> None:
    """One after the other; what is left at the end is too short for one."""
    own = hours(mon=[["09:00", "12:30"], ["14:00", "15:00"]])
    monday = ("2026-11-23T00:00+01:00", "2026-11-24T00:00+01:00")
    assert utc(own, 60, *monday) == ["08:00", "09:00", "10:00", "13:00"]
    assert utc(own, 45, *monday) == ["08:00", "08:45", "09:30", "10:15", "13:00"]
    assert utc(own, 60, "2026-11-23T09:00Z", "2026-11-23T13:00Z") == ["09:00", "10:00"]
    assert utc(own, 60, "2026-11-24T00:00+01:00", "2026-11-30T00:00+01:00") == []


def test_a_session_may_go_on_past_midnight() -> None:
    """It is of the evening on which its hours begin; a date of its own has other hours."""
    own = hours(
        exceptions={"2026-11-24": [["10:00", "11:00"]]}, mon=[["23:00", "01:30"]], tue=[["08:00", "09:00"]]
    )
    assert utc(own, 75, "2026-11-23T00:00Z", "2026-11-25T00:00Z") == ["22:00", "23:15"]
    assert utc(own, 60, "2026-11-24T00:00Z", "2026-11-25T00:00Z") == ["09:00"]


def test_the_night_without_an_hour_has_a_session_less() -> None:
    """On 29 March 2026 Berlin goes from 2 to 3: of 1 to 5 o'clock three hours are left."""
    own = hours(sun=[["01:00", "05:00"]])
    assert utc(own, 60, "2026-03-29T00:00Z", "2026-03-29T12:00Z") == ["00:00", "01:00", "02:00"]
    late = hours(sun=[["02:30", "05:00"]])
    assert utc(late, 60, "2026-03-29T00:00Z", "2026-03-29T12:00Z") == ["01:00", "02:00"]


def test_the_night_with_an_hour_more_has_one_more() -> None:
    """On 25 October 2026 Berlin has the hour from 2 to 3 twice."""
    own = hours(sun=[["01:00", "04:00"]])
    night = ("2026-10-24T22:00Z", "2026-10-25T12:00Z")
    assert utc(own, 60, *night) == ["23:00", "00:00", "01:00", "02:00"]
    within = hours(sat=[["23:00", "02:30"]], sun=[["02:45", "04:00"]])
    assert utc(within, 45, *night) == ["22:30", "23:15", "00:45", "01:30", "02:15"], "the first time counts"


def test_what_is_taken_is_not_free() -> None:
    """Touching is not overlapping."""
    own = hours("UTC", mon=[["09:00", "12:00"]])
    monday = at("2026-11-23T00:00Z")
    starts = slots(own, 60, monday, monday + DAY_MS)
    ten = at("2026-11-23T10:00Z")
    assert free(starts, 60, [(ten, ten + 60 * MINUTE_MS)]) == [ten - 60 * MINUTE_MS, ten + 60 * MINUTE_MS]
    assert free(starts, 60, [(ten - 1, ten + 1)]) == [ten + 60 * MINUTE_MS]
    assert free(starts, 60, []) == starts


def test_a_slot_is_offered_to_the_minute() -> None:
    own = hours("UTC", mon=[["09:00", "12:00"]])
    ten = at("2026-11-23T10:00Z")
    assert [offers(own, 60, ten + ms) for ms in (0, 1, -1, 30 * MINUTE_MS, 120 * MINUTE_MS)] == [
        True,
        *(False,) * 4,
    ]


def slowly(own: Hours, minutes: int, begin: int, end: int) -> list[int]:
    """The same by looking at the clock each minute, from three days before until two after."""
    wall, shown = zone(own.zone), datetime(1900, 1, 1)  # noqa: DTZ001 - as a clock shows it
    first, last = begin // MINUTE_MS - 3 * 24 * 60, end // MINUTE_MS + 2 * 24 * 60
    latest = []  # that the clock has shown by each minute
    for minute in range(first, last):
        shown = max(shown, datetime.fromtimestamp(minute * 60, UTC).astimezone(wall).replace(tzinfo=None))
        latest.append(shown)
    found: set[int] = set()
    day = latest[0].replace(hour=0, minute=0) + timedelta(days=1)
    while day <= latest[-1] - timedelta(days=2):
        usual = getattr(own.week, DAYS[day.weekday()])
        for opens, closes in own.except_.get(day.date().isoformat(), usual):
            from_, to = (day + timedelta(hours=int(t[:2]), minutes=int(t[3:])) for t in (opens, closes))
            to += timedelta(days=to <= from_)
            [opened, closed] = [next(n for n, time in enumerate(latest) if time >= t) for t in (from_, to)]
            while opened + minutes <= closed:
                found.add((first + opened) * MINUTE_MS)
                opened += minutes
        day += timedelta(days=1)
    return sorted(each for each in found if begin <= each < end)


@given(cases(), st.sampled_from([15, 30, 45, 60, 90, 240]), st.integers(0, 30 * 60))
@example((hours("Pacific/Apia", fri=[["09:00", "17:00"]]), at("2011-12-30T10:30Z")), 60, 600)
@example((hours("America/Sao_Paulo", sat=[["22:00", "01:00"]]), at("2018-02-17T22:00Z")), 30, 600)
@example((hours("Australia/Lord_Howe", sun=[["01:15", "03:00"]]), at("2026-10-03T10:00Z")), 15, 900)
@settings(max_examples=40)
def test_as_looking_at_the_clock_says(case: tuple[Hours, int], minutes: int, wide_m: int) -> None:
    """In all zones and years, over every change of the clock; no two of one day's hours overlap."""
    own, begin = case
    end = begin + wide_m * MINUTE_MS
    assert slots(own, minutes, begin, end) == slowly(own, minutes, begin, end)


@given(cases(), st.sampled_from([15, 60, 90]), st.data())
@settings(max_examples=40)
def test_what_is_offered_is_what_is_listed(case: tuple[Hours, int], minutes: int, data: Any) -> None:
    """However the time is cut into pages."""
    own, begin = case
    listed = slots(own, minutes, begin, begin + 2 * DAY_MS)
    middle = begin + data.draw(st.integers(0, 2 * DAY_MS))
    assert listed == slots(own, minutes, begin, middle) + slots(own, minutes, middle, begin + 2 * DAY_MS)
    assert all(offers(own, minutes, each) for each in listed[:5])
