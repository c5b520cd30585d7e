"""What users are told of what others have done, or decided about them: the texts. Pure.

Whoever does it stores the notice in the same transaction (`db/postgres/notifications.py`).
"""

from collections.abc import Collection

from msgspec import Struct
from msgspec.structs import replace

from core.clock import DAY_MS
from core.contract.appeals import Appeal
from core.contract.notifications import NotificationAction, NotificationSubject
from core.contract.rewards import RewardView
from core.journey import FREEZE_EVERY, MILESTONES, Journey
from core.vocabulary import MediaType, NotificationKind

_STANDING = NotificationAction(label="See more", url="/#safety")
_FRIENDS = NotificationAction(label="See your friends", url="/#friends")
_DATA = NotificationAction(label="Download it", url="/#data")
_PROFILE = NotificationAction(label="See your profile", url="/#profile")
_JOURNEY = NotificationAction(label="See your journey", url="/#journey")
_REWARDS = NotificationAction(label="See your rewards", url="/#rewards")
_SESSIONS = NotificationAction(label="See your sessions", url="/#mentors")
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


def post_liked(user_id: str, post_id: str, by: str) -> Notice:
    """Somebody likes their post."""
    return _of_post(user_id, "like", "{name} likes your post", by, post_id)


def post_commented(user_id: str, post_id: str, by: str) -> Notice:
    """Somebody has said something about their post."""
    return _of_post(user_id, "comment", "{name} commented on your post", by, post_id)


def comment_answered(user_id: str, comment_id: str, post_id: str, by: str) -> Notice:
    """Somebody has answered what they said about a post."""
    answered = NotificationSubject(type="comment", id=comment_id)
    return _of_post(user_id, "comment", "{name} answered your comment", by, post_id, answered)


def milestones_reached(user_id: str, check_in_id: str, reached: Collection[str]) -> Notice | None:
    """They have reached these by a check-in; None: there are none."""
    titles = [each.title for each in MILESTONES if each.id in reached]
    if not titles:
        return None
    return _of_check_in(user_id, check_in_id, "milestone", titles[0], ", ".join(titles[1:]))


def streak_grown(user_id: str, check_in_id: str, before: Journey, after: Journey) -> Notice | None:
    """Their streak has become so many weeks long; None: it has not."""
    if after.streak <= before.streak or after.streak % FREEZE_EVERY:
        return None
    earned = after.freezes > before.freezes
    body = "You have earned a freeze: a missed day does not end your streak." if earned else ""
    return _of_check_in(user_id, check_in_id, "streak", f"{after.streak} days in a row", body)


def check_in_flagged(user_id: str, check_in_id: str) -> Notice:
    """Staff of the place say that they were not there."""
    body = "The place says that you were not there at that time. It does not count any more."
    return _of_check_in(user_id, check_in_id, "system", "A check-in was taken back", body)


def _of_check_in(user_id: str, check_in_id: str, kind: NotificationKind, title: str, body: str) -> Notice:
    return Notice(
        user_id=user_id,
        kind=kind,
        title=title,
        body=body,
        subject=NotificationSubject(type="check_in", id=check_in_id),
        action=_JOURNEY,
    )


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


def call_missed(user_id: str, call_id: str, by: str, room_id: str | None) -> Notice:
    """They did not answer somebody with whom they are connected."""
    return Notice(
        user_id=user_id,
        kind="missed_call",
        title="You missed a call from {name}",
        body="Call back when you like.",
        about=by,
        subject=NotificationSubject(type="call", id=call_id),
        action=_room(room_id) if room_id else None,
    )


def video_requested(user_id: str, request_id: str, by: str, room_id: str | None, until: int) -> Notice:
    """Somebody would like their calls to have video, and it is for them to answer `until` then (ms)."""
    return Notice(
        user_id=user_id,
        kind="video_request",
        title="{name} asks for video calls",
        body="Nothing changes until you say yes.",
        about=by,
        subject=NotificationSubject(type="video_request", id=request_id),
        action=_room(room_id) if room_id else None,
        expires_at=until,
    )


def session_booked(user_id: str, session_id: str, by: str, starts_at: int) -> Notice:
    """Somebody has booked a session with them, who are a mentor."""
    return _of_session(user_id, session_id, "{name} booked a session", by, starts_at)


def session_moved(user_id: str, session_id: str, by: str, starts_at: int) -> Notice:
    """The other has moved their session."""
    return _of_session(user_id, session_id, "{name} moved your session", by, starts_at)


def session_cancelled(user_id: str, session_id: str, by: str, starts_at: int) -> Notice:
    """The other has cancelled it."""
    return _of_session(user_id, session_id, "{name} cancelled your session", by, starts_at)


def session_off(user_id: str, session_id: str, starts_at: int) -> Notice:
    """It does not take place, as the other is out of reach: nobody may say who that was."""
    return _of_session(user_id, session_id, "Your session was cancelled", None, starts_at)


def session_soon(user_id: str, session_id: str, other: str, starts_at: int) -> Notice:
    """It begins soon."""
    return _of_session(user_id, session_id, "Your session with {name} begins soon", other, starts_at)


def session_completed(user_id: str, session_id: str, by: str) -> Notice:
    """Their mentor says that it was completed: they may review them now."""
    return _of_session(user_id, session_id, "Your session with {name} is completed", by, None)


def _of_session(
    user_id: str, session_id: str, title: str, about: str | None, starts_at: int | None
) -> Notice:
    """`starts_at`: when it begins; a day later it is nothing new."""
    return Notice(
        user_id=user_id,
        kind="mentor_session",
        title=title,
        about=about,
        subject=NotificationSubject(type="mentor_session", id=session_id),
        action=_SESSIONS,
        expires_at=None if starts_at is None else starts_at + DAY_MS,
    )


def _room(room_id: str) -> NotificationAction:
    return NotificationAction(label="Open the chat", url=f"/#room/{room_id}")


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


def reward_earned(user_id: str, reward: RewardView) -> Notice:
    """They have earned a reward."""
    where = f"You can redeem it at {reward.partner.name}." if reward.partner else ""
    return _of_reward(user_id, reward.id, f"You have earned: {reward.title}", where)


def reward_redeemed(user_id: str, reward_id: str, title: str, place: str) -> Notice:
    """A reward of theirs was redeemed there: whoever was not there should know."""
    return _of_reward(user_id, reward_id, f"Redeemed: {title}", f"At {place}, just now.")


def reward_given_back(user_id: str, reward_id: str, title: str) -> Notice:
    """A redemption was taken back."""
    return _of_reward(user_id, reward_id, f"You have it again: {title}", "Its redemption was taken back.")


def _of_reward(user_id: str, reward_id: str, title: str, body: str) -> Notice:
    return Notice(
        user_id=user_id,
        kind="reward",
        title=title,
        body=body,
        subject=NotificationSubject(type="reward", id=reward_id),
        action=_REWARDS,
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


def post_picture_removed(user_id: str, media_id: str, post_id: str, why: str) -> Notice:
    """A moderator has removed a picture of a post of theirs; `why` ends a sentence about it."""
    body = f"We took it down because {why}. Nobody else sees the post."
    return _of_picture(user_id, media_id, post_id, "A picture of your post was removed", body)


def post_picture_looked_at_again(user_id: str, media_id: str, post_id: str) -> Notice:
    """That was undone, and it waits for another decision."""
    body = (
        "It was removed, and is not for now. Others see the post again when we have passed it."
        " You need do nothing."
    )
    return _of_picture(user_id, media_id, post_id, "We look at a picture of your post again", body)


def _of_picture(user_id: str, media_id: str, post_id: str, title: str, body: str) -> Notice:
    return replace(_of_media(user_id, media_id, title, body), action=_see(post_id))


def _see(post_id: str) -> NotificationAction:
    return NotificationAction(label="See the post", url=f"/#post/{post_id}")


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


def _of_post(
    user_id: str,
    kind: NotificationKind,
    title: str,
    by: str,
    post_id: str,
    subject: NotificationSubject | None = None,
) -> Notice:
    return Notice(
        user_id=user_id,
        kind=kind,
        title=title,
        about=by,
        subject=subject or NotificationSubject(type="post", id=post_id),
        action=_see(post_id),
    )
