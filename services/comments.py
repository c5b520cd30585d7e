"""Comments: the author of the post is told, whom one answers, and whoever watches the post."""

from core.contract.comments import CommentView, NewComment
from db.postgres.comments import CommentStore
from db.postgres.idempotency import IdempotencyKey
from services.notifications import Notifications
from services.post_news import PostNews
from services.shown_texts import ShownTexts


class Comments:
    """The use cases. Errors of an outage of Postgres pass through (`db.outage`)."""

    def __init__(
        self, store: CommentStore, texts: ShownTexts, news: PostNews, notifications: Notifications
    ) -> None:
        self._store, self._texts = store, texts
        self._news, self._notifications = news, notifications

    async def add(
        self, user_id: str, post_id: str, new: NewComment, key: IdempotencyKey | None, now: int
    ) -> CommentView:
        """Say something about a post. Raises `InvalidRequest`, and what `CommentStore.add` raises."""
        await self._texts.check({"content": new.content})
        comment, told = await self._store.add(user_id, post_id, new, key, now)
        await self._news.tell(post_id)
        await self._notifications.hurry(*told)
        return comment

    async def change(self, user_id: str, comment_id: str, content: str, now: int) -> CommentView:
        """Other words. Raises `InvalidRequest`, `NotFound`, `Forbidden`."""
        await self._texts.check({"content": content})
        return await self._store.change(user_id, comment_id, content, now)

    async def delete(self, user_id: str, comment_id: str, now: int) -> None:
        """Delete it, with its answers. Raises `NotFound`, `Forbidden`."""
        await self._news.tell(await self._store.delete(user_id, comment_id, now))
