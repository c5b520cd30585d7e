"""Profiles over REST: the user's own, and the cards of others. Decides nothing: `services.profiles` does."""

from core.contract import profiles as contract
from core.contract.profiles import ProfileCard, ProfilePatch
from core.wire.endpoint import ById
from rest.http.request import Request, Versioned
from services.profiles import Profiles


class ProfileHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, profiles: Profiles) -> None:
        self._profiles = profiles

    async def me(self, request: Request) -> Versioned:
        profile = await self._profiles.own(request.caller.user_id)
        return Versioned(profile.me, profile.version)

    async def change_me(self, request: Request) -> Versioned:
        profile = await self._profiles.change(
            request.caller.user_id, request.sent(ProfilePatch), request.versions, request.now
        )
        return Versioned(profile.me, profile.version)

    async def profile(self, request: Request) -> ProfileCard:
        return await self._profiles.card(request.at(ById).id, request.caller.user_id, request.now)
