"""Check-ins: whether somebody is there, what their calendar shows, and what a place shows on its screen.

Nobody is refused who says when and where it is: what cannot be verified is kept and does not count. The day
is that of the clock that somebody has set, else of their device, else of the place.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime

from core.check_ins import LATE_MS, OLDEST_MS, is_there
from core.clock import DAY_MS, rfc3339, to_ms
from core.contract.check_ins import (
    CheckedIn,
    CheckInQuery,
    CheckInView,
    NewCheckIn,
    PlaceCodeView,
    VisitView,
)
from core.contract.journey import JourneyView
from core.errors import Gone, InvalidRequest, NotFound
from core.geography import Position
from core.ids import made_at
from core.journey import Journey
from core.keys import SigningKey
from core.place_codes import is_of, shown
from core.vocabulary import CheckInProof
from db.postgres.check_ins import CheckInStore, Key, Moment, Place, Span, Visit
from db.postgres.idempotency import IdempotencyKey
from db.postgres.journeys import Beside
from services.journeys import begins, first_zone, local_day, view
from services.notifications import Notifications
from services.time_zones import TIME_ZONES

FLAGGED_MS = 7 * DAY_MS
# Whether this user is staff of this place.
IsStaff = Callable[[str, str], Awaitable[bool]]


class CheckIns:
    """The use cases. Errors of an outage of Postgres pass through (`db.outage`)."""

    def __init__(
        self,
        store: CheckInStore,
        notifications: Notifications,
        keys: Sequence[SigningKey],
        is_staff: IsStaff,
    ) -> None:
        self._store, self._notifications, self._keys, self._is_staff = store, notifications, keys, is_staff

    async def check_in(
        self, user_id: str, new: NewCheckIn, key: IdempotencyKey | None, now: int
    ) -> CheckedIn:
        """Keep it, and say what it comes to. Raises `InvalidRequest`, `NotFound`, `IdempotencyConflict`."""
        _check(new)
        try:
            at = _time(new, now)
        except InvalidRequest:  # by when it is asked again its time may be too long ago
            if key is None or (known := await self._store.known(key)) is None:
                raise
            return known

        def come(place: Place) -> Visit:
            zone = first_zone(place.time_zone, new.time_zone, place.zone)
            return Visit(
                user_id=user_id,
                place=place,
                at=at,
                day=local_day(zone, at),
                zone=zone,
                verified_by=self._proof(new, place, at, now),
                mood=new.mood,
                note=new.note,
            )

        def say(journey: Journey, beside: Beside, zone: str) -> JourneyView:
            return view(journey, beside, zone, now)

        done = await self._store.check_in(user_id, new.location_id, come, say, key, now)
        if done.check_in.counts:
            await self._notifications.hurry(user_id)
        return done

    async def page(
        self, user_id: str, query: CheckInQuery, before: Key | None, limit: int
    ) -> list[CheckInView]:
        """One's own, the latest first: before this one. Raises `InvalidRequest`."""
        first_day, since = _bound(query.from_, "from")
        last_day, until = _bound(query.to, "to")
        span = Span(from_day=first_day, to_day=last_day, since=since, until=until)
        return await self._store.page(user_id, span, before=before, limit=limit)

    async def code(
        self, location_id: str, user_id: str, address: str, now: int, *, staff: bool
    ) -> PlaceCodeView:
        """What the place shows now, for its staff, and for admins. Raises `NotFound` for others.

        `staff`: whether they may do what moderators or admins may.
        """
        version = await self._store.code_version(location_id)
        await self._admit(user_id, location_id, staff=staff)
        code = shown(self._keys[0], location_id, version, now)
        url = f"{address}/#check-in/{code.text}"
        return PlaceCodeView(code=code.text, url=url, expires_at=rfc3339(code.until))

    async def visits(
        self, location_id: str, user_id: str, before: Moment | None, limit: int, now: int, *, staff: bool
    ) -> list[VisitView]:
        """What counts there today, by the clock of the place; for the same. Raises `NotFound` for others."""
        await self._admit(user_id, location_id, staff=staff)
        zone = first_zone(await self._store.zone(location_id))
        day = local_day(zone, now)
        return await self._store.visits(location_id, day, begins(zone, day), before=before, limit=limit)

    async def flag(self, check_in_id: str, by: str, reason: str, now: int, *, staff: bool) -> None:
        """The same say that it is not true. Raises `NotFound` for others, `Gone` after a week."""
        user_id, location_id = await self._store.whose(check_in_id)
        await self._admit(by, location_id, staff=staff)
        if made_at(check_in_id) < now - FLAGGED_MS:
            raise Gone("A check-in may be flagged for a week.")
        await self._store.flag(check_in_id, user_id, by, reason, now)
        await self._notifications.hurry(user_id)

    async def _admit(self, user_id: str, location_id: str, *, staff: bool) -> None:
        if staff and await self._store.is_admin(user_id):
            return
        if not await self._is_staff(user_id, location_id):
            raise NotFound

    def _proof(self, new: NewCheckIn, place: Place, at: int, now: int) -> CheckInProof | None:
        if new.qr is not None and is_of(new.qr, self._keys, place.id, place.code_version, at):
            return "qr"
        if new.lat is None or new.lon is None or at < now - LATE_MS:
            return None
        there = is_there(place.spot, Position(new.lat, new.lon), new.accuracy_m or 0.0)
        return "position" if there else None


def _bound(text: str | None, field: str) -> tuple[date | None, datetime | None]:
    """The day, or the time, that it is. Raises `InvalidRequest` for one that there is not."""
    try:
        if text is None:
            return None, None
        if "T" not in text:
            return date.fromisoformat(text), None
        return None, datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidRequest(f"`{field}` is no day or time.", details={"field": field}) from None


def _check(new: NewCheckIn) -> None:
    if (new.lat is None) != (new.lon is None):
        field = "lat" if new.lat is None else "lon"
        raise InvalidRequest("`lat` and `lon` belong together.", details={"field": field})
    if new.time_zone is not None and new.time_zone not in TIME_ZONES:
        raise InvalidRequest(
            "`time_zone` has to be an IANA name, as `Europe/Berlin`.", details={"field": "time_zone"}
        )


def _time(new: NewCheckIn, now: int) -> int:
    """When it was; what a clock that is a little ahead says is now. Raises `InvalidRequest`."""
    if new.at is None:
        return now
    at = to_ms(new.at)
    if not now - OLDEST_MS <= at <= now + LATE_MS:
        raise InvalidRequest("`at` may be up to 24 hours ago.", details={"field": "at"})
    return min(at, now)
