"""Who sees which post and comment; and where it is announced that the counts of a post have changed. Pure.

Queries ask the twins in SQL, `social.posts_meant_for`, `social.posts_shown_to` and `social.comments_shown_to`
(migration `posts`); `tests/stores/test_post_visibility.py` compares them. Times are ms since the epoch.
"""

from msgspec import Struct

from core.visibility import UserFacts, can_see
from core.vocabulary import PostVisibility


class PostFacts(Struct, frozen=True, kw_only=True):
    """What decides who sees a post. `audience`: ids of the chosen ones; `held`: reported, or removed."""

    author: UserFacts
    visibility: PostVisibility
    audience: frozenset[str] = frozenset()
    held: bool = False
    deleted: bool = False


class CommentFacts(Struct, frozen=True, kw_only=True):
    """What decides who sees a comment on a post that they see; `answers`: the comment that it answers."""

    author: UserFacts
    held: bool = False
    deleted: bool = False
    answers: "CommentFacts | None" = None


def is_meant_for(viewer: UserFacts, post: PostFacts, at: int) -> bool:
    """Whether its author lets them see it. Who was chosen, and is a friend no longer, sees it no longer."""
    author = post.author
    if post.deleted:
        return False
    if viewer.id == author.id:
        return True
    if not can_see(viewer, author, at):
        return False
    if post.visibility == "everyone":
        return True
    chosen = post.visibility == "friends" or viewer.id in post.audience
    return chosen and author.id in viewer.friends


def is_shown_to(viewer: UserFacts, post: PostFacts, at: int) -> bool:
    """Whether they see it: what is held back its author alone, and moderators in a way of their own."""
    return (not post.held or viewer.id == post.author.id) and is_meant_for(viewer, post, at)


def is_in_feed(viewer: UserFacts, post: PostFacts, at: int) -> bool:
    """Whether it comes in their feed: by a friend, or their own. Strangers' posts have to be looked for."""
    near = post.author.id in viewer.friends | {viewer.id}
    return near and is_shown_to(viewer, post, at)


def is_comment_shown_to(viewer: UserFacts, comment: CommentFacts, at: int) -> bool:
    """Whether they see it below a post that they see: an answer only below what it answers."""
    if comment.answers is not None and not _is_readable(viewer, comment.answers, at):
        return False
    return not comment.deleted and _is_readable(viewer, comment, at)


def _is_readable(viewer: UserFacts, comment: CommentFacts, at: int) -> bool:
    own = viewer.id == comment.author.id
    return own or (not comment.held and can_see(viewer, comment.author, at))


def channel(post_id: str) -> str:
    """Where it is announced that its counts may have changed."""
    return f"post:{{{post_id}}}"
