"""What check-ins come to: as one finds it by looking at each day of the calendar, one after the other."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import get_args

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core import journey as rules
from core.clock import DAY_MS, HOUR_MS, rfc3339, to_ms
from core.contract.journey import JourneyView
from core.journey import BEGUN, Counted, Journey, at_day, fold, goes_on, step
from core.notices import milestones_reached, streak_grown
from core.vocabulary import LocationType, MilestoneId
from db.postgres.journeys import Beside
from services.check_in_keeping import quarter_of
from services.journeys import begins, first_zone, local_day, view

FIRST = 1_795_392_000_000  # 2026-11-23
DAY = timedelta(days=1)
TYPES: tuple[LocationType, ...] = ("coffee", "gym", "mentor")
# On either side of the date line, with daylight saving of an hour, of half an hour, and at midnight.
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Pacific/Auckland",
    "Pacific/Honolulu",
    "Australia/Lord_Howe",
    "America/Havana",
    "Asia/Beirut",
)


def on(*days: int, zone: str = "UTC", kind: LocationType = "coffee") -> list[Counted]:
    """One on each of these days, counted from the first."""
    return [checked_in(FIRST + day * DAY_MS + HOUR_MS, zone, kind) for day in days]


def checked_in(at: int, zone: str, kind: LocationType = "coffee", number: int = 0) -> Counted:
    return Counted(id=f"{number:04}", at=at, day=local_day(zone, at), zone=zone, type=kind)


def day_of(number: int) -> date:
    return local_day("UTC", FIRST) + number * DAY


def standing(counted: Sequence[Counted], day: int, zone: str = "UTC") -> tuple[int, int]:
    """The streak and freezes on this day."""
    stands = at_day(fold(counted), day_of(day), zone)
    return stands.streak, stands.freezes


def test_a_day_after_the_other_is_a_streak_and_today_breaks_nothing() -> None:
    assert [standing(on(0, 1, 2), day)[0] for day in (2, 3, 4)] == [3, 3, 0]
    assert fold(on(0, 1, 2, 4)).streak == 1
    assert fold(on(0, 0, 1, 1)).streak == 2


def test_a_freeze_is_earned_in_seven_days_and_two_are_kept() -> None:
    assert [fold(on(*range(days))).freezes for days in (6, 7, 13, 14, 21)] == [0, 1, 1, 2, 2]


def test_each_missed_day_takes_a_freeze_until_there_is_none() -> None:
    """What bridged is in the calendar, and lengthens no streak."""
    week = on(*range(7))
    assert [standing(week, day) for day in (6, 7, 8, 9)] == [(7, 1), (7, 1), (7, 0), (0, 0)]
    gone_on = fold([*week, *on(8)])
    assert (gone_on.streak, gone_on.freezes, gone_on.frozen) == (8, 0, (day_of(7),))
    ended = fold([*week, *on(9)])
    assert (ended.streak, ended.longest, ended.freezes, ended.frozen) == (1, 7, 0, (day_of(7),))


def test_a_change_of_zone_bridges_a_day_once_a_week() -> None:
    """A flight over the date line leaves one out; to go to and fro bridges nothing more."""
    there, back = on(1, zone="Pacific/Auckland"), on(3, zone="Pacific/Honolulu")
    assert fold([*there, *back]).streak == 2
    assert fold([*there, *back, *on(5, zone="Pacific/Auckland")]).streak == 1
    same = on(3, zone="Pacific/Auckland")
    assert fold([*there, *same]).streak == 1


def test_levels_begin_where_they_say() -> None:
    levels = [rules.level_of(total) for total in (0, 4, 5, 19, 20, 49, 50, 119, 120, 9999)]
    assert levels == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert [rules.percent(total) for total in (0, 1, 4, 5, 12, 119, 120)] == [0, 20, 80, 0, 46, 98, 100]
    assert [rules.next_level_at(level) for level in range(1, 6)] == [5, 20, 50, 120, None]
    fifth = fold(on(0, 1, 2, 3, 4))
    assert (fifth.level, fifth.level_since) == (2, FIRST + 4 * DAY_MS + HOUR_MS)


def test_milestones_are_reached_once_and_stay() -> None:
    five = fold([*on(0, 1, 2, kind="gym"), *on(5, 6, kind="gym")])
    assert five.milestones.keys() == {"first_check_in", "streak_3", "gym_5"}
    assert five.milestones["streak_3"] == FIRST + 2 * DAY_MS + HOUR_MS
    assert fold(on(*range(9, 12)), five).milestones == five.milestones


def test_news_are_of_what_is_new() -> None:
    week, more = fold(on(*range(7))), fold(on(*range(14)))
    assert milestones_reached("ana", "c", ()) is None
    both = milestones_reached("ana", "c", ["streak_7", "first_check_in"])
    assert both
    assert (both.title, both.body) == ("First check-in", "A week in a row")
    grown = streak_grown("ana", "c", fold(on(*range(6))), week)
    assert grown
    assert "earned a freeze" in grown.body
    assert streak_grown("ana", "c", week, week) is None
    full = msgspec.structs.replace(more, freezes=week.freezes)
    assert streak_grown("ana", "c", week, full).body == ""  # type: ignore[union-attr]


def test_a_new_week_of_freezes_is_not_kept_beyond_the_calendar() -> None:
    """What the state holds is bounded."""
    long = fold(on(*range(0, 800, 2)))
    assert len(long.days) <= rules.CALENDAR_DAYS
    assert long.total == 400


visits = st.lists(
    st.tuples(
        st.integers(0, 40 * 24 * 4),  # quarters of an hour
        st.sampled_from(ZONES),
        st.sampled_from(TYPES),
    ),
    max_size=60,
)
# Long enough streaks for freezes, with few gaps.
habits = st.lists(st.sampled_from([1, 1, 1, 1, 1, 1, 2, 2, 3, 4]), max_size=40)


def made(visited: Sequence[tuple[int, str, LocationType]], begins_at: int = FIRST) -> list[Counted]:
    return [
        checked_in(begins_at + quarters * HOUR_MS // 4, zone, kind, number)
        for number, (quarters, zone, kind) in enumerate(visited)
    ]


class Slow:
    """The same by walking through the calendar: each day takes what it needs."""

    def __init__(self, counted: Sequence[Counted]) -> None:
        self.streak = self.longest = self.freezes = 0
        self.excused: date | None = None
        self.frozen: list[date] = []
        ordered = sorted(counted, key=lambda each: (each.day, each.at, each.id))
        self.days = sorted({each.day for each in ordered})
        self._first = {each.day: each.zone for each in reversed(ordered)}
        self._latest = {each.day: each.zone for each in ordered}

    def until(self, today: date, zone: str) -> "Slow":
        """Walk; whoever comes back in another zone has changed it on the day after the last."""
        if not self.days:
            return self
        day, last, moved = self.days[0], self.days[0], False
        while day <= max(today, self.days[-1]):
            if day in self._first:
                self._counts()
                last = day
                following = next((each for each in self.days if each > day), None)
                next_zone = zone if following is None else self._first[following]
                moved = self._latest[last] != next_zone
            elif day < today or day < self.days[-1]:
                self._misses(day, moved=moved and day == last + DAY)
            day += DAY
        return self

    def _counts(self) -> None:
        self.streak += 1
        self.longest = max(self.longest, self.streak)
        if self.streak % 7 == 0:
            self.freezes = min(self.freezes + 1, 2)

    def _misses(self, day: date, *, moved: bool) -> None:
        if moved and (self.excused is None or (day - self.excused).days >= 7):
            self.excused = day
            self.frozen.append(day)
        elif self.freezes:
            self.freezes -= 1
            self.frozen.append(day)
        else:
            self.streak = 0


@given(visits, st.integers(0, 50), st.sampled_from(ZONES), st.sampled_from([0, 120 * DAY_MS]))
@example([(0, "Pacific/Auckland", "gym"), (1, "Pacific/Honolulu", "gym")], 1, "Pacific/Honolulu", 0)
def test_it_is_as_the_calendar_says(
    visited: list[tuple[int, str, LocationType]], later: int, zone: str, season: int
) -> None:
    """In any zones, over daylight saving, with travel: all of it, and on any day after."""
    counted = made(visited, FIRST + season)
    journey = fold(counted)
    today = max([*(each.day for each in counted), local_day(zone, FIRST + season)]) + later * DAY
    stands, slow = at_day(journey, today, zone), Slow(counted).until(today, zone)
    assert (stands.streak, stands.freezes) == ((slow.streak, slow.freezes) if slow.streak else (0, 0))
    assert journey.longest == slow.longest
    assert list(stands.frozen) == [
        day for day in slow.frozen if counted and day > counted_last(counted) - rules.CALENDAR_DAYS * DAY
    ]
    assert journey.total == len(counted) == sum(journey.types.values())
    assert journey.level == rules.level_of(len(counted))


def counted_last(counted: Sequence[Counted]) -> date:
    return max(each.day for each in counted)


@given(habits, st.integers(0, 6))
@example([1] * 13 + [3, 1, 4], 2)
def test_a_habit_is_as_the_calendar_says(gaps: list[int], later: int) -> None:
    """Of weeks with few gaps, in which freezes are earned and used."""
    days = [sum(gaps[:n]) for n in range(len(gaps) + 1)]
    counted, today = on(*days), day_of(days[-1] + later)
    stands, slow = at_day(fold(counted), today, "UTC"), Slow(counted).until(today, "UTC")
    assert (stands.streak, stands.freezes) == ((slow.streak, slow.freezes) if slow.streak else (0, 0))
    assert list(stands.frozen) == slow.frozen


@given(visits, st.randoms(use_true_random=False))
def test_it_is_the_same_in_whatever_order_they_come(
    visited: list[tuple[int, str, LocationType]], chance: object
) -> None:
    """Those that come late are folded anew; those that are next go on from what is kept, as it is kept."""
    counted, kept = made(visited), BEGUN
    chance.shuffle(counted)  # type: ignore[attr-defined]
    for number, each in enumerate(counted, 1):
        kept = step(kept, each) if goes_on(kept, each) else fold(counted[:number])
        kept = msgspec.convert(msgspec.json.decode(msgspec.json.encode(kept)), Journey)
    assert kept == fold(counted)


@given(visits, st.integers(0, 60))
def test_what_is_carried_stands_for_what_is_dropped(
    visited: list[tuple[int, str, LocationType]], until: int
) -> None:
    counted, bound = made(visited), day_of(until)
    before = fold(each for each in counted if each.day < bound)
    assert fold((each for each in counted if each.day >= bound), before) == fold(counted)


@given(visits.filter(bool), st.sampled_from(ZONES))
def test_a_streak_lives_until_it_says(visited: list[tuple[int, str, LocationType]], zone: str) -> None:
    """To the millisecond: by the clock of the zone where its owner is."""
    journey = fold(made(visited))
    assert journey.last
    shown = view(journey, Beside(0), zone, begins(zone, journey.last[0]))
    ends = ms(shown.streak_alive_until)
    assert view(journey, Beside(0), zone, ends - 1).current_streak == journey.streak
    over = view(journey, Beside(0), zone, ends)
    assert (over.current_streak, over.freezes, over.streak_alive_until) == (0, 0, None)
    assert over.longest_streak == journey.longest


def ms(text: str | None) -> int:
    assert text
    return to_ms(datetime.fromisoformat(text))


def test_what_is_shown_of_a_journey_that_has_not_begun() -> None:
    shown = view(BEGUN, Beside(FIRST, 2, 3), "UTC", FIRST)
    assert isinstance(shown, JourneyView)
    assert (shown.level, shown.percent, shown.next_level_at, shown.current_streak) == (1, 0, 5, 0)
    assert (shown.level_since, shown.streak_alive_until) == (rfc3339(FIRST), None)
    assert (shown.mentor_sessions, shown.coffee_redemptions, shown.calendar) == (2, 3, [])
    assert all(each.achieved_at is None for each in shown.milestones)


def test_the_calendar_shows_what_counts_and_what_was_frozen() -> None:
    shown = view(fold(on(*range(7))), Beside(0), "UTC", FIRST + 8 * DAY_MS)
    said = [(each.day, each.counts, each.frozen) for each in shown.calendar]
    assert said[-2:] == [("2026-11-29", True, False), ("2026-11-30", False, True)]
    assert len(said) == 8
    later = view(fold(on(*range(7))), Beside(0), "UTC", FIRST + 95 * DAY_MS)
    assert [each.day for each in later.calendar] == ["2026-11-28", "2026-11-29", "2026-11-30"]


def test_the_clock_is_the_first_that_is_known() -> None:
    assert first_zone(None, "Mars/Olympus", "Europe/Berlin", "UTC") == "Europe/Berlin"
    assert first_zone(None, "") == "UTC"


@pytest.mark.parametrize(("month", "first"), [(1, 1), (3, 1), (4, 4), (12, 10)])
def test_a_quarter_begins_with_its_first_month(month: int, first: int) -> None:
    assert quarter_of(date(2026, month, 28)) == date(2026, first, 1)


def test_the_contract_names_the_milestones_that_there_are() -> None:
    """A reward for any other would never be earned."""
    assert [each.id for each in rules.MILESTONES] == list(get_args(MilestoneId))
