"""How long somebody waits who lets offers fail: the rule, and the settings that say so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.environment import SettingsError, load
from core.settings import Settings
from services.cool_downs import CoolDowns

NOW = 1_800_000_000_000
HOUR = 3_600_000
faults = st.lists(st.integers(NOW - 2 * HOUR, NOW), max_size=10).map(lambda f: sorted(f, reverse=True))
rule = CoolDowns()


@pytest.mark.parametrize(
    ("ago_ms", "left_ms"),
    [
        ([], 0),
        ([0], 0),
        ([0, 5_000], 30_000),
        ([29_999, 40_000], 1),
        ([30_000, 40_000], 0),
        ([0, 5_000, 40_000], 300_000),
        ([100_000, 150_000, 200_000, 900_000], 200_000),
        ([0, HOUR], 0),
        ([0, 1_000, HOUR - 1], 300_000),
        ([-20_000], 0),  # noted by a node whose clock is ahead
        ([-20_000, 5_000], 30_000),
    ],
)
def test_longer_each_time_and_not_for_ever(ago_ms: list[int], left_ms: int) -> None:
    """0, 30 and 300 s after the first, second and any further one within the hour."""
    assert rule.left_ms([NOW - ago for ago in ago_ms], NOW) == left_ms


@given(faults, st.integers(0, 2 * HOUR))
def test_it_ends_and_only_a_new_fault_makes_it_longer(story: list[int], later: int) -> None:
    left = rule.left_ms(story, NOW)
    assert 0 <= left <= 300_000
    assert rule.left_ms(story, NOW + later) <= max(0, left - later)
    assert rule.left_ms([NOW, *story], NOW) >= left


@given(faults)
def test_the_latest_few_tell_as_much_as_all(story: list[int]) -> None:
    """The store gives no more than the rule can tell apart."""
    assert rule.left_ms(story[: len(rule.steps_ms)], NOW) == rule.left_ms(story, NOW)


def test_the_operator_says_how_long() -> None:
    settings = load({"COOL_DOWNS_S": "5, 60", "COOL_DOWN_WINDOW_S": "600"})
    assert CoolDowns.of(settings) == CoolDowns((5_000, 60_000), 600_000)


def test_off_with_the_rate_limits() -> None:
    off = CoolDowns.of(Settings(rate_limits="off"))
    assert off.left_ms([NOW + 20] * 10, NOW) == 0


@pytest.mark.parametrize(
    "text", ["", "soon", "0,,30", "30,0", "-1", "1.5", "0,30,", "1,2,3,4,5,6,7,8,9,10,11", "٣"]
)
def test_what_makes_no_sense_is_named_at_the_start(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^COOL_DOWNS_S=") as error:
        load({"COOL_DOWNS_S": text})
    assert len(str(error.value).splitlines()) == 1


def test_no_wait_is_longer_than_what_it_is_for() -> None:
    """A fault that does not count any more could not be waited for."""
    with pytest.raises(SettingsError, match="COOL_DOWN_WINDOW_S, which is 60"):
        load({"COOL_DOWN_WINDOW_S": "60"})
