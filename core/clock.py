"""Time: milliseconds since the epoch inside, RFC 3339 UTC with milliseconds on the wire."""

import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache

import msgspec
from msgspec import Struct

Clock = Callable[[], int]
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
_LOOKS = 8
_SLOWEST = 0.5


def now_ms() -> int:
    """Unix time in milliseconds, as this machine has it."""
    return time.time_ns() // 1_000_000


def monotonic_ms() -> float:
    """Milliseconds since whenever: nobody sets this clock."""
    return time.monotonic_ns() / 1_000_000


class _Look(Struct, frozen=True):
    """How far the shared time is ahead of the monotonic clock, give or take `error`."""

    offset: float
    error: float


class SharedClock:
    """The time that all nodes share: between two looks the monotonic clock goes on. Roots pass it on.

    It never goes back: ahead it goes at half speed until it is right; behind it is put right at once.
    """

    def __init__(self, wall: Clock = now_ms, monotonic: Callable[[], float] = monotonic_ms) -> None:
        self._wall, self._monotonic = wall, monotonic
        self._read_at = monotonic()
        self._offset = self._target = wall() - self._read_at
        self._looks: deque[_Look] = deque(maxlen=_LOOKS)

    def __call__(self) -> int:
        """Unix time in milliseconds."""
        now, ahead = self._monotonic(), self._target
        if self._offset > ahead:
            slowed = self._offset - (now - self._read_at) * _SLOWEST
            ahead = max(ahead, slowed)
            self._offset, self._read_at = ahead, now
        return int(now + ahead)

    def look(self, asked: float, theirs: float, answered: float) -> None:
        """The shared time was `theirs` at some moment between these two of the monotonic clock.

        Of the latest looks the one that took least counts, unless the newest shows that it is no longer true.
        """
        new = _Look(theirs - (asked + answered) / 2, (answered - asked) / 2)
        if any(abs(new.offset - old.offset) > new.error + old.error + 1 for old in self._looks):
            self._looks.clear()
        self._looks.append(new)
        target = min(self._looks, key=lambda look: look.error).offset
        if self._offset <= self._target:  # it was right, and may be ahead from now on
            self._offset, self._read_at = self._target, self._monotonic()
        self._target = target

    def start(self) -> None:
        """Before anybody has read it: right at once, even if that is back."""
        self._offset = self._target

    def wall_ahead_ms(self) -> float:
        """How far this machine's own clock is ahead of the shared one."""
        return self._wall() - (self._monotonic() + self._target)


def rfc3339(ms: int) -> str:
    """`2026-01-31T12:00:00.000Z`."""
    second, rest = divmod(ms, 1000)
    return f"{_second(second)}.{rest:03}Z"


def told(moment: datetime) -> str:
    """The same of an aware datetime, as Postgres returns it."""
    millis, rest = divmod(moment.microsecond, 1000)
    if rest or moment.tzinfo is not UTC:
        return rfc3339(to_ms(moment))
    written = msgspec.json.encode(moment)  # it writes `"2026-01-31T12:00:00.123000Z"`, the quickest of all
    return f"{written[1:20].decode()}.{millis:03}Z"


@lru_cache(64)  # most are of now
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()


# Where years end: in another zone than UTC people can name times that come some hours later.
LATEST_MS = 253_402_300_799_999


def to_ms(moment: datetime) -> int:
    """Milliseconds since the epoch of an aware datetime, as Postgres returns it."""
    return round(moment.timestamp() * 1000)


def to_datetime(ms: int) -> datetime:
    """The aware datetime that Postgres wants; `LATEST_MS` at the latest."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def age_on(birth_date: date, today: date) -> int:
    """Whole years lived. Born on 29 February: a year older on 1 March of common years."""
    return today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))


def today(now: int) -> date:
    """The UTC date at this time in milliseconds."""
    return datetime.fromtimestamp(now / 1000, UTC).date()
