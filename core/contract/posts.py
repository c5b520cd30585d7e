"""Posts: one to four pictures and a caption, and the feed of what friends have posted, which is a query."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from core.contract.media import MediaView
from core.contract.profiles import ProfileCard
from core.errors import Conflict, Forbidden, NotFound
from core.vocabulary import Id, PostVisibility, Timestamp
from core.wire.endpoint import ById, Cache, Endpoint
from core.wire.message import Command, Event, Input, Wire
from core.wire.pages import NextCursor, PageQuery

MAX_PICTURES, MAX_AUDIENCE, MAX_WATCHED = 4, 100, 50

Pictures = Annotated[
    list[Id],
    Meta(min_length=1, max_length=MAX_PICTURES, description="Uploaded for the purpose `post`, each for one."),
]
Caption = Annotated[str, Meta(max_length=2000, examples=["The first coffee of the year"])]
Audience = Annotated[
    list[Id], Meta(max_length=MAX_AUDIENCE, description="The friends who see it, where it is `selected`.")
]


class NewPost(Input):
    """A post. `audience` goes with `selected`, and with nothing else."""

    media_ids: Pictures
    caption: Caption | None = None
    visibility: PostVisibility = "friends"
    audience: Audience | None = None


class PostPatch(Input):
    """What may change; what is left out stays. Pictures that are left out of `media_ids` are deleted."""

    media_ids: Pictures | UnsetType = UNSET
    caption: Caption | UnsetType | None = UNSET
    visibility: PostVisibility | UnsetType = UNSET
    audience: Audience | UnsetType | None = UNSET


class PostView(Wire):
    """A post. Its author alone is told the `audience`; `held`: reported, or removed by a moderator.

    What is held is shown to its author and to moderators. `comment_count` and `like_count` are of all.
    """

    id: Id
    author: ProfileCard
    media: list[MediaView]
    caption: str | None
    visibility: PostVisibility
    like_count: int
    comment_count: int
    liked: bool
    created_at: Timestamp
    updated_at: Timestamp
    audience: list[Id] | None = None
    held: bool = False


class PostQuery(PageQuery):
    """Whose posts; without it, one's own."""

    user_id: Id | None = None


class PostPage(Wire):
    """A page of posts, the newest first."""

    items: list[PostView]
    next_cursor: NextCursor


class PostCounts(Wire):
    """How many like and have commented a post."""

    post_id: Id
    like_count: int
    comment_count: int


class PostsWatched(Wire):
    """The present counts of those watched."""

    posts: list[PostCounts]


class PostWatch(Command, event="post:watch", reply=PostsWatched):
    """Replace the list of posts whose counts one follows. What one may not see is left out."""

    post_ids: Annotated[list[Id], Meta(max_length=MAX_WATCHED)]


class PostChanged(Event, event="post:changed", volatile=True):
    """Somebody likes, or has commented, a post that one watches; or does not any more."""

    post_id: Id
    like_count: int
    comment_count: int


ENDPOINTS = (
    Endpoint(
        name="feed",
        method="GET",
        path="/v1/feed",
        area="posts",
        summary="What one's friends have posted for one to see, and one's own.",
        query=PageQuery,
        reply=PostPage,
        versioned=True,
        cache=Cache(max_age_s=0),
    ),
    Endpoint(
        name="posts",
        method="GET",
        path="/v1/posts",
        area="posts",
        summary="Somebody's posts, as far as one sees them; without `user_id` one's own.",
        query=PostQuery,
        reply=PostPage,
        versioned=True,
        cache=Cache(max_age_s=0),
    ),
    Endpoint(
        name="post",
        method="GET",
        path="/v1/posts/{id}",
        area="posts",
        summary="A post. One that is held back its author sees, and moderators, on the audit log.",
        parameters=ById,
        reply=PostView,
        versioned=True,
        cache=Cache(max_age_s=0),
    ),
    Endpoint(
        name="add_post",
        method="POST",
        path="/v1/posts",
        area="posts",
        summary="Post pictures that one has uploaded for the purpose `post`.",
        body=NewPost,
        reply=PostView,
        status=201,
        errors=(Conflict, NotFound),
        idempotent=True,
        limits=("posts",),
    ),
    Endpoint(
        name="change_post",
        method="PATCH",
        path="/v1/posts/{id}",
        area="posts",
        summary="Change one's own post.",
        parameters=ById,
        body=PostPatch,
        reply=PostView,
        errors=(Conflict, Forbidden),
    ),
    Endpoint(
        name="delete_post",
        method="DELETE",
        path="/v1/posts/{id}",
        area="posts",
        summary="Delete one's own post, with its pictures and all that was said about it.",
        parameters=ById,
        status=204,
        errors=(Forbidden,),
    ),
)
