"""One's sessions over REST. Decides nothing: `services.accounts` does."""

from core.contract import sessions as contract
from core.contract.sessions import SessionPage
from core.wire.cursors import BY_ID
from core.wire.endpoint import ById
from core.wire.pages import PageQuery
from rest.http.exchange import Exchange
from rest.http.paging import page
from services.accounts import Accounts


class SessionHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def sessions(self, exchange: Exchange) -> SessionPage:
        items, after = await page(
            exchange.asked(PageQuery),
            lambda before, limit: self._accounts.sessions(exchange.caller, before, limit, exchange.now),
            cursors=BY_ID,
            key=lambda session: session.id,
        )
        return SessionPage(items=items, next_cursor=after)

    async def end_session(self, exchange: Exchange) -> None:
        await self._accounts.end_session(exchange.caller, exchange.at(ById).id, exchange.now)
