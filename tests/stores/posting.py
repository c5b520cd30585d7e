"""Posts on record, as tests need them: pictures without files, and posts made of these."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from core.clock import now_ms
from core.contract.comments import NewComment
from core.contract.posts import NewPost, PostView
from core.ids import new_id
from core.vocabulary import MediaPurpose, MediaState, PostVisibility
from db.postgres.comments import CommentStore
from db.postgres.posts import PostStore
from tests.stores.world import World


async def picture(
    world: World, owner: str, *, purpose: MediaPurpose = "post", state: MediaState = "ready"
) -> str:
    """One that they have uploaded and not used, on record alone: there is no file."""
    media_id = new_id()
    await world.pool.execute(
        "INSERT INTO social.media (id, owner_id, purpose, type, state, size, created_at, key, stored,"
        " expires_at) VALUES ($1, $2, $3, 'image', $4, 1, now(), $5, true, now() + interval '1 day')",
        media_id,
        owner,
        purpose,
        state,
        f"{purpose}/{media_id}",
    )
    return media_id


async def crowd(world: World, count: int) -> list[str]:
    """So many people, all called Ana; their ids."""
    made = [new_id() for _ in range(count)]
    await world.accounts(made)
    await world.pool.executemany(
        "INSERT INTO identity.profiles (user_id, display_name, birth_date, gender, updated_at)"
        " VALUES ($1, 'Ana', '1996-06-16', 'female', now())",
        [(user_id,) for user_id in made],
    )
    return made


async def posted(
    world: World,
    author: str,
    *,
    visibility: PostVisibility = "friends",
    audience: Sequence[str] | None = None,
    caption: str | None = None,
    at: int | None = None,
) -> PostView:
    """They have posted one picture; the chosen ones are friends."""
    new = NewPost(
        media_ids=[await picture(world, author)],
        caption=caption,
        visibility=visibility,
        audience=None if audience is None else [*audience],
    )
    return await PostStore(world.pool).add(author, new, None, at or now_ms())


async def said(world: World, author: str, *, on: str | None = None) -> str:
    """A comment of theirs on this post, or on one of theirs for everyone; gives its id."""
    post_id = on or (await posted(world, author, visibility="everyone")).id
    store = CommentStore(world.pool, world.notifications.notify)
    comment, _ = await store.add(author, post_id, NewComment(content="Hm"), None, now_ms())
    return comment.id


def ways_to_posts(world: World, author: str) -> Mapping[str, Callable[[], Awaitable[str]]]:
    """For each endpoint about a post or a comment how one of this author, for everyone, is made: its id."""

    async def post() -> str:
        return (await posted(world, author, visibility="everyone")).id

    async def comment() -> str:
        return await said(world, author)

    of_posts = "post change_post delete_post comments add_comment like unlike likes"
    of_comments = "change_comment delete_comment"
    return {**dict.fromkeys(of_posts.split(), post), **dict.fromkeys(of_comments.split(), comment)}
