"""How somebody has waited before says whether they are likely to leave soon."""

import pytest

from core.ticket import Offered
from matching.habit import Habit, traits


@pytest.mark.parametrize(
    ("waits", "trait"),
    [
        ([], None),
        ([(3_000, True)], None),
        ([(3_000, True), (4_000, True)], "habit=leaves_soon"),
        ([(30_000, True), (40_000, True)], "habit=leaves"),
        ([(40_000, False)], None),
        ([(40_000, False), (40_000, False)], "habit=stays"),
        ([(40_000, False), (40_000, False), (1_000, True)], None),
    ],
)
def test_a_habit_is_what_was_done_more_than_once(waits: list[tuple[int, bool]], trait: str | None) -> None:
    habit = Habit()
    for waited_ms, left in waits:
        habit = habit.after(waited_ms, left=left)
    assert habit.trait == trait


def test_what_was_long_ago_counts_for_less() -> None:
    habit = Habit()
    for _ in range(16):
        habit = habit.after(1_000, left=True)
    assert habit == Habit(16, 16, 16_000)
    assert habit.after(1_000, left=True) == Habit(8, 8, 8_500)


def test_what_became_of_offers() -> None:
    """The latest twenty or so; whoever did not come has left; and never more than there were."""
    habit = Habit()
    for _ in range(4):
        habit = habit.after(1_000, left=False, offered=True)
    assert habit.absent(gone=True).absent(gone=False) == Habit(4, 1, 4_000, 4, 2)
    assert Habit().absent(gone=True) == Habit()
    for _ in range(17):
        habit = habit.after(0, left=False, offered=True).absent(gone=False)
    assert (habit.offers, habit.missed) == (10, 9)
    assert habit.offered == Offered(10, 9)


@pytest.mark.parametrize("noted", [None, b"", b"said by another version of this"])
def test_what_is_not_understood_says_nothing(noted: bytes | None) -> None:
    assert Habit.read(noted) == Habit()


def test_what_is_known_of_who_joins() -> None:
    assert Habit.read(b"3 2 6000") == Habit(3, 2, 6_000)
    assert Habit.read(b"3 2 6000 5 1") == Habit(3, 2, 6_000, 5, 1)
    assert traits("phone", Habit(3, 2, 6_000)) == ("client=phone", "habit=leaves_soon")
    assert traits("", Habit()) == ()
