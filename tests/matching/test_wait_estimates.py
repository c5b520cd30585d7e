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


def test_of_the_waits_four_fifths_are_in_the_range() -> None:
    """Many of nothing and a few long ones, or an even spread; after a while of those that lasted so long."""
    ana, estimates = ticket(gender="female", genders=("male",)), WaitEstimates(patience_ms=60_000)
    assert estimates.range_of(ana, T0) is None
    for waits, told in (
        ([0] * 60 + [1_000 * n for n in range(40)], [0, 19_000]),
        ([1_000 * n for n in range(100)], [0, 79_000]),
        ([0, *[5_000] * 8, 90_000], [5_000, 5_000]),
    ):
        estimates.see([Wait("female:male", ms) for ms in waits])
        assert estimates.range_of(ana, T0) == told
    estimates.see([Wait("female:male", 1_000 * n) for n in range(100)])
    assert estimates.range_of(ana, T0 + 50_000) == [0, 39_000]


def test_who_left_would_have_waited_on() -> None:
    """As long as those did who waited longer than that: nobody is told that all waits are short."""
    ana, estimates = ticket(gender="female", genders=("male",)), WaitEstimates(patience_ms=60_000)
    matched = [Wait("female:male", ms) for ms in (1_000, 2_000, 20_000, 21_000, 22_000, 23_000)]
    gone = [Wait("female:male", 3_000, left=True)] * 4
    estimates.see([*matched, *gone])
    assert estimates.of(ana, T0) == 21_000
    estimates.see([*matched, *gone, Wait("female:male", 30_000, left=True)])
    assert estimates.range_of(ana, T0 + 20_000) == [0, 3_000]
    estimates.see([*matched, *gone, *[Wait("female:male", 30_000, left=True)] * 4])
    assert estimates.range_of(ana, T0 + 20_000) == [1_000, 40_000], "nobody knows how long they would have"


def test_the_latest_waits_count_and_no_others() -> None:
    """Also for a kind that was asked for before."""
    ana = ticket(gender="female", genders=("male",))
    estimates = WaitEstimates(patience_ms=60_000)
    for ms in (4_000, 7_000):
        estimates.see([Wait("female:male", ms)] * 9)
        assert estimates.of(ana, T0) == ms
