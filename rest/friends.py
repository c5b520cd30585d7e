"""Friends and requests. Decides nothing: `services.friends` does."""

from core.contract import friends as contract
from core.contract.friends import (
    Asked,
    ByFriend,
    FriendPage,
    FriendRequestPage,
    FriendSuggestionPage,
    FriendView,
    NewFriendRequest,
    RequestQuery,
)
from core.wire.cursors import BY_ID, BY_SEVERITY
from core.wire.endpoint import ById
from core.wire.pages import PageQuery
from db.postgres.friend_suggestions import FriendSuggestions
from db.postgres.friends import FriendStore
from rest.http.paging import page
from rest.http.request import Request
from services.friends import Friends


class FriendHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, friends: Friends, store: FriendStore, suggestions: FriendSuggestions) -> None:
        self._friends, self._store, self._suggestions = friends, store, suggestions

    async def friends(self, request: Request) -> FriendPage:
        items, after = await page(
            request.asked(PageQuery),
            lambda before, limit: self._store.friends(
                request.caller.user_id, before=before, limit=limit, now=request.now
            ),
            cursors=BY_ID,
            key=lambda item: item[0],
        )
        return FriendPage(items=[friend for _, friend in items], next_cursor=after)

    async def friend_requests(self, request: Request) -> FriendRequestPage:
        query = request.asked(RequestQuery)
        items, after = await page(
            query,
            lambda before, limit: self._store.requests(
                request.caller.user_id, query.box, before=before, limit=limit, now=request.now
            ),
            cursors=BY_ID,
            key=lambda item: item.id,
        )
        return FriendRequestPage(items=items, next_cursor=after)

    async def friend_suggestions(self, request: Request) -> FriendSuggestionPage:
        items, after = await page(
            request.asked(PageQuery),
            lambda before, limit: self._suggestions.page(
                request.caller.user_id, before=before, limit=limit, now=request.now
            ),
            cursors=BY_SEVERITY,
            key=lambda item: (item.rank, item.shown.user.user_id),
        )
        return FriendSuggestionPage(items=[item.shown for item in items], next_cursor=after)

    async def ask_friend(self, request: Request) -> Asked:
        return await self._friends.ask(
            request.caller.user_id, request.sent(NewFriendRequest), request.key, request.now
        )

    async def accept_friend(self, request: Request) -> FriendView:
        return await self._friends.accept(request.caller.user_id, request.at(ById).id, request.now)

    async def refuse_friend(self, request: Request) -> None:
        await self._friends.refuse(request.caller.user_id, request.at(ById).id, request.now)

    async def unfriend(self, request: Request) -> None:
        await self._friends.unfriend(request.caller.user_id, request.at(ByFriend).user_id, request.now)
