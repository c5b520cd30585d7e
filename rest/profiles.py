"""Profiles over REST: the user's own, and the cards of others. Decides nothing: `services.profiles` does."""

from core.contract import profiles as contract
from core.contract.profiles import ProfileCard, ProfilePatch
from core.wire.endpoint import ById
from rest.http.exchange import Exchange, Versioned
from services.profiles import Profiles


class ProfileHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, profiles: Profiles) -> None:
        self._profiles = profiles

    async def me(self, exchange: Exchange) -> Versioned:
        profile = await self._profiles.own(exchange.caller.user_id)
        return Versioned(profile.me, profile.version)

    async def change_me(self, exchange: Exchange) -> Versioned:
        profile = await self._profiles.change(
            exchange.caller.user_id, exchange.sent(ProfilePatch), exchange.versions, exchange.now
        )
        return Versioned(profile.me, profile.version)

    async def profile(self, exchange: Exchange) -> ProfileCard:
        return await self._profiles.card(exchange.at(ById).id, exchange.caller.user_id, exchange.now)
