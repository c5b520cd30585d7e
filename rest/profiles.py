"""Profiles over REST: one's own, and the cards of others. Decides nothing: `services.accounts` does."""

from core.contract import profiles as contract
from core.contract.profiles import ProfileCard, ProfilePatch
from core.wire.endpoint import ById
from rest.http.exchange import Exchange, Versioned
from services.accounts import Accounts


class ProfileHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def me(self, exchange: Exchange) -> Versioned:
        profile = await self._accounts.profile(exchange.caller.user_id)
        return Versioned(profile.me, profile.version)

    async def change_me(self, exchange: Exchange) -> Versioned:
        profile = await self._accounts.change(
            exchange.caller.user_id, exchange.sent(ProfilePatch), exchange.versions, exchange.now
        )
        return Versioned(profile.me, profile.version)

    async def profile(self, exchange: Exchange) -> ProfileCard:
        return await self._accounts.visible_card(exchange.at(ById).id, exchange.caller.user_id, exchange.now)
