"""Posts in Postgres, and the feed, which is one statement over them. Ids are text, times ms since the epoch.

Whoever posts uses pictures of theirs for good, each for one post; with the post they are deleted, unless
evidence of a report has them. What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Collection, Sequence
from datetime import date

from msgspec import UNSET, Struct

from core.clock import to_datetime, today, told
from core.contract.posts import NewPost, PostCounts, PostPatch, PostView
from core.errors import Conflict, Forbidden, InvalidRequest, NotFound
from core.ids import new_id
from core.vocabulary import PostVisibility
from db.postgres import audit
from db.postgres.cards import NO_PHOTOS, Cards
from db.postgres.idempotency import IdempotencyKey, claim, keep
from db.postgres.pool import Connection, Pool, Record, queries

_NAMED = queries("posts")
_SQL = {
    name: text.replace(":row", _NAMED["row"])
    .replace(":hidden", _NAMED["hidden"])
    .replace(":needed", _NAMED["needed"])
    for name, text in _NAMED.items()
}
FEED = _SQL["feed"]


class Added(Struct, frozen=True):
    """What is kept of an answer: the rest of it changes, and has addresses that expire."""

    id: str


class PostStore:
    """All posts. `server`: as whose addresses say where pictures are; else they are relative to it."""

    def __init__(self, pool: Pool, cards: Cards = NO_PHOTOS) -> None:
        self._pool, self._cards = pool, cards

    # What their authors do

    async def add(
        self, author: str, new: NewPost, key: IdempotencyKey | None, now: int, server: str = ""
    ) -> PostView:
        """Post it. Raises `NotFound` for pictures that are not theirs for a post, `Conflict` for those that
        are not ready or are in a post, `InvalidRequest` for one chosen who is no friend,
        `IdempotencyConflict`.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            if (known := await claim(connection, key, Added)) is not None:
                return await self._seen(connection, author, known.id, now, server)
            post_id, at = new_id(now), to_datetime(now)
            await _attach(connection, post_id, author, new.media_ids, now)
            given = author, new.media_ids, new.caption, new.visibility, at
            await connection.execute(_SQL["add"], post_id, *given)
            if new.audience:
                await _choose(connection, post_id, author, new.audience)
            await keep(connection, key, Added(post_id))
            return await self._seen(connection, author, post_id, now, server)

    async def change(
        self, author: str, post_id: str, patch: PostPatch, now: int, server: str = ""
    ) -> PostView:
        """Change it. Raises as `add`, and `NotFound` for what they do not see, `Forbidden` for others'."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await _locked(connection, author, post_id, now)
            visibility = patch.visibility or row["visibility"]
            audience = _audience(row["visibility"], visibility, patch)
            pictures: Sequence[str] = row["media_ids"]
            if patch.media_ids is not UNSET:
                pictures = await self._exchange(connection, post_id, row, patch.media_ids, now)
            said, caption = patch.caption is not UNSET, patch.caption or None
            changed = pictures, caption, said, visibility, to_datetime(now)
            await connection.execute(_SQL["change"], post_id, *changed)
            if audience is not None:
                await _choose(connection, post_id, author, audience)
            return await self._seen(connection, author, post_id, now, server)

    async def _exchange(
        self, connection: Connection, post_id: str, row: Record, wanted: Sequence[str], now: int
    ) -> Sequence[str]:
        """The post has these pictures from now on; those that it had and has not any more are deleted."""
        had = row["media_ids"]
        if new := [media_id for media_id in wanted if media_id not in had]:
            await _attach(connection, post_id, row["author_id"], new, now)
        left = [media_id for media_id in had if media_id not in wanted]
        await connection.execute(_SQL["let_go"], post_id, left, to_datetime(now))
        return wanted

    async def delete(self, author: str, post_id: str, now: int) -> None:
        """Delete it with its pictures. Raises `NotFound`, `Forbidden` as `change`."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await _locked(connection, author, post_id, now)
            await connection.execute(_SQL["let_go"], post_id, row["media_ids"], to_datetime(now))
            await connection.execute(_SQL["delete"], post_id, to_datetime(now))

    # What others see

    async def feed(
        self, user_id: str, *, before: str | None, limit: int, now: int, server: str = ""
    ) -> list[PostView]:
        """What friends have posted and the user may see, and the user's own, newest first."""
        rows, day = await self._pool.fetch(_SQL["feed"], user_id, to_datetime(now), before, limit), today(now)
        return [self._view(row, user_id, day, server) for row in rows]

    async def posts(
        self, author: str, viewer: str, *, before: str | None, limit: int, now: int, server: str = ""
    ) -> list[PostView]:
        """An author's posts that the viewer sees, newest first."""
        rows = await self._pool.fetch(_SQL["of_user"], viewer, to_datetime(now), before, limit, author)
        day = today(now)
        return [self._view(row, viewer, day, server) for row in rows]

    async def post(self, post_id: str, viewer: str, *, staff: bool, now: int, server: str = "") -> PostView:
        """One post; what is held back also to `staff`, on the audit log. Raises `NotFound`."""
        async with self._pool.acquire() as connection, connection.transaction():
            found = await self._seen(connection, viewer, post_id, now, server, staff=staff)
            if found.held and found.author.user_id != viewer:
                details = {"post_id": post_id}
                await audit.note(connection, "post_seen", found.author.user_id, details, by=viewer, now=now)
        return found

    async def counts(
        self, asked: Collection[tuple[str, str]], now: int
    ) -> list[tuple[PostCounts, frozenset[str]]]:
        """Of these posts, each asked for a user: the counts, and which of these users see it now."""
        posts, users = [post for post, _ in asked], [user for _, user in asked]
        rows = await self._pool.fetch(_SQL["counts"], posts, users, to_datetime(now))
        return [
            (
                PostCounts(
                    post_id=row["id"], like_count=row["like_count"], comment_count=row["comment_count"]
                ),
                frozenset(row["seen_by"]),
            )
            for row in rows
        ]

    async def forget(self, before: int, *, limit: int) -> int:
        """Drop posts that were deleted before a time, but for those of which evidence is kept."""
        return len(await self._pool.fetch(_SQL["forget"], to_datetime(before), limit))

    async def _seen(
        self, connection: Connection, viewer: str, post_id: str, now: int, server: str, *, staff: bool = False
    ) -> PostView:
        row = await connection.fetchrow(_SQL["one"], viewer, to_datetime(now), post_id, staff)
        if row is None:
            raise NotFound
        return self._view(row, viewer, today(now), server)

    def _view(self, row: Record, viewer: str, today: date, server: str) -> PostView:
        return PostView(
            id=row["id"],
            author=self._cards.card(row, today, server),
            media=self._cards.media(row, "image", own=row["author_id"] == viewer, server=server),
            caption=row["caption"],
            visibility=row["visibility"],
            like_count=row["like_count"],
            comment_count=row["comment_count"],
            liked=row["liked"],
            created_at=told(row["created_at"]),
            updated_at=told(row["updated_at"]),
            audience=row["audience"],
            held=row["held"],
        )


def _audience(before: PostVisibility, after: PostVisibility, patch: PostPatch) -> Sequence[str] | None:
    """Who is chosen from now on; None: as it was. Raises `InvalidRequest`."""
    if after == "selected":
        if patch.audience:
            return patch.audience
        if before == "selected" and patch.audience is UNSET:
            return None
    elif not patch.audience:
        return ()
    raise InvalidRequest(
        "`audience` goes with `selected`, and names somebody.", details={"field": "audience"}
    )


async def _locked(connection: Connection, author: str, post_id: str, now: int) -> Record:
    """The author's post, which only this transaction changes now."""
    row = await connection.fetchrow(_SQL["locked"], author, to_datetime(now), post_id)
    if row is None:
        raise NotFound
    if row["author_id"] != author:
        raise Forbidden
    return row


async def _attach(
    connection: Connection, post_id: str, author: str, media_ids: Sequence[str], now: int
) -> None:
    """The post uses these pictures, which its author has uploaded for it."""
    at = to_datetime(now)
    used = await connection.fetch(_SQL["attach"], post_id, author, media_ids, at)
    if len(used) == len(media_ids):
        return
    about = {"field": "media_ids"}
    if await connection.fetch(_SQL["unusable"], media_ids, author, at):
        raise NotFound("There is no such picture that you have uploaded for a post.", details=about)
    raise Conflict("A picture is not ready yet, was refused, or is in a post already.", details=about)


async def _choose(connection: Connection, post_id: str, author: str, audience: Sequence[str]) -> None:
    chosen = await connection.fetch(_SQL["choose"], post_id, author, audience)
    if len(chosen) < len(audience):
        raise InvalidRequest("Choose among your friends.", details={"field": "audience"})
