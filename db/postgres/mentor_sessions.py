"""Sessions with mentors in Postgres: nobody is in two at once, which the database refuses by itself.

`core/mentor_sessions.py` decides, while both are locked; what each notes for themselves PostgreSQL shows to
nobody else. Ids are text, times ms since the epoch. What an outage raises (`db.outage`) passes through.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import asyncpg
from msgspec import UNSET, Struct, UnsetType, convert, structs

from core.clock import rfc3339, to_datetime, to_ms, today
from core.contract.locations import Hours
from core.contract.mentor_sessions import BookSession, MentorSessionPatch, MentorSessionView
from core.contract.profiles import ProfileCard
from core.errors import Conflict, NotFound
from core.fields import CLEAR, MENTOR_NOTE, Fields
from core.happenings import MentorSession
from core.ids import new_id
from core.job import Job
from core.mentor_sessions import (
    MINUTE_MS,
    Booked,
    Offers,
    SessionRule,
    Time,
    Wanted,
    cancels,
    check_move,
    check_slot,
    settles,
)
from core.notices import (
    Notice,
    session_booked,
    session_cancelled,
    session_completed,
    session_moved,
    session_off,
    session_soon,
)
from core.vocabulary import SessionStatus
from db.postgres.cards import NO_PHOTOS, Cards
from db.postgres.check_ins import grants_nothing
from db.postgres.idempotency import IdempotencyKey, claim, keep
from db.postgres.jobs import JobStore
from db.postgres.notifications import Notify
from db.postgres.own_rows import own_queries, own_rows
from db.postgres.pool import Connection, Pool, Record, queries
from db.postgres.rewards import Grant
from db.postgres.user_locks import lock_users

_NAMED = queries("mentor_sessions")
_SQL = {name: text.replace(":columns", _NAMED["columns"]) for name, text in _NAMED.items()}
_OWN = own_queries("mentor_sessions")
PAGE, ONE, DECIDE = _SQL["page"], _SQL["session"], _SQL["decide"]


class RemindOfSession(Job, frozen=True, kw_only=True, tag="mentor-session"):
    """It begins soon, if it still does at that time (ms)."""

    session_id: str
    starts_at: int


class Changed(Struct, frozen=True):
    """A session as whoever asked sees it, and who has news of it."""

    view: MentorSessionView
    told: tuple[str, ...] = ()


class MentorSessionStore:
    """Sessions of all. `offers`: whether hours have a slot then."""

    def __init__(
        self,
        pool: Pool,
        jobs: JobStore,
        notify: Notify,
        *,
        grant: Grant = grants_nothing,
        rule: SessionRule,
        offers: Offers,
        cards: Cards = NO_PHOTOS,
        fields: Fields = CLEAR,
    ) -> None:
        self._pool, self._jobs, self._notify, self._grant = pool, jobs, notify, grant
        self._rule, self._offers, self._cards, self._fields = rule, offers, cards, fields

    async def book(self, user_id: str, asked: BookSession, key: IdempotencyKey | None, now: int) -> Changed:
        """Raises `NotFound` for a mentor whom they do not see, `Conflict`, `IdempotencyConflict`."""
        starts_at, ends_at = _span(to_ms(asked.starts_at), asked.duration_m)
        wanted = Wanted(starts_at=starts_at, minutes=asked.duration_m, type=asked.type)
        async with self._pool.acquire() as connection, connection.transaction():
            if (known := await claim(connection, key, MentorSessionView)) is not None:
                return Changed(known)
            given = user_id, to_datetime(now), asked.mentor_id
            mentor = await _there(connection, "mentor", *given)
            await lock_users(connection, (user_id, mentor["user_id"]))
            mentor = await _there(connection, "mentor", *given)  # as it is by now
            if mentor["user_id"] == user_id:
                raise Conflict("That is you.")
            check_slot(_time(mentor), wanted, now, self._rule, self._offers)
            if await connection.fetchval(_SQL["ahead"], user_id, to_datetime(now)) >= self._rule.most:
                raise Conflict("You have as many sessions ahead of you as one may have.")
            users = user_id, mentor["user_id"]
            session = Booked(
                id=new_id(now),
                mentor_id=asked.mentor_id,
                mentor_user_id=mentor["user_id"],
                user_id=user_id,
                starts_at=starts_at,
                ends_at=ends_at,
                type=asked.type,
                location_id=mentor["location_id"] if asked.type == "in-person" else None,
                status="scheduled",
                created_at=now,
            )
            await _insert(connection, session)
            await self._remind_later(connection, session, now)
            # Of an answer that is kept: an address of a photo expires, and opens it for whoever has it.
            cards = await _cards(connection, user_id, [session], now, NO_PHOTOS)
            view = await keep(connection, key, self._view(session, cards))
            await self._notify(connection, session_booked(users[1], session.id, user_id, starts_at), now)
        return Changed(view, (users[1],))

    async def change(self, session_id: str, user_id: str, patch: MentorSessionPatch, now: int) -> Changed:
        """Raises `NotFound` for one of others, and what the rules and `check_slot` raise."""
        async with self._pool.acquire() as connection, connection.transaction():
            parties = await _there(connection, "parties", session_id, user_id)
            await lock_users(connection, tuple(parties.values()))
            session = booked(await connection.fetchrow(ONE, session_id))
            told: Notice | None = None
            nth: int | None = None
            if patch.notes is not UNSET:
                await self._note(connection, session_id, user_id, patch.notes or "", now)
            if patch.starts_at is not UNSET:
                told = await self._move(connection, session, user_id, to_ms(patch.starts_at), now)
            elif patch.status is not UNSET:
                told, nth = await self._decide(connection, session, user_id, patch.status, now)
            if told is not None:
                await self._notify(connection, told, now)
            if nth is not None:
                await self._grant(connection, session.user_id, [MentorSession(nth)], now)
        view = await self.of(session_id, user_id, now)
        return Changed(view, () if told is None else (told.user_id,))

    async def of(self, session_id: str, user_id: str, now: int) -> MentorSessionView:
        """Raises `NotFound` for one of others."""
        async with self._pool.acquire() as connection:
            await _there(connection, "parties", session_id, user_id)
            row = await connection.fetchrow(ONE, session_id)
        [view] = await self._views(user_id, [booked(row)], now)
        return view

    async def page(
        self,
        user_id: str,
        status: SessionStatus | None,
        *,
        before: tuple[int, str] | None,
        limit: int,
        now: int,
    ) -> list[MentorSessionView]:
        """Those of this user, as mentor and with mentors, the latest first: before the one of this time."""
        at, last = before or (None, None)
        since = None if at is None else to_datetime(at)
        rows = await self._pool.fetch(PAGE, user_id, status, since, last, limit)
        return await self._views(user_id, [booked(row) for row in rows], now)

    async def remind(self, session_id: str, starts_at: int, now: int) -> tuple[str, ...]:
        """Tell both that it begins soon, once; or that it is off. Gives who has news."""
        async with self._pool.acquire() as connection, connection.transaction():
            given = session_id, to_datetime(starts_at), to_datetime(now)
            row = await connection.fetchrow(_SQL["remind"], *given)
            if row is None:
                return ()
            users = row["user_id"], row["mentor_user_id"]
            for user_id, other in sorted((users, users[::-1])):  # in the order in which all lock them
                soon = session_soon(user_id, session_id, other, starts_at)
                off = session_off(user_id, session_id, starts_at)
                await self._notify(connection, soon if row["status"] == "scheduled" else off, now)
        return users

    async def _move(
        self, connection: Connection, session: Booked, by: str, to: int, now: int
    ) -> Notice | None:
        if to == session.starts_at and session.status == "scheduled":
            return None
        check_move(session, by, now, self._rule)
        other = session.other(by)
        if not await connection.fetchval(_SQL["sees"], by, other, to_datetime(now)):
            raise Conflict("They cannot be reached any more: cancel it.")
        starts_at, ends_at = _span(to, session.minutes)
        wanted = Wanted(starts_at=starts_at, minutes=session.minutes, type=session.type)
        row = await connection.fetchrow(_SQL["time"], session.mentor_id)
        check_slot(_time(row), wanted, now, self._rule, self._offers)
        with _refused():
            await connection.execute(_SQL["move"], session.id, to_datetime(starts_at), to_datetime(ends_at))
        moved = structs.replace(session, starts_at=starts_at, ends_at=ends_at)
        await self._remind_later(connection, moved, now)
        return session_moved(other, session.id, by, starts_at)

    async def _decide(
        self, connection: Connection, session: Booked, by: str, status: SessionStatus, now: int
    ) -> tuple[Notice | None, int | None]:
        """Who is to be told, and the how many-th session of whoever has booked is completed by that."""
        other = session.other(by)
        if status == "cancelled":
            alone = not await connection.fetchval(_SQL["sees"], by, other, to_datetime(now))
            if not cancels(session, by, now, self._rule, alone=alone):
                return None, None
        elif not settles(session, by, status, now):
            return None, None
        nth: int = await connection.fetchval(DECIDE, session.id, status, to_datetime(now), by)
        if status == "completed":
            return session_completed(session.user_id, session.id, session.mentor_user_id), nth
        if status == "cancelled":
            return session_cancelled(other, session.id, by, session.starts_at), None
        return None, None

    async def _note(
        self, connection: Connection, session_id: str, user_id: str, notes: str, now: int
    ) -> None:
        if not notes:
            await connection.execute(_SQL["forget_note"], session_id, user_id)
            return
        note_id = await connection.fetchval(_SQL["note_of"], session_id, user_id) or new_id(now)
        kept = self._fields.kept(MENTOR_NOTE, note_id, notes)
        await connection.execute(_SQL["note"], note_id, session_id, user_id, kept, to_datetime(now))

    async def _remind_later(self, connection: Connection, session: Booked, now: int) -> None:
        at_ms = session.starts_at - self._rule.reminder_ms
        if self._rule.reminder_ms and at_ms > now:
            job = RemindOfSession(session_id=session.id, starts_at=session.starts_at)
            key = f"mentor-session:{session.id}:{session.starts_at}"
            await self._jobs.add(job, within=connection, at_ms=at_ms, key=key)

    async def _views(self, viewer_id: str, sessions: Sequence[Booked], now: int) -> list[MentorSessionView]:
        if not sessions:
            return []
        async with own_rows(self._pool, viewer_id) as own:
            noted = await own.fetch(_OWN["notes"], [session.id for session in sessions])
        notes = {
            row["session_id"]: self._fields.read(MENTOR_NOTE, row["id"], row["notes"]) or UNSET
            for row in noted
        }
        async with self._pool.acquire() as connection:
            cards = await _cards(connection, viewer_id, sessions, now, self._cards)
        return [self._view(session, cards, notes.get(session.id, UNSET)) for session in sessions]

    def _view(
        self, session: Booked, cards: Mapping[str, ProfileCard], notes: str | UnsetType = UNSET
    ) -> MentorSessionView:
        return MentorSessionView(
            id=session.id,
            mentor_id=session.mentor_id,
            user=cards[session.user_id],
            mentor=cards[session.mentor_user_id],
            starts_at=rfc3339(session.starts_at),
            duration_m=session.minutes,
            type=session.type,
            status=session.status,
            change_until=rfc3339(self._rule.change_until(session)),
            created_at=rfc3339(session.created_at),
            location_id=session.location_id or UNSET,
            notes=notes,
        )


async def _there(connection: Connection, name: str, *given: object) -> Record:
    """Its row. Raises `NotFound`."""
    row = await connection.fetchrow(_SQL[name], *given)
    if row is None:
        raise NotFound
    return row


async def _insert(connection: Connection, session: Booked) -> None:
    with _refused():
        await connection.execute(
            _SQL["book"],
            session.id,
            session.mentor_id,
            session.mentor_user_id,
            session.user_id,
            to_datetime(session.starts_at),
            to_datetime(session.ends_at),
            session.type,
            session.location_id,
            to_datetime(session.created_at),
        )


@contextmanager
def _refused() -> Iterator[None]:
    """Where the database refuses it. Both are locked, so that no two who wait for each other come to that."""
    try:
        yield
    except asyncpg.ExclusionViolationError as error:
        if error.constraint_name != "nobody_in_two_sessions":
            raise
        raise Conflict("One of you has another session then.", details={"field": "starts_at"}) from error


async def _cards(
    connection: Connection, viewer_id: str, sessions: Sequence[Booked], now: int, cards: Cards
) -> dict[str, ProfileCard]:
    """Of all who are in these."""
    users = {user_id for each in sessions for user_id in (each.user_id, each.mentor_user_id)}
    rows = await connection.fetch(_SQL["cards"], viewer_id, list(users), to_datetime(now))
    return {row["user_id"]: cards.card(row, today(now)) for row in rows}


def _span(starts_at: int, minutes: int) -> tuple[int, int]:
    return starts_at, starts_at + minutes * MINUTE_MS


def _time(row: Record) -> Time:
    return Time(
        available=row["available"],
        schedule_type=row["schedule_type"],
        schedule=convert(row["schedule"], Hours),
        session_m=row["session_m"],
    )


def booked(row: Record) -> Booked:
    """One of those that `ONE` and `PAGE` give."""
    return Booked(
        id=row["id"],
        mentor_id=row["mentor_id"],
        mentor_user_id=row["mentor_user_id"],
        user_id=row["user_id"],
        starts_at=to_ms(row["starts_at"]),
        ends_at=to_ms(row["ends_at"]),
        type=row["type"],
        location_id=row["location_id"],
        status=row["status"],
        created_at=to_ms(row["created_at"]),
    )
