"""Marks of accounts: what is the same person's, in however many ways it is written."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.keys import Keyring
from db.postgres.marks import Known
from services.marks import Marker, Sighting, client_print, likeness, mailbox

KEYS = Keyring("a secret of thirty-two characters!").keys("marks of accounts")
BEN = Known(
    user_id="ben",
    email="Ben.Miller+call@gmail.com",
    email_verified=True,
    username="ben_miller92",
    display_name="Ben",
    birth_date=date(1992, 3, 4),
    gender="male",
)
HOME = Sighting(user_id="ben", network="192.0.2.7", device_ids=("phone",), client=("Firefox", "de"))


@pytest.mark.parametrize(
    ("written", "reached"),
    [
        ("Ben.Miller+call@googlemail.com", "benmiller@gmail.com"),
        ("ben-miller+x@pm.me", "benmiller@proton.me"),
        ("ben-call@ymail.com", "ben@yahoo.com"),
        ("ben.miller@me.com", "ben.miller@icloud.com"),
        ("Ben.Miller+call@example.org", "ben.miller@example.org"),
        ("+call@example.org", "+call@example.org"),
        (".@gmail.com", ".@gmail.com"),
        ("ben@\uff47mai\u217c.com", "ben@gmail.com"),
        ("\uff42en@bücher.example", "ben@xn--bcher-kva.example"),
        (f"ben@{'ü' * 60}.example", f"ben@{'ü' * 60}.example"),
    ],
)
def test_one_mailbox_may_be_written_in_many_ways(written: str, reached: str) -> None:
    assert mailbox(written) == reached


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("B3n_Miller-99", "benmiler"),
        ("bén.miiller", "benmiler"),
        ("★ BEN ★", "ben"),
        ("Al", None),
        ("2026", None),
        ("Мария", "мария"),
    ],
)
def test_names_that_look_alike_leave_the_same(name: str, left: str | None) -> None:
    assert likeness(name) == left


def test_a_client_is_the_same_after_an_update() -> None:
    before = client_print("Chrome/120.0.6099.43 (Android 14.1)", None, " de ", "")
    assert (
        before == client_print("Chrome/120.1.2.3 (Android 14.2)", "de") == ("Chrome/120 (Android 14)", "de")
    )


def test_the_networks_are_that_of_the_client_and_the_one_around_it() -> None:
    def networks(network: str | None) -> frozenset[bytes]:
        sighting = Sighting(user_id="ben", network=network)
        return frozenset(m.value for m in Marker(KEYS).marks(sighting, BEN) if m.kind == "network")

    home, neighbour, elsewhere = (networks(f"192.0.{n}") for n in ("2.7", "2.8", "3.7"))
    assert [len(home & other) for other in (home, neighbour, elsewhere)] == [2, 1, 0]
    assert len(networks("2001:db8:1:2::/64") & networks("2001:db8:1:3::/64")) == 1
    assert networks("no address") == networks(None) == frozenset()


def test_marks_tell_nothing_without_the_secret_and_survive_a_change_of_it() -> None:
    old, new = "a secret of thirty-two characters!", "another one of thirty-two characters"
    before = Marker(Keyring(old).keys("marks of accounts")).marks(HOME, BEN)
    meanwhile = Marker(Keyring(new, old).keys("marks of accounts")).marks(HOME, BEN)
    after = Marker(Keyring(new).keys("marks of accounts")).marks(HOME, BEN)
    assert before | after == meanwhile
    assert not before & after
    assert {len(mark.value) for mark in meanwhile} == {16}


def test_what_is_not_known_leaves_no_mark() -> None:
    marks = Marker(KEYS).marks(
        Sighting(user_id="ben"), replace(BEN, email=None, username=None, display_name="B")
    )
    assert sorted(mark.kind for mark in marks) == ["age", "age", "person"]


def test_who_makes_themselves_a_little_older_is_about_as_old() -> None:
    """Two years at least, whatever year that is; ten years are another age, and so is another gender."""

    def ages(year: int, gender: str = "male") -> frozenset[bytes]:
        known = replace(BEN, birth_date=date(year, 6, 1), gender=gender)
        return frozenset(m.value for m in Marker(KEYS).marks(HOME, known) if m.kind == "age")

    for year in range(1960, 2008):
        assert ages(year) & ages(year + 1)
        assert ages(year) & ages(year + 2)
        assert not ages(year) & ages(year + 10)
        assert not ages(year) & ages(year, "female")


def test_the_marks_of_a_mailbox_can_be_asked_for_alone() -> None:
    [asked] = Marker(KEYS).email("ben.miller@gmail.com")
    assert {m.value for m in Marker(KEYS).marks(HOME, BEN) if m.kind == "email"} == {asked}


def test_an_address_that_was_not_shown_to_be_theirs_tells_nobody_again() -> None:
    """It keeps who is banned from signing up with it; what is compared is another mark."""

    def kinds(known: Known) -> set[str]:
        return {mark.kind for mark in Marker(KEYS).marks(HOME, known)} & {"email", "mailbox"}

    assert kinds(BEN) == {"email", "mailbox"}
    assert kinds(replace(BEN, email_verified=False)) == {"email"}


def test_a_signed_device_is_not_one_that_a_client_names() -> None:
    named = Marker(KEYS).marks(Sighting(user_id="ben", device_ids=("a",)), BEN)
    signed = Marker(KEYS).marks(Sighting(user_id="ben", device_marks=("a",)), BEN)
    assert not {m for m in named & signed if m.kind == "device"}


@given(st.text(max_size=40), st.emails())
def test_any_name_and_address_can_be_read(name: str, email: str) -> None:
    left = likeness(name)
    assert left is None or likeness(left) in (left, None)
    assert mailbox(mailbox(email)) == mailbox(email)


def test_a_number_has_a_mark_of_its_own_kind() -> None:
    """By which an account is found again, whatever a mailbox is called."""
    marker = Marker(KEYS)
    assert marker.phone("+491512345678") == marker.phone("+491512345678") != marker.phone("+491512345679")
    assert not {*marker.phone("ben@example.org")} & {*marker.email("ben@example.org")}
