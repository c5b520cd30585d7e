"""Users over REST, for moderators. Decides nothing: `services.admin_users` does."""

from core.contract import admin_users as contract
from core.contract.admin_users import AdminUser, UserCorrection, UserPage, UserQuery
from core.wire.cursors import BY_ID
from core.wire.endpoint import ById
from rest.http.paging import page
from rest.http.request import Request
from services.admin_users import UserModeration


class AdminUserHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, users: UserModeration) -> None:
        self._users = users

    async def admin_users(self, request: Request) -> UserPage:
        query, by = request.asked(UserQuery), request.caller.user_id
        items, after = await page(
            query,
            lambda before, limit: self._users.find(query.q, by, before=before, limit=limit, now=request.now),
            cursors=BY_ID,
            key=lambda user: user.id,
        )
        return UserPage(items=items, next_cursor=after)

    async def admin_user(self, request: Request) -> AdminUser:
        return await self._users.of(request.at(ById).id, request.caller.user_id, request.now)

    async def correct_user(self, request: Request) -> AdminUser:
        body = request.sent(UserCorrection)
        return await self._users.correct(request.at(ById).id, body, request.caller.user_id, request.now)
