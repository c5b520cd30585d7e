"""What an account may look like: each rule by what passes and what is refused."""

from datetime import date
from typing import Any

import pytest
from msgspec import convert

from core.contract.profiles import Me, ProfilePatch, Seeking, Verified
from core.errors import AppError, InvalidRequest, PayloadTooLarge, Underage
from services import account_rules

TODAY = date(2026, 3, 1)
ME = Me(
    id="00000000-0000-7000-8000-00000000000a",
    email="ana@example.org",
    username="ana",
    role="user",
    display_name="Ana",
    birth_date="1990-01-01",
    gender="female",
    intent="casual",
    languages=["en"],
    country=None,
    city="Berlin",
    bio=None,
    study_focus=None,
    photos=[],
    videos=[],
    seeking=Seeking(genders=["male"], age_min=30, age_max=40),
    status="active",
    verified=Verified(email=True, phone=False),
    created_at="2026-01-01T00:00:00.000Z",
    updated_at="2026-01-01T00:00:00.000Z",
)


def patched(**change: Any) -> Me:
    return account_rules.patched(ME, convert(change, ProfilePatch))


@pytest.mark.parametrize("address", ["ana@example.org", "a.b+c@mail.example.org", "änne@köln.example"])
def test_an_address_passes_as_it_is(address: str) -> None:
    assert account_rules.email(address) == address


def test_an_address_has_one_spelling() -> None:
    """A letter with its accent apart is the same letter."""
    assert account_rules.email("a\u0308nne@example.org") == "änne@example.org"


@pytest.mark.parametrize(
    "address",
    ["", "ana", "ana@", "@example.org", "ana@example", ".ana@example.org", "ana.@example.org",
     "a..b@example.org", "ana@-example.org", "ana@example-.org", "ana@example..org", "a b@example.org",
     f"{'a' * 65}@example.org"],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        account_rules.email(address)
    assert refused.value.details == {"field": "email"}


def test_a_display_name_loses_the_spaces_around_it() -> None:
    assert account_rules.display_name("  Ana  ") == "Ana"


@pytest.mark.parametrize(
    ("name", "error"),
    [("   ", InvalidRequest), ("Admin", InvalidRequest), ("\u0958" * 60, PayloadTooLarge)],
    ids=["nothing to see", "speaks for the operator", "NFC makes it longer"],
)
def test_a_display_name_that_cannot_be_is_refused(name: str, error: type[AppError]) -> None:
    with pytest.raises(error) as refused:
        account_rules.display_name(name)
    assert (refused.value.details or {})["field"] == "display_name"


def test_a_username_may_not_speak_for_the_operator() -> None:
    assert account_rules.username("ana") == "ana"
    with pytest.raises(InvalidRequest):
        account_rules.username("admin")


@pytest.mark.parametrize(
    ("born", "error"),
    [
        (date(2008, 3, 1), None),
        (date(2008, 3, 2), Underage),
        (date(2026, 3, 2), InvalidRequest),
        (date(1906, 3, 1), None),
        (date(1905, 3, 1), InvalidRequest),
    ],
    ids=["18 today", "18 tomorrow", "not yet born", "120", "121"],
)
def test_who_has_an_account_is_an_adult_and_alive(born: date, error: type[AppError] | None) -> None:
    if error is None:
        assert account_rules.adult(born, TODAY) == born
    else:
        with pytest.raises(error):
            account_rules.adult(born, TODAY)


def test_what_a_patch_leaves_out_stays_and_null_clears() -> None:
    assert patched() == ME
    changed = patched(display_name=" Anna ", city=None, languages=["de", "en", "de"])
    assert (changed.display_name, changed.city, changed.languages) == ("Anna", None, ["de", "en"])
    assert (changed.bio, changed.seeking) == (ME.bio, ME.seeking)


def test_whom_one_seeks_changes_field_by_field() -> None:
    changed = patched(seeking={"genders": ["other", "male", "other"], "age_max": 50}).seeking
    assert (changed.genders, changed.age_min, changed.age_max) == (["other", "male"], 30, 50)
    with pytest.raises(InvalidRequest) as refused:
        patched(seeking={"age_min": 41})
    assert refused.value.details == {"field": "seeking.age_min"}


@pytest.mark.parametrize("field", ["username", "display_name"])
def test_a_name_of_the_operator_is_refused_by_a_reason_that_a_page_can_word(field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        patched(**{field: "support"})
    assert refused.value.details == {"field": field, "reason": "reserved"}
