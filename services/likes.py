"""Likes: the author is told, and whoever watches the post. Postgres owns them."""

from db.postgres.likes import LikeStore
from services.notifications import Notifications
from services.post_news import PostNews


class Likes:
    """The use cases. Errors of an outage of Postgres pass through (`db.outage`)."""

    def __init__(self, store: LikeStore, news: PostNews, notifications: Notifications) -> None:
        self._store, self._news, self._notifications = store, news, notifications

    async def like(self, user_id: str, post_id: str, now: int) -> None:
        """Like a post. Raises `NotFound` for one that they do not see."""
        author = await self._store.like(user_id, post_id, now)
        if author is not None:
            await self._news.tell(post_id)
            await self._notifications.hurry(author)

    async def unlike(self, user_id: str, post_id: str, now: int) -> None:
        """Like it no longer. Raises the same, for one that they did not like."""
        if await self._store.unlike(user_id, post_id, now):
            await self._news.tell(post_id)
