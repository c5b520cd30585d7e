"""Mentors: who is found, and which of their slots are free. All see them; admins keep them."""

from collections.abc import Sequence

from core.clock import DAY_MS, rfc3339, to_ms
from core.contract.mentors import MentorPatch, MentorQuery, MentorView, NewMentor, Slot, SlotPage, SlotQuery
from core.errors import InvalidRequest
from core.mentor_sessions import MINUTE_MS, TYPES, SessionRule
from core.wire.cursors import BY_DISTANCE, BY_ID, BY_SEQ
from db.postgres.idempotency import IdempotencyKey
from db.postgres.mentors import FoundMentor, MentorStore, Search
from services.locations import position
from services.mentor_slots import USUAL, free, slots
from services.opening_hours import checked

_USUAL_MS, _LONGEST_MS = 14 * DAY_MS, 31 * DAY_MS


class Mentors:
    """The use cases. Errors of an outage of Postgres pass through (`db.outage`)."""

    def __init__(self, store: MentorStore, rule: SessionRule) -> None:
        self._store, self._rule = store, rule

    async def of(self, mentor_id: str, viewer_id: str, now: int, *, staff: bool) -> MentorView:
        """One that is shown to this user. Raises `NotFound`."""
        return await self._store.of(mentor_id, viewer_id, now, staff=staff)

    async def search(
        self, viewer_id: str, query: MentorQuery, now: int, *, staff: bool
    ) -> tuple[Sequence[MentorView], str | None]:
        """A page of those that are asked for, and the cursor of the next one. Raises `InvalidRequest`."""
        wanted = query.specialization and query.specialization.lower()
        search = Search(specialization=wanted, type=query.type)
        limit = query.limit + 1
        if query.near is None:
            before = BY_ID.read(query.cursor)
            found = await self._store.newest(
                viewer_id, search, staff=staff, before=before, limit=limit, now=now
            )
        else:
            around, after = position(query.near), BY_DISTANCE.read(query.cursor)
            found = await self._store.near(
                viewer_id, around, search, staff=staff, after=after, limit=limit, now=now
            )
        shown = found[: query.limit]
        return [each.view for each in shown], _cursor(shown[-1]) if len(found) > query.limit else None

    async def slots(self, mentor_id: str, viewer_id: str, query: SlotQuery, now: int) -> SlotPage:
        """Those that this user may book, or, as the mentor, move a session to.

        Raises `NotFound`, `InvalidRequest`.
        """
        mentor = await self._store.of(mentor_id, viewer_id, now)
        earliest, latest = self._rule.bookable(now)
        begin = now if query.from_ is None else to_ms(query.from_)
        end = begin + _USUAL_MS if query.to is None else to_ms(query.to)
        if end < begin:
            raise InvalidRequest("`to` is before `from`.", details={"field": "to"})
        begin, end = max(begin, earliest), min(end, begin + _LONGEST_MS, latest)
        if (last := BY_SEQ.read(query.cursor)) is not None:
            begin = max(begin, last + 1)
        if not (mentor.verified and mentor.available) or begin >= end:
            return SlotPage(items=[], next_cursor=None)
        minutes = mentor.session_m
        both = mentor.user.user_id, viewer_id
        taken = await self._store.taken(both, begin, end + minutes * MINUTE_MS)
        types = list(TYPES[mentor.schedule_type])
        starts = free(slots(mentor.schedule, minutes, begin, end), minutes, taken)
        shown = starts[: query.limit]
        items = [Slot(starts_at=rfc3339(at), duration_m=minutes, type=types) for at in shown]
        more = len(starts) > len(shown)
        return SlotPage(items=items, next_cursor=BY_SEQ.write(shown[-1]) if more else None)

    async def create(self, new: NewMentor, by: str, key: IdempotencyKey | None, now: int) -> MentorView:
        """Make somebody one. Raises `InvalidRequest` for hours that cannot be, `NotFound`, `Conflict`."""
        schedule = USUAL if new.schedule is None else checked(new.schedule, "schedule")
        return await self._store.create(new, schedule, by, key, now)

    async def change(self, mentor_id: str, patch: MentorPatch, by: str, now: int) -> MentorView:
        """Raises as `create` does."""
        if patch.schedule:
            checked(patch.schedule, "schedule")
        return await self._store.change(mentor_id, patch, by, now)


def _cursor(last: FoundMentor) -> str:
    if last.distance_m is None:
        return BY_ID.write(last.view.id)
    return BY_DISTANCE.write((last.distance_m, last.view.id))
