"""The rule of suspension before a moderator has looked: nobody can suspend whom they like."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.clock import HOUR_MS
from core.settings import Settings
from db.postgres.accusations import Accuser, Meeting
from services.suspension import suspending
from tests.rules.people_who_accuse import ACCUSERS, NOW, accuser, said_by

SUSPENDING = suspending(Settings())


def verdict(*accusers: Accuser, cleared: bool = False) -> str | None:
    return SUSPENDING.rule(said_by(*accusers, cleared=cleared), NOW)


def test_enough_different_people() -> None:
    """Five of them, or three who are trusted."""
    assert verdict(*(accuser(n) for n in range(4))) is None
    assert verdict(*(accuser(n) for n in range(5))) == "nudity"
    assert verdict(*(accuser(n, tier="trusted") for n in range(2))) is None
    assert verdict(*(accuser(n, tier="trusted") for n in range(3))) == "nudity"
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
    said = accuser(reason="underage", company=frozenset())
    assert verdict(said) == "underage"
    assert verdict(said, cleared=True) is None
    for wrong in (
        {"met_them": False},
        {"dismissed_underage": 1, "dismissed": 1},
        {"dismissed": 2},
        {"tier": "suspect"},
        {"waiting": 3},
        {"beside": 10},
    ):
        assert verdict(replace(said, **wrong)) is None


def test_accounts_made_to_accuse_do_nothing() -> None:
    """However many: they know nobody but each other and the one whom they accuse, or not even that one."""
    ring = frozenset(Meeting(str(n), n) for n in range(100))
    for wanting in (accuser(company=frozenset()), accuser(company=ring), accuser(met_them=False)):
        assert verdict(*(replace(wanting, user_id=str(n)) for n in range(100))) is None


@given(st.lists(ACCUSERS, max_size=12), st.booleans())
def test_whose_word_counts_for_nothing_changes_no_verdict(said: list[Accuser], cleared: bool) -> None:
    """Suspects, those who never met them, and those who were mostly wrong, as if nobody knew them."""
    unheard = [
        replace(one, found_right=False, company=frozenset())
        if not one.met_them or one.tier == "suspect" or one.dismissed > one.upheld + 1
        else replace(one, found_right=False)
        for one in said
    ]
    told = [replace(one, found_right=False) for one in said]
    assert verdict(*told, cleared=cleared) == verdict(*unheard, cleared=cleared)


@given(st.lists(ACCUSERS, max_size=12))
def test_one_alone_is_believed_of_nothing_but_underage(said: list[Accuser]) -> None:
    """However often they say it; nobody is believed again in what they were wrong about."""
    alone = [replace(one, user_id="1") for one in said]
    if verdict(*alone):
        assert any(one.reason == "underage" and one.met_them and not one.dismissed_underage for one in alone)


@given(st.lists(ACCUSERS, max_size=12), ACCUSERS)
def test_another_report_never_protects(said: list[Accuser], another: Accuser) -> None:
    """Unless it is the same person who reports again (their latest word counts), or one whom others know."""
    stranger = replace(another, user_id="99")
    assert verdict(*said) is None or verdict(*said, stranger) is not None
