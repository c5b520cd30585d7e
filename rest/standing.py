"""One's standing over REST, and appeals against strikes. Decides nothing: `services.appeals` does."""

from core.contract import standing as contract
from core.contract.standing import AppealView, NewAppeal, StandingView
from core.wire.endpoint import ById
from db.postgres.standing import StandingStore
from rest.http.request import Request
from services.appeals import Appeals


class StandingHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, store: StandingStore, appeals: Appeals) -> None:
        self._store, self._appeals = store, appeals

    async def standing(self, request: Request) -> StandingView:
        return await self._store.of(request.caller.user_id, request.now)

    async def appeal(self, request: Request) -> AppealView:
        strike_id, text = request.at(ById).id, request.sent(NewAppeal).text
        return await self._appeals.file(request.caller.user_id, strike_id, text, request.key, request.now)
