"""Places from files by the command line: as often as one likes, with what was refused."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from composition.import_places import import_places
from core.ids import new_id
from realtime.arguments import parse
from services.place_files import Unreadable
from tests.stores.world import World

HEAD = "id,name,type,lat,lon,address,city,country\n"


def lines(count: int, name: str = "Place") -> str:
    return HEAD + "".join(f"{n},{name} {n},gym,51.5,-0.1,{n} Street,London,GB\n" for n in range(count))


async def run(world: World, file: Path, *more: str) -> tuple[str, list[str]]:
    """What the command says at the end, and meanwhile."""
    said: list[str] = []
    asked = parse(None, ["import-places", str(file), *more])
    return await import_places(world.pool, asked, said.append), said


async def names(world: World, source: str) -> list[Any]:
    query = "SELECT name FROM places.locations WHERE source = $1 ORDER BY source_id::int"
    return [row["name"] for row in await world.pool.fetch(query, source)]


async def test_a_file_is_imported_as_often_as_one_likes(world: World, tmp_path: Path) -> None:
    """What came from it before is known again: changed where the file says so, and else not even written."""
    file, source = tmp_path / "places.csv", new_id()
    file.write_text(lines(1200))
    said, meanwhile = await run(world, file, "--source", source)
    assert said == "1,200 added, 0 changed, 0 as they were, 0 refused."
    assert meanwhile == ["500 read\n", "1,000 read\n", "1,200 read\n"]
    query = "SELECT array_agg(xmin::text ORDER BY id) FROM places.locations WHERE source = $1"
    before = await world.pool.fetchval(query, source)
    assert (await run(world, file, "--source", source))[
        0
    ] == "0 added, 0 changed, 1,200 as they were, 0 refused."
    assert await world.pool.fetchval(query, source) == before
    file.write_text(lines(1200).replace("Place 7,", "Café 7,") + "1200,New,gym,51,0,1 Street,London,GB\n")
    assert (await run(world, file, "--source", source))[
        0
    ] == "1 added, 1 changed, 1,199 as they were, 0 refused."
    found = await names(world, source)
    assert (len(found), found[7], found[-1]) == (1201, "Café 7", "New")


async def test_what_was_refused_is_said_and_the_rest_is_taken(world: World, tmp_path: Path) -> None:
    """The first ones at once, all of them in a file."""
    file, refused, source = tmp_path / "places.csv", tmp_path / "refused", new_id()
    wrong = [f"w{n},Café,bar,51,0,1 Street,London,GB\n" for n in range(25)]
    file.write_text(lines(3) + "".join(wrong))
    said, _ = await run(world, file, "--source", source, "--refused", str(refused))
    told = said.splitlines()
    assert told[0] == "3 added, 0 changed, 0 as they were, 25 refused."
    assert told[1] == "  5  w0  `type` is not valid: invalid enum value 'bar'."
    assert (len(told), told[-1]) == (22, f"  and 5 more: {refused}")
    assert len(refused.read_text().splitlines()) == 25
    assert len(await names(world, source)) == 3


async def test_two_sources_may_have_the_same_ids(world: World, tmp_path: Path) -> None:
    """The name of the file is the source where none is given."""
    one, other = tmp_path / f"{new_id()}.csv", tmp_path / f"{new_id()}.csv"
    for file in (one, other):
        file.write_text(lines(2, file.stem))
        assert (await run(world, file))[0].startswith("2 added")
    assert await names(world, one.name) == [f"{one.stem} 0", f"{one.stem} 1"]


async def test_what_admins_have_added_stays(world: World, tmp_path: Path) -> None:
    """Pictures, reviews, and that a place was taken off."""
    file, source = tmp_path / "places.geojson", new_id()
    said = {"name": "Café", "type": "coffee", "address": "1 Street", "city": "London", "country": "GB"}
    point = {"type": "Point", "coordinates": [0, 51]}
    feature = {"type": "Feature", "id": 1, "geometry": point, "properties": said}
    file.write_bytes(msgspec.json.encode({"type": "FeatureCollection", "features": [feature]}))
    assert (await run(world, file, "--source", source))[0].startswith("1 added")
    await world.pool.execute(
        "UPDATE places.locations SET active = false, check_in_count = 3, name = 'Other' WHERE source = $1",
        source,
    )
    assert (await run(world, file, "--source", source))[0].startswith("0 added, 1 changed")
    query = "SELECT name, active, check_in_count FROM places.locations WHERE source = $1"
    assert tuple(await world.pool.fetchrow(query, source)) == ("Café", False, 3)


async def test_an_import_is_on_the_audit_log(world: World, tmp_path: Path) -> None:
    file, source = tmp_path / "places.csv", new_id()
    file.write_text(lines(2) + "9,Café,bar,51,0,1 Street,London,GB\n")
    await run(world, file, "--source", source)
    query = (
        "SELECT details FROM identity.audit_log"
        " WHERE action = 'locations_imported' AND details ->> 'source' = $1"
    )
    details = await world.pool.fetchval(query, source)
    assert details == {"source": source, "created": 2, "changed": 0, "same": 0, "refused": 1}


@pytest.mark.parametrize("name", ["places.txt", "places.csv", "places.json"])
async def test_a_file_that_is_no_such_thing(world: World, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(Unreadable):
        await run(world, file)
