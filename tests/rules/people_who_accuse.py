"""Accusers for the tests of rules: what they are known for, and what may be said by whom."""

from typing import get_args

from hypothesis import strategies as st
from msgspec.structs import replace

from core.ticket import Tier
from core.vocabulary import ReportReason
from db.postgres.accusations import Accusation, Accuser, Meeting

HOUR_MS = 3_600_000
NOW = 1000 * HOUR_MS
ACCUSED = "accused"
STRANGERS = frozenset(Meeting(f"stranger {n}", n) for n in range(3))


def said_by(*accusers: Accuser, **more: object) -> Accusation:
    return replace(Accusation(accused=ACCUSED, accusers=accusers), **more)


def accuser(number: int = 0, reason: str = "nudity", **what: object) -> Accuser:
    """Somebody with a good record who has met the accused, and is known to others."""
    usual = Accuser(user_id=str(number), reason=reason, at=NOW, met_them=True, company=STRANGERS)
    return replace(usual, **what)


NAMES = st.integers(0, 9).map(str)
MEETINGS = st.builds(Meeting, NAMES | st.integers(0, 9).map("stranger {}".format), st.integers(0, 3))
ACCUSERS = st.builds(
    Accuser,
    user_id=NAMES,
    reason=st.sampled_from(get_args(ReportReason)),
    at=st.integers(NOW - 100 * HOUR_MS, NOW),
    tier=st.sampled_from(get_args(Tier)),
    met_them=st.booleans(),
    company=st.just(STRANGERS) | st.none() | st.frozensets(MEETINGS, max_size=6),
    found_right=st.booleans(),
    upheld=st.integers(0, 5),
    dismissed=st.integers(0, 5),
    dismissed_underage=st.integers(0, 2),
    waiting=st.integers(0, 4),
    beside=st.integers(0, 12),
)
MARKS = st.dictionaries(NAMES, st.frozensets(st.binary(min_size=1, max_size=1), max_size=2), max_size=8)
