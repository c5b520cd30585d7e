"""What ratings come to: the mean that people would write down."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ratings import mean


@pytest.mark.parametrize(
    ("total", "number", "told"), [(21, 8, 2.63), (23, 8, 2.88), (13, 3, 4.33), (5, 3, 1.67), (40, 8, 5.0)]
)
def test_a_half_is_rounded_up(total: int, number: int, told: float) -> None:
    assert mean(total, number) == told


def test_before_the_first_there_is_none() -> None:
    assert mean(0, 0) is None


@given(st.integers(1, 1_000_000), st.integers(0, 4_000_000))
def test_however_many_there_are_nothing_is_lost(number: int, above: int) -> None:
    total = number + above % (4 * number + 1)
    exact = (Decimal(total) / number).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert mean(total, number) == float(exact)
