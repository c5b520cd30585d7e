"""Reviews of places and mentors in Postgres, one a user and place, or mentor.

What they come to is counted in the place, or mentor, by the database, in the same step: also where an account
is erased, or moderators find a report of one right (`places.hide_review`), and undo that.
Ids are text, times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

from msgspec import UNSET
from msgspec.structs import replace

from core.clock import rfc3339, to_datetime, to_ms, today
from core.contract.reviews import NewReview, ReviewPatch, ReviewView
from core.errors import Conflict, NotFound
from core.ids import new_id
from db.postgres.cards import NO_PHOTOS, Cards
from db.postgres.idempotency import IdempotencyKey, claim, keep
from db.postgres.pool import Connection, Pool, Record, queries

_NAMED = queries("reviews")
_SQL = {name: text.replace(":columns", _NAMED["columns"]) for name, text in _NAMED.items()}
PAGE, _OF_MENTOR = [_SQL["page"].replace(":subject", column) for column in ("location_id", "mentor_id")]


class ReviewStore:
    """Reviews."""

    def __init__(self, pool: Pool, cards: Cards = NO_PHOTOS) -> None:
        self._pool, self._cards = pool, cards

    async def page(
        self, location_id: str, viewer_id: str, *, before: str | None, limit: int, now: int
    ) -> list[ReviewView]:
        """Those before this one, newest first. Raises `NotFound` for a place that is not there."""
        if not await self._pool.fetchval(_SQL["shown"], location_id):
            raise NotFound
        given = viewer_id, to_datetime(now), location_id, before, limit
        return [self._view(row, now) for row in await self._pool.fetch(PAGE, *given)]

    async def write(
        self, location_id: str, user_id: str, new: NewReview, key: IdempotencyKey | None, now: int
    ) -> ReviewView:
        """Review a place. Raises `NotFound`, `Conflict` where they have, `IdempotencyConflict`."""
        async with self._pool.acquire() as connection, connection.transaction():
            if (known := await claim(connection, key, ReviewView)) is not None:
                return known
            if not await connection.fetchval(_SQL["shown"], location_id):
                raise NotFound
            review_id, at = new_id(now), to_datetime(now)
            said = new.rating, new.title, new.content
            if await connection.fetchval(_SQL["write"], review_id, user_id, location_id, *said, at) is None:
                raise Conflict("You have reviewed this place: change that review.")
            return await self._kept(connection, review_id, user_id, key, now)

    async def page_of_mentor(
        self, mentor_id: str, viewer_id: str, *, before: str | None, limit: int, now: int
    ) -> list[ReviewView]:
        """The same of a mentor, whom the viewer has to see."""
        seen = viewer_id, to_datetime(now), mentor_id
        if await self._pool.fetchval(_SQL["mentor"], *seen) is None:
            raise NotFound
        rows = await self._pool.fetch(_OF_MENTOR, *seen, before, limit)
        return [self._view(row, now) for row in rows]

    async def write_of_mentor(
        self, mentor_id: str, user_id: str, new: NewReview, key: IdempotencyKey | None, now: int
    ) -> ReviewView:
        """The same of a mentor; `Conflict` also before they have completed a session."""
        async with self._pool.acquire() as connection, connection.transaction():
            if (known := await claim(connection, key, ReviewView)) is not None:
                return known
            review_id, at = new_id(now), to_datetime(now)
            if await connection.fetchval(_SQL["mentor"], user_id, at, mentor_id) is None:
                raise NotFound
            if not await connection.fetchval(_SQL["was_mentored"], user_id, mentor_id):
                raise Conflict("You review a mentor after a session that was completed.")
            said = user_id, mentor_id, new.rating, new.title, new.content, at
            if await connection.fetchval(_SQL["write_of_mentor"], review_id, *said) is None:
                raise Conflict("You have reviewed this mentor: change that review.")
            return await self._kept(connection, review_id, user_id, key, now)

    async def change(self, review_id: str, user_id: str, patch: ReviewPatch, now: int) -> ReviewView:
        """Change one's own. Raises `NotFound`."""
        async with self._pool.acquire() as connection, connection.transaction():
            if not await connection.fetchval(_SQL["change"], review_id, user_id, patch, to_datetime(now)):
                raise NotFound
            return await self._own(connection, review_id, user_id, now)

    async def delete(self, review_id: str, user_id: str) -> None:
        """Take one's own back. Raises `NotFound`."""
        if not await self._pool.fetchval(_SQL["delete"], review_id, user_id):
            raise NotFound

    async def _kept(
        self, connection: Connection, review_id: str, user_id: str, key: IdempotencyKey | None, now: int
    ) -> ReviewView:
        made = await self._own(connection, review_id, user_id, now)
        # An address of a photo expires, and opens it for whoever has it.
        await keep(connection, key, replace(made, author=replace(made.author, photo_url=None)))
        return made

    async def _own(self, connection: Connection, review_id: str, user_id: str, now: int) -> ReviewView:
        return self._view(await connection.fetchrow(_SQL["own"], review_id, user_id), now)

    def _view(self, row: Record, now: int) -> ReviewView:
        return ReviewView(
            id=row["id"],
            author=self._cards.card(row, today(now)),
            rating=row["rating"],
            title=row["title"],
            content=row["content"],
            verified_visit=row["verified_visit"],
            created_at=rfc3339(to_ms(row["created_at"])),
            edited_at=UNSET if row["edited_at"] is None else rfc3339(to_ms(row["edited_at"])),
        )
