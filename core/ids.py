"""Identifiers: UUIDv7 (RFC 9562), so that keys sort by the time they were made."""

import os
import time
from uuid import UUID

CLOCK_SKEW_MS = 3_600_000
_48_BITS = (1 << 48) - 1
_VARIANTS = "89ab"


def new_id(now_ms: int | None = None) -> str:
    """A fresh UUIDv7 in canonical form; `now_ms` is the Unix time in milliseconds."""
    stamp = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    at, chance = f"{stamp & _48_BITS:012x}", os.urandom(10).hex()
    variant = _VARIANTS[int(chance[3], 16) % 4]
    return f"{at[:8]}-{at[8:]}-7{chance[:3]}-{variant}{chance[4:7]}-{chance[7:19]}"


def made_at(key: str) -> int:
    """The Unix milliseconds in a UUIDv7, as its maker's clock had them."""
    return int(key[:8] + key[9:13], 16)


def earliest(since_ms: int) -> str:
    """A key before all that stand for what happened since then: an index is read from there.

    A key may be older than what it stands for, by what the clocks of two nodes differ.
    """
    return str(UUID(int=max(since_ms - CLOCK_SKEW_MS, 0) << 80))
