"""Cursors: the key of the last item on a page, opaque to clients. Pure."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from core.errors import InvalidRequest

T = TypeVar("T")


def page(found: Sequence[T], limit: int, cursor: Callable[[T], str]) -> tuple[list[T], str | None]:
    """The items of a page, of which one more than `limit` was looked for, and where the next one starts."""
    items = list(found[:limit])
    return items, cursor(items[-1]) if len(found) > limit else None


def of_id(key: str) -> str:
    """A cursor that stands on this id."""
    return _text(UUID(key).bytes)


def to_id(cursor: str | None) -> str | None:
    """The id that the cursor stands on. Raises `InvalidRequest`."""
    return None if cursor is None else str(UUID(bytes=_raw(cursor, 16)))


def of_seq(seq: int) -> str:
    """A cursor that stands on this number."""
    return _text(seq.to_bytes(8))


def to_seq(cursor: str | None) -> int | None:
    """The number that the cursor stands on. Raises `InvalidRequest`."""
    return None if cursor is None else int.from_bytes(_raw(cursor, 8)) & (1 << 53) - 1


def of_moment(ms: int, key: str) -> str:
    """A cursor that stands on this id at this time in ms since the epoch."""
    return _text(ms.to_bytes(8) + UUID(key).bytes)


def to_moment(cursor: str | None) -> tuple[int, str] | None:
    """The time in ms and the id that the cursor stands on. Raises `InvalidRequest`."""
    if cursor is None:
        return None
    raw = _raw(cursor, 24)
    # No year beyond what a datetime can say.
    return int.from_bytes(raw[:8]) & (1 << 47) - 1, str(UUID(bytes=raw[8:]))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _raw(cursor: str, size: int) -> bytes:
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != size:
        raise InvalidRequest("`cursor` is not one that a page gave.", details={"field": "cursor"})
    return raw
