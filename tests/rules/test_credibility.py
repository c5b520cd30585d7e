"""Whose word counts against somebody: nobody can make up those who accuse."""

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from db.postgres.accusations import Accuser, Meeting
from services.credibility import DEFAULT_CREDIBILITY, households
from tests.rules.people_who_accuse import (
    ACCUSED,
    ACCUSERS,
    MARKS,
    NAMES,
    STRANGERS,
    accuser,
    said_by,
)

Marks = Mapping[str, frozenset[bytes]]


def counted(*accusers: Accuser, **more: object) -> list[str]:
    return sorted(each.user_id for each in DEFAULT_CREDIBILITY.counted(said_by(*accusers, **more)))


def met(*people: str, day: int | None = None) -> frozenset[Meeting]:
    """Each on another day, or all on this one."""
    return frozenset(Meeting(who, n if day is None else day) for n, who in enumerate(people))


def test_who_has_met_them_and_is_known_to_strangers() -> None:
    """Three at least, on two days at least; of whom nobody has looked at that is taken for granted."""
    assert counted(accuser(1), accuser(2, company=None), accuser(3, tier="trusted")) == ["1", "2", "3"]
    for wanting in (
        {"met_them": False},
        {"company": met("a", "b")},
        {"company": met("a", "b", "c", day=1)},
        {"company": met("a", "b", ACCUSED)},
        {"dismissed": 2},
        {"tier": "suspect"},
        {"tier": "trusted", "company": frozenset()},
    ):
        assert counted(accuser(1, **wanting)) == []
    assert counted(accuser(1, company=met("a", "b") | met("c", day=0))) == ["1"]


def test_suspects_have_a_say_about_suspects() -> None:
    assert counted(accuser(1, tier="suspect"), tier="suspect") == ["1"]


def test_what_a_moderator_found_right_counts_of_anybody() -> None:
    assert counted(accuser(1, found_right=True, met_them=False, company=frozenset())) == ["1"]


def test_who_accuses_too_is_no_stranger() -> None:
    """Nor is one who shares a device or a network with somebody who accuses, or is accused."""
    one = accuser(1, company=met("2", "a", "b"))
    assert counted(one) == ["1"]
    assert counted(one, accuser(2)) == ["2"]
    for other in ("1", "2", ACCUSED):
        marks = {other: frozenset({b"home"}), "a": frozenset({b"home"})}
        assert counted(accuser(1, company=met("a", "b", "c")), accuser(2), marks=marks) == ["2"]
    same = {"a": frozenset({b"x"}), "b": frozenset({b"x"})}
    assert counted(accuser(1, company=met("a", "b", "c")), marks=same) == []


def test_who_may_be_one_person_is_one() -> None:
    """Of whom the latest word is heard, and of those who are trusted before others."""
    marks = {str(n): frozenset({b"phone"}) for n in (1, 2, 3)}
    accusers = accuser(1, at=1, tier="trusted"), accuser(2), accuser(3), accuser(4)
    assert counted(*accusers, marks=marks) == ["1", "4"]


@given(
    st.integers(1, 40).flatmap(
        lambda n: st.lists(st.frozensets(st.integers(0, n - 1), max_size=n), min_size=n, max_size=n)
    ),
    st.integers(0, 5),
)
def test_a_ring_that_meets_itself_and_the_accused_never_counts(
    friends: Sequence[frozenset[int]], days: int
) -> None:
    """However many they are, whomever of the ring each has met, and on however many days."""
    ring = [
        accuser(n, company=frozenset(Meeting(str(o), d) for o in met_by for d in range(days)) | met(ACCUSED))
        for n, met_by in enumerate(friends)
    ]
    assert counted(*ring) == []


@given(st.lists(ACCUSERS, max_size=8), st.integers(1, 6))
def test_accounts_on_one_device_are_worth_one_however_many(said: list[Accuser], number: int) -> None:
    """Whatever company each keeps, and whatever others say."""
    marks = {f"p{n}": frozenset({b"phone"}) for n in range(number)}
    puppets = [replace(accuser(), user_id=name) for name in marks]
    heard = counted(*said, *puppets, marks=marks)
    assert sum(name in marks for name in heard) <= 1


@given(st.lists(ACCUSERS, max_size=12), MARKS)
def test_each_counts_once_and_nobody_who_was_not_there(said: list[Accuser], marks: Marks) -> None:
    """Unless a moderator has found it right."""
    heard = DEFAULT_CREDIBILITY.counted(said_by(*said, marks=marks))
    names = [each.user_id for each in heard]
    assert len(names) == len(set(names))
    assert all(each.met_them or each.found_right for each in heard)


@given(st.lists(ACCUSERS, max_size=12), MARKS, st.randoms())
def test_the_order_of_reports_does_not_matter(said: list[Accuser], marks: Marks, chance: object) -> None:
    """How many count is the same, whoever came first."""
    shuffled = list(said)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert len(counted(*said, marks=marks)) == len(counted(*shuffled, marks=marks))


@given(st.lists(ACCUSERS, max_size=8), MARKS)
def test_one_more_whom_nobody_knows_takes_nobody_away(said: list[Accuser], marks: Marks) -> None:
    """A further report never protects, unless its author was somebody else's stranger."""
    assert set(counted(*said, marks=marks)) <= set(
        counted(*said, accuser(99, company=STRANGERS), marks=marks)
    )


@given(MARKS, NAMES)
def test_households_part_all_users(marks: Marks, name: str) -> None:
    """Who shares a mark is at home in the same; each household is named after one of its own."""
    homes = households(marks)
    assert set(homes) == set(marks)
    for one, other in ((a, b) for a in marks for b in marks):
        assert homes[one] == homes[other] or not marks[one] & marks[other]
    assert all(homes[home] == home for home in homes.values())
    assert name not in marks or marks[name] or homes[name] == name
