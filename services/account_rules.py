"""The rules for an account's fields: email, names, birth date, profile. Pure.

What only has to have a certain length, as a password, is bounded in `core/contract/`.
"""

import re
import unicodedata
from datetime import date

import msgspec
from msgspec import UNSET

from core.clock import age_on
from core.contract.profiles import MAX_AGE, MAX_DISPLAY_NAME, Me, ProfilePatch, Seeking, SeekingPatch
from core.errors import InvalidRequest, PayloadTooLarge, Underage
from core.vocabulary import ADULT_AGE
from services.names import readable, reserved

# One address with a dot in its domain, in any script: RFC 5321 without comments, quotes and literals.
_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]{1,64}")
MEDIA_FIELDS = frozenset({"photos", "videos"})
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")


def email(text: str) -> str:
    """The address in normal form (NFC). Raises `InvalidRequest`. Whether it exists is not checked."""
    address = unicodedata.normalize("NFC", text)
    local, _, domain = address.rpartition("@")
    labels = domain.split(".")
    plausible = (
        _LOCAL.fullmatch(local)
        and not (local.startswith(".") or local.endswith(".") or ".." in local)
        and len(labels) > 1
        and all(_LABEL.fullmatch(label) for label in labels)
    )
    if not plausible:
        raise InvalidRequest("`email` is not an email address.", details={"field": "email"})
    return address


def display_name(text: str) -> str:
    """The name without spaces around it.

    Raises `InvalidRequest` if it looks empty, hides characters or looks as if it were the operator's, and
    `PayloadTooLarge` if NFC makes it too long.
    """
    name = unicodedata.normalize("NFC", text).strip()
    if not readable(name):
        raise InvalidRequest("`display_name` is not a name.", details={"field": "display_name"})
    if reserved(name):
        raise _reserved("display_name")
    if len(name) > MAX_DISPLAY_NAME:
        raise PayloadTooLarge(
            f"`display_name` may not be longer than {MAX_DISPLAY_NAME}.", details={"field": "display_name"}
        )
    return name


def username(text: str) -> str:
    """The name itself. Raises `InvalidRequest` if it looks as if it were the operator's."""
    if reserved(text):
        raise _reserved("username")
    return text


def _reserved(field: str) -> InvalidRequest:
    return InvalidRequest(f"`{field}` is reserved.", details={"field": field, "reason": "reserved"})


def adult(birth_date: date, today: date) -> date:
    """The date. Raises `Underage`, and `InvalidRequest` for a date on which nobody alive was born."""
    age = age_on(birth_date, today)
    if age < 0 or age > MAX_AGE:
        raise InvalidRequest("`birth_date` cannot be.", details={"field": "birth_date"})
    if age < ADULT_AGE:
        raise Underage
    return birth_date


def patched(me: Me, patch: ProfilePatch) -> Me:
    """The profile with the patch applied, but for its media, which the store looks up.

    Raises `InvalidRequest` for an invalid name or age range.
    """
    given = {
        field: value
        for field in patch.__struct_fields__
        if (value := getattr(patch, field)) is not UNSET and field not in MEDIA_FIELDS
    }
    if "display_name" in given:
        given["display_name"] = display_name(given["display_name"])
    if "username" in given:
        given["username"] = username(given["username"])
    if "languages" in given:
        given["languages"] = list(dict.fromkeys(given["languages"]))
    if isinstance(patch.seeking, SeekingPatch):
        given["seeking"] = _sought(me.seeking, patch.seeking)
    return msgspec.structs.replace(me, **given)


def _sought(seeking: Seeking, patch: SeekingPatch) -> Seeking:
    given = {f: v for f in patch.__struct_fields__ if (v := getattr(patch, f)) is not UNSET}
    if "genders" in given:
        given["genders"] = list(dict.fromkeys(given["genders"]))
    merged = msgspec.structs.replace(seeking, **given)
    if merged.age_min > merged.age_max:
        raise InvalidRequest(
            "`seeking.age_min` is above `seeking.age_max`.", details={"field": "seeking.age_min"}
        )
    return merged
