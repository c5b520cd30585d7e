"""What may become of a session with a mentor: who may say what, and until when."""

from typing import Any

import pytest
from msgspec.structs import replace

from core.clock import HOUR_MS, rfc3339
from core.errors import AppError, Conflict, Forbidden
from core.mentor_sessions import (
    MINUTE_MS,
    Attendance,
    Booked,
    SessionRule,
    Time,
    Wanted,
    became,
    cancels,
    check_move,
    check_slot,
    settles,
)
from core.settings import Settings
from services.mentor_slots import offers
from tests.rules.test_opening_hours import at, hours

ANA, MENTOR = "ana", "mentor"
RULE = SessionRule.of(Settings())
BEGINS = at("2026-11-30T10:00Z")  # a Monday
SESSION = Booked(
    id="session",
    mentor_id="m",
    mentor_user_id=MENTOR,
    user_id=ANA,
    starts_at=BEGINS,
    ends_at=BEGINS + HOUR_MS,
    type="virtual",
    location_id=None,
    status="scheduled",
    created_at=BEGINS - 100 * HOUR_MS,
)
TIME = Time(
    available=True, schedule_type="virtual", schedule=hours("UTC", mon=[["09:00", "17:00"]]), session_m=60
)
SLOT = Wanted(starts_at=BEGINS, minutes=60, type="virtual")
LAST = BEGINS - 12 * HOUR_MS


def code(done: Any, *given: Any, **more: Any) -> str:
    """What comes of it: the code of an error, or `ok`."""
    try:
        found = done(*given, **more)
    except AppError as error:
        return error.code
    return "ok" if found in (True, None) else "again"


@pytest.mark.parametrize(
    ("now", "by", "cancelled", "moved"),
    [
        (LAST, ANA, "ok", "ok"),
        (LAST + 1, ANA, "conflict", "conflict"),
        (LAST + 1, MENTOR, "ok", "ok"),
        (BEGINS - 1, MENTOR, "ok", "ok"),
        (BEGINS, MENTOR, "conflict", "conflict"),
        (BEGINS, ANA, "conflict", "conflict"),
    ],
)
def test_until_when_it_is_cancelled_or_moved(now: int, by: str, cancelled: str, moved: str) -> None:
    """Whoever has booked until twelve hours before; the mentor until it begins."""
    assert code(cancels, SESSION, by, now, RULE, alone=False) == cancelled
    assert code(check_move, SESSION, by, now, RULE) == moved


def test_a_moment_of_regret() -> None:
    """What was booked just now, for soon, may be taken back for a quarter of an hour, until it begins."""
    late = replace(SESSION, created_at=BEGINS - 30 * MINUTE_MS)
    assert code(cancels, late, ANA, BEGINS - 15 * MINUTE_MS, RULE, alone=False) == "ok"
    assert code(cancels, late, ANA, BEGINS - 15 * MINUTE_MS + 1, RULE, alone=False) == "conflict"
    later = replace(SESSION, created_at=BEGINS - 5 * MINUTE_MS)
    assert RULE.change_until(later) == BEGINS
    assert code(cancels, later, ANA, BEGINS, RULE, alone=False) == "conflict"


def test_it_is_said_until_when() -> None:
    with pytest.raises(Conflict) as refused:
        cancels(SESSION, ANA, LAST + 1, RULE, alone=False)
    assert refused.value.details == {"change_until": rfc3339(LAST)}


def test_nobody_has_to_come_to_one_who_is_out_of_reach() -> None:
    assert code(cancels, SESSION, ANA, BEGINS - 1, RULE, alone=True) == "ok"


@pytest.mark.parametrize("status", ["completed", "no-show", "cancelled"])
def test_what_is_over_stays_so(status: Any) -> None:
    """The same again changes nothing, anything else does not fit."""
    over = replace(SESSION, status=status)
    for other in ("completed", "no-show"):
        again = "again" if other == status else "conflict"
        assert code(settles, over, MENTOR, other, BEGINS + 1) == again
    assert code(cancels, over, ANA, LAST, RULE, alone=False) == (
        "again" if status == "cancelled" else "conflict"
    )
    assert code(check_move, over, ANA, LAST, RULE) == "conflict"


def test_who_says_what_became_of_it() -> None:
    """The mentor that it was completed, each that the other did not come; not before it has begun."""
    assert code(settles, SESSION, MENTOR, "completed", BEGINS - 1) == "conflict"
    assert code(settles, SESSION, MENTOR, "completed", BEGINS) == "ok"
    assert code(settles, SESSION, ANA, "completed", BEGINS) == "forbidden"
    assert [code(settles, SESSION, by, "no-show", BEGINS) for by in (ANA, MENTOR)] == ["ok", "ok"]
    with pytest.raises(Forbidden):
        settles(replace(SESSION, status="completed"), ANA, "completed", BEGINS)


def slot(time: Time = TIME, now: int = LAST, rule: SessionRule = RULE, **what: Any) -> str:
    return code(check_slot, time, replace(SLOT, **what), now, rule, offers)


def test_what_is_a_slot() -> None:
    """The hours, length and type that the mentor offers; not in the past, nor too far ahead."""
    assert slot() == "ok"
    for wrong in (
        {"starts_at": BEGINS + 1},
        {"starts_at": BEGINS + 30 * MINUTE_MS},
        {"starts_at": BEGINS - 2 * HOUR_MS},
        {"minutes": 30},
        {"minutes": 120},
        {"type": "in-person"},
        {"starts_at": BEGINS + 14 * 7 * 24 * HOUR_MS},
        {"starts_at": at("9999-12-31T23:00Z")},
    ):
        assert slot(**wrong) == "conflict", wrong
    assert slot(now=BEGINS) == "ok"
    assert slot(now=BEGINS + 1) == "conflict"
    assert slot(rule=replace(RULE, notice_ms=HOUR_MS), now=BEGINS - HOUR_MS + 1) == "conflict"
    assert slot(replace(TIME, available=False)) == "conflict"
    assert slot(replace(TIME, schedule_type="both"), type="in-person") == "ok"


@pytest.mark.parametrize(
    ("how", "talked", "rang", "expected"),
    [
        ("virtual", True, {ANA}, ("completed", MENTOR)),
        ("virtual", True, {ANA, MENTOR}, ("completed", MENTOR)),
        ("virtual", False, {ANA}, ("no-show", ANA)),
        ("virtual", False, {MENTOR}, ("no-show", MENTOR)),
        ("virtual", False, {ANA, MENTOR}, ("cancelled", None)),
        ("virtual", False, set(), ("no-show", None)),
        ("in-person", False, set(), ("completed", None)),
    ],
)
def test_what_became_of_what_nobody_speaks_of(
    how: Any, talked: bool, rang: set[str], expected: tuple[str, str | None]
) -> None:
    """Who was in the call, or rang in vain, is on record; at a place it is what neither contradicts."""
    seen = Attendance(talked=talked, rang=frozenset(rang))
    assert became(replace(SESSION, type=how), seen) == expected
