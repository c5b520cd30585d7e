"""Likes in Postgres: one of each user and post. Ids are text, times ms since the epoch.

What an outage raises (`db.outage`) passes through.
"""

from core.clock import to_datetime, to_ms, today
from core.contract.profiles import ProfileCard
from core.errors import NotFound
from core.notices import post_liked
from db.postgres.cards import NO_PHOTOS, Cards
from db.postgres.notifications import Notify
from db.postgres.pool import Pool, queries

_SQL = queries("likes")


class LikeStore:
    """Who likes what."""

    def __init__(self, pool: Pool, notify: Notify, cards: Cards = NO_PHOTOS) -> None:
        self._pool, self._notify, self._cards = pool, notify, cards

    async def like(self, user_id: str, post_id: str, now: int) -> str | None:
        """Like it; gives its author, who is told. None: it was liked before. Raises `NotFound`."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_SQL["like"], user_id, to_datetime(now), post_id)
            if row is None:
                raise NotFound
            author: str = row["author_id"]
            if row["new"] and author != user_id:
                await self._notify(connection, post_liked(author, post_id, user_id), now)
        return author if row["new"] else None

    async def unlike(self, user_id: str, post_id: str, now: int) -> bool:
        """Like it no longer; whether it was liked. Raises `NotFound` for what was not, and is not seen."""
        row = await self._pool.fetchrow(_SQL["unlike"], user_id, to_datetime(now), post_id)
        if not (row["did"] or row["sees"]):
            raise NotFound
        did: bool = row["did"]
        return did

    async def likes(
        self, post_id: str, viewer: str, *, before: tuple[int, str] | None, limit: int, now: int
    ) -> list[tuple[tuple[int, str], ProfileCard]]:
        """Cards of those who like it, each with its key, the latest first. Raises `NotFound`."""
        at, last = before or (None, None)
        since = None if at is None else to_datetime(at)
        rows = await self._pool.fetch(_SQL["page"], viewer, to_datetime(now), post_id, since, last, limit)
        if not rows:
            raise NotFound
        return [
            ((to_ms(row["created_at"]), row["user_id"]), self._cards.card(row, today(now)))
            for row in rows
            if row["user_id"] is not None
        ]
