"""The ladder: each strike is a step, and nobody comes down."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from core.clock import DAY_MS
from core.vocabulary import StrikeAction
from services.ladder import LADDER, Step, next_step, step_of, suspension_days


class Strike(Struct, frozen=True):
    action: StrikeAction
    at: int = 0
    until: int | None = None
    reason: str = "spam"


def of(step: Step) -> Strike:
    """The strike that a decision for this step makes."""
    return Strike(step.action, until=None if step.days is None else step.days * DAY_MS)


WARNED, DAY, WEEK, BANNED = map(of, LADDER)
strikes = st.lists(
    st.one_of(
        st.sampled_from([WARNED, DAY, WEEK, BANNED]),
        st.integers(1, 4000 * DAY_MS).map(lambda ms: Strike("suspend", until=ms)),
    ),
    max_size=6,
)


def days_of(taken: list[Strike]) -> int:
    days = suspension_days(taken, "spam")
    assert days is not None
    return days


@given(strikes)
def test_who_may_be_a_minor_is_out_until_that_is_settled(taken: list[Strike]) -> None:
    """Whatever they have done; and to have been too young counts for nothing afterwards."""
    assert next_step(taken, "underage") == Step("suspend")
    assert suspension_days(taken, "underage") is None
    young = [Strike("suspend", until=4000 * DAY_MS, reason="underage"), Strike("suspend", reason="underage")]
    assert next_step(taken + young, "spam") == next_step(taken, "spam")
    assert days_of(taken + young) == days_of(taken)


def test_up_the_ladder() -> None:
    """Warned, a day, a week, for ever."""
    taken: list[Strike] = []
    for step in LADDER:
        assert next_step(taken, "spam") == step
        taken.append(of(step))
    assert next_step(taken, "spam") == LADDER[-1]


@pytest.mark.parametrize(
    ("taken", "after", "days"),
    [
        ([], Step("warn"), 1),
        ([DAY], Step("suspend", 7), 7),
        ([WEEK], Step("ban"), 7),
        ([BANNED], Step("ban"), 7),
        ([WARNED, WARNED], Step("suspend", 7), 7),
        ([Strike("suspend", until=3 * DAY_MS)], Step("suspend", 7), 7),
        ([Strike("suspend", until=DAY_MS // 2)], Step("suspend", 7), 7),
        ([Strike("suspend")], Step("ban"), 7),
    ],
)
def test_what_comes_next(taken: list[Strike], after: Step, days: int) -> None:
    """However long a moderator chose: a suspension is a step of suspensions."""
    assert next_step(taken, "spam") == after
    assert suspension_days(taken, "spam") == days


@given(strikes)
def test_each_strike_has_its_step(taken: list[Strike]) -> None:
    """Of its own kind."""
    for strike in taken:
        assert LADDER[step_of(strike)].action == strike.action


@given(strikes, strikes)
def test_more_strikes_never_lead_to_less(taken: list[Strike], more: list[Strike]) -> None:
    """Whatever they are, and in whatever order."""
    before, after = (LADDER.index(next_step(each, "spam")) for each in (taken, taken + more))
    assert before <= after
    assert after == LADDER.index(next_step((taken + more)[::-1], "spam"))
    assert days_of(taken) <= days_of(taken + more)
    if more:
        assert after > before or after == len(LADDER) - 1 or len(taken + more) <= before
