"""Appeals over REST, for moderators. Decides nothing: `services.appeals` does."""

from core.contract import appeals as contract
from core.contract.appeals import Appeal, AppealDecision, AppealPage
from core.wire.cursors import BY_TIME
from core.wire.endpoint import ById
from core.wire.pages import PageQuery
from db.postgres.appeals import AppealStore, rank
from rest.http.paging import page
from rest.http.request import Request
from services.appeals import Appeals


class AppealHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, appeals: Appeals, store: AppealStore) -> None:
        self._appeals, self._store = appeals, store

    async def appeals(self, request: Request) -> AppealPage:
        items, after = await page(
            request.asked(PageQuery), self._store.page, cursors=BY_TIME, key=lambda a: (rank(a), a.id)
        )
        return AppealPage(items=items, next_cursor=after)

    async def decide_appeal(self, request: Request) -> Appeal:
        decision, by = request.sent(AppealDecision), request.caller.user_id
        return await self._appeals.decide(request.at(ById).id, decision, by, request.now)
