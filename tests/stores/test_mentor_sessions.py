"""Bookings at the same moment in the real Postgres: nobody is in two sessions at once, whoever asks how."""

import asyncio
from collections.abc import Awaitable
from datetime import datetime
from random import Random

import asyncpg
import pytest

from core.clock import now_ms, rfc3339, to_ms
from core.contract.mentor_sessions import BookSession, MentorSessionPatch
from core.errors import AppError
from core.mentor_sessions import SessionRule
from core.settings import Settings
from db.postgres.mentor_sessions import Changed, MentorSessionStore
from services.mentor_slots import offers
from tests.stores.mentoring import HOUR_MS, a_mentor, a_session, next_hour
from tests.stores.world import World

BOOKINGS, MENTORS, PEOPLE, HOURS = 1000, 8, 30, 12
_OVERLAPS = """
    WITH seats AS (
        SELECT id, user_id AS who, starts_at, ends_at FROM places.mentor_sessions WHERE status <> 'cancelled'
        UNION ALL
        SELECT id, mentor_user_id, starts_at, ends_at FROM places.mentor_sessions WHERE status <> 'cancelled'
    )
    SELECT count(*) FROM seats one JOIN seats other ON other.who = one.who AND other.id > one.id
        AND other.starts_at < one.ends_at AND one.starts_at < other.ends_at
"""


@pytest.fixture
def store(world: World) -> MentorSessionStore:
    rule = SessionRule.of(Settings(mentor_open_sessions=1000))
    return MentorSessionStore(world.pool, world.jobs, world.notifications.notify, rule=rule, offers=offers)


def slot(mentor_id: str, begins: int) -> BookSession:
    starts_at = datetime.fromisoformat(rfc3339(begins))
    return BookSession(mentor_id=mentor_id, starts_at=starts_at, duration_m=60, type="virtual")


async def tried(doing: Awaitable[Changed]) -> str:
    """The id of what was made, or the code of the refusal."""
    try:
        return (await doing).view.id
    except AppError as error:
        return error.code


async def test_a_thousand_bookings_at_once(world: World, store: MentorSessionStore) -> None:
    """Some of those who book are mentors too. As many succeed as there are rows, all others are conflicts."""
    people = [await world.person("Ana") for _ in range(PEOPLE)]
    mentors = [await a_mentor(world.pool, user_id) for user_id in people[:MENTORS]]
    begins, chance = next_hour(), Random(7)
    wanted = [
        (chance.choice(people), slot(chance.choice(mentors), begins + chance.randrange(HOURS) * HOUR_MS))
        for _ in range(BOOKINGS)
    ]
    answers = await asyncio.gather(*(tried(store.book(who, asked, None, now_ms())) for who, asked in wanted))
    refused = [answer for answer in answers if answer == "conflict"]
    made = {answer for answer in answers if answer != "conflict"}
    rows = await world.pool.fetch(
        "SELECT id FROM places.mentor_sessions WHERE mentor_id = ANY ($1::uuid[])", mentors
    )
    assert made == {row["id"] for row in rows}
    assert len(made) + len(refused) == BOOKINGS
    assert await world.pool.fetchval(_OVERLAPS) == 0
    assert len(made) > MENTORS * HOURS / 2, "slots are taken"


async def test_moves_and_cancellations_at_once(world: World, store: MentorSessionStore) -> None:
    """Into one slot goes one of them."""
    mia, people = await world.person("Mia"), [await world.person("Ana") for _ in range(10)]
    mentor, begins = await a_mentor(world.pool, mia), next_hour()
    booked = [
        await a_session(world.pool, mentor, who, starts_at=begins + n * HOUR_MS)
        for n, who in enumerate(people)
    ]
    to = slot(mentor, begins + 20 * HOUR_MS).starts_at
    moves = [
        store.change(session, who, MentorSessionPatch(starts_at=to), now_ms())
        for session, who in zip(booked, people, strict=True)
    ]
    off = [
        store.change(session, mia, MentorSessionPatch(status="cancelled"), now_ms()) for session in booked[:5]
    ]
    answers = await asyncio.gather(*map(tried, [*moves, *off]))
    there = await world.pool.fetch(
        "SELECT starts_at FROM places.mentor_sessions WHERE mentor_id = $1 AND status = 'scheduled'", mentor
    )
    assert len(there) == 5
    assert [to_ms(row["starts_at"]) for row in there].count(begins + 20 * HOUR_MS) <= 1
    assert answers[10:] == booked[:5]
    assert await world.pool.fetchval(_OVERLAPS) == 0


async def test_the_database_itself_refuses(world: World) -> None:
    """Also what no code of ours has looked at: as mentor or not, and by a minute."""
    ana, mia = await world.person("Ana"), await world.person("Mia")
    mentor, hers = await a_mentor(world.pool, mia), await a_mentor(world.pool, ana)
    begins = next_hour()
    await a_session(world.pool, mentor, ana, starts_at=begins)
    eve = await world.person("Eve")
    for taken in ((mentor, eve), (hers, eve), (await a_mentor(world.pool, eve), ana)):
        with pytest.raises(asyncpg.ExclusionViolationError):
            await a_session(world.pool, *taken, starts_at=begins + HOUR_MS - 60_000)
    await a_session(world.pool, mentor, eve, starts_at=begins + HOUR_MS)
