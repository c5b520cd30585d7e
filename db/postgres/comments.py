"""Comments in Postgres, with one level of replies. Ids are text, times ms since the epoch.

What an outage raises (`db.outage`) passes through.
"""

from datetime import date

from msgspec import Struct

from core.clock import rfc3339, to_datetime, to_ms, today
from core.contract.comments import CommentView, NewComment
from core.errors import Forbidden, InvalidRequest, NotFound
from core.ids import new_id
from core.notices import comment_answered, post_commented
from db.postgres.cards import NO_PHOTOS, Cards
from db.postgres.idempotency import IdempotencyKey, claim, keep
from db.postgres.notifications import Notify
from db.postgres.pool import Connection, Pool, Record, queries

_NAMED = queries("comments")
_SQL = {name: text.replace(":row", _NAMED["row"]) for name, text in _NAMED.items()}


class Said(Struct, frozen=True):
    """What is kept of an answer: the rest of it changes, and has addresses that expire."""

    id: str


class CommentStore:
    """All comments."""

    def __init__(self, pool: Pool, notify: Notify, cards: Cards = NO_PHOTOS) -> None:
        self._pool, self._notify, self._cards = pool, notify, cards

    async def add(
        self, author: str, post_id: str, new: NewComment, key: IdempotencyKey | None, now: int
    ) -> tuple[CommentView, frozenset[str]]:
        """Say it. Gives whom it is news to, who are told; nobody, where it was said before.

        Raises `NotFound` for a post or comment that they do not see, `InvalidRequest` for a reply to a
        reply, `IdempotencyConflict`.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            if (known := await claim(connection, key, Said)) is not None:
                return await self._seen(connection, author, known.id, now), frozenset()
            at = to_datetime(now)
            host = await connection.fetchval(_SQL["about"], author, at, post_id)
            if host is None:
                raise NotFound
            answered = await self._answered(connection, author, post_id, new.reply_to, now)
            comment_id = new_id(now)
            said = author, post_id, new.reply_to, new.content, at
            await connection.execute(_SQL["add"], comment_id, *said)
            await keep(connection, key, Said(comment_id))
            notices = {host: post_commented(host, post_id, author)}
            if answered and answered["hears"] and new.reply_to:
                told = answered["author_id"]
                notices[told] = comment_answered(told, new.reply_to, post_id, author)
            notices.pop(author, None)
            view = await self._seen(connection, author, comment_id, now)
            for _, notice in sorted(notices.items()):  # in the order of ids: two at once lock in one order
                await self._notify(connection, notice, now)
        return view, frozenset(notices)

    async def _answered(
        self, connection: Connection, author: str, post_id: str, reply_to: str | None, now: int
    ) -> Record | None:
        """The comment that is answered."""
        if reply_to is None:
            return None
        about = {"field": "reply_to"}
        row = await connection.fetchrow(_SQL["answered"], author, to_datetime(now), post_id, reply_to)
        if row is None:
            raise NotFound("There is no such comment on this post.", details=about)
        if row["answers"]:
            raise InvalidRequest("What answers a comment is not answered itself.", details=about)
        return row

    async def change(self, author: str, comment_id: str, content: str, now: int) -> CommentView:
        """Other words. Raises `NotFound` for what they do not see, `Forbidden` for others'."""
        async with self._pool.acquire() as connection, connection.transaction():
            seen = await self._seen(connection, author, comment_id, now)
            if seen.author.user_id != author:
                raise Forbidden
            await connection.execute(_SQL["change"], comment_id, content, to_datetime(now))
            return await self._seen(connection, author, comment_id, now)

    async def delete(self, user_id: str, comment_id: str, now: int) -> str:
        """Delete one's own, or one on one's own post, with its answers; gives the post.

        Raises `NotFound` for what they do not see, `Forbidden` for others'.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_SQL["whose"], comment_id)
            if row is None:
                raise NotFound
            if user_id not in (row["author_id"], row["host_id"]):
                await self._seen(connection, user_id, comment_id, now)
                raise Forbidden
            await connection.execute(_SQL["delete"], comment_id, to_datetime(now))
        post_id: str = row["post_id"]
        return post_id

    async def comments(
        self, post_id: str, viewer: str, *, after: str | None, limit: int, now: int
    ) -> list[CommentView]:
        """What was said about a post that the viewer sees, the oldest first. Raises `NotFound`."""
        rows = await self._pool.fetch(_SQL["page"], viewer, to_datetime(now), post_id, after, limit)
        if not rows:
            raise NotFound
        return [self._view(row, today(now)) for row in rows if row["id"] is not None]

    async def forget(self, before: int, *, limit: int) -> int:
        """Drop comments that were deleted before a time."""
        return len(await self._pool.fetch(_SQL["forget"], to_datetime(before), limit))

    async def _seen(self, connection: Connection, viewer: str, comment_id: str, now: int) -> CommentView:
        row = await connection.fetchrow(_SQL["one"], viewer, to_datetime(now), comment_id)
        if row is None:
            raise NotFound
        return self._view(row, today(now))

    def _view(self, row: Record, today: date) -> CommentView:
        return CommentView(
            id=row["id"],
            post_id=row["post_id"],
            author=self._cards.card(row, today),
            content=row["content"],
            created_at=rfc3339(to_ms(row["created_at"])),
            reply_to=row["reply_to"],
            edited_at=row["edited_at"] and rfc3339(to_ms(row["edited_at"])),
            held=row["held"],
        )
