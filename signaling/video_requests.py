"""Who may say whether the calls of two have video, and what becomes of an answer. Pure.

The policy of decisions (`signaling/decision.py`) says who: she alone, or the other than who asks. Where she
asks herself, her request is the answer.
"""

from typing import Literal

from msgspec import Struct

from core.errors import AlreadyDecided, Conflict, Expired, Forbidden, Gone, RateLimited
from core.vocabulary import DecisionPolicy
from signaling.decision import decider

_COPY_MS = 60_000  # for so long what is asked again may be a copy
VideoStatus = Literal["pending", "approved", "rejected", "expired"]


class VideoRequestRow(Struct, frozen=True, kw_only=True):
    """A request. Times in ms."""

    id: str
    connection_id: str
    requester_id: str
    approver_id: str
    status: VideoStatus
    requested_at: int
    responded_at: int | None
    expires_at: int


class Side(Struct, frozen=True):
    """One of the two."""

    user_id: str
    gender: str


def approver(policy: DecisionPolicy, requester: Side, other: Side) -> str:
    """Who answers a request by the first of these."""
    alone = decider(policy, requester.gender, other.gender) == "you"
    return (requester if alone else other).user_id


def check_request(*, ended: bool, video_enabled: bool) -> None:
    """Whether there is anything to ask for. Raises `Gone` or `Conflict`."""
    if ended:
        raise Gone("This connection has ended.")
    if video_enabled:
        raise Conflict("Calls of you two may have video already.")


def is_second_copy(request: VideoRequestRow, user_id: str, now: int) -> bool:
    """Whether they have approved this by asking, and ask again because the answer was lost."""
    alone = request.requester_id == request.approver_id == user_id
    return alone and now - request.requested_at < _COPY_MS


def check_pause(refused_at: int | None, now: int, pause_ms: int) -> None:
    """Whether one whose last request was refused (`refused_at`) may ask again. Raises `RateLimited`.

    Each request tells the other on all of their devices.
    """
    if refused_at is not None and (left_ms := refused_at + pause_ms - now) > 0:
        raise RateLimited("They have said no: ask again later.", retry_after_ms=left_ms)


def answer(request: VideoRequestRow, user_id: str, approve: bool, now: int, *, ended: bool) -> VideoStatus:
    """The status after this answer; as it was, if this user has said the same before.

    Raises `Forbidden` for who may not say, `AlreadyDecided`, `Expired`, or `Gone` with the connection.
    """
    said: VideoStatus = "approved" if approve else "rejected"
    if user_id != request.approver_id:
        raise Forbidden("It is not for you to decide.")
    if request.status in {"approved", "rejected"}:
        if request.status != said:
            raise AlreadyDecided
        return said
    if request.status == "expired" or request.expires_at <= now:
        raise Expired("The time to answer has passed.")
    if ended:
        raise Gone("This connection has ended.")
    return said
