"""Check-ins on record: many at once, kept in parts, and what they come to whichever way it is reached."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from composition.rebuild_journeys import rebuild_journeys
from core.check_ins import Spot
from core.clock import DAY_MS, HOUR_MS, to_datetime
from core.contract.check_ins import CheckedIn
from core.geography import Position
from core.journey import BEGUN, Counted, Journey, fold
from core.vocabulary import LocationType
from db.postgres.check_ins import CheckInStore, Place, Visit, grants_nothing
from db.postgres.journeys import JourneyStore
from db.postgres.own_rows import own_queries
from db.postgres.pool import queries
from services.check_in_keeping import CheckInKeeping, KeepCheckIns
from services.journeys import local_day, view
from tests.conftest import NewDatabase
from tests.patience import CROWD_S, PATIENCE_S
from tests.stores.places import a_place
from tests.stores.test_plans import blocks_read
from tests.stores.world import World, world_at

NOW = 1_795_400_000_000  # 2026-11-23
MINUTE = 60_000
ZONES = ("Europe/Berlin", "Pacific/Auckland", "Pacific/Honolulu")


def store_of(world: World, most_a_day: int = 100) -> CheckInStore:
    return CheckInStore(world.pool, world.notifications.notify, most_a_day=most_a_day)


async def come(
    world: World,
    user_id: str,
    place: str,
    at: int,
    *,
    zone: str = "UTC",
    kind: LocationType = "coffee",
    store: CheckInStore | None = None,
) -> CheckedIn:
    """Check in, seen by a code that was good; all places are in one spot."""
    visit = Visit(
        user_id=user_id,
        place=Place(
            id=place, type=kind, spot=Spot(Position(51.5, 0), 100), code_version=1, zone=None, time_zone=None
        ),
        at=at,
        day=local_day(zone, at),
        zone=zone,
        verified_by="qr",
        mood=None,
        note=None,
    )
    return await (store or store_of(world)).check_in(
        user_id,
        place,
        lambda _: visit,
        lambda journey, beside, zone: view(journey, beside, zone, at),
        None,
        at,
    )


async def rows_of(world: World, user_id: str) -> list[Counted]:
    """What counts, as it is on record."""
    rows = await world.pool.fetch(
        "SELECT id, at, local_day, zone, location_type FROM places.check_ins WHERE user_id = $1 AND counts",
        user_id,
    )
    return [
        Counted(
            id=row["id"],
            at=round(row["at"].timestamp() * 1000),
            day=row["local_day"],
            zone=row["zone"],
            type=row["location_type"],
        )
        for row in rows
    ]


async def journey_of(world: World, user_id: str) -> Journey:
    return (await JourneyStore(world.pool).of(user_id)).journey


async def test_a_thousand_at_once_are_as_many_as_the_rows(world: World) -> None:
    """Of 20 people at 10 places, in whatever order they come; late ones too. Copies of a visit count once."""
    people = [await world.person() for _ in range(20)]
    places = [await a_place(world.pool, lat=51.5, lon=0) for _ in range(10)]
    chance = Random(14)
    visits = [
        (person, chance.choice(places), NOW + chance.randrange(6 * 24) * 10 * MINUTE, chance.choice(ZONES))
        for person in people
        for _ in range(50)
    ]
    async with asyncio.timeout(CROWD_S):
        done = await asyncio.gather(
            *(come(world, person, place, at, zone=zone) for person, place, at, zone in visits)
        )
    counted = {each.check_in.id for each in done if each.check_in.counts}
    on_record = []
    for person in people:
        rows = await rows_of(world, person)
        on_record += [row.id for row in rows]
        assert await journey_of(world, person) == fold(rows)
        said = {(row["location_id"], row["local_day"]) for row in await placed(world, person)}
        assert len(said) == len(rows)
    assert sorted(on_record) == sorted(counted)
    counts = await world.pool.fetch(
        "SELECT l.check_in_count, (SELECT count(*) FROM places.check_ins c"
        " WHERE c.location_id = l.id AND c.counts) AS n"
        " FROM places.locations l WHERE l.id = ANY ($1::uuid[])",
        places,
    )
    assert [row["check_in_count"] for row in counts] == [row["n"] for row in counts]
    assert len(done) == 1000
    assert 200 < len(counted) < 1000
    assert await rebuild_journeys(JourneyStore(world.pool), lambda _: None) != ""
    assert all([not await JourneyStore(world.pool).rebuild(person, NOW) for person in people])


async def placed(world: World, user_id: str) -> Any:
    return await world.pool.fetch(
        "SELECT location_id, local_day FROM places.check_ins WHERE user_id = $1 AND counts", user_id
    )


async def test_one_that_comes_late_joins_two_streaks(world: World) -> None:
    ana, place = await world.person(), await a_place(world.pool, lat=51.5, lon=0)
    days = [NOW + day * DAY_MS for day in range(5)]
    for at in (*days[:2], *days[3:]):
        done = await come(world, ana, place, at)
    assert done.journey.current_streak == 2
    done = await come(world, ana, place, days[2] + HOUR_MS)
    assert done.journey.current_streak == done.journey.longest_streak == 5
    assert await journey_of(world, ana) == fold(await rows_of(world, ana))


async def test_a_command_folds_journeys_anew(world: World) -> None:
    """What was spoilt is as it was; and of whom there is nothing, nothing becomes."""
    ana, place = await world.person(), await a_place(world.pool, lat=51.5, lon=0)
    for day in range(3):
        await come(world, ana, place, NOW + day * DAY_MS, kind="gym")
    right = await journey_of(world, ana)
    await rebuild_journeys(JourneyStore(world.pool))  # other tests put check-ins on record by hand
    await world.pool.execute(
        'UPDATE places.journeys SET state = \'{"level": 5, "total": 999}\' WHERE user_id = $1', ana
    )
    said: list[str] = []
    done = await rebuild_journeys(JourneyStore(world.pool), said.append)
    assert " 1 were another." in done
    assert said
    assert await journey_of(world, ana) == right
    assert "; 0 were another." in await rebuild_journeys(JourneyStore(world.pool), said.append)


async def test_a_crash_leaves_nothing_half_done(world: World) -> None:
    """Where what comes last fails, there is no check-in, nor a count, nor a journey."""

    async def fails(connection: object, user_id: str, happened: Any, now: int, owed: Any = None) -> Any:
        raise ConnectionError("gone")

    ana, place = await world.person(), await a_place(world.pool, lat=51.5, lon=0)
    store = CheckInStore(world.pool, world.notifications.notify, most_a_day=10, grant=fails)
    with pytest.raises(ConnectionError):
        await come(world, ana, place, NOW, store=store)
    assert await rows_of(world, ana) == []
    assert await journey_of(world, ana) == BEGUN
    count = "SELECT check_in_count FROM places.locations WHERE id = $1"
    assert await world.pool.fetchval(count, place) == 0
    assert await grants_nothing(None, ana, (), NOW) == []


async def test_what_has_happened_is_said_to_whom_grants_rewards(world: World) -> None:
    """As it is after the check-in."""
    heard: list[object] = []

    async def hears(connection: object, user_id: str, happened: Any, now: int, owed: Any = None) -> Any:
        heard.append((user_id, [str(each) for each in happened]))
        return ()

    ana, place = await world.person(), await a_place(world.pool, lat=51.5, lon=0)
    store = CheckInStore(world.pool, world.notifications.notify, most_a_day=10, grant=hears)
    await come(world, ana, place, NOW, kind="gym", store=store)
    await come(world, ana, place, NOW + MINUTE, store=store)
    assert heard == [
        (
            ana,
            [
                "CheckedIn(at='gym', nth=1, nth_at=1)",
                "StreakIs(days=1)",
                "LevelIs(level=1)",
                "MilestoneReached(milestone='first_check_in')",
            ],
        )
    ]


async def parts(world: World) -> list[str]:
    rows = await world.pool.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits"
        " WHERE inhparent = 'places.check_ins'::regclass ORDER BY name"
    )
    return [row["name"].removeprefix("places.check_ins_") for row in rows]


async def test_quarters_are_made_ahead_and_dropped_behind(new_database: NewDatabase) -> None:
    """By two at once; what was stored before is in them. Journeys stand without what is dropped."""
    async with world_at(await new_database()) as world:
        ana, ben = await world.pair()
        place = await a_place(world.pool, lat=51.5, lon=0)
        december = moment(date(2026, 12, 20))
        for day in range(20):
            await come(world, ana, place, december + day * DAY_MS)
        await come(world, ben, place, december)
        whole, his = await journey_of(world, ana), await journey_of(world, ben)
        keeping = keeping_of(world, december)
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*(keeping.keep(KeepCheckIns()) for _ in range(2)))
        assert await parts(world) == ["2026q4", "2027q1", "2027q2", "other"]
        assert await world.pool.fetchval("SELECT count(*) FROM places.check_ins_2026q4") == 13
        assert await world.pool.fetchval("SELECT count(*) FROM places.check_ins_other") == 0
        for until, left in ((date(2026, 12, 31), "2026q4"), (date(2027, 1, 1), "2027q1")):
            await keeping_of(world, moment(until + timedelta(days=100))).keep(KeepCheckIns())
            assert (await parts(world))[0] == left
        assert len(await rows_of(world, ana)) == 8
        assert [await journey_of(world, each) for each in (ana, ben)] == [whole, his]
        store = JourneyStore(world.pool)
        assert not await store.rebuild(ana, december)
        assert not await store.rebuild(ben, december)
        done = await come(world, ana, place, december + 20 * DAY_MS)
        assert (done.journey.total_check_ins, done.journey.current_streak) == (21, 21)


def moment(day: date) -> int:
    return round(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp() * 1000)


def keeping_of(world: World, now: int) -> CheckInKeeping:
    return CheckInKeeping(store_of(world), JourneyStore(world.pool), lambda: now, days=100)


async def test_the_database_itself_takes_one_a_place_and_day(world: World) -> None:
    """Whatever the rules let through."""
    ana, place = await world.person(), await a_place(world.pool, lat=51.5, lon=0)
    done = await come(world, ana, place, NOW)
    copy = (
        "INSERT INTO places.check_ins (id, user_id, location_id, location_type, local_day, zone, at,"
        " created_at, verified_by, counts) SELECT gen_random_uuid(), user_id, location_id, location_type,"
        " local_day, zone, $2, $2, verified_by, counts FROM places.check_ins WHERE id = $1"
    )
    with pytest.raises(Exception, match="duplicate key value"):
        await world.pool.execute(copy, done.check_in.id, to_datetime(NOW + HOUR_MS))


async def test_what_others_have_checked_in_is_not_read(new_database: NewDatabase) -> None:
    """Nor one's own of other days: of 40,000 in four quarters a check-in and a page read a few blocks."""
    async with world_at(await new_database()) as world:
        ana, place = await world.person(), await a_place(world.pool, lat=51.5, lon=0)
        for day in (date(2026, 1, 1), date(2026, 7, 1)):
            await store_of(world).keep_quarters(moment(day))
        await world.pool.execute(MANY, ana, place)
        user, noon = f"'{ana}'", "'2026-11-23T12:00Z'"
        sql, own = queries("check_ins"), own_queries("check_ins")
        of_days = "uuid, date, date, timestamptz, timestamptz, date, timestamptz, uuid, int"
        days = (user, *["NULL"] * 4, "'2026-11-23'", noon, user, "20")
        around = "uuid, date, timestamptz, timestamptz", user, "'2026-11-23'", noon, noon
        haunts = "SELECT places.haunts($1, $2, $3)", "uuid, date, int", user, "'2026-10-24'", "20"
        for statement in (
            "SELECT",
            "ANALYZE places.check_ins",
        ):  # before it is known what there is, and after
            await world.pool.execute(statement)
            read = {
                "around": await blocks_read(world, sql["around"], *around),
                "page": await blocks_read(world, own["page"].text, of_days, *days, own=ana),
                "haunts": await blocks_read(world, *haunts),
            }
            assert not {name: blocks for name, blocks in read.items() if blocks > 60}, read


# Of a year: one in 200 is the user's, each at a place of its own, the others are of 2,000 others at one.
MANY = """
    INSERT INTO places.check_ins
        (id, user_id, location_id, location_type, local_day, zone, at, created_at, verified_by, counts)
    SELECT gen_random_uuid(), CASE WHEN n % 200 = 0 THEN $1::uuid ELSE md5((n % 2000)::text)::uuid END,
        CASE WHEN n % 200 = 0 THEN gen_random_uuid() ELSE $2 END, 'gym', day, 'UTC', day + time '12:00',
        now(), 'qr', true
    FROM generate_series(1, 40000) AS n, LATERAL (SELECT date '2026-01-01' + n % 364) AS days (day)
    ON CONFLICT DO NOTHING
"""
