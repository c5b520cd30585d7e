"""Signing up and in. Decides nothing: `services.accounts` and `services.sessions` do."""

from core.contract import accounts as contract
from core.contract.accounts import Login, Refresh, Register, SignedIn
from rest.http.exchange import Exchange
from services.accounts import Accounts
from services.sessions import Sessions


class AccountHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, accounts: Accounts, sessions: Sessions) -> None:
        self._accounts, self._sessions = accounts, sessions

    async def register(self, exchange: Exchange) -> SignedIn:
        return await self._accounts.register(
            exchange.sent(Register), exchange.client, exchange.key, exchange.now
        )

    async def login(self, exchange: Exchange) -> SignedIn:
        return await self._accounts.login(exchange.sent(Login), exchange.client, exchange.now)

    async def refresh(self, exchange: Exchange) -> SignedIn:
        return await self._sessions.refresh(exchange.sent(Refresh), exchange.now)

    async def logout(self, exchange: Exchange) -> None:
        await self._sessions.logout(exchange.caller, exchange.now)
