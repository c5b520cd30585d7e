"""Places: which are found, and whether they are open. Whoever is signed in sees them; admins keep them.

A page is looked for in rings that grow by what was found, so that it costs as much in a city as on a moor;
and first as far as others have had to look there.
Whether a place is open is asked of those that were found, and of so many at most for one page.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import UNSET, Struct

from core.contract.locations import LocationPatch, LocationQuery, LocationView, NewLocation
from core.errors import InvalidRequest, NotFound
from core.geography import Position, first_look_m, next_look_m
from core.ratings import mean
from core.wire.cursors import BY_DISTANCE, BY_ID
from db.postgres.idempotency import IdempotencyKey
from db.postgres.locations import Found, Location, LocationStore, Search
from db.postgres.media_views import MediaViews
from services.opening_hours import checked, is_open
from services.reaches import Reaches

# How many places are asked whether they are open, for one page of those that are.
ASKED = 400
USUAL_RADIUS_M = 10_000
# Where no place nearby has the words after so many looks, or not enough of them have after some more, few may
# have them at all: then those are looked for.
_LOOKS_IN_VAIN, _MOST_LOOKS = 3, 4


class Page(Struct, frozen=True):
    """Places of a list, and the cursor of the next page; None: there is none."""

    items: list[LocationView]
    next_cursor: str | None


class Locations:
    """The use cases. Errors of an outage of Postgres pass through (`db.outage`)."""

    def __init__(self, store: LocationStore, media: MediaViews) -> None:
        self._store, self._media, self._reaches = store, media, Reaches()

    async def of(self, location_id: str, now: int, *, staff: bool = False) -> LocationView:
        """One that is shown, and to `staff` any. Raises `NotFound`."""
        found = await self._store.these([location_id], now, hidden=staff)
        if location_id not in found:
            raise NotFound
        return self._view(found[location_id], now)

    async def search(self, query: LocationQuery, now: int) -> Page:
        """A page of those that are asked for. Raises `InvalidRequest`."""
        search = Search(type=query.type, q=query.q)
        wanted = (ASKED if query.open_now else query.limit) + 1
        if query.near is None:
            if query.radius_m is not None:
                raise InvalidRequest("`radius_m` needs `near`.", details={"field": "radius_m"})
            before = BY_ID.read(query.cursor)
            found = await self._store.newest(search, before=before, limit=wanted)
            return await self._page(found, query, wanted, now)
        around, after = position(query.near), BY_DISTANCE.read(query.cursor)
        found = await self._near(around, query.radius_m or USUAL_RADIUS_M, search, after, wanted)
        return await self._page(found, query, wanted, now)

    async def create(self, new: NewLocation, by: str, key: IdempotencyKey | None, now: int) -> LocationView:
        """Add a place. Raises `InvalidRequest` for hours that cannot be, `NotFound` for a picture."""
        if new.hours is not None:
            checked(new.hours)
        return self._view(await self._store.create(new, by, key, now), now)

    async def change(self, location_id: str, patch: LocationPatch, by: str, now: int) -> LocationView:
        """Change a place. Raises as `create` does."""
        if patch.hours is not UNSET and patch.hours is not None:
            checked(patch.hours)
        return self._view(await self._store.change(location_id, patch, by, now), now)

    async def _near(
        self,
        around: Position,
        within_m: float,
        search: Search,
        after: tuple[float, str] | None,
        wanted: int,
    ) -> list[Found]:
        looks, look_m = 0, first_look_m(after[0] if after else 0.0, within_m)
        if usual := search.q is None and after is None:
            look_m = min(max(look_m, self._reaches.first_m(around, search.type, wanted)), within_m)
        while True:
            found = await self._store.near(around, look_m, search, after=after, limit=wanted)
            looks += 1
            if len(found) >= wanted or look_m >= within_m:
                if usual:
                    reach_m = found[-1].distance_m if len(found) >= wanted else None
                    self._reaches.found(around, search.type, wanted, reach_m or look_m)
                return found
            if search.q is not None and looks >= (_MOST_LOOKS if found else _LOOKS_IN_VAIN):
                return await self._store.near(
                    around, within_m, search, after=after, limit=wanted, words_first=True
                )
            look_m = next_look_m(look_m, len(found), wanted, within_m)

    async def _page(self, found: Sequence[Found], query: LocationQuery, wanted: int, now: int) -> Page:
        looked_at = found[: wanted - 1]
        if query.open_now:
            shown, looked_at = _open(looked_at, query.limit, now)
        else:
            shown = list(looked_at)
        known = await self._store.these([one.id for one in shown], now)
        return Page(
            items=list(self._views(shown, known, now)),
            next_cursor=_cursor(looked_at[-1]) if looked_at and len(found) > len(looked_at) else None,
        )

    def _views(
        self, found: Iterable[Found], known: Mapping[str, Location], now: int
    ) -> Iterable[LocationView]:
        for one in found:
            if (location := known.get(one.id)) is not None:  # else it was taken off meanwhile
                yield self._view(location, now, one.distance_m)

    def _view(self, location: Location, now: int, distance_m: float | None = None) -> LocationView:
        return LocationView(
            id=location.id,
            name=location.name,
            type=location.type,
            lat=location.lat,
            lon=location.lon,
            address=location.address,
            city=location.city,
            country=location.country,
            description=location.description,
            amenities=location.amenities,
            anxiety_level=location.anxiety_level,
            hours=location.hours,
            open_now=location.hours is not None and is_open(location.hours, now),
            contact=location.contact,
            verified=location.verified,
            beginner_friendly=location.beginner_friendly,
            has_qr_reward=location.has_qr_reward,
            media=[self._media.view(media) for media in location.media],
            rating=mean(location.rating_sum, location.review_count),
            review_count=location.review_count,
            check_in_count=location.check_in_count,
            radius_m=location.radius_m,
            distance_m=UNSET if distance_m is None else round(distance_m),
            active=UNSET if location.active else False,
        )


def position(near: str) -> Position:
    """The point that `lat,lon` is. Raises `InvalidRequest` where the earth has none."""
    lat, lon = map(float, near.split(","))
    if abs(lat) > 90 or abs(lon) > 180:
        raise InvalidRequest("`near` is no point of the earth.", details={"field": "near"})
    return Position(lat, lon)


def _open(found: Sequence[Found], limit: int, now: int) -> tuple[list[Found], Sequence[Found]]:
    """The first that are open, at most `limit`, and all that had to be looked at for them."""
    shown: list[Found] = []
    for number, one in enumerate(found, 1):
        hours = one.hours
        if hours is not None and is_open(hours, now):
            shown.append(one)
            if len(shown) == limit:
                return shown, found[:number]
    return shown, found


def _cursor(last: Found) -> str:
    return BY_ID.write(last.id) if last.distance_m is None else BY_DISTANCE.write((last.distance_m, last.id))
