"""`python -m bench.places`: what PostgreSQL takes to find places, and mentors, among many of them.

The searches are those of the product, asked through its own use case; each statement's time is what
PostgreSQL itself says of it (`EXPLAIN ANALYZE`), as median and worst of some places to look from. Prints
Markdown. Ends by itself.
"""

import argparse
import json
import statistics
from collections.abc import Sequence
from random import Random
from typing import Any

import uvloop

from bench.idle import stores
from core.clock import now_ms
from core.contract.locations import LocationQuery
from core.geography import Position
from db.postgres.journeys import NOBODY
from db.postgres.locations import LocationStore
from db.postgres.media_views import MediaViews
from db.postgres.mentors import MentorStore
from db.postgres.mentors import Search as MentorSearch
from db.postgres.pool import Connection
from services.locations import Locations
from tests.stores.places import fill
from tests.stores.world import world_at

LON, LAT = -0.1, 51.5
_PAGE = 50
_SEARCHES: dict[str, dict[str, Any]] = {
    "near, 10 km (nothing else said)": {},
    "within 2 km": {"radius_m": 2_000},
    "within 1,000 km": {"radius_m": 1_000_000},
    "of a type": {"type": "gym"},
    "open now": {"open_now": True},
    "a word of every third": {"q": "quiet"},
    "a word of one": {"q": "{one}"},
    "a word of none, within 1,000 km": {"q": "zebra", "radius_m": 1_000_000},
}
_MENTORS = {
    "mentors near": (True, MentorSearch()),
    "mentors near, of a specialization": (True, MentorSearch(specialization="sleep")),
    "mentors, the newest": (False, MentorSearch()),
}
# A mentor at every tenth place; every fifth of them knows of sleep.
_MENTOR = """
    WITH people AS MATERIALIZED (
        SELECT gen_random_uuid() AS user_id, l.id AS place, row_number() OVER () AS n
        FROM (SELECT id FROM places.locations ORDER BY id LIMIT $1) l
    ), users AS (
        INSERT INTO identity.users (id, username, created_at, updated_at)
        SELECT user_id, left(user_id::text, 50), now(), now() FROM people
    ), profiles AS (
        INSERT INTO identity.profiles (user_id, display_name, birth_date, gender, updated_at)
        SELECT user_id, 'Mentor ' || n, DATE '1980-01-01', 'other', now() FROM people
    )
    INSERT INTO places.mentors (
        id, user_id, title, specialization, bio, verified, available, schedule_type, schedule, session_m,
        location_id, created_at, updated_at
    )
    SELECT gen_random_uuid(), user_id, 'Coach', CASE n % 5 WHEN 0 THEN '{Sleep}' ELSE '{Stress}' END::text[],
        'Calm.', true, true, 'both', '{"zone": "Europe/London", "week": {"mon": [["09:00", "18:00"]]}}', 60,
        place, now(), now()
    FROM people
"""
# A word that one place alone has.
_ONE = "SELECT split_part(words, ' ', 3) FROM places.locations WHERE name LIKE 'Quiet%' LIMIT 1 OFFSET 1711"


class Timed:
    """A connection that asks PostgreSQL of each statement how long it took, and then what it gives."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.times: list[float] = []

    async def fetch(self, query: str, *given: Any) -> Any:
        """The rows; `times` has the ms by the plan that all executions share, as the product has it."""
        await self._connection.execute(f"PREPARE asked AS {query}")
        literals = ", ".join(map(_literal, given))
        explain = f"EXPLAIN (ANALYZE, TIMING off, FORMAT json) EXECUTE asked ({literals})"
        for _ in range(2):  # the first time it is planned, and what it reads may be on disk
            said = json.loads(await self._connection.fetchval(explain))
        await self._connection.execute("DEALLOCATE asked")
        self.times.append(said[0]["Execution Time"])
        return await self._connection.fetch(query, *given)


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    text = "{" + ",".join(value) + "}" if isinstance(value, list) else str(value)
    return "'" + text.replace("'", "''") + "'"


async def search_mentors(
    connection: Connection, near: Position | None, wanted: MentorSearch
) -> tuple[float, int, int]:
    """The same of mentors."""
    timed = Timed(connection)
    mentors, page = MentorStore(timed), _PAGE + 1
    if near is None:
        found = await mentors.newest(NOBODY, wanted, staff=False, before=None, limit=page, now=now_ms())
    else:
        found = await mentors.near(NOBODY, near, wanted, staff=False, after=None, limit=page, now=now_ms())
    return sum(timed.times), len(timed.times), len(found[:_PAGE])


async def search(connection: Connection, query: LocationQuery) -> tuple[float, int, int]:
    """Ms of PostgreSQL for a page, how many statements those are, and how many places it shows."""
    timed = Timed(connection)
    locations = Locations(LocationStore(timed), MediaViews(_NoPictures(), now_ms))
    page = await locations.search(query, now_ms())
    return sum(timed.times), len(timed.times), len(page.items)


class _NoPictures:
    def of(self, *_: object) -> str:
        """Nothing here has any."""
        raise AssertionError

    def since(self, _: int) -> int:
        """Nor asks for their time."""
        raise AssertionError


async def row(
    connection: Connection, name: str, asked: dict[str, Any], looks: Sequence[tuple[float, float]]
) -> str:
    """A line of the table."""
    one = await connection.fetchval(_ONE)
    said: dict[str, Any] = {
        key: value.format(one=one) if isinstance(value, str) else value for key, value in asked.items()
    }
    found = [
        await search(connection, LocationQuery(near=f"{lat:.5f},{lon:.5f}", **said)) for lat, lon in looks
    ]
    return _line(name, found)


def _line(name: str, found: Sequence[tuple[float, int, int]]) -> str:
    times, statements, shown = zip(*found, strict=True)
    return (
        f"| {name} | {statistics.median(times):.2f} | {max(times):.2f} | {statistics.median(statements):.0f}"
        f" | {statistics.median(shown):.0f} |"
    )


async def table(connection: Connection, count: int, options: argparse.Namespace, chance: Random) -> str:
    """Of so many places."""
    reach = options.degrees / 2
    looks = [
        (LAT + chance.uniform(-reach, reach), LON + chance.uniform(-reach, reach))
        for _ in range(options.looks)
    ]
    head = f"| {count:,} places, {count // 10:,} mentors in {options.degrees}°"
    head += " | median, ms | worst, ms | statements | shown |"
    rows = [await row(connection, name, asked, looks) for name, asked in _SEARCHES.items()]
    for name, (is_near, wanted) in _MENTORS.items():
        places = [Position(*look) if is_near else None for look in looks]
        rows.append(_line(name, [await search_mentors(connection, place, wanted) for place in places]))
    return "\n".join((head, "|---" * 5 + "|", *rows))


async def run(options: argparse.Namespace) -> str:
    """A table for each number of places."""
    chance, parts = Random(14), []
    async with (
        stores() as servers,
        world_at(servers.database_url) as world,
        world.pool.acquire() as connection,
    ):
        for count in options.places:
            await connection.execute("DELETE FROM places.mentors")
            await connection.execute("DELETE FROM places.locations")
            await fill(connection, count, lon=LON, lat=LAT, degrees=options.degrees)
            await connection.execute(_MENTOR, count // 10)
            await connection.execute("VACUUM ANALYZE places.locations, places.mentors, identity.profiles")
            parts.append(await table(connection, count, options, chance))
    return "\n\n".join(parts)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--places", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--degrees", type=float, default=2.0, help="the side of the square that they are in")
    parser.add_argument("--looks", type=int, default=20, help="from how many points each search is asked")
    print(uvloop.run(run(parser.parse_args())))


if __name__ == "__main__":
    main()
