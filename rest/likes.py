"""Likes. Decides nothing: `services.likes` does."""

from core.contract import likes as contract
from core.contract.likes import LikePage
from core.wire.cursors import BY_TIME
from core.wire.endpoint import ById
from core.wire.pages import PageQuery
from db.postgres.likes import LikeStore
from rest.http.paging import page
from rest.http.request import Request
from rest.profiles import reachable
from services.likes import Likes


class LikeHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, likes: Likes, store: LikeStore) -> None:
        self._likes, self._store = likes, store

    async def like(self, request: Request) -> None:
        await self._likes.like(request.caller.user_id, request.at(ById).id, request.now)

    async def unlike(self, request: Request) -> None:
        await self._likes.unlike(request.caller.user_id, request.at(ById).id, request.now)

    async def likes(self, request: Request) -> LikePage:
        viewer, post_id = request.caller.user_id, request.at(ById).id
        items, after = await page(
            request.asked(PageQuery),
            lambda before, limit: self._store.likes(
                post_id, viewer, before=before, limit=limit, now=request.now
            ),
            cursors=BY_TIME,
            key=lambda item: item[0],
        )
        return LikePage(items=[reachable(card, request.address) for _, card in items], next_cursor=after)
