"""What moderators decide on media that strangers see: pass, remove, undo.

The store does each in one transaction. A removed picture is known again (`services/uploads.py`).
"""

from collections.abc import Mapping

from core.contract.media_review import NewMediaDecision, ReviewedMedia
from core.errors import InvalidRequest
from core.vocabulary import ReportReason
from db.postgres.media_review import MediaReviewStore, MediaVerdict
from services.notifications import Notifications

# What is told to whom it was taken from, as the end of a sentence about it.
WHY: Mapping[ReportReason, str] = {
    "nudity": "it shows nakedness",
    "harassment": "it humiliates or threatens somebody",
    "hate": "it shows hate against people",
    "underage": "it shows somebody who looks under 18",
    "violence": "it shows violence",
    "self_harm": "it shows somebody hurting themselves",
    "impersonation": "it seems to show somebody else than you",
    "spam": "it is advertising",
    "scam": "it seems to be there to deceive people",
    "other": "it is against the rules of this place",
}


class MediaReview:
    """The use cases, by a moderator `by`. Errors of an outage of Postgres pass through (`db.outage`)."""

    def __init__(self, store: MediaReviewStore, notifications: Notifications) -> None:
        self._store, self._notifications = store, notifications

    async def decide(self, media_id: str, by: str, decision: NewMediaDecision, now: int) -> ReviewedMedia:
        """Pass or remove it. Raises `InvalidRequest`, `NotFound`, `AlreadyDecided`."""
        found = await self._store.decide(media_id, by, verdict_of(decision), now)
        await self._notifications.hurry(found.user.user_id)
        return found

    async def undo(self, media_id: str, by: str, now: int) -> ReviewedMedia:
        """Undo its removal. Raises `NotFound`, `Conflict`."""
        found = await self._store.undo(media_id, by, now)
        await self._notifications.hurry(found.user.user_id)
        return found


def verdict_of(decision: NewMediaDecision) -> MediaVerdict:
    """What is decided, in words for its owner. Raises `InvalidRequest`: removals alone say why."""
    if (decision.action == "remove") != (decision.reason is not None):
        raise InvalidRequest("A removal says why, and nothing else does.", details={"field": "reason"})
    return MediaVerdict(
        action=decision.action,
        reason=decision.reason,
        words=WHY[decision.reason] if decision.reason else "",
        note=decision.note,
    )
