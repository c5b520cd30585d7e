"""Likes: who likes a post."""

from core.contract.profiles import ProfileCard
from core.wire.endpoint import ById, Cache, Endpoint
from core.wire.message import Wire
from core.wire.pages import NextCursor, PageQuery


class LikePage(Wire):
    """A page of people who like a post, the latest first."""

    items: list[ProfileCard]
    next_cursor: NextCursor


ENDPOINTS = (
    Endpoint(
        name="like",
        method="PUT",
        path="/v1/posts/{id}/like",
        area="posts",
        summary="Like a post; again: it is liked.",
        parameters=ById,
        status=204,
    ),
    Endpoint(
        name="unlike",
        method="DELETE",
        path="/v1/posts/{id}/like",
        area="posts",
        summary="Like it no longer; again: it is not liked.",
        parameters=ById,
        status=204,
    ),
    Endpoint(
        name="likes",
        method="GET",
        path="/v1/posts/{id}/likes",
        area="posts",
        summary="Who likes a post, as far as one sees them.",
        parameters=ById,
        query=PageQuery,
        reply=LikePage,
        versioned=True,
        cache=Cache(max_age_s=0),
    ),
)
