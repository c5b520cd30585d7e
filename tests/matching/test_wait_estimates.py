"""How long those who wait are told that they may still wait."""

from hypothesis import given
from hypothesis import strategies as st

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
    """Many of nothing and a few long ones, or an even spread; after a while of those that lasted so long.

    And a twentieth more, as no more than a hundred are known.
    """
    ana, estimates = ticket(gender="female", genders=("male",)), WaitEstimates(patience_ms=60_000)
    assert estimates.range_of(ana, T0) is None
    for waits, told in (
        ([0] * 60 + [1_000 * n for n in range(40)], [0, 24_000]),
        ([1_000 * n for n in range(100)], [0, 84_000]),
        ([0, *[5_000] * 98, 90_000], [5_000, 5_000]),
    ):
        estimates.see([Wait("female:male", ms) for ms in waits])
        assert estimates.range_of(ana, T0) == told
    estimates.see([Wait("female:male", 1_000 * n) for n in range(100)])
    assert estimates.range_of(ana, T0 + 50_000) == [0, 43_000]


def test_who_left_would_have_waited_on() -> None:
    """As long as those did who waited longer than that: nobody is told that all waits are short."""
    ana, estimates = ticket(gender="female", genders=("male",)), WaitEstimates(patience_ms=60_000)
    matched = [Wait("female:male", ms) for ms in (1_000, 2_000, 20_000, 21_000, 22_000, 23_000)]
    gone = [Wait("female:male", 3_000, left=True)] * 4
    estimates.see([*matched, *gone])
    assert estimates.of(ana, T0) == 21_000
    estimates.see([*matched, *gone, Wait("female:male", 30_000, left=True)])
    assert estimates.range_of(ana, T0 + 20_000) == [0, 40_000], "no more than four are known"
    estimates.see([*matched, *gone, *[Wait("female:male", 30_000, left=True)] * 4])
    assert estimates.range_of(ana, T0 + 20_000) == [0, 40_000], "nobody knows how long they would have"


def test_where_most_leave_who_is_matched_soon_is_in_the_range() -> None:
    """Most of those who left would have waited long; those who are matched at all come before that."""
    ana, estimates = ticket(gender="female", genders=("male",)), WaitEstimates(patience_ms=60_000)
    matched = [Wait("female:male", 200 * n) for n in range(50)]
    gone = [Wait("female:male", 8_000, left=True)] * 300
    estimates.see([*matched, *gone, *[Wait("female:male", None)] * 10])
    told = estimates.range_of(ana, T0)
    assert told is not None
    assert told[1] == 60_000
    assert sum(told[0] <= wait.waited_ms for wait in matched if wait.waited_ms is not None) >= 40


def test_where_the_longest_waits_were_broken_off_they_are_taken_to_go_on() -> None:
    """At the rate of the later half of those that ended; if none of these did, to the end."""
    ana, estimates = ticket(gender="female", genders=("male",)), WaitEstimates(patience_ms=60_000)
    matched = [Wait("female:male", 100 * n) for n in range(1, 61)]
    gone = [Wait("female:male", 6_100, left=True)] * 60
    estimates.see([*matched, *gone])
    told = estimates.range_of(ana, T0)
    assert told is not None
    assert told[0] == 100
    assert 12_000 < told[1] < 25_000, "one in ten of those who are there is matched in a second"
    estimates.see([*[Wait("female:male", 0)] * 60, *gone])
    assert estimates.range_of(ana, T0) == [0, 60_000]
    estimates.see([*matched[:4], *gone])
    assert estimates.range_of(ana, T0) is not None
    assert estimates.range_of(ana, T0 + 101) is None, "four are known, of whom one stands for all who left"


@given(st.lists(st.tuples(st.integers(0, 60_000), st.booleans()), min_size=1, max_size=40))
def test_a_range_lies_between_now_and_the_end_of_patience(seen: list[tuple[int, bool]]) -> None:
    """Whatever was seen; and no longer wait is estimated than the longest of the range."""
    ana, estimates = ticket(gender="female", genders=("male",)), WaitEstimates(patience_ms=60_000)
    estimates.see([Wait("female:male", ms, left=left) for ms, left in seen])
    for waited in (0, 5_000, 40_000):
        told, likely = estimates.range_of(ana, T0 + waited), estimates.of(ana, T0 + waited)
        assert (told is None) == (likely is None)
        if told is not None and likely is not None:
            assert 0 <= told[0] <= told[1] <= 60_000 - waited
            assert 0 <= likely <= told[1]


def test_the_latest_waits_count_and_no_others() -> None:
    """Also for a kind that was asked for before."""
    ana = ticket(gender="female", genders=("male",))
    estimates = WaitEstimates(patience_ms=60_000)
    for ms in (4_000, 7_000):
        estimates.see([Wait("female:male", ms)] * 9)
        assert estimates.of(ana, T0) == ms
