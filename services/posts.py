"""Posts: what may be posted, and who is told. Postgres owns them; the feed is read from there each time."""

from msgspec import UNSET
from msgspec.structs import replace

from core.contract.posts import NewPost, PostPatch, PostView
from core.errors import InvalidRequest
from core.worded import worded
from db.postgres.idempotency import IdempotencyKey
from db.postgres.posts import PostStore
from services.each_once import each_once
from services.shown_texts import ShownTexts


class Posts:
    """The use cases. Errors of an outage of Postgres pass through (`db.outage`)."""

    def __init__(self, store: PostStore, texts: ShownTexts) -> None:
        self._store, self._texts = store, texts

    async def add(
        self, user_id: str, new: NewPost, key: IdempotencyKey | None, now: int, server: str
    ) -> PostView:
        """Post pictures. Raises `InvalidRequest`, and what `PostStore.add` raises."""
        new = checked(new)
        await self._texts.check({"caption": new.caption})
        return await self._store.add(user_id, new, key, now, server)

    async def change(self, user_id: str, post_id: str, patch: PostPatch, now: int, server: str) -> PostView:
        """Change one's own post. Raises `InvalidRequest`, and what `PostStore.change` raises."""
        each_once("media_ids", patch.media_ids)
        each_once("audience", patch.audience)
        if patch.caption is not UNSET:
            patch = replace(patch, caption=worded(patch.caption))
            await self._texts.check({"caption": patch.caption or None})
        return await self._store.change(user_id, post_id, patch, now, server)


def checked(new: NewPost) -> NewPost:
    """The same, with a caption of more than blanks or none. Raises `InvalidRequest`."""
    each_once("media_ids", new.media_ids)
    each_once("audience", new.audience)
    if bool(new.audience) != (new.visibility == "selected"):
        raise InvalidRequest(
            "`audience` goes with `selected`, and names somebody.", details={"field": "audience"}
        )
    return replace(new, caption=worded(new.caption))
