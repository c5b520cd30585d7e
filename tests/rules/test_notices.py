"""What somebody is told, and when they are left in peace."""

from datetime import UTC, datetime

import pytest

from core import notices
from core.clock import DAY_MS, to_ms
from core.contract.appeals import Appeal, AppealedStrike
from core.notices import Notice, appeal_decided
from core.vocabulary import StrikeAction
from services.quiet_hours import quiet_until


def at(*moment: int) -> int:
    return to_ms(datetime(*moment, tzinfo=UTC))  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("quiet", "zone", "now", "until"),
    [
        (("22:00", "07:00"), None, at(2026, 3, 1, 21, 59), None),
        (("22:00", "07:00"), None, at(2026, 3, 1, 22), at(2026, 3, 2, 7)),
        (("22:00", "07:00"), None, at(2026, 3, 2, 6, 59), at(2026, 3, 2, 7)),
        (("22:00", "07:00"), None, at(2026, 3, 2, 7), None),
        (("12:00", "14:30"), None, at(2026, 3, 1, 13), at(2026, 3, 1, 14, 30)),
        (("12:00", "14:30"), None, at(2026, 3, 1, 22), None),
        (("22:00", "07:00"), "Asia/Kolkata", at(2026, 3, 1, 17), at(2026, 3, 2, 1, 30)),
        # Clocks are put forward in this night.
        (("22:00", "07:00"), "Europe/Berlin", at(2026, 3, 28, 23), at(2026, 3, 29, 5)),
        (("22:00", None), None, at(2026, 3, 1, 23), None),
        (("22:00", "22:00"), None, at(2026, 3, 1, 23), None),
    ],
)
def test_quiet_hours_are_those_of_the_user(
    quiet: tuple[str | None, str | None], zone: str | None, now: int, until: int | None
) -> None:
    """Over midnight or not, in their own zone; half a setting is none."""
    assert quiet_until(*quiet, zone, now) == until


def test_where_the_clock_is_put_back_nobody_waits_for_a_time_that_is_over() -> None:
    """Half past two comes twice in that night."""
    twice = at(2026, 10, 25, 1, 15)  # 02:15 for the second time
    assert quiet_until("02:00", "02:30", "Europe/Berlin", twice) == twice + 60_000


@pytest.mark.parametrize(("action", "told"), [("warn", True), ("ban", False)])
def test_who_is_put_out_reads_there_what_became_of_the_appeal(action: StrikeAction, told: bool) -> None:
    strike = AppealedStrike(id="s", action=action, reason="spam", at="", until=None, by="m", case_id=None)
    appeal = Appeal(
        id="a", user_id="u", display_name="Ben", strike=strike, text="No.", at="", state="granted",
        decided_by="m", decided_at="", note=None,
    )  # fmt: skip
    notice = appeal_decided(appeal)
    assert (notice is not None) is told
    assert notice is None or notice.title == "Your appeal was granted"


@pytest.mark.parametrize(
    ("notice", "kind", "subject", "about"),
    [
        (notices.warned("u", "s"), "strike", "strike", None),
        (notices.warning_taken_back("u", "s"), "strike", "strike", None),
        (notices.friend_requested("u", "s"), "friend_request", "user", "s"),
        (notices.friend_accepted("u", "s"), "friend_accepted", "user", "s"),
        (notices.offer_missed("u", "s", 5), "missed_call", "call", None),
        (notices.export_ready("u", "s", 5), "export", "export", None),
    ],
)
def test_a_notice_leads_to_what_it_is_about(
    notice: Notice, kind: str, subject: str, about: str | None
) -> None:
    """Only of a friend there is a name; it goes with whoever bears it."""
    assert notice.subject is not None
    assert notice.action is not None
    assert (notice.user_id, notice.kind, notice.about) == ("u", kind, about)
    assert (notice.subject.type, notice.subject.id) == (subject, "s")
    assert ("{name}" in notice.title) is (about is not None)


def test_what_was_missed_is_told_for_a_day() -> None:
    assert notices.offer_missed("u", "c", 5).expires_at == 5 + DAY_MS
    assert notices.export_ready("u", "e", 5).expires_at == 5
