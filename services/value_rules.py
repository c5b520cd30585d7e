"""What a value may look like, and when two values are the same. Pure: `services/values.py` calls it.

Two values are the same if their category and name are equal without case, width and spaces. Both have one key
then: a short digest of that, so that a ticket with many values stays small and shows no words.
"""

import hashlib
import unicodedata
from collections.abc import Sequence

from core.contract.values import MAX_CATEGORY, MAX_NAME, OwnValue
from core.errors import AppError, InvalidRequest, PayloadTooLarge
from db.postgres.values import KeyedValue
from services.names import readable


def keyed(values: Sequence[OwnValue]) -> Sequence[KeyedValue]:
    """Each value in normal form, with its key.

    Raises `InvalidRequest` or `PayloadTooLarge` naming the value that is invalid, or that repeats another.
    """
    places: dict[str, int] = {}
    kept = []
    for place, value in enumerate(values):
        here = f"values[{place}]"
        category = _plain(value.category, MAX_CATEGORY, f"{here}.category")
        name = _plain(value.name, MAX_NAME, f"{here}.name")
        key = key_of(category, name)
        if places.setdefault(key, place) != place:
            raise _refusal(InvalidRequest, here, f"is the same value as `values[{places[key]}]`")
        kept.append(KeyedValue(key, OwnValue(category=category, name=name, strength=value.strength)))
    return kept


def key_of(category: str, name: str) -> str:
    """The key that is the same for everybody who holds this value: 16 hexadecimal digits."""
    words = "\0".join(_folded(text) for text in (category, name))
    return hashlib.blake2b(words.encode(), digest_size=8).hexdigest()


def _folded(text: str) -> str:
    """The text without case and width (Unicode 3.13, D146), with single spaces between words."""
    caseless = unicodedata.normalize("NFKC", unicodedata.normalize("NFKD", text).casefold())
    return " ".join(caseless.split())


def _plain(text: str, most: int, field: str) -> str:
    """NFC, with single spaces between words."""
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    if not readable(plain):
        raise _refusal(InvalidRequest, field, "has to be readable text")
    if len(plain) > most:  # in NFC some letters become several
        raise _refusal(PayloadTooLarge, field, f"may not be longer than {most}")
    return plain


def _refusal(kind: type[AppError], field: str, sentence: str) -> AppError:
    return kind(f"`{field}` {sentence}.", details={"field": field})
