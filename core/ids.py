"""Identifiers: UUIDv7 (RFC 9562), so that keys sort by the time they were made."""

import os
import time
from uuid import UUID

CLOCK_SKEW_MS = 3_600_000
_48_BITS = (1 << 48) - 1
_VARIANT = 0x8000
# So that a key does not tell how long a machine is up, and no two processes count alike.
_BEGINNING = int.from_bytes(os.urandom(7))


def new_id(now_ms: int | None = None) -> str:
    """A fresh UUIDv7 in canonical form; `now_ms` is the Unix time in milliseconds.

    Those that a process makes for one millisecond sort as it made them: 42 bits count an eighth of a
    microsecond each (RFC 9562, section 6.2, method 1), over again after 6.5 days, and 32 are chance.
    """
    stamp = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    at, count = f"{stamp & _48_BITS:012x}", time.monotonic_ns() + _BEGINNING >> 7
    high, middle, low = count >> 30 & 0xFFF, count >> 16 & 0x3FFF | _VARIANT, count & 0xFFFF
    return f"{at[:8]}-{at[8:]}-7{high:03x}-{middle:04x}-{low:04x}{os.urandom(4).hex()}"


def made_at(key: str) -> int:
    """The Unix milliseconds in a UUIDv7, as its maker's clock had them."""
    return int(key[:8] + key[9:13], 16)


def earliest(since_ms: int) -> str:
    """A key before all that stand for what happened since then: an index is read from there.

    A key may be older than what it stands for, by what the clocks of two nodes differ.
    """
    return str(UUID(int=max(since_ms - CLOCK_SKEW_MS, 0) << 80))
