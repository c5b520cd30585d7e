"""Comments. Decides nothing: `services.comments` does."""

from msgspec.structs import replace

from core.contract import comments as contract
from core.contract.comments import CommentPage, CommentPatch, CommentView, NewComment
from core.wire.cursors import BY_ID
from core.wire.endpoint import ById
from core.wire.pages import PageQuery
from db.postgres.comments import CommentStore
from rest.http.paging import page
from rest.http.request import Request
from rest.profiles import reachable
from services.comments import Comments


class CommentHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, comments: Comments, store: CommentStore) -> None:
        self._comments, self._store = comments, store

    async def comments(self, request: Request) -> CommentPage:
        viewer, post_id = request.caller.user_id, request.at(ById).id
        items, after = await page(
            request.asked(PageQuery),
            lambda since, limit: self._store.comments(
                post_id, viewer, after=since, limit=limit, now=request.now
            ),
            cursors=BY_ID,
            key=lambda comment: comment.id,
        )
        shown = [_reachable(one, request.address) for one in items]
        return CommentPage(items=shown, next_cursor=after)

    async def add_comment(self, request: Request) -> CommentView:
        user_id, new = request.caller.user_id, request.sent(NewComment)
        added = await self._comments.add(user_id, request.at(ById).id, new, request.key, request.now)
        return _reachable(added, request.address)

    async def change_comment(self, request: Request) -> CommentView:
        user_id, content = request.caller.user_id, request.sent(CommentPatch).content
        changed = await self._comments.change(user_id, request.at(ById).id, content, request.now)
        return _reachable(changed, request.address)

    async def delete_comment(self, request: Request) -> None:
        await self._comments.delete(request.caller.user_id, request.at(ById).id, request.now)


def _reachable(comment: CommentView, server: str) -> CommentView:
    """The same with a photo whose address says where this server is."""
    return replace(comment, author=reachable(comment.author, server))
