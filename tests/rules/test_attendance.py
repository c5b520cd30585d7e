"""Whether somebody matches those who wait."""

import pytest

from db.redis.queue_pools import Swept
from realtime.background.attendance import unattended_ms

NOW = 100_000


@pytest.mark.parametrize(
    ("since", "swept", "late"),
    [
        (None, None, 0),  # nobody waits
        (None, 40_000, 0),
        (70_000, None, 30_000),  # nobody has swept for long
        (70_000, 99_600, 400),  # as it is
        (99_000, 10_000, 1_000),  # there was nobody to sweep for
        (70_000, 100_300, 0),  # by a clock that is ahead
    ],
)
def test_nobody_is_unattended_before_they_joined_or_after_a_sweep(
    since: int | None, swept: int | None, late: int
) -> None:
    assert unattended_ms(Swept(since, swept), NOW) == late
