"""Pictures and videos that strangers see, for moderators: those that wait for one, and what is decided."""

from typing import Annotated, Literal

from msgspec import Meta

from core.contract.moderation import STAFF, CaseSubject
from core.contract.reports import Note
from core.errors import AlreadyDecided, Conflict
from core.vocabulary import Id, MediaState, MediaType, ReportReason, Timestamp
from core.wire.endpoint import ById, Endpoint
from core.wire.message import Input, Wire
from core.wire.pages import NextCursor, PageQuery

MediaAction = Literal["pass", "remove"]


class MediaReviewQuery(PageQuery):
    """Which ones: those that wait for a decision; with a `user_id` all that this user shows."""

    user_id: Id | None = None


class MediaDecision(Wire):
    """What a moderator has decided; `reason`: why it was removed."""

    action: MediaAction
    reason: ReportReason | None
    note: str | None
    by: Id
    at: Timestamp


class ReviewedMedia(Wire):
    """A picture or video that strangers see, or are to see. It is looked at by `GET /v1/media/{id}`.

    `waits`: a moderator has to decide. What is `ready` others see, also while it waits. `reason`: what its
    owner is told, or what a scanner has said. `resembles`: the removed picture that it looks like.
    """

    id: Id
    user: CaseSubject
    type: MediaType
    state: MediaState
    waits: bool
    reason: str | None
    resembles: Id | None
    decision: MediaDecision | None
    uploaded_at: Timestamp
    width: int | None
    height: int | None
    duration_ms: int | None
    blurhash: str | None


class MediaReviewPage(Wire):
    """A page of them, the oldest first."""

    items: list[ReviewedMedia]
    next_cursor: NextCursor


class NewMediaDecision(Input):
    """What becomes of it. `reason`: why it is removed, which its owner is told in words, and not by whom."""

    action: MediaAction
    reason: Annotated[ReportReason | None, Meta(examples=["nudity"])] = None
    note: Note | None = None


ENDPOINTS = (
    Endpoint(
        name="media_to_review",
        method="GET",
        path="/v1/admin/media",
        area="admin",
        summary="Pictures and videos that wait for a moderator, the oldest first, or those of a user.",
        query=MediaReviewQuery,
        reply=MediaReviewPage,
        roles=STAFF,
    ),
    Endpoint(
        name="decide_media",
        method="POST",
        path="/v1/admin/media/{id}/decide",
        area="admin",
        summary="Pass a picture or video; or remove it, also one that was passed.",
        parameters=ById,
        body=NewMediaDecision,
        reply=ReviewedMedia,
        roles=STAFF,
        errors=(AlreadyDecided,),
    ),
    Endpoint(
        name="undo_media",
        method="POST",
        path="/v1/admin/media/{id}/undo",
        area="admin",
        summary="Undo a removal: it waits for another decision, seen by nobody but its owner until then.",
        parameters=ById,
        reply=ReviewedMedia,
        roles=STAFF,
        errors=(Conflict,),
    ),
)
