"""Signing up and in. Decides nothing: `services.accounts` and `services.sessions` do."""

from core.contract import accounts as contract
from core.contract.accounts import Login, Refresh, Register, SignedIn
from rest.http.request import Request
from services.accounts import Accounts
from services.sessions import SessionService


class AccountHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, accounts: Accounts, sessions: SessionService) -> None:
        self._accounts, self._sessions = accounts, sessions

    async def register(self, request: Request) -> SignedIn:
        return await self._accounts.register(request.sent(Register), request.client, request.key, request.now)

    async def login(self, request: Request) -> SignedIn:
        return await self._accounts.login(request.sent(Login), request.client, request.now)

    async def refresh(self, request: Request) -> SignedIn:
        return await self._sessions.refresh(request.sent(Refresh), request.now)

    async def logout(self, request: Request) -> None:
        kept = request.brought.refresh_token
        if request.access is not None or kept is None:
            await self._sessions.logout(request.caller, request.now)
        if kept is not None:
            await self._sessions.leave(kept, request.now)
