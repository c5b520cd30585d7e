"""Which passwords may be chosen: none that everybody uses, and not one's own name. Pure.

How long one may be is said in `core/contract/accounts.py`. `common_passwords.bin` has the SHA-256 of each of
the 11,611 common passwords of at least 8 characters, in small letters: its first four bytes, sorted. They are
facts that were counted in published leaks (Mark Burnett's list of 2015), taken from the list of the package
zxcvbn 4.5 (MIT licence). One other password in 370,000 is refused by chance.
"""

import hashlib
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from core.errors import InvalidRequest

_COMMON = Path(__file__).with_name("common_passwords.bin")
_BYTES = 4
# Runs along these, in either direction, are the first that anybody tries.
_ROWS = ("1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "qwertzuiop", "asdfghjkl", "azertyuiop")

_LONGEST_RUN = 32


def checked(password: str, *own: str | None, field: str = "password") -> str:
    """The password. `own` is what others know of its owner: names, an address.

    Raises `InvalidRequest` for one that somebody who guesses tries among the first.
    """
    plain = _plain(password)
    if _is_run(plain) or _is_common(plain):
        raise InvalidRequest(
            "Many people use this password, so it is tried first: choose another one.",
            details={"field": field, "reason": "common"},
        )
    if plain in set(_names(own)):
        raise InvalidRequest(
            "A name or an address is no password: choose another one.",
            details={"field": field, "reason": "own"},
        )
    return password


def digest(plain: str) -> bytes:
    """What the list has of a password in small letters."""
    return hashlib.sha256(plain.encode()).digest()[:_BYTES]


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _names(own: Iterable[str | None]) -> Iterable[str]:
    for name in map(_plain, filter(None, own)):
        yield from (name, name.partition("@")[0])


def _is_run(plain: str) -> bool:
    """One sign again and again, or a row of keys, letters or digits, perhaps begun anew."""
    if len(plain) > _LONGEST_RUN:
        return False
    if len(set(plain)) == 1:
        return True
    rows = (way for row in _ROWS for way in (row, row[::-1]))
    return any(plain in row * (len(plain) // len(row) + 2) for row in rows)


def _is_common(plain: str) -> bool:
    listed, wanted = _listed(), digest(plain)
    at = bisect_left(listed, wanted)
    return at < len(listed) and listed[at] == wanted


@cache
def _listed() -> Sequence[bytes]:
    """The list, read once."""
    packed = _COMMON.read_bytes()
    return [packed[at : at + _BYTES] for at in range(0, len(packed), _BYTES)]
