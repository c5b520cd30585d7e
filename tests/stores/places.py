"""Places on record, for tests that need one or thousands of them."""

from core.clock import HOUR_MS, now_ms, to_datetime, today
from core.ids import new_id
from db.postgres.pool import Connection, Pool

# As an admin says it.
PLACE = {
    "name": "Peaceful Grounds Café",
    "type": "coffee",
    "lat": 51.5074,
    "lon": -0.1278,
    "address": "123 Calm Street",
    "city": "London",
    "country": "GB",
}
_AT_ONCE = 10_000
# Every third name has a word of its own; hours are the same for all.
_FILL = """
    INSERT INTO places.locations
        (id, name, type, address, city, country, position, hours, created_at, updated_at)
    SELECT (lpad(to_hex(n), 8, '0') || substr(gen_random_uuid()::text, 9))::uuid,
        (ARRAY['Quiet', 'Corner', 'Old Town'])[n % 3 + 1] || ' place ' || md5(n::text),
        (ARRAY['coffee', 'gym', 'mentor', 'nutrition', 'partner'])[n % 5 + 1],
        n || ' High Street', 'London', 'GB',
        point($2 + (random() - 0.5) * $4, $3 + (random() - 0.5) * $4),
        '{"zone": "Europe/London", "week": {"mon": [["09:00", "18:00"]]}}', now(), now()
    FROM generate_series($1::int, $5::int) AS n
"""


def zone_of_noon(now: int) -> str:
    """A time zone in which it is about noon then: no day ends there while a test goes on."""
    east = 12 - now // HOUR_MS % 24
    return f"Etc/GMT{-east:+d}" if east else "Etc/GMT"


async def a_place(pool: Pool, *, lat: float = 51.5074, lon: float = -0.1278, **more: object) -> str:
    """A place there, as these columns say; gives its id."""
    at = to_datetime(now_ms())
    columns = {
        "id": new_id(),
        "name": "A place",
        "type": "coffee",
        "address": "1 Street",
        "city": "Town",
        "country": "GB",
        "created_at": at,
        "updated_at": at,
        **more,
    }
    given = ", ".join(f"${n}" for n in range(3, len(columns) + 3))
    await pool.execute(
        f"INSERT INTO places.locations (position, {', '.join(columns)}) VALUES (point($1, $2), {given})",
        lon,
        lat,
        *columns.values(),
    )
    return str(columns["id"])


async def a_review(
    pool: Pool, user_id: str, location_id: str | None = None, *, rating: int = 4, **more: object
) -> str:
    """By this user, of this place or a new one; gives its id."""
    columns = {
        "id": new_id(),
        "user_id": user_id,
        "location_id": location_id or await a_place(pool),
        "rating": rating,
        "content": "Calm.",
        "created_at": to_datetime(now_ms()),
        **more,
    }
    given = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    await pool.execute(
        f"INSERT INTO places.reviews ({', '.join(columns)}) VALUES ({given})", *columns.values()
    )
    return str(columns["id"])


async def a_check_in(
    pool: Pool, user_id: str, location_id: str | None = None, *, at: int | None = None, **more: object
) -> str:
    """By this user, at a place or a new one, that counts; gives its id. No journey knows of it yet."""
    at = at or now_ms()
    columns = {
        "id": new_id(at),
        "user_id": user_id,
        "location_id": location_id or await a_place(pool),
        "location_type": "coffee",
        "local_day": today(at),
        "zone": "UTC",
        "at": to_datetime(at),
        "created_at": to_datetime(at),
        "verified_by": "qr",
        "counts": True,
        **more,
    }
    given = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    await pool.execute(
        f"INSERT INTO places.check_ins ({', '.join(columns)}) VALUES ({given})", *columns.values()
    )
    count = "UPDATE places.locations SET check_in_count = check_in_count + 1 WHERE id = $1"
    await pool.execute(count, columns["location_id"])
    return str(columns["id"])


async def fill(
    pool: Pool | Connection, count: int, *, lon: float = -0.1, lat: float = 51.5, degrees: float = 0.5
) -> None:
    """So many in a square of so many degrees, and no more at once than a statement has time for."""
    for first in range(1, count + 1, _AT_ONCE):
        await pool.execute(_FILL, first, lon, lat, degrees, min(first + _AT_ONCE - 1, count))
