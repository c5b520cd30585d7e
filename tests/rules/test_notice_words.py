"""What is told of others says who did what and where it leads; strangers have no name in it."""

import pytest

from core import notices
from core.notices import Notice

LATER = 1_800_000_000_000


@pytest.mark.parametrize(
    ("told", "kind", "title", "subject"),
    [
        (notices.friend_requested("ana", "ben"), "friend_request", "{name} wants to be your friend", "ben"),
        (notices.friend_accepted("ana", "ben"), "friend_accepted", "{name} is your friend now", "ben"),
        (notices.post_liked("ana", "post", "ben"), "like", "{name} likes your post", "post"),
        (notices.post_commented("ana", "post", "ben"), "comment", "{name} commented on your post", "post"),
        (
            notices.comment_answered("ana", "comment", "post", "ben"),
            "comment",
            "{name} answered your comment",
            "comment",
        ),
        (
            notices.call_missed("ana", "call", "ben", "room"),
            "missed_call",
            "You missed a call from {name}",
            "call",
        ),
        (
            notices.session_booked("ana", "session", "ben", LATER),
            "mentor_session",
            "{name} booked a session",
            "session",
        ),
        (
            notices.session_soon("ana", "session", "ben", LATER),
            "mentor_session",
            "Your session with {name} begins soon",
            "session",
        ),
        (
            notices.video_requested("ana", "request", "ben", "room", LATER),
            "video_request",
            "{name} asks for video calls",
            "request",
        ),
    ],
)
def test_what_somebody_did_names_them(told: Notice, kind: str, title: str, subject: str) -> None:
    assert (told.user_id, told.about, told.kind, told.title) == ("ana", "ben", kind, title)
    assert told.subject is not None
    assert told.subject.id == subject
    assert told.action is not None
    assert told.action.url.startswith("/#")


def test_a_stranger_who_was_missed_is_not_named() -> None:
    told = notices.offer_missed("ana", "call", LATER)
    assert (told.about, told.title) == (None, "You missed a call")
    assert told.expires_at is not None
    assert told.expires_at > LATER


def test_nobody_is_told_who_was_parted_from_them() -> None:
    told = notices.session_off("ana", "session", LATER)
    assert (told.about, told.title) == (None, "Your session was cancelled")


def test_a_call_from_somebody_without_a_room_leads_nowhere() -> None:
    assert notices.call_missed("ana", "call", "ben", None).action is None


@pytest.mark.parametrize(("kind", "shown"), [("image", "photo"), ("video", "video")])
def test_what_was_removed_is_called_what_it_is(kind: str, shown: str) -> None:
    removed = notices.photo_removed("ana", "media", kind, "it shows somebody else")  # type: ignore[arg-type]
    assert removed.title == f"Your {shown} was removed"
    assert "because it shows somebody else." in removed.body
    again = notices.photo_looked_at_again("ana", "media", kind)  # type: ignore[arg-type]
    assert again.title == f"We look at your {shown} again"
    assert notices.export_ready("ana", "export", LATER).expires_at == LATER


def test_a_check_in_that_was_taken_back_leads_to_the_journey() -> None:
    told = notices.check_in_flagged("ana", "check-in")
    assert told.action is not None
    assert (told.kind, told.about, told.action.url) == ("system", None, "/#journey")
    assert "does not count any more" in told.body
