"""Whether somebody was at a place, and whether that counts; the code that a place shows."""

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.check_ins import Attempt, Before, Spot, is_there, why_not
from core.geography import Position
from core.ids import new_id
from core.keys import Keyring
from core.place_codes import WINDOW_MS, is_of, shown

NOW = 1_795_400_000_000
MINUTE = 60_000
TODAY, TOMORROW = date(2026, 11, 23), date(2026, 11, 24)
CAFE = Spot(Position(51.5074, -0.1278), 100)
NEXT_DOOR = Spot(Position(51.5080, -0.1278), 100)
BERLIN = Spot(Position(52.52, 13.405), 100)  # 930 km away
KEYS = Keyring("a secret of an operator", "the one before").keys("code of a place")


def seen(north_m: float, accuracy_m: float = 0) -> bool:
    return is_there(CAFE, Position(51.5074 + north_m / 111_195, -0.1278), accuracy_m)


def test_one_is_there_within_the_radius_and_what_the_phone_does_not_know() -> None:
    assert [seen(metres) for metres in (0, 99, 101)] == [True, True, False]
    assert [seen(150, accuracy) for accuracy in (0, 49, 51, 200)] == [False, False, True, True]


def test_a_phone_that_does_not_know_where_it_is_proves_nothing() -> None:
    """Nor does one that knows badly stretch the radius without end."""
    assert not seen(0, 201)
    assert [seen(199, 200), seen(201, 200)] == [True, False]


def judged(
    *others: Before,
    place: str = "cafe",
    spot: Spot = CAFE,
    at: int = NOW,
    verified: bool = True,
    most: int = 10,
) -> str | None:
    return why_not(Attempt(place, spot, at, TODAY, verified), others, most_a_day=most)


def before(minutes: float, place: str = "cafe", spot: Spot = CAFE, day: date = TODAY) -> Before:
    return Before(place, spot, NOW - int(minutes * MINUTE), day)


def test_the_first_counts() -> None:
    assert judged() is None
    assert judged(verified=False) == "not_verified"


def test_one_a_place_and_day() -> None:
    assert judged(before(600)) == "already_today"
    assert judged(before(600, day=TOMORROW)) is None
    assert judged(before(600, place="gym")) is None


def test_ten_minutes_lie_between_two_whichever_came_first() -> None:
    gym = {"place": "gym", "spot": NEXT_DOOR}
    assert [judged(before(minutes, **gym)) for minutes in (9.9, 10, -9.9, -10)] == [  # type: ignore[arg-type]
        "too_soon",
        None,
        "too_soon",
        None,
    ]


def test_nobody_is_faster_than_an_airliner() -> None:
    """930 km, less both radii: 51 minutes and a half."""
    far = {"place": "far", "spot": BERLIN}
    said = [judged(before(minutes, **far)) for minutes in (1, 51, 52, -51, -52)]  # type: ignore[arg-type]
    assert said == ["too_fast", "too_fast", None, "too_fast", None]


def test_so_many_a_day() -> None:
    three = [before(60 * n, place=f"place {n}") for n in range(1, 4)]
    assert judged(*three, most=3) == "too_many"
    assert judged(*three, most=4) is None
    assert judged(*[before(60 * n, f"{n}", day=TOMORROW) for n in range(3)], place="x", most=3) == "too_soon"


def test_what_waiting_helps_least_against_is_said() -> None:
    assert judged(before(1), most=1) == "already_today"
    assert judged(before(1, "far", BERLIN), most=1) == "too_many"
    assert judged(before(1, "far", BERLIN)) == "too_fast"


@given(st.lists(st.tuples(st.integers(-1500, 1500), st.sampled_from(["a", "b", "c"]), st.booleans())))
def test_what_counts_keeps_the_rules_whatever_came_before(ways: list[tuple[int, str, bool]]) -> None:
    """Also where they come in no order: of all that count no two break a rule."""
    spots = {"a": CAFE, "b": NEXT_DOOR, "c": BERLIN}
    kept: list[Before] = []
    for minutes, place, tomorrow in ways:
        day, at = TOMORROW if tomorrow else TODAY, NOW + minutes * MINUTE
        if why_not(Attempt(place, spots[place], at, day, True), kept, most_a_day=2) is None:
            kept.append(Before(place, spots[place], at, day))
    for day in (TODAY, TOMORROW):
        there = [each.location_id for each in kept if each.day == day]
        assert len(there) == len(set(there)) <= 2
    assert all(_apart(one, other) for n, one in enumerate(kept) for other in kept[:n])


def _apart(one: Before, other: Before) -> bool:
    minutes = abs(one.at - other.at) / MINUTE
    return minutes >= (51 if {one.spot, other.spot} & {BERLIN} and one.spot != other.spot else 10)


def is_code(text: str, place: str, *, version: int = 1, at: int = NOW, keys: Sequence[object] = KEYS) -> bool:
    return is_of(text, keys, place, version, at)  # type: ignore[arg-type]


def test_a_code_is_of_its_place_and_time() -> None:
    place, other = new_id(), new_id()
    code = shown(KEYS[0], place, 1, NOW)
    assert NOW < code.until <= NOW + WINDOW_MS
    assert is_code(code.text, place)
    assert is_code(f"https://example.org/#check-in/{code.text}", place)
    assert not is_code(code.text, other)
    assert not is_code(code.text.replace(place.replace("-", ""), other.replace("-", "")), other)
    assert not is_code(code.text, place, version=2)
    within = [is_code(code.text, place, at=NOW + n * WINDOW_MS) for n in (-2, -1, 0, 1, 2)]
    assert within == [False, True, True, True, False]


def test_a_code_of_the_secret_before_is_good() -> None:
    place = new_id()
    assert is_code(shown(KEYS[1], place, 1, NOW).text, place)
    assert not is_code(shown(KEYS[1], place, 1, NOW).text, place, keys=KEYS[:1])


@pytest.mark.parametrize(
    "text", ["", "rc1", "rc1...", "rc1.é.1.2", "rc2.{}.1.{}", "rc1.{}.fffffffffffff.{}", "\0"]
)
def test_what_is_no_code_is_none(text: str) -> None:
    assert not is_code(text.format("0" * 32, "0" * 32), new_id())


@given(st.text(max_size=500))
def test_whatever_is_read_is_no_code(text: str) -> None:
    assert not is_code(text, new_id())
