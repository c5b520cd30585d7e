"""Identifiers: UUIDv7 (RFC 9562), so that keys sort by the time they were made."""

import re
import secrets
import time
from uuid import UUID

_CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def new_id(now_ms: int | None = None) -> str:
    """A fresh UUIDv7 in canonical form; `now_ms` is the Unix time in milliseconds."""
    stamp = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    value = (stamp & (1 << 48) - 1) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(UUID(int=value))


def is_id(text: str) -> bool:
    """Whether this is a UUID in canonical form: what Postgres would accept as a key."""
    return _CANONICAL.fullmatch(text) is not None
