"""What users are told of what others have done, or decided about them: the texts. Pure.

Whoever does it stores the notice in the same transaction (`db/postgres/notifications.py`).
"""

from msgspec import Struct

from core.clock import DAY_MS
from core.contract.appeals import Appeal
from core.contract.notifications import NotificationAction, NotificationSubject
from core.vocabulary import MediaType, NotificationKind

_STANDING = NotificationAction(label="See more", url="/#safety")
_FRIENDS = NotificationAction(label="See your friends", url="/#friends")
_DATA = NotificationAction(label="Download it", url="/#data")
_PROFILE = NotificationAction(label="See your profile", url="/#profile")
_MEET = NotificationAction(label="Try again", url="/#meet")


class Notice(Struct, frozen=True, kw_only=True):
    """What a user is to be told. One of the same kind and subject that they have not read is renewed by it.

    `about`: the user from whom or about whom it is; it is shown only while that one is visible. `{name}` in
    the texts stands for their name, as it is when somebody reads. `expires_at`: until when, in ms.
    """

    user_id: str
    kind: NotificationKind
    title: str
    body: str = ""
    about: str | None = None
    subject: NotificationSubject | None = None
    action: NotificationAction | None = None
    expires_at: int | None = None


def warned(user_id: str, strike_id: str) -> Notice:
    """A moderator has warned them."""
    return _of_strike(user_id, strike_id, "A moderator has warned you", "See why, and how to appeal.")


def warning_taken_back(user_id: str, strike_id: str) -> Notice:
    """A moderator has undone a warning; an appeal against it is granted by that."""
    return _of_strike(user_id, strike_id, "A warning was taken back", "It does not count any more.")


def appeal_decided(appeal: Appeal) -> Notice | None:
    """What has become of their appeal against a warning. Of anything else they learn where they sign in."""
    if appeal.strike.action != "warn":
        return None
    return Notice(
        user_id=appeal.user_id,
        kind="appeal",
        title=f"Your appeal was {appeal.state}",
        body="The warning was taken back." if appeal.state == "granted" else "The warning stands.",
        subject=NotificationSubject(type="strike", id=appeal.strike.id),
        action=_STANDING,
    )


def friend_requested(user_id: str, by: str) -> Notice:
    """Somebody asks to be their friend."""
    return _of_friend(user_id, by, "friend_request", "{name} wants to be your friend")


def friend_accepted(user_id: str, by: str) -> Notice:
    """Somebody whom they had asked is their friend now."""
    return _of_friend(user_id, by, "friend_accepted", "{name} is your friend now")


def offer_missed(user_id: str, call_id: str, now: int) -> Notice:
    """They did not answer an offer. Who it was with is a stranger, of whom nothing is said."""
    return Notice(
        user_id=user_id,
        kind="missed_call",
        title="You missed a call",
        body="Somebody was there for you, and you did not answer.",
        subject=NotificationSubject(type="call", id=call_id),
        action=_MEET,
        expires_at=now + DAY_MS,
    )


def export_ready(user_id: str, export_id: str, until: int) -> Notice:
    """The copy of their data that they have asked for is there; `until` then (ms)."""
    return Notice(
        user_id=user_id,
        kind="export",
        title="The copy of your data is ready",
        body="You can download it now. It is kept for some days.",
        subject=NotificationSubject(type="export", id=export_id),
        action=_DATA,
        expires_at=until,
    )


def photo_removed(user_id: str, media_id: str, kind: MediaType, why: str) -> Notice:
    """A moderator has removed something that they showed; `why` ends a sentence about it."""
    body = f"We took it down because {why}. Nobody else sees it. Please choose another one."
    return _of_media(user_id, media_id, f"Your {_shown(kind)} was removed", body)


def photo_looked_at_again(user_id: str, media_id: str, kind: MediaType) -> Notice:
    """A removal was undone, and it waits for another decision."""
    body = (
        "It was removed, and is not for now. Others see it again when we have passed it. You need do nothing."
    )
    return _of_media(user_id, media_id, f"We look at your {_shown(kind)} again", body)


def _shown(kind: MediaType) -> str:
    return "video" if kind == "video" else "photo"


def _of_media(user_id: str, media_id: str, title: str, body: str) -> Notice:
    return Notice(
        user_id=user_id,
        kind="system",
        title=title,
        body=body,
        subject=NotificationSubject(type="media", id=media_id),
        action=_PROFILE,
    )


def _of_strike(user_id: str, strike_id: str, title: str, body: str) -> Notice:
    return Notice(
        user_id=user_id,
        kind="strike",
        title=title,
        body=body,
        subject=NotificationSubject(type="strike", id=strike_id),
        action=_STANDING,
    )


def _of_friend(user_id: str, friend: str, kind: NotificationKind, title: str) -> Notice:
    return Notice(
        user_id=user_id,
        kind=kind,
        title=title,
        about=friend,
        subject=NotificationSubject(type="user", id=friend),
        action=_FRIENDS,
    )
