"""When two who met may be offered to each other again."""

import pytest

from core.clock import HOUR_MS, LATEST_MS
from core.settings import Settings
from core.ticket import Census, Pool, Ticket
from matching.rematch import RematchIntervals, has_nobody_else
from tests.matching.people import ticket

ANA = ticket(user_id="ana", gender="female", genders=("male",))
BEN, CAL = (ticket(user_id=name, gender="male", genders=("female",)) for name in ("ben", "cal"))
EVA = ticket(user_id="eva", gender="female", genders=("female",))


def waiting(*others: Ticket, of: int | None = None) -> Census:
    """All of them, or a sample of so many."""
    return Census(waiting=of or len(others), pools=(Pool(number=of or len(others), drawn=others),))


@pytest.mark.parametrize(
    ("census", "alone"),
    [
        (waiting(), True),
        (waiting(BEN), True),
        (waiting(BEN, CAL), False),
        (waiting(BEN, EVA), True),
        (waiting(BEN, of=300), False),
    ],
    ids=["nobody waits", "only one met", "another fits", "no rule permits the other", "nobody knows all"],
)
def test_a_user_who_met_everybody_who_fits_has_nobody_else(census: Census, alone: bool) -> None:
    assert has_nobody_else(ANA, census, {"ben"}, common_language=False) is alone


def test_an_unanswered_offer_keeps_two_apart_no_longer_than_a_meeting() -> None:
    """Whatever an operator sets."""
    intervals = RematchIntervals.of(Settings(rematch_h=0.001, no_show_apart_s=60))
    since = intervals.since(100_000)
    assert since.met == since.unanswered == 100_000 - 3_600
    assert since.counts


def test_without_an_interval_nothing_keeps_two_apart() -> None:
    """Nor does anything have to be read to know that: no key is as late as that."""
    since = RematchIntervals.of(Settings(rematch_h=0, no_show_apart_s=60)).since(100_000)
    assert since.met == since.unanswered == LATEST_MS
    assert not since.counts
    only_met = RematchIntervals.of(Settings(rematch_h=1, no_show_apart_s=0)).since(HOUR_MS)
    assert (only_met.met, only_met.unanswered, only_met.counts) == (0, LATEST_MS, True)
