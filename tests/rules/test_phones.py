"""Which numbers are sent codes, and how they are written."""

import pytest

from core.errors import InvalidRequest
from services.phones import hint, listed, number


@pytest.mark.parametrize(
    ("written", "e164"),
    [
        ("+4915112345678", "+4915112345678"),
        (" +49 (0)151 123-456.78 ", "+4915112345678"),
        ("+1 202/555 0123", "+12025550123"),
        ("+49\u0661\u0665112345678", "+4915112345678"),  # in Arabic digits
        ("+15551234567", "+15551234567"),  # of a range that nobody has: it may be new
    ],
)
def test_a_number_is_one_however_it_is_written(written: str, e164: str) -> None:
    assert number(written) == e164


@pytest.mark.parametrize(
    "written",
    [
        *("", "015112345678", "4915112345678", "+49", "+49 1", "+999 123456789", "hello", "+1800FLOWERS"),
        *("+4915112345678;ext=5", "+1 900 555 0123", "+1 800 555 0199"),
    ],
)
def test_what_gets_no_code(written: str) -> None:
    """What is no number, and what costs whoever writes to it."""
    with pytest.raises(InvalidRequest) as refused:
        number(written)
    assert refused.value.details == {"field": "phone"}


def test_a_hint_tells_its_owner_alone() -> None:
    assert hint("+4915112345678") == "+49 … 78"
    assert hint("+12025550123") == "+1 … 23"


@pytest.mark.parametrize(
    ("written", "country", "e164"),
    [
        ("0151 12345678", "DE", "+4915112345678"),
        ("0151 12345678", None, None),
        ("+1 202 555 0123", "DE", "+12025550123"),
        ("112", "DE", None),
        ("Ben", "DE", None),
        ("", None, None),
    ],
)
def test_a_number_of_an_address_book(written: str, country: str | None, e164: str | None) -> None:
    """As people write numbers at home; what is none is passed over."""
    assert listed(written, country) == e164
