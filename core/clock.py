"""Time: milliseconds since the epoch inside, RFC 3339 UTC with milliseconds on the wire."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime

Clock = Callable[[], int]


def now_ms() -> int:
    """Unix time in milliseconds: the clock that composition roots pass on."""
    return time.time_ns() // 1_000_000


def rfc3339(ms: int) -> str:
    """`2026-01-31T12:00:00.000Z`."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_ms(moment: datetime) -> int:
    """Milliseconds since the epoch of an aware datetime, as Postgres returns it."""
    return round(moment.timestamp() * 1000)


def to_datetime(ms: int) -> datetime:
    """The aware datetime that Postgres wants."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def age_on(birth_date: date, today: date) -> int:
    """Whole years lived. Born on 29 February: a year older on 1 March of common years."""
    return today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))


def today(now: int) -> date:
    """The UTC date at this time in milliseconds."""
    return datetime.fromtimestamp(now / 1000, UTC).date()
