"""What may become of a session with a mentor, by whom and until when. Pure; times are ms since the epoch.

The store asks while both are locked. Whoever has booked may move or cancel until some time before it begins,
and for a moment after booking; the mentor until it begins, and so may either once the other is out of reach.
From then on it can only be said what became of it; where nobody says so, `became` does.
"""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from core.clock import HOUR_MS, rfc3339
from core.contract.locations import Hours
from core.errors import Conflict, Forbidden
from core.settings import Settings
from core.vocabulary import ScheduleType, SessionStatus, SessionType

MINUTE_MS = 60_000
TYPES: Mapping[ScheduleType, Sequence[SessionType]] = {
    "in-person": ("in-person",),
    "virtual": ("virtual",),
    "both": ("in-person", "virtual"),
}
# Whether a session of so many minutes may begin then, by these hours alone.
Offers = Callable[[Hours, int, int], bool]


class SessionRule(Struct, frozen=True, kw_only=True):
    """`change_ms` before it begins, or `regret_ms` after booking: until then it may be changed.

    Booked is at least `notice_ms` and at most `ahead_ms` before it begins, by whoever has less than `most`
    ahead of them. Both are reminded `reminder_ms` before it begins; 0: never. Of what nobody has said what
    became of it, that is settled `settle_ms` after its end.
    """

    change_ms: int
    regret_ms: int
    notice_ms: int
    ahead_ms: int
    reminder_ms: int
    settle_ms: int
    most: int

    @classmethod
    def of(cls, settings: Settings) -> "SessionRule":
        """As the operator has set it."""
        return cls(
            change_ms=settings.mentor_change_h * HOUR_MS,
            regret_ms=settings.mentor_regret_m * MINUTE_MS,
            notice_ms=settings.mentor_notice_m * MINUTE_MS,
            ahead_ms=settings.mentor_ahead_d * 24 * HOUR_MS,
            reminder_ms=settings.mentor_reminder_m * MINUTE_MS,
            settle_ms=settings.mentor_settle_h * HOUR_MS,
            most=settings.mentor_open_sessions,
        )

    def bookable(self, now: int) -> tuple[int, int]:
        """From when, and before when, sessions begin that may be booked now."""
        return now + self.notice_ms, now + self.ahead_ms

    def change_until(self, session: "Booked") -> int:
        """Until when whoever has booked may change it."""
        until = max(session.starts_at - self.change_ms, session.created_at + self.regret_ms)
        return min(until, session.starts_at)


class Booked(Struct, frozen=True, kw_only=True):
    """A session on record."""

    id: str
    mentor_id: str
    mentor_user_id: str
    user_id: str
    starts_at: int
    ends_at: int
    type: SessionType
    location_id: str | None
    status: SessionStatus
    created_at: int

    @property
    def minutes(self) -> int:
        """How long it is."""
        return (self.ends_at - self.starts_at) // MINUTE_MS

    def other(self, user_id: str) -> str:
        """The other of the two."""
        return self.user_id if user_id == self.mentor_user_id else self.mentor_user_id


class Wanted(Struct, frozen=True, kw_only=True):
    """A slot that somebody asks for."""

    starts_at: int
    minutes: int
    type: SessionType


class Time(Struct, frozen=True, kw_only=True):
    """What a mentor offers."""

    available: bool
    schedule_type: ScheduleType
    schedule: Hours
    session_m: int


def check_slot(time: Time, wanted: Wanted, now: int, rule: SessionRule, offers: Offers) -> None:
    """Whether this is a slot that may be booked now, taken or not. Raises `Conflict`."""
    begin, end = rule.bookable(now)
    offered = time.available and wanted.type in TYPES[time.schedule_type] and wanted.minutes == time.session_m
    if not offered or not begin <= wanted.starts_at < end:
        raise Conflict("The mentor does not offer this.")
    if not offers(time.schedule, time.session_m, wanted.starts_at):
        raise Conflict("The mentor has no time then.")


def cancels(session: Booked, by: str, now: int, rule: SessionRule, *, alone: bool) -> bool:
    """Whether it is cancelled by this; False: it was before. `alone`: the other is out of reach.

    Raises `Conflict`.
    """
    if session.status == "cancelled":
        return False
    _check_open(session)
    _check_ahead(session, now)
    if by != session.mentor_user_id and not alone:
        _check_time(session, now, rule)
    return True


def check_move(session: Booked, by: str, now: int, rule: SessionRule) -> None:
    """Whether it may be moved to another slot. Raises `Conflict`."""
    _check_open(session)
    _check_ahead(session, now)
    if by != session.mentor_user_id:
        _check_time(session, now, rule)


def settles(session: Booked, by: str, status: SessionStatus, now: int) -> bool:
    """Whether this is what becomes of it; False: so it is already. Raises `Forbidden` or `Conflict`."""
    if status == "completed" and by != session.mentor_user_id:
        raise Forbidden("The mentor says when a session was completed.")
    if session.status == status:
        return False
    _check_open(session)
    if now < session.starts_at:
        raise Conflict("It has not begun.", details={"starts_at": rfc3339(session.starts_at)})
    return True


class Attendance(Struct, frozen=True, kw_only=True):
    """What is on record of a session: whether the two talked in it, and who rang the other."""

    talked: bool = False
    rang: frozenset[str] = frozenset()


def became(session: Booked, seen: Attendance) -> tuple[SessionStatus, str | None]:
    """What became of one of which nobody has said so, and who shows it by having come.

    Where they were in a call, the mentor's being there is their word. Who rang in vain has come, and the
    other has not; who both rang have missed each other. Of a place nothing is known but that neither
    complains: it took place, on nobody's word.
    """
    if session.type == "in-person":
        return "completed", None
    if seen.talked:
        return "completed", session.mentor_user_id
    if len(seen.rang) > 1:
        return "cancelled", None
    return "no-show", next(iter(seen.rang), None)


def _check_open(session: Booked) -> None:
    if session.status != "scheduled":
        raise Conflict(f"This session is over: {session.status}.", details={"status": session.status})


def _check_ahead(session: Booked, now: int) -> None:
    if now >= session.starts_at:
        raise Conflict("It has begun: say what became of it.")


def _check_time(session: Booked, now: int, rule: SessionRule) -> None:
    until = rule.change_until(session)
    if now > until:
        raise Conflict("It is too late to change it.", details={"change_until": rfc3339(until)})
