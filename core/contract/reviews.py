"""Reviews: what somebody says of a place, or of a mentor, once."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from core.contract.profiles import ProfileCard
from core.errors import Conflict, NotFound
from core.vocabulary import Id, Timestamp
from core.wire.endpoint import ById, Cache, Endpoint
from core.wire.message import Input, Wire
from core.wire.pages import NextCursor, PageQuery

Rating = Annotated[int, Meta(ge=1, le=5, examples=[4])]
Title = Annotated[str, Meta(max_length=255, examples=["Calm and friendly"])]
Content = Annotated[str, Meta(max_length=4000)]


class ReviewView(Wire):
    """A review. `verified_visit`: its author has checked in there, verified, or had a session."""

    id: Id
    author: ProfileCard
    rating: Rating
    title: Title | None
    content: Content | None
    verified_visit: bool
    created_at: Timestamp
    edited_at: Timestamp | UnsetType = UNSET


class ReviewPage(Wire):
    """A page of reviews, newest first."""

    items: list[ReviewView]
    next_cursor: NextCursor


class NewReview(Input):
    """What somebody says: one review a user and place, or mentor."""

    rating: Rating
    title: Title | None = None
    content: Content | None = None


class ReviewPatch(Input):
    """What is to change of one's review; the rest stays."""

    rating: Rating | UnsetType = UNSET
    title: Title | UnsetType | None = UNSET
    content: Content | UnsetType | None = UNSET


ENDPOINTS = (
    Endpoint(
        name="reviews",
        method="GET",
        path="/v1/locations/{id}/reviews",
        area="places",
        summary="What people say of a place, newest first.",
        parameters=ById,
        query=PageQuery,
        reply=ReviewPage,
        versioned=True,
        cache=Cache(max_age_s=0),
    ),
    Endpoint(
        name="review",
        method="POST",
        path="/v1/locations/{id}/reviews",
        area="places",
        summary="Review a place. Again is a `conflict`: change the one that is there.",
        parameters=ById,
        body=NewReview,
        reply=ReviewView,
        status=201,
        errors=(NotFound, Conflict),
        idempotent=True,
        limits=("reviews",),
    ),
    Endpoint(
        name="mentor_reviews",
        method="GET",
        path="/v1/mentors/{id}/reviews",
        area="places",
        summary="What people say of a mentor, newest first.",
        parameters=ById,
        query=PageQuery,
        reply=ReviewPage,
        versioned=True,
        cache=Cache(max_age_s=0),
    ),
    Endpoint(
        name="review_mentor",
        method="POST",
        path="/v1/mentors/{id}/reviews",
        area="places",
        summary="Review a mentor after a completed session; before it, or again: `conflict`.",
        parameters=ById,
        body=NewReview,
        reply=ReviewView,
        status=201,
        errors=(NotFound, Conflict),
        idempotent=True,
        limits=("reviews",),
    ),
    Endpoint(
        name="change_review",
        method="PATCH",
        path="/v1/reviews/{id}",
        area="places",
        summary="Change one's own review.",
        parameters=ById,
        body=ReviewPatch,
        reply=ReviewView,
    ),
    Endpoint(
        name="delete_review",
        method="DELETE",
        path="/v1/reviews/{id}",
        area="places",
        summary="Take one's own review back; another one may follow.",
        parameters=ById,
        status=204,
    ),
)
