"""How far to look first for places: as far as was needed there lately."""

from core.geography import Position
from services.reaches import Reaches

HERE, BESIDE, ELSEWHERE = Position(51.51, -0.15), Position(51.52, -0.14), Position(51.71, -0.15)


def test_who_comes_next_looks_as_far_as_was_needed() -> None:
    """And a little farther; for so many of that kind, and there alone."""
    reaches = Reaches()
    reaches.found(HERE, "gym", 21, 1000)
    assert 1000 < reaches.first_m(BESIDE, "gym", 21) < 1500
    for other in ((ELSEWHERE, "gym", 21), (HERE, None, 21), (HERE, "gym", 51)):
        assert reaches.first_m(*other) == 0


def test_at_the_end_of_a_town_it_is_that_of_the_town() -> None:
    """Whoever asks in turns on a moor does not let those in the town look at all of it."""
    reaches = Reaches()
    for _ in range(5):
        reaches.found(HERE, None, 21, 500)
        reaches.found(BESIDE, None, 21, 10_000)
        assert reaches.first_m(HERE, None, 21) < 1000
    for _ in range(10):
        reaches.found(BESIDE, None, 21, 10_000)
    assert reaches.first_m(HERE, None, 21) > 10_000


def test_what_nobody_asks_about_is_forgotten() -> None:
    """Of those that are remembered the latest."""
    reaches = Reaches()
    for number in range(5000):
        reaches.found(Position(0.05 + number / 10 % 80, number // 800 + 0.05), None, 21, 700)
        reaches.found(HERE, None, 21, 700)
    assert reaches.first_m(HERE, None, 21) > 0
    assert reaches.first_m(Position(0.05, 0.05), None, 21) == 0
