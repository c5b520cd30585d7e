"""Consents over REST."""

from core.contract import consents as contract
from core.contract.consents import Consent, ConsentChange, ConsentPage
from db.postgres.consents import ConsentStore
from rest.http.request import Request


class ConsentHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, store: ConsentStore) -> None:
        self._store = store

    async def consents(self, request: Request) -> ConsentPage:
        return _page(await self._store.of(request.caller.user_id))

    async def change_consent(self, request: Request) -> ConsentPage:
        change = request.sent(ConsentChange)
        return _page(await self._store.change(request.caller.user_id, change, request.now))


def _page(items: list[Consent]) -> ConsentPage:
    return ConsentPage(items=items, next_cursor=None)
