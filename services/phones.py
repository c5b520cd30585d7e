"""Telephone numbers: which ones codes are sent to, and how they are written. Pure."""

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from core.errors import InvalidRequest

_WRITTEN = re.compile(r"\+[\d\s().\-/\u2010-\u2015]{3,39}")
_LISTED = re.compile(r"[+\d(][\d\s().\-/\u2010-\u2015\u00a0]{3,39}")
# Whoever calls or writes to these pays for it, and somebody may earn that; or nobody reads what comes.
_REFUSED = frozenset(
    {
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.UAN,
        PhoneNumberType.PAGER,
        PhoneNumberType.VOICEMAIL,
    }
)


def number(text: str) -> str:
    """The number as E.164 writes it (`+4915112345678`), however it was written. Raises `InvalidRequest`.

    Numbers of ranges that are newer than our tables count too: whether one is there, the code shows.
    """
    try:
        parsed = phonenumbers.parse(text.strip()) if _WRITTEN.fullmatch(text.strip()) else None
    except NumberParseException:
        parsed = None
    if parsed is None or not phonenumbers.is_possible_number(parsed):
        raise InvalidRequest(
            "`phone` is not a number: write it with the country's code, as +49 151 12345678.",
            details={"field": "phone"},
        )
    if phonenumbers.number_type(parsed) in _REFUSED:
        raise InvalidRequest("`phone` is not a number that gets codes.", details={"field": "phone"})
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)


def listed(text: str, country: str | None) -> str | None:
    """A number as address books have it, maybe without the code of its `country`. None: it is none."""
    written = text.strip()
    try:
        parsed = phonenumbers.parse(written, country) if _LISTED.fullmatch(written) else None
    except NumberParseException:
        return None
    if parsed is None or not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)


def hint(e164: str) -> str:
    """What its owner knows it by: the country's code and the last two digits."""
    return f"+{phonenumbers.parse(e164).country_code} … {e164[-2:]}"
