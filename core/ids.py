"""Identifiers: UUIDv7 (RFC 9562), so that keys sort by the time they were made."""

import os
import time
from uuid import UUID

CLOCK_SKEW_MS = 3_600_000
_48_BITS = (1 << 48) - 1
_VARIANTS = "89ab"


def new_id(now_ms: int | None = None) -> str:
    """A fresh UUIDv7 in canonical form; `now_ms` is the Unix time in milliseconds.

    Without it the clock is read to a quarter of a microsecond (RFC 9562, section 6.2, method 3): what a
    process makes within a millisecond sorts as well.
    """
    chance = os.urandom(10).hex()
    if now_ms is None:
        stamp, ns = divmod(time.time_ns(), 1_000_000)
        within = f"{(ns << 12) // 1_000_000:03x}"
    else:
        stamp, within = now_ms, chance[16:19]
    at, variant = f"{stamp & _48_BITS:012x}", _VARIANTS[int(chance[0], 16) % 4]
    return f"{at[:8]}-{at[8:]}-7{within}-{variant}{chance[1:4]}-{chance[4:16]}"


def made_at(key: str) -> int:
    """The Unix milliseconds in a UUIDv7, as its maker's clock had them."""
    return int(key[:8] + key[9:13], 16)


def earliest(since_ms: int) -> str:
    """A key before all that stand for what happened since then: an index is read from there.

    A key may be older than what it stands for, by what the clocks of two nodes differ.
    """
    return str(UUID(int=max(since_ms - CLOCK_SKEW_MS, 0) << 80))
