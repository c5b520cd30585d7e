"""Places near a point and by words: as one finds them by looking at each, and without reading all of them."""

from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest
from msgspec import structs

from core.clock import now_ms
from core.contract.locations import LocationQuery, LocationView, NewLocation
from core.geography import Position, boxes, distance_m
from db.postgres import locations as sql
from db.postgres.locations import Found, LocationStore, Search
from db.postgres.locations_imported import ImportStore
from db.postgres.media_views import MediaViews
from services.locations import Locations
from tests.conftest import NewDatabase
from tests.machines.variants import direct
from tests.stores.places import a_place, fill
from tests.stores.test_plans import blocks_read
from tests.stores.world import World, world_at

LONDON = Position(51.5074, -0.1278)
# Where maps have an end: a pole, the date line, and the place where longitudes begin.
HARD = (
    LONDON,
    Position(90.0, 0.0),
    Position(89.99, 77.0),
    Position(-90.0, 180.0),
    Position(-17.8, 179.9999),
    Position(65.0, -180.0),
    Position(0.0, 180.0),
    Position(0.0, 0.0),
)


@pytest.fixture(scope="module")
async def database_url(new_database: NewDatabase) -> str:
    """One with the places of this module alone."""
    return await new_database()


class Nowhere:
    """Nothing here has pictures."""

    def of(self, *_: object) -> str:
        raise AssertionError

    def since(self, _: int) -> int:
        raise AssertionError


@pytest.fixture
async def empty(world: World) -> AsyncIterator[World]:
    yield world
    await world.pool.execute("DELETE FROM places.reviews")
    await world.pool.execute("DELETE FROM places.locations")


async def put(world: World, place: Position, name: str = "A place", **more: object) -> str:
    return await a_place(world.pool, lat=place.lat, lon=place.lon, name=name, **more)


def somewhere(chance: Random, around: Position) -> Position:
    """Anywhere, or not far from there, over the pole and the date line too."""
    if chance.random() < 0.2:
        return Position(chance.uniform(-90, 90), chance.uniform(-180, 180))
    spread = 10 ** chance.uniform(-4, 1)
    lat, lon = around.lat + chance.uniform(-spread, spread), around.lon + chance.uniform(-spread, spread)
    if abs(lat) > 90:
        lat, lon = (180 if lat > 0 else -180) - lat, lon + 180
    if abs(around.lat) > 89:
        lon = chance.uniform(-180, 180)
    return Position(lat, (lon + 540) % 360 - 180)


async def all_pages(world: World, **query: object) -> list[LocationView]:
    """What a client gets who asks for page after page."""
    locations = Locations(LocationStore(world.pool), MediaViews(Nowhere(), now_ms))
    found: list[LocationView] = []
    cursor = None
    while True:
        page = await locations.search(LocationQuery(**query, cursor=cursor), now_ms())  # type: ignore[arg-type]
        found += page.items
        if (cursor := page.next_cursor) is None:
            return found


@pytest.mark.parametrize("around", HARD, ids=str)
async def test_what_is_near_is_found_nearest_first(empty: World, around: Position) -> None:
    """All of it, once, over all pages, and nothing else: as by measuring the distance to each."""
    chance = Random(f"{around}")
    there = {}
    for _ in range(150):
        place = somewhere(chance, around)
        there[await put(empty, place)] = place
    for _ in range(5):  # at the very same point: told apart by their ids
        there[await put(empty, around)] = around
    for radius_m in (100, 20_000, 500_000, 20_100_000):
        measured = sorted((distance_m(around, place), key) for key, place in there.items())
        near = [key for distance, key in measured if distance <= radius_m]
        query = {"near": f"{around.lat},{around.lon}", "radius_m": radius_m, "limit": 7}
        found = await all_pages(empty, **query)
        assert {one.id for one in found} == set(near), radius_m
        assert len(found) == len(near)
        distances = [one.distance_m for one in found]
        assert distances == sorted(distances)  # type: ignore[type-var]
        for one in found:
            assert one.distance_m == pytest.approx(distance_m(around, there[one.id]), abs=1)


async def test_a_place_nearly_at_zero_can_be_measured(empty: World) -> None:
    """PostgreSQL refuses to reckon with what is smaller than a float can be: no place near it was found."""
    place = NewLocation(
        name="A place", type="gym", lat=5e-324, lon=-1e-200, address="Pier 1", city="Accra", country="GH"
    )
    written = await LocationStore(empty.pool).create(place, await empty.person(), None, now_ms())
    await ImportStore(empty.pool).take("a file", [("1", place)], now_ms())
    for near in ("0,0", "0.0000001,-0.0000001"):
        found = await all_pages(empty, near=near, radius_m=100, limit=7)
        assert len(found) == 2
        assert written.id in {one.id for one in found}
        assert [one.distance_m for one in found] == [0, 0]


async def test_postgres_measures_as_we_do(world: World) -> None:
    chance = Random(7)
    for _ in range(200):
        one, other = somewhere(chance, LONDON), somewhere(chance, LONDON)
        theirs = await world.pool.fetchval(
            "SELECT places.distance_m(point($1, $2), point($3, $4))", one.lon, one.lat, other.lon, other.lat
        )
        assert theirs == pytest.approx(distance_m(one, other), abs=0.01)
    plan = "EXPLAIN (VERBOSE) SELECT places.distance_m(position, point(1, 2)) FROM places.locations"
    said = [row[0] for row in await world.pool.fetch(plan)]
    assert not [line for line in said if "distance_m" in line], "called for each place, at ten times the cost"


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("café", True),
        ("CAFE", True),
        ("grounds peace", True),
        ("ounds", True),
        ("ca", True),
        ("af", False),
        ("strasse", True),
        ("straße", True),
        ("london", True),
        ("gym", False),
        ("peaceful gym", False),
        ("fulpeace", False),
        ("100%", False),
        ("____", True),
        ("!?", True),
        ("μουσείο", False),
    ],
)
async def test_words_and_parts_of_words(empty: World, q: str, found: bool) -> None:
    """Of name, address and city, without regard to accents and capitals; signs alone say nothing."""
    place = await put(empty, LONDON, "Peaceful Grounds Café", address="12 Königsstraße", city="London")
    await put(empty, LONDON, "Ωδείο", address="1 Road", city="Athens")
    near = await all_pages(empty, near="51.5,-0.12", q=q)
    assert ([one.id for one in near if one.id == place] == [place]) == found
    anywhere = await all_pages(empty, q=q)
    assert (place in {one.id for one in anywhere}) == found


async def test_other_alphabets(empty: World) -> None:
    place = await put(empty, LONDON, "Καφέ Ωδείο")
    assert [one.id for one in await all_pages(empty, q="ΚΑΦΕ ωδειο")] == [place]


async def test_what_is_taken_off_is_not_found(empty: World) -> None:
    await put(empty, LONDON, active=False)
    assert await all_pages(empty, near="51.5074,-0.1278") == await all_pages(empty) == []


async def test_of_a_type(empty: World) -> None:
    gym = await put(empty, LONDON, type="gym")
    await put(empty, LONDON, type="coffee")
    assert [one.id for one in await all_pages(empty, near="51.5,-0.1", type="gym")] == [gym]
    assert [one.id for one in await all_pages(empty, type="gym")] == [gym]


async def test_those_that_are_open_over_all_pages(empty: World) -> None:
    """However many are closed between them: pages may have none, and say that there are more."""
    zone = {"zone": "UTC", "except": {}}
    day = [["00:00", "00:00"]]
    always = {**zone, "week": dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), day)}
    await fill(empty.pool, 900, lon=0, lat=0, degrees=0.01)
    await empty.pool.execute("UPDATE places.locations SET hours = NULL WHERE md5(name) < '8'")
    await empty.pool.execute("UPDATE places.locations SET hours = $1", {**zone, "week": {}})
    far = [await put(empty, Position(0.02, 0.02), hours=always) for _ in range(3)]
    found = await all_pages(empty, near="0,0", open_now=True, limit=2)
    assert sorted(one.id for one in found) == sorted(far)
    assert sorted(one.id for one in await all_pages(empty, open_now=True, limit=2)) == sorted(far)


# Plans

BLOCKS = 150  # the whole table has more than 2,000
FEW = "Peaceful Grounds"


@pytest.fixture(scope="module")
async def filled(new_database: NewDatabase) -> dict[str, str]:
    """A database with many places, and a copy in which PostgreSQL has counted them."""
    not_counted = await new_database()
    async with world_at(direct(not_counted)) as world:  # a pooler would go on holding it
        await fill(world.pool, 20_000)
    counted = await new_database(template=not_counted)
    async with world_at(counted, migrated=True) as world:
        await world.pool.execute("ANALYZE places.locations")
    return {"not counted": not_counted, "counted": counted}


@pytest.fixture(params=["counted"])
async def crowded(request: pytest.FixtureRequest, filled: dict[str, str]) -> AsyncIterator[World]:
    """Where there are many places: what a test adds is taken off again."""
    async with world_at(filled[request.param], migrated=True) as world:
        yield world
        await world.pool.execute("DELETE FROM places.locations WHERE name = $1", FEW)


@pytest.mark.parametrize("crowded", ["not counted", "counted"], indirect=True)
async def test_what_is_far_away_is_not_read(crowded: World) -> None:
    """Near a point, and by words that few have, wherever: what others have does not count."""
    place = await put(crowded, LONDON, FEW)
    sides = [str(side) for box in boxes(LONDON, 500) for side in structs.astuple(box)]
    nobody = "'00000000-0000-0000-0000-000000000000'"
    around = [str(LONDON.lon), str(LONDON.lat), *sides, "500", "-1", nobody, "51", "NULL"]
    kinds = f"{'float8, ' * 12}uuid, int, text"
    read = {
        "near": await blocks_read(crowded, sql.NEAR, kinds, *around),
        "by words": await blocks_read(crowded, sql.NEAR_WORDED, f"{kinds}, text", *around, "'peaceful'"),
        "anywhere": await blocks_read(
            crowded, sql.NEWEST_WORDED, "uuid, int, text, text", "NULL", "51", "NULL", "'peaceful'"
        ),
        "newest": await blocks_read(crowded, sql.NEWEST, "uuid, int, text", "NULL", "51", "'gym'"),
        "shown": await blocks_read(
            crowded, sql.THESE, "uuid[], timestamptz, boolean", f"ARRAY['{place}'::uuid]", "now()", "false"
        ),
    }
    assert not {name: blocks for name, blocks in read.items() if blocks > BLOCKS}, read


async def test_words_that_few_have_are_looked_for_by_themselves(crowded: World) -> None:
    """Over the whole earth no more is read than there is of them, and no ring for ring."""
    far = await put(crowded, Position(-33.9, 151.2), FEW)
    sides = [str(side) for box in boxes(LONDON, 20_000_000) for side in structs.astuple(box)]
    nobody = "'00000000-0000-0000-0000-000000000000'"
    around = [str(LONDON.lon), str(LONDON.lat), *sides, "20000000", "-1", nobody, "51", "NULL", "'peaceful'"]
    kinds = f"{'float8, ' * 12}uuid, int, text, text"
    assert await blocks_read(crowded, sql.NEAR_BY_WORDS, kinds, *around) <= BLOCKS
    looks: list[bool] = []

    class Noting(LocationStore):
        """How they are looked for."""

        async def near(self, *where: Any, words_first: bool = False, **more: Any) -> list[Found]:
            looks.append(words_first)
            return await super().near(*where, words_first=words_first, **more)

    locations = Locations(Noting(crowded.pool), MediaViews(Nowhere(), now_ms))
    asked = LocationQuery(near="51.5,-0.1", radius_m=20_000_000, q="peaceful")
    assert [one.id for one in (await locations.search(asked, now_ms())).items] == [far]
    assert looks == [False, False, False, True]


async def test_a_wide_search_in_a_city_reads_what_it_shows(crowded: World) -> None:
    """Looked for in rings: the whole country may be asked about."""
    looks: list[float] = []

    class Noting(LocationStore):
        """Which rings are asked for."""

        async def near(
            self, around: Position, within_m: float, search: Search, **more: object
        ) -> list[Found]:
            looks.append(within_m)
            return await super().near(around, within_m, search, **more)  # type: ignore[arg-type]

    locations = Locations(Noting(crowded.pool), MediaViews(Nowhere(), now_ms))
    page = await locations.search(LocationQuery(near="51.5,-0.1", radius_m=1_000_000), now_ms())
    assert len(page.items) == 50
    assert len(looks) <= 4
    assert looks[-1] < 5_000
    looks.clear()
    again = await locations.search(LocationQuery(near="51.499,-0.099", radius_m=1_000_000), now_ms())
    assert len(again.items) == 50
    assert (len(looks), looks[0] < 5_000) == (1, True), "who comes next looks as far as was needed"
