"""What somebody is told, and when they are left in peace."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from core import notices
from core.clock import DAY_MS, rfc3339, to_ms
from core.contract.appeals import Appeal, AppealedStrike
from core.contract.rewards import RewardPartner, RewardView
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


T0 = at(2026, 11, 20, 18)


def test_what_is_said_of_a_session_names_the_other_only_where_they_may_be_known() -> None:
    """And is no news a day after the session began; that it was completed stays news."""
    of, by = "a session", "Ana"
    named = [
        notices.session_booked("ben", of, by, T0),
        notices.session_moved("ben", of, by, T0),
        notices.session_cancelled("ben", of, by, T0),
        notices.session_soon("ben", of, by, T0),
    ]
    completed, off = notices.session_completed("ben", of, by), notices.session_off("ben", of, T0)
    assert [notice.about for notice in (*named, completed, off)] == [*[by] * 5, None]
    assert [notice.expires_at for notice in (*named, off, completed)] == [*[T0 + DAY_MS] * 5, None]
    assert len({notice.title for notice in (*named, completed, off)}) == 6
    for notice in (*named, completed, off):
        assert ("{name}" in notice.title) == (notice.about is not None)
        assert notice.subject is not None
        assert (notice.kind, notice.subject.type, notice.subject.id) == (
            "mentor_session",
            "mentor_session",
            of,
        )


def test_what_is_said_of_a_reward_says_which_and_where() -> None:
    """A reward without a partner is redeemed anywhere, so no place is named."""
    anywhere = RewardView(
        id="a reward", type="coffee", title="A coffee", description="", state="open", earned_at=rfc3339(T0)
    )
    there = replace(anywhere, partner=RewardPartner(id="a partner", name="Café Zoë"))
    earned = [notices.reward_earned("ben", each) for each in (anywhere, there)]
    assert [(notice.title, notice.body) for notice in earned] == [
        ("You have earned: A coffee", ""),
        ("You have earned: A coffee", "You can redeem it at Café Zoë."),
    ]
    redeemed = notices.reward_redeemed("ben", "a reward", "A coffee", "Café Zoë")
    again = notices.reward_given_back("ben", "a reward", "A coffee")
    assert ("A coffee" in redeemed.title, "Café Zoë" in redeemed.body) == (True, True)
    assert redeemed.title != again.title
    for notice in (*earned, redeemed, again):
        assert notice.subject is not None
        assert (notice.kind, notice.subject.type, notice.subject.id) == ("reward", "reward", "a reward")


def test_a_removed_picture_of_a_post_leads_to_the_post() -> None:
    """Whoever showed it is told why, and where it was; the same when it is looked at again."""
    removed = notices.post_picture_removed("ben", "a picture", "a post", "it shows somebody else")
    again = notices.post_picture_looked_at_again("ben", "a picture", "a post")
    assert "because it shows somebody else." in removed.body
    for notice in (removed, again):
        assert notice.action is not None
        assert notice.action.url == "/#post/a post"
