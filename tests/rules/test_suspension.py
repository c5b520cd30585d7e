"""The rule of suspension before a moderator has looked: nobody can suspend whom they like."""

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.settings import Settings
from core.ticket import Tier
from core.vocabulary import ReportReason
from db.postgres.accusations import COUNTED, Accusation, Accuser
from services.suspension import HOUR_MS, suspending

SUSPENDING = suspending(Settings())
NOW = 1000 * HOUR_MS


def verdict(*accusers: Accuser, cleared: bool = False) -> str | None:
    return SUSPENDING.rule(Accusation(accusers=accusers, cleared=cleared), NOW)


def accuser(number: int = 0, reason: str = "nudity", **what: object) -> Accuser:
    """Somebody with a good record who has met the reported, and others."""
    usual = Accuser(user_id=str(number), reason=reason, at=NOW, met_them=True, met=COUNTED)
    return replace(usual, **what)


accusers = st.builds(
    Accuser,
    user_id=st.integers(0, 9).map(str),
    reason=st.sampled_from(get_args(ReportReason)),
    at=st.integers(NOW - 100 * HOUR_MS, NOW),
    tier=st.sampled_from(get_args(Tier)),
    met_them=st.booleans(),
    met=st.integers(0, COUNTED),
    upheld=st.integers(0, 5),
    dismissed=st.integers(0, 5),
    dismissed_underage=st.integers(0, 2),
    waiting=st.integers(0, 4),
)


def test_enough_different_people() -> None:
    """Five of them, or three who are trusted."""
    assert verdict(*(accuser(n) for n in range(4))) is None
    assert verdict(*(accuser(n) for n in range(5))) == "nudity"
    assert verdict(*(accuser(n, tier="trusted") for n in range(2))) is None
    assert verdict(*(accuser(n, tier="trusted", met=0) for n in range(3))) == "nudity"
    assert verdict(*(accuser(1) for _ in range(50))) is None


def test_the_reason_is_what_most_say() -> None:
    """And of equal ones the same each time."""
    said = [accuser(n, reason) for n, reason in enumerate(("spam", "hate", "spam", "hate", "scam"))]
    assert verdict(*said) == verdict(*said[::-1]) == "hate"


def test_not_in_a_lifetime_but_within_a_day() -> None:
    few = [accuser(n) for n in range(4)]
    assert verdict(*few, accuser(5, at=NOW - 25 * HOUR_MS)) is None
    assert verdict(*few, accuser(5, at=NOW - 24 * HOUR_MS)) == "nudity"


def test_underage_is_believed_of_one() -> None:
    """Who has met them, and was never wrong about that; until a moderator has looked once."""
    said = accuser(reason="underage", met=0)
    assert verdict(said) == "underage"
    assert verdict(said, cleared=True) is None
    for wrong in (
        {"met_them": False},
        {"dismissed_underage": 1, "dismissed": 1},
        {"dismissed": 2},
        {"tier": "suspect"},
        {"waiting": 3},
    ):
        assert verdict(replace(said, **wrong)) is None


def test_accounts_made_to_accuse_do_nothing() -> None:
    """However many: they have met nobody but the one whom they accuse, or not even that one."""
    assert verdict(*(accuser(n, met=2) for n in range(100))) is None
    assert verdict(*(accuser(n, met_them=False) for n in range(100))) is None


@given(st.lists(accusers, max_size=12), st.booleans())
def test_whose_word_counts_for_nothing_changes_nothing(said: list[Accuser], cleared: bool) -> None:
    """Suspects, those who never met them, and those whose reports were mostly wrong."""
    counted = [
        one for one in said if one.met_them and one.tier != "suspect" and one.dismissed <= one.upheld + 1
    ]
    assert verdict(*said, cleared=cleared) == verdict(*counted, cleared=cleared)


@given(st.lists(accusers, max_size=12))
def test_one_alone_is_believed_of_nothing_but_underage(said: list[Accuser]) -> None:
    """However often they say it; nobody is believed again in what they were wrong about."""
    alone = [replace(one, user_id="1") for one in said]
    if verdict(*alone):
        assert any(one.reason == "underage" and one.met_them and not one.dismissed_underage for one in alone)


@given(st.lists(accusers, max_size=12), accusers)
def test_another_report_never_protects(said: list[Accuser], another: Accuser) -> None:
    """Unless it is the same person who reports again: their latest word counts."""
    if another.user_id not in {one.user_id for one in said}:
        assert verdict(*said) is None or verdict(*said, another) is not None
