"""How long messages are kept."""

import pytest

from core.clock import DAY_MS, HOUR_MS
from core.keeping import kept_days, said_before, whole_hour


@pytest.mark.parametrize(
    ("of_room", "of_server", "days"),
    [(None, 0, None), (None, 30, 30), (7, 0, 7), (7, 30, 7), (90, 30, 30)],
)
def test_the_shorter_time_counts(of_room: int | None, of_server: int, days: int | None) -> None:
    """None of the server's is no time at all."""
    assert kept_days(of_room, of_server) == days


def test_what_is_kept_goes_by_whole_hours() -> None:
    """So what is too old stays for up to an hour more, and never goes too soon."""
    now = 1_000 * DAY_MS + 5 * HOUR_MS
    assert whole_hour(now) == whole_hour(now + HOUR_MS - 1) == now
    assert said_before(now + HOUR_MS - 1, 7) == now - 7 * DAY_MS
    assert said_before(now, 1) == now - DAY_MS
