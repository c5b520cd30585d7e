"""Mentors and sessions on record, for tests that need some."""

from collections.abc import Awaitable, Callable

from core.clock import now_ms, rfc3339, to_datetime
from core.ids import new_id
from core.mentor_sessions import MINUTE_MS
from db.postgres.pool import Pool
from tests.stores.world import World

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Time at any hour of any day.
ALWAYS = {"zone": "UTC", "week": {day: [["00:00", "00:00"]] for day in DAYS}, "except": {}}
# As an admin says it, beside whose.
MENTOR = {
    "title": "Strength coach",
    "specialization": ["Anxiety", "strength"],
    "bio": "I have been there.",
    "verified": True,
    "schedule_type": "both",
    "schedule": ALWAYS,
}
HOUR_MS = 60 * MINUTE_MS


def next_hour(now: int | None = None, *, ahead_h: int = 24) -> int:
    """A full hour, so many hours ahead of the next one."""
    now = now_ms() if now is None else now
    return (now // HOUR_MS + 1 + ahead_h) * HOUR_MS


async def a_mentor(pool: Pool, user_id: str, **more: object) -> str:
    """This user is one, as these columns say; gives the mentor's id."""
    at = to_datetime(now_ms())
    columns = {
        "id": new_id(),
        "user_id": user_id,
        "available": True,
        "session_m": 60,
        "created_at": at,
        "updated_at": at,
        **MENTOR,
        **more,
    }
    await _insert(pool, "places.mentors", columns)
    return str(columns["id"])


async def a_session(
    pool: Pool,
    mentor_id: str,
    user_id: str,
    *,
    starts_at: int | None = None,
    minutes: int = 60,
    **more: object,
) -> str:
    """One that this user has with a mentor; gives its id. `status` has to come with `decided_at`."""
    begins = next_hour() if starts_at is None else starts_at
    columns = {
        "id": new_id(),
        "mentor_id": mentor_id,
        "mentor_user_id": await pool.fetchval("SELECT user_id FROM places.mentors WHERE id = $1", mentor_id),
        "user_id": user_id,
        "starts_at": to_datetime(begins),
        "ends_at": to_datetime(begins + minutes * MINUTE_MS),
        "type": "virtual",
        "created_at": to_datetime(now_ms()),
        **more,
    }
    await _insert(pool, "places.mentor_sessions", columns)
    return str(columns["id"])


async def completed(pool: Pool, mentor_id: str, user_id: str, *, days: int = 1) -> str:
    """A session of so many days ago that was completed."""
    whose = await pool.fetchval("SELECT user_id FROM places.mentors WHERE id = $1", mentor_id)
    decided = {"status": "completed", "decided_at": to_datetime(now_ms()), "decided_by": whose}
    return await a_session(pool, mentor_id, user_id, starts_at=next_hour(ahead_h=-24 * days - 1), **decided)


def slot(mentor_id: str, n: int) -> dict[str, object]:
    """One that may be booked, another for each number."""
    begins = rfc3339(next_hour(ahead_h=24 + n))
    return {"mentor_id": mentor_id, "starts_at": begins, "duration_m": 60, "type": "virtual"}


def ways_to_mentors(world: World, user_id: str) -> dict[str, Callable[[], Awaitable[str]]]:
    """What is in the path of their endpoints, for this user: a mentor, who is somebody else, or a session."""
    pool = world.pool

    async def mentor() -> str:
        return await a_mentor(pool, await world.person("Mia"))

    async def session() -> str:
        return await a_session(pool, await mentor(), user_id)

    async def mentored() -> str:
        known = await mentor()
        await completed(pool, known, user_id)
        return known

    return {
        **dict.fromkeys(("mentor", "mentor_slots", "change_mentor", "mentor_reviews"), mentor),
        "change_session": session,
        "review_mentor": mentored,
    }


async def _insert(pool: Pool, table: str, columns: dict[str, object]) -> None:
    given = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    await pool.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({given})", *columns.values())
