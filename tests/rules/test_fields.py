"""Sealed columns: the words come back, from their own row, with a key that is there, and in no other way."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.environment import SettingsError, load
from core.fields import APPEAL, EMAIL, SIGN, Fields, boxed
from core.keys import Keyring, SigningKey, data_keys

ONE, TWO = "the first key of the operator is long", "the second key of the operator is long"
SECRET = "a secret of thirty-two characters!"
ROW, OTHER_ROW = "01900000-0000-7000-8000-000000000001", "01900000-0000-7000-8000-000000000002"
PLAIN = st.text(st.characters(codec="utf-8", exclude_characters=SIGN), min_size=1, max_size=50)


def fields(keys: str = f"k1:{ONE}", *begun: str, secret: str = SECRET) -> Fields:
    keyring = Keyring(secret, data=data_keys(keys))
    keyring.learn(begun, {})
    return Fields(keyring)


BEFORE, BEGUN = fields(), fields(f"k1:{ONE}", "k1")


@settings(max_examples=25)
@given(PLAIN)
def test_words_come_back(words: str) -> None:
    """In clear before it is begun, sealed afterwards; who has begun and who has not read both."""
    clear, sealed = BEFORE.kept(EMAIL, ROW, words), BEGUN.kept(EMAIL, ROW, words)
    assert clear == words
    assert sealed.startswith(f"{SIGN}k1:")
    assert all(each.read(EMAIL, ROW, kept) == words for each in (BEFORE, BEGUN) for kept in (clear, sealed))
    assert [BEGUN.is_current(kept) for kept in (clear, sealed)] == [False, True]
    assert BEFORE.is_current(clear)


@settings(max_examples=25)
@given(st.text(max_size=60))
def test_whatever_is_in_a_column_is_read(stored: str) -> None:
    """Also what nobody has sealed, and looks as if: nothing fails by it."""
    for kept in (stored, SIGN + stored, f"{SIGN}k1:{stored}"):
        assert BEGUN.read(EMAIL, ROW, kept) in {None, kept}


@settings(max_examples=25)
@given(st.integers(0, 200), st.integers(1, 255))
def test_a_value_that_was_changed_does_not_open(place: int, change: int) -> None:
    """Wherever it was; base64 alone may write the same box in several ways."""
    sealed = BEGUN.kept(EMAIL, ROW, "ana@example.org")
    place = len(sealed) - 1 - place % (len(sealed) - 4)
    changed = sealed[:place] + chr(ord(sealed[place]) ^ change) + sealed[place + 1 :]
    if boxed(changed) != boxed(sealed):
        assert BEGUN.read(EMAIL, ROW, changed) in {None, changed}
    assert BEGUN.read(EMAIL, ROW, sealed[:place]) is None


def test_a_value_opens_in_its_own_row_and_column_alone() -> None:
    sealed = BEGUN.kept(EMAIL, ROW, "ana@example.org")
    assert BEGUN.read(EMAIL, OTHER_ROW, sealed) is None
    assert BEGUN.read(APPEAL, ROW, sealed) is None
    assert BEGUN.read(EMAIL, ROW, sealed) == "ana@example.org"
    assert BEGUN.read(EMAIL, ROW, None) is BEGUN.kept_if_any(EMAIL, ROW, None) is None


def test_a_value_opens_with_its_own_key_alone() -> None:
    """A key of the same name is not it, and one that is gone opens nothing; nor does what was cut."""
    sealed = BEGUN.kept(EMAIL, ROW, "ana@example.org")
    for others in (f"k2:{TWO}", f"k1:{TWO}", ""):
        assert fields(others, "k1", "k2").read(EMAIL, ROW, sealed) is None
    assert fields(f"k2:{TWO},k1:{ONE}", "k1", "k2").read(EMAIL, ROW, sealed) == "ana@example.org"
    for cut in (SIGN, f"{SIGN}k1", f"{SIGN}k1:", f"{SIGN}k1:AA==", sealed[:-4], f"{SIGN}:{sealed[4:]}"):
        assert BEGUN.read(EMAIL, ROW, cut) is None
    assert boxed("ana@example.org") is None


def test_a_key_seals_once_it_was_begun() -> None:
    """The first of those in the operator's order, whichever was begun first; what others sealed is old."""
    both = f"k2:{TWO},k1:{ONE}"
    one, two = fields(both, "k1"), fields(both, "k1", "k2")
    sealed = one.kept(EMAIL, ROW, "ana@example.org")
    assert sealed.startswith(f"{SIGN}k1:")
    assert one.is_current(sealed)
    assert two.kept(EMAIL, ROW, "ana@example.org").startswith(f"{SIGN}k2:")
    assert not two.is_current(sealed)


def test_nobody_writes_what_looks_sealed() -> None:
    """Words of a user that begin with the sign lose it, while they are stored in clear, and stay some."""
    assert BEFORE.kept(APPEAL, ROW, f"{SIGN}{SIGN}k9:AAAA") == "k9:AAAA"
    assert (BEFORE.kept(APPEAL, ROW, SIGN), BEFORE.kept(APPEAL, ROW, "")) == (" ", "")
    assert BEGUN.read(APPEAL, ROW, BEGUN.kept(APPEAL, ROW, f"{SIGN}k9:AAAA")) == f"{SIGN}k9:AAAA"


def test_an_address_is_found_by_a_key_that_outlives_the_secret() -> None:
    """What the database keeps counts, the newest first, and no secret does."""
    keyring = Keyring(SECRET, data=data_keys(f"k1:{ONE}"))
    (of_secret,) = Fields(keyring).address_hashes("Ana@Example.org")
    assert of_secret == Fields(keyring).address_hash("ana@example.ORG")
    kept = keyring.keys("addresses")
    changed = Keyring("another secret of the operator, long", data=data_keys(f"k1:{ONE}"))
    assert of_secret not in Fields(changed).address_hashes("ana@example.org")
    changed.learn({"k1"}, {"addresses": kept})
    assert Fields(changed).address_hashes("ana@example.org") == [of_secret]
    keyring.learn({"k1"}, {"addresses": (SigningKey("newer", bytes(32)), *kept)})
    assert Fields(keyring).address_hashes("ana@example.org")[1:] == [of_secret]
    assert Fields(Keyring("")).address_hash("ana@example.org") is Fields(keyring).address_hash(None) is None


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ("k1", "has to be id:key"),
        (ONE, "has to be id:key"),
        (f"K1:{ONE}", "has to be id:key"),
        (f"{'k' * 16}:{ONE}", "has to be id:key"),
        (f"k1:{ONE},", "has to be id:key"),
        ("k1:short", "'k1' has to have at least 32"),
        (f"k1:{ONE},k1:{TWO}", "two keys have the id 'k1'"),
        (f"k1:{ONE},k2:{ONE}", "two ids have the same key"),
        (f"k1:{SECRET}", "take other ones than SECRET"),
    ],
)
def test_keys_that_do_not_serve_are_told_of_and_not_repeated(keys: str, says: str) -> None:
    with pytest.raises(SettingsError) as mistake:
        load({"DATA_KEYS": keys, "SECRET": SECRET})
    assert says in str(mistake.value)
    assert ONE not in str(mistake.value)
    assert SECRET not in str(mistake.value)


def test_there_may_be_no_keys() -> None:
    assert data_keys("") == data_keys("  ") == ()
    assert load({"DATA_KEYS": ""}).data_keys == ""
    assert fields("", "k1").kept(EMAIL, ROW, "ana@example.org") == "ana@example.org"
