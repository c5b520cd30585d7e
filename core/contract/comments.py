"""Comments on posts: with one level of replies."""

from typing import Annotated

from msgspec import Meta

from core.contract.profiles import ProfileCard
from core.errors import Forbidden, InvalidRequest, NotFound
from core.vocabulary import SAYS_SOMETHING, Id, Timestamp
from core.wire.endpoint import ById, Cache, Endpoint
from core.wire.message import Input, Wire
from core.wire.pages import NextCursor, PageQuery

Words = Annotated[str, Meta(min_length=1, max_length=1000, pattern=SAYS_SOMETHING, examples=["How lovely!"])]


class NewComment(Input):
    """What one says; `reply_to`: to a comment on the same post that answers none."""

    content: Words
    reply_to: Id | None = None


class CommentPatch(Input):
    """Other words."""

    content: Words


class CommentView(Wire):
    """A comment. `held`: reported, or removed by a moderator; its author and moderators see it."""

    id: Id
    post_id: Id
    author: ProfileCard
    content: str
    created_at: Timestamp
    reply_to: Id | None = None
    edited_at: Timestamp | None = None
    held: bool = False


class CommentPage(Wire):
    """A page of comments, the oldest first: what is answered stands before its answers."""

    items: list[CommentView]
    next_cursor: NextCursor


ENDPOINTS = (
    Endpoint(
        name="comments",
        method="GET",
        path="/v1/posts/{id}/comments",
        area="posts",
        summary="What was said about a post, the oldest first.",
        parameters=ById,
        query=PageQuery,
        reply=CommentPage,
        versioned=True,
        cache=Cache(max_age_s=0),
    ),
    Endpoint(
        name="add_comment",
        method="POST",
        path="/v1/posts/{id}/comments",
        area="posts",
        summary="Say something about a post that one sees, or answer a comment on it.",
        parameters=ById,
        body=NewComment,
        reply=CommentView,
        status=201,
        errors=(InvalidRequest, NotFound),
        idempotent=True,
        limits=("comments",),
    ),
    Endpoint(
        name="change_comment",
        method="PATCH",
        path="/v1/comments/{id}",
        area="posts",
        summary="Change what one has said.",
        parameters=ById,
        body=CommentPatch,
        reply=CommentView,
        errors=(Forbidden,),
    ),
    Endpoint(
        name="delete_comment",
        method="DELETE",
        path="/v1/comments/{id}",
        area="posts",
        summary="Delete one's own comment, or one on one's own post, with what was answered to it.",
        parameters=ById,
        status=204,
        errors=(Forbidden,),
    ),
)
