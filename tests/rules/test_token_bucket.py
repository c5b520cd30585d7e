"""How fast one may go on, in memory; `tests/rest/test_limits.py` holds the script in Redis to the same."""

from core.token_bucket import TokenBucket

NOW = 1_800_000_000_000


def test_a_rate_of_nothing_sets_no_limit() -> None:
    bucket = TokenBucket(rate_per_s=0, burst=1)
    assert [bucket.take(NOW) for _ in range(3)] == [0, 0, 0]


def test_whoever_waits_as_told_is_let_through() -> None:
    """To the millisecond: never sooner, and at once then."""
    bucket = TokenBucket(rate_per_s=3, burst=1)
    assert bucket.take(NOW) == 0
    assert bucket.take(NOW) == 334
    assert bucket.take(NOW + 333) == 1
    assert bucket.take(NOW + 334) == 0


def test_time_that_is_set_back_takes_nothing_away() -> None:
    """And gains nothing twice when it comes to the same time again."""
    bucket = TokenBucket(rate_per_s=1, burst=3)
    assert [bucket.take(NOW), bucket.take(NOW - 60_000), bucket.take(NOW)] == [0, 0, 0]
    assert bucket.take(NOW) == 1000
