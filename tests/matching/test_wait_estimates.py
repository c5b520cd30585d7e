"""How long those who wait are told that they may still wait."""

from core.ticket import Wait
from matching.wait_estimates import WaitEstimates
from tests.matching.people import T0, ticket


def test_an_estimate_is_the_median_of_those_who_waited_as_long() -> None:
    """Of the same kind; anyone who gave up waited to the end; unknown while too few are known."""
    ana = ticket(gender="female", genders=("male",))
    waits = [Wait("female:male", ms) for ms in (0, 0, 1_000, 4_000, 6_000, 8_000, 9_000)]
    others = [Wait("male:female", None)] * 9
    estimates = WaitEstimates(patience_ms=60_000)
    assert estimates.of(ana, T0) is None
    estimates.see([*waits, *others])
    assert estimates.of(ana, T0) == 4_000
    assert estimates.of(ana, T0 + 1_000) == 5_000
    assert estimates.of(ana, T0 + 5_000) is None
    assert estimates.of(ticket(gender="male", genders=("female",)), T0) == 60_000


def test_the_latest_waits_count_and_no_others() -> None:
    """Also for a kind that was asked for before."""
    ana = ticket(gender="female", genders=("male",))
    estimates = WaitEstimates(patience_ms=60_000)
    for ms in (4_000, 7_000):
        estimates.see([Wait("female:male", ms)] * 9)
        assert estimates.of(ana, T0) == ms
