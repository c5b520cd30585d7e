"""Places over REST. Decides nothing: `services.locations` does."""

from msgspec.structs import replace

from core.contract import locations as contract
from core.contract.locations import LocationPage, LocationPatch, LocationQuery, LocationView, NewLocation
from core.wire.endpoint import ById
from db.postgres.media_views import at_server
from rest.http.request import Request
from services.locations import Locations


class LocationHandlers:
    """One method for each endpoint, of the same name."""

    endpoints = contract.ENDPOINTS

    def __init__(self, locations: Locations) -> None:
        self._locations = locations

    async def locations(self, request: Request) -> LocationPage:
        page = await self._locations.search(request.asked(LocationQuery), request.now)
        items = [_reachable(item, request) for item in page.items]
        return LocationPage(items=items, next_cursor=page.next_cursor)

    async def location(self, request: Request) -> LocationView:
        found = await self._locations.of(request.at(ById).id, request.now, staff=request.staff)
        return _reachable(found, request)

    async def create_location(self, request: Request) -> LocationView:
        by, new = request.caller.user_id, request.sent(NewLocation)
        return _reachable(await self._locations.create(new, by, request.key, request.now), request)

    async def change_location(self, request: Request) -> LocationView:
        by, patch = request.caller.user_id, request.sent(LocationPatch)
        return _reachable(await self._locations.change(request.at(ById).id, patch, by, request.now), request)


def _reachable(view: LocationView, request: Request) -> LocationView:
    """The same with pictures whose addresses say where this server is."""
    if not view.media:
        return view
    return replace(view, media=[at_server(media, request.address) for media in view.media])
