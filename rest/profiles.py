"""Profiles over REST: the user's own, and the cards of others. Decides nothing: `services.profiles` does."""

from typing import TypeVar

from msgspec.structs import replace

from core.contract import profiles as contract
from core.contract.profiles import (
    Compatibility,
    ProfileCard,
    ProfilePage,
    ProfilePatch,
    ProfileSearch,
    ProfileView,
)
from core.wire.cursors import BY_ID
from core.wire.endpoint import ById
from db.postgres.media_views import complete
from db.postgres.profiles import Profile
from rest.http.paging import page
from rest.http.request import Request, Versioned
from services.profiles import Profiles

C = TypeVar("C", bound=ProfileCard)


class ProfileHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, profiles: Profiles) -> None:
        self._profiles = profiles

    async def me(self, request: Request) -> Versioned:
        return _own(await self._profiles.own(request.caller.user_id, request.address))

    async def change_me(self, request: Request) -> Versioned:
        profile = await self._profiles.change(
            request.caller.user_id, request.sent(ProfilePatch), request.versions, request.now, request.address
        )
        return _own(profile)

    async def search_profiles(self, request: Request) -> ProfilePage:
        query = request.asked(ProfileSearch)
        cards, after = await page(
            query,
            lambda before, limit: self._profiles.found(
                query.q, request.caller.user_id, before=before, limit=limit, now=request.now
            ),
            cursors=BY_ID,
            key=lambda card: card.user_id,
        )
        return ProfilePage(items=[reachable(card, request.address) for card in cards], next_cursor=after)

    async def compatibility(self, request: Request) -> Compatibility:
        return await self._profiles.compatibility(request.at(ById).id, request.caller.user_id, request.now)

    async def profile(self, request: Request) -> ProfileView:
        viewer = request.caller.user_id
        return await self._profiles.card(request.at(ById).id, viewer, request.now, request.address)


def _own(profile: Profile) -> Versioned:
    return Versioned(profile.me, profile.version)


def reachable(card: C, server: str) -> C:
    """The same with a photo whose address says where this server is."""
    return replace(card, photo_url=card.photo_url and complete(card.photo_url, server))
