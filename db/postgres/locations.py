"""Places in Postgres. What admins do is on the audit log. `core/geography.py` says which boxes to look into.

Ids are text, times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from msgspec import UNSET, Struct, convert, json, structs

from core.clock import to_datetime
from core.contract.locations import Contact, Hours, LocationPatch, NewLocation
from core.errors import NotFound
from core.geography import Position, boxes
from core.ids import new_id
from core.vocabulary import AnxietyLevel, LocationType
from db.postgres import audit
from db.postgres.idempotency import IdempotencyKey, claim, keep
from db.postgres.media import Media
from db.postgres.pool import Connection, Pool, Record, queries

_PARTS = queries("locations")


def _searching(name: str, q: str) -> tuple[str, str]:
    """The statement for all, and the one for those with the words that parameter `q` is."""
    text = _PARTS[name]
    return text.replace(":wanted", "true"), text.replace(":wanted", _PARTS["worded"].replace(":q", q))


THESE = _PARTS["these"].replace(":columns", _PARTS["columns"])
NEAR, NEAR_WORDED = _searching("near", "$16")
_, NEAR_BY_WORDS = _searching("near_by_words", "$16")
NEWEST, NEWEST_WORDED = _searching("newest", "$4")
# So many different hours: a few kilobytes each.
_REMEMBERED = 1024
_FIRST = (-1.0, "00000000-0000-0000-0000-000000000000")


class Location(Struct, frozen=True, kw_only=True):
    """A place, with the pictures that are shown of it, and the ids of all that were given."""

    id: str
    name: str
    type: LocationType
    lat: float
    lon: float
    address: str
    city: str
    country: str
    description: str | None
    amenities: list[str]
    anxiety_level: AnxietyLevel | None
    hours: Hours | None
    contact: Contact
    verified: bool
    beginner_friendly: bool
    has_qr_reward: bool
    radius_m: int
    active: bool
    rating_sum: int
    review_count: int
    check_in_count: int
    media_ids: list[str]
    media: list[Media]


class Found(Struct, frozen=True):
    """A place that was found, with its hours, and how far it is from the point that was asked about."""

    id: str
    kept_hours: str | None
    distance_m: float | None

    @property
    def hours(self) -> Hours | None:
        """Read where somebody asks: most lists are of places whether they are open or not."""
        return None if self.kept_hours is None else _hours(self.kept_hours)


class Search(Struct, frozen=True, kw_only=True):
    """What is looked for; None: anything."""

    type: LocationType | None = None
    q: str | None = None


class LocationStore:
    """Places."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def these(self, ids: Sequence[str], now: int, *, hidden: bool = False) -> dict[str, Location]:
        """Those that there are of them, by id; the `hidden` ones too, or not."""
        rows = await self._pool.fetch(THESE, ids, to_datetime(now), hidden)
        return {row["id"]: _location(row) for row in rows}

    async def near(
        self,
        around: Position,
        within_m: float,
        search: Search,
        *,
        after: tuple[float, str] | None,
        limit: int,
        words_first: bool = False,
    ) -> list[Found]:
        """Nearest first: those after the one at this distance with this id.

        By where they are, which reads all that is so near, or by their words, which reads all that have them.
        """
        sides = [side for box in boxes(around, within_m) for side in structs.astuple(box)]
        given = (around.lon, around.lat, *sides, within_m, *(after or _FIRST), limit, search.type)
        if search.q is None:
            rows = await self._pool.fetch(NEAR, *given)
        else:
            by = NEAR_BY_WORDS if words_first else NEAR_WORDED
            rows = await self._pool.fetch(by, *given, search.q)
        return [_found(row) for row in rows]

    async def newest(self, search: Search, *, before: str | None, limit: int) -> list[Found]:
        """Newest first: those before this one."""
        given = (before, limit, search.type)
        if search.q is None:
            rows = await self._pool.fetch(NEWEST, *given)
        else:
            rows = await self._pool.fetch(NEWEST_WORDED, *given, search.q)
        return [_found(row) for row in rows]

    async def create(self, new: NewLocation, by: str, key: IdempotencyKey | None, now: int) -> Location:
        """Add it. Raises `NotFound` for a picture that is not this admin's, `IdempotencyConflict`."""
        async with self._pool.acquire() as connection, connection.transaction():
            if (known := await claim(connection, key, Location)) is not None:
                return known
            location_id = new_id(now)
            await _write(connection, location_id, new, by, now)
            details = {"location": location_id}
            await audit.note(connection, "location_created", None, details, by=by, now=now)
            return await keep(connection, key, await _one(connection, location_id, now))

    async def change(self, location_id: str, patch: LocationPatch, by: str, now: int) -> Location:
        """Set what the patch names; two at once both have their effect. Raises `NotFound`."""
        changes = {name: value for name, value in structs.asdict(patch).items() if value is not UNSET}
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(_PARTS["lock"], location_id) is None:
                raise NotFound
            known = await _one(connection, location_id, now)
            active = changes.pop("active", known.active)
            changed = structs.replace(_said(known), **changes)
            await _write(connection, location_id, changed, by, now, active=active, shown=known.media_ids)
            details = {"location": location_id, "fields": sorted({*changes, *_named(patch, "active")})}
            await audit.note(connection, "location_changed", None, details, by=by, now=now)
            return await _one(connection, location_id, now)


async def _one(connection: Connection, location_id: str, now: int) -> Location:
    return _location(await connection.fetchrow(THESE, [location_id], to_datetime(now), True))


def _named(patch: LocationPatch, field: str) -> list[str]:
    return [] if getattr(patch, field) is UNSET else [field]


def _said(known: Location) -> NewLocation:
    """What would make this place."""
    same = {name: getattr(known, name) for name in NewLocation.__struct_fields__ if name != "media"}
    return NewLocation(**same, media=known.media_ids)


async def _write(
    connection: Connection,
    location_id: str,
    new: NewLocation,
    by: str,
    now: int,
    *,
    active: bool = True,
    shown: Sequence[str] = (),
) -> None:
    """Write all of it; `shown`: its pictures until now."""
    at = to_datetime(now)
    await _show(connection, location_id, new.media, shown, by, now)
    await connection.execute(
        _PARTS["write"],
        location_id,
        new.name,
        new.type,
        new.lon,
        new.lat,
        new.address,
        new.city,
        new.country,
        new.description,
        new.amenities,
        new.anxiety_level,
        new.hours,
        new.contact,
        new.verified,
        new.beginner_friendly,
        new.has_qr_reward,
        new.radius_m,
        at,
        active,
        new.media,
    )


async def _show(
    connection: Connection, location_id: str, ids: Sequence[str], before: Sequence[str], by: str, now: int
) -> None:
    added = [media_id for media_id in ids if media_id not in before]
    if added:
        rows = await connection.fetch(_PARTS["show"], location_id, added, by, to_datetime(now))
        known = {row["id"] for row in rows}
        if missing := [media_id for media_id in added if media_id not in known]:
            raise NotFound(
                "You have no such picture for a place.", details={"field": "media", "id": missing[0]}
            )
    if gone := [media_id for media_id in before if media_id not in ids]:
        await connection.execute(_PARTS["hide"], gone, location_id, to_datetime(now))


# Read each time that a place is shown to somebody, and seldom changed; and many places have the same.
@lru_cache(_REMEMBERED)
def _hours(kept: str) -> Hours:
    return json.decode(kept, type=Hours)


def _location(row: Record) -> Location:
    """What is on record has passed its checks."""
    hours, media = row["hours"], row["media"]
    read: dict[str, Any] = {
        "hours": None if hours is None else _hours(hours),
        "contact": json.decode(row["contact"], type=Contact),
        "media": convert(media, list[Media]) if media else [],
    }
    return Location(**{**row, **read})


def _found(row: Record) -> Found:
    return Found(row["id"], row["hours"], row["distance"])
