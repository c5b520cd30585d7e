"""Cursors: the key of the last item on a page, opaque to clients. Pure.

A list is in the order of a key; `Cursors` writes that key as text and reads it back, checked.
"""

import struct
from collections.abc import Callable
from datetime import date
from typing import Final, Generic, TypeVar
from uuid import UUID

from core import base64url
from core.errors import InvalidRequest

K = TypeVar("K")


class Cursors(Generic[K]):
    """Cursors of one kind of key, which takes so many bytes."""

    def __init__(self, size: int, pack: Callable[[K], bytes], unpack: Callable[[bytes], K]) -> None:
        self._size, self._pack, self._unpack = size, pack, unpack

    def write(self, key: K) -> str:
        """The cursor for this key."""
        return base64url.written(self._pack(key))

    def read(self, cursor: str | None, field: str = "cursor") -> K | None:
        """The key of a cursor; None without one. Raises `InvalidRequest`."""
        if cursor is None:
            return None
        try:
            raw = base64url.read(cursor)
        except ValueError:
            raw = b""
        if len(raw) != self._size:
            raise InvalidRequest(f"`{field}` is not one that a page gave.", details={"field": field})
        return self._unpack(raw)


def _id(raw: bytes) -> str:
    return str(UUID(bytes=raw))


def _number(raw: bytes, bits: int) -> int:
    """A number of at most so many bits: a client may have made the cursor up."""
    return int.from_bytes(raw) & (1 << bits) - 1


def _length(raw: bytes) -> float:
    """One that can be: what a client has made up may be no number at all."""
    length: float = struct.unpack(">d", raw)[0]
    return length if 0 <= length < 1e9 else 0.0


BY_ID: Final[Cursors[str]] = Cursors(16, lambda key: UUID(key).bytes, _id)
BY_SEQ: Final[Cursors[int]] = Cursors(8, lambda seq: seq.to_bytes(8), lambda raw: _number(raw, 53))
# How severe something is, and its id.
BY_SEVERITY: Final[Cursors[tuple[int, str]]] = Cursors(
    20,
    lambda key: key[0].to_bytes(4) + UUID(key[1]).bytes,
    lambda raw: (_number(raw[:4], 31), _id(raw[4:])),
)
# A time in ms since the epoch, of no year that a datetime cannot say, and an id that tells equal times apart.
BY_TIME: Final[Cursors[tuple[int, str]]] = Cursors(
    24,
    lambda key: key[0].to_bytes(8) + UUID(key[1]).bytes,
    lambda raw: (_number(raw[:8], 47), _id(raw[8:])),
)
# A state of the database: which history it is of, and a number of a transaction in that.
BY_MOMENT: Final[Cursors[tuple[int, int]]] = Cursors(
    16,
    lambda key: key[0].to_bytes(8, signed=True) + key[1].to_bytes(8),
    lambda raw: (int.from_bytes(raw[:8], signed=True), _number(raw[8:], 62)),
)
# The same, and an id: all pages of a list are of one moment.
BY_ID_SINCE: Final[Cursors[tuple[int, int, str]]] = Cursors(
    32,
    lambda key: key[0].to_bytes(8, signed=True) + key[1].to_bytes(8) + UUID(key[2]).bytes,
    lambda raw: (int.from_bytes(raw[:8], signed=True), _number(raw[8:16], 62), _id(raw[16:])),
)
# A day of the calendar, a time in ms on it, and an id that tells equal ones apart.
BY_DAY: Final[Cursors[tuple[date, int, str]]] = Cursors(
    28,
    lambda key: key[0].toordinal().to_bytes(4) + key[1].to_bytes(8) + UUID(key[2]).bytes,
    lambda raw: (
        date.fromordinal(min(max(_number(raw[:4], 31), 1), date.max.toordinal())),
        _number(raw[4:12], 47),
        _id(raw[12:]),
    ),
)
# A distance in metres, and an id that tells equal ones apart.
BY_DISTANCE: Final[Cursors[tuple[float, str]]] = Cursors(
    24,
    lambda key: struct.pack(">d", key[0]) + UUID(key[1]).bytes,
    lambda raw: (_length(raw[:8]), _id(raw[8:])),
)
