"""Signing up and in, one's own profile and sessions. Decides nothing: `services.accounts` does."""

from core.contract.accounts import Login, Refresh, Register, SignedIn
from core.contract.profiles import ProfileCard, ProfilePatch
from core.contract.sessions import SessionPage
from core.wire.pages import PageQuery
from rest import cursors
from rest.boundary import Exchange, Versioned
from services.accounts import Accounts


class AccountHandlers:
    """Handlers by the names of their endpoints."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def register(self, exchange: Exchange) -> SignedIn:
        """POST /v1/auth/register"""
        return await self._accounts.register(
            exchange.sent(Register), exchange.client, exchange.key, exchange.now
        )

    async def login(self, exchange: Exchange) -> SignedIn:
        """POST /v1/auth/login"""
        return await self._accounts.login(exchange.sent(Login), exchange.client, exchange.now)

    async def refresh(self, exchange: Exchange) -> SignedIn:
        """POST /v1/auth/refresh"""
        return await self._accounts.refresh(exchange.sent(Refresh), exchange.now)

    async def logout(self, exchange: Exchange) -> None:
        """POST /v1/auth/logout"""
        await self._accounts.logout(exchange.caller, exchange.now)

    async def sessions(self, exchange: Exchange) -> SessionPage:
        """GET /v1/auth/sessions"""
        query = exchange.asked(PageQuery)
        found = await self._accounts.sessions(
            exchange.caller, cursors.to_id(query.cursor), query.limit + 1, exchange.now
        )
        items, after = cursors.page(found, query.limit, lambda session: cursors.of_id(session.id))
        return SessionPage(items=items, next_cursor=after)

    async def end_session(self, exchange: Exchange) -> None:
        """DELETE /v1/auth/sessions/{id}"""
        await self._accounts.end_session(exchange.caller, exchange.path["id"], exchange.now)

    async def me(self, exchange: Exchange) -> Versioned:
        """GET /v1/me"""
        profile = await self._accounts.profile(exchange.caller.user_id)
        return Versioned(profile.me, profile.version)

    async def change_me(self, exchange: Exchange) -> Versioned:
        """PATCH /v1/me"""
        profile = await self._accounts.change(
            exchange.caller.user_id, exchange.sent(ProfilePatch), exchange.versions, exchange.now
        )
        return Versioned(profile.me, profile.version)

    async def profile(self, exchange: Exchange) -> ProfileCard:
        """GET /v1/profiles/{id}"""
        return await self._accounts.visible_card(exchange.path["id"], exchange.caller.user_id, exchange.now)
