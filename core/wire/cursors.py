"""Cursors: the key of the last item on a page, opaque to clients. Pure.

A list is in the order of a key; `Cursors` writes that key as text and reads it back, checked.
"""

import base64
import binascii
from collections.abc import Callable
from typing import Final, Generic, TypeVar
from uuid import UUID

from core.errors import InvalidRequest

K = TypeVar("K")


class Cursors(Generic[K]):
    """Cursors of one kind of key, which takes so many bytes."""

    def __init__(self, size: int, pack: Callable[[K], bytes], unpack: Callable[[bytes], K]) -> None:
        self._size, self._pack, self._unpack = size, pack, unpack

    def write(self, key: K) -> str:
        """The cursor for this key."""
        return base64.urlsafe_b64encode(self._pack(key)).rstrip(b"=").decode()

    def read(self, cursor: str | None) -> K | None:
        """The key of a cursor; None without one. Raises `InvalidRequest`."""
        if cursor is None:
            return None
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if len(raw) != self._size:
            raise InvalidRequest("`cursor` is not one that a page gave.", details={"field": "cursor"})
        return self._unpack(raw)


def _id(raw: bytes) -> str:
    return str(UUID(bytes=raw))


def _number(raw: bytes, bits: int) -> int:
    """A number of at most so many bits: a client may have made the cursor up."""
    return int.from_bytes(raw) & (1 << bits) - 1


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
