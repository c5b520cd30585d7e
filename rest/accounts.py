"""Signing up and in. Decides nothing: `services.accounts` does."""

from core.contract import accounts as contract
from core.contract.accounts import Login, Refresh, Register, SignedIn
from rest.http.exchange import Exchange
from services.accounts import Accounts


class AccountHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def register(self, exchange: Exchange) -> SignedIn:
        return await self._accounts.register(
            exchange.sent(Register), exchange.client, exchange.key, exchange.now
        )

    async def login(self, exchange: Exchange) -> SignedIn:
        return await self._accounts.login(exchange.sent(Login), exchange.client, exchange.now)

    async def refresh(self, exchange: Exchange) -> SignedIn:
        return await self._accounts.refresh(exchange.sent(Refresh), exchange.now)

    async def logout(self, exchange: Exchange) -> None:
        await self._accounts.logout(exchange.caller, exchange.now)
