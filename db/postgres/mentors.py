"""Mentors in Postgres. What admins do is on the audit log.

Near is asked of all who have a place: there are few mentors for each thousand places. Ids are text, times ms
since the epoch. What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Collection

from msgspec import UNSET, Struct, convert

from core.clock import to_datetime, to_ms, today
from core.contract.locations import Hours
from core.contract.mentors import MentorPatch, MentorView, NewMentor
from core.errors import Conflict, NotFound
from core.geography import Position
from core.ids import new_id
from core.ratings import mean
from core.vocabulary import SessionType
from db.postgres import audit
from db.postgres.cards import NO_PHOTOS, Cards
from db.postgres.idempotency import IdempotencyKey, claim, keep
from db.postgres.pool import Connection, Pool, Record, queries

_NAMED = queries("mentors")
_SQL = {
    name: text.replace(":columns", _NAMED["columns"]).replace(":shown", _NAMED["shown"])
    for name, text in _NAMED.items()
}
_FIRST = (-1.0, "00000000-0000-0000-0000-000000000000")


class Search(Struct, frozen=True, kw_only=True):
    """What is looked for; None: anything. `specialization` in small letters."""

    specialization: str | None = None
    type: SessionType | None = None


class FoundMentor(Struct, frozen=True):
    """A mentor, and how far their place is from the point that was asked about."""

    view: MentorView
    distance_m: float | None


class MentorStore:
    """Mentors."""

    def __init__(self, pool: Pool, cards: Cards = NO_PHOTOS) -> None:
        self._pool, self._cards = pool, cards

    async def newest(
        self, viewer_id: str, search: Search, *, staff: bool, before: str | None, limit: int, now: int
    ) -> list[FoundMentor]:
        """Those before this one, as this user may see them."""
        wanted = before, limit, search.specialization, search.type
        rows = await self._pool.fetch(_SQL["newest"], viewer_id, to_datetime(now), staff, *wanted)
        return [self._found(row, now) for row in rows]

    async def near(
        self,
        viewer_id: str,
        around: Position,
        search: Search,
        *,
        staff: bool,
        after: tuple[float, str] | None,
        limit: int,
        now: int,
    ) -> list[FoundMentor]:
        """Those who have a place, the nearest first: after the one at this distance with this id."""
        from_m, last = after or _FIRST
        wanted = last, limit, search.specialization, search.type, around.lon, around.lat, from_m
        rows = await self._pool.fetch(_SQL["near"], viewer_id, to_datetime(now), staff, *wanted)
        return [self._found(row, now) for row in rows]

    async def of(self, mentor_id: str, viewer_id: str, now: int, *, staff: bool = False) -> MentorView:
        """As this user may see them. Raises `NotFound`."""
        row = await self._pool.fetchrow(_SQL["one"], viewer_id, to_datetime(now), staff, mentor_id)
        if row is None:
            raise NotFound
        return self._found(row, now).view

    async def taken(self, user_ids: Collection[str], begin: int, end: int) -> list[tuple[int, int]]:
        """When one of these has a session in this time: pairs of when it begins and ends."""
        given = list(user_ids), to_datetime(begin), to_datetime(end)
        rows = await self._pool.fetch(_SQL["taken"], *given)
        return [(to_ms(row["starts_at"]), to_ms(row["ends_at"])) for row in rows]

    async def create(
        self, new: NewMentor, schedule: Hours, by: str, key: IdempotencyKey | None, now: int
    ) -> MentorView:
        """Make somebody a mentor. Raises `NotFound` for nobody or no place, `Conflict` who is one."""
        async with self._pool.acquire() as connection, connection.transaction():
            if (known := await claim(connection, key, MentorView)) is not None:
                return known
            mentor_id, at = new_id(now), to_datetime(now)
            if not await connection.fetchval(_SQL["may_be"], new.user_id, at):
                raise NotFound("There is no such user.", details={"field": "user_id"})
            await _check_place(connection, new.location_id)
            made = await connection.fetchval(
                _SQL["create"],
                mentor_id,
                new.user_id,
                new.title,
                new.specialization,
                new.bio,
                new.verified,
                new.available,
                new.schedule_type,
                schedule,
                new.session_m,
                new.location_id,
                at,
            )
            if made is None:
                raise Conflict("They are a mentor already: change that.")
            details = {"mentor": mentor_id, "verified": new.verified}
            await audit.note(connection, "mentor_created", new.user_id, details, by=by, now=now)
            return await keep(connection, key, await self._one(connection, mentor_id, now))

    async def change(self, mentor_id: str, patch: MentorPatch, by: str, now: int) -> MentorView:
        """Set what the patch names; two at once both have their effect. Raises `NotFound`."""
        async with self._pool.acquire() as connection, connection.transaction():
            if patch.location_id is not UNSET:
                await _check_place(connection, patch.location_id)
            user_id = await connection.fetchval(_SQL["change"], mentor_id, patch, to_datetime(now))
            if user_id is None:
                raise NotFound
            fields = sorted(f for f in patch.__struct_fields__ if getattr(patch, f) is not UNSET)
            details = {"mentor": mentor_id, "fields": fields}
            await audit.note(connection, "mentor_changed", user_id, details, by=by, now=now)
            return await self._one(connection, mentor_id, now)

    async def _one(self, connection: Connection, mentor_id: str, now: int) -> MentorView:
        # Of an answer that is kept: an address of a photo expires, and opens it for whoever has it.
        return _view(await connection.fetchrow(_SQL["of_admin"], mentor_id), NO_PHOTOS, now)

    def _found(self, row: Record, now: int) -> FoundMentor:
        return FoundMentor(_view(row, self._cards, now), row["distance"])


async def _check_place(connection: Connection, location_id: str | None) -> None:
    if location_id is not None and not await connection.fetchval(_SQL["place"], location_id):
        raise NotFound("There is no such place.", details={"field": "location_id"})


def _view(row: Record, cards: Cards, now: int) -> MentorView:
    distance = row["distance"]
    return MentorView(
        id=row["id"],
        user=cards.card(row, today(now)),
        title=row["title"],
        specialization=row["specialization"],
        bio=row["own_bio"],
        verified=row["verified"],
        available=row["available"],
        schedule_type=row["schedule_type"],
        schedule=convert(row["schedule"], Hours),
        session_m=row["session_m"],
        rating=mean(row["rating_sum"], row["review_count"]),
        review_count=row["review_count"],
        total_sessions=row["total_sessions"],
        location_id=row["location_id"] or UNSET,
        distance_m=UNSET if distance is None else round(distance),
    )
