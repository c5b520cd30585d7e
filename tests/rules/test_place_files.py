"""Files of places: what is taken of them, and what is refused by name."""

from typing import Any

import msgspec
import pytest

from core.contract.locations import Contact
from services.place_files import Draft, Mistake, Unreadable, from_csv, from_geojson

PROPERTIES = {"name": "Café", "type": "coffee", "address": "1 Street", "city": "London", "country": "GB"}


def feature(given_id: Any = "a", **changes: Any) -> dict[str, Any]:
    geometry = changes.pop("geometry", {"type": "Point", "coordinates": [-0.1278, 51.5074, 12.0]})
    said = {name: value for name, value in {**PROPERTIES, **changes}.items() if value is not None}
    return {"type": "Feature", "id": given_id, "geometry": geometry, "properties": said}


def geojson(*features: Any) -> list[Draft | Mistake]:
    said = {"type": "FeatureCollection", "features": features}
    return list(from_geojson(msgspec.json.encode(said)))


def why(*features: Any) -> list[str]:
    return [one.why for one in geojson(*features) if isinstance(one, Mistake)]


HEAD = "id,name,type,lat,lon,address,city,country,amenities,hours,phone,verified,radius_m\n"


def table(*lines: str, head: str = HEAD) -> list[Draft | Mistake]:
    return list(from_csv([head, *lines]))


def test_a_point_is_a_place() -> None:
    hours = {"zone": "Europe/London", "week": {"mon": [["09:00", "18:00"]]}}
    draft, other = geojson(feature(7, amenities=["wifi"], hours=hours), feature("b", country="FR"))
    assert isinstance(draft, Draft)
    assert isinstance(other, Draft)
    assert (draft.source_id, draft.location.lat, draft.location.lon) == ("7", 51.5074, -0.1278)
    assert draft.location.hours
    assert draft.location.hours.week.mon == [["09:00", "18:00"]]
    assert other.location.country == "FR"


def test_an_id_among_the_properties() -> None:
    one = feature(id="x9")
    del one["id"]
    (draft,) = geojson(one)
    assert isinstance(draft, Draft)
    assert draft.source_id == "x9"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (feature(country="Germany"), "`country` is not valid: it does not have the expected form."),
        (feature(name=None), "`name` is missing."),
        (feature(colour="blue"), "`colour` is no property of a place."),
        (feature(media=["x"]), "`media` is no property of a place."),
        (feature(geometry={"type": "LineString", "coordinates": [[0, 0], [1, 1]]}), "It is no point."),
        (feature(geometry=None), "It is no point."),
        (
            feature(geometry={"type": "Point", "coordinates": [0, 91]}),
            "`lat` is not valid: expected float <= 90.0.",
        ),
        (
            feature(hours={"zone": "Mars/Base", "week": {}}),
            "`zone` has to be an IANA name, as `Europe/Berlin`.",
        ),
        (feature(""), "It needs an id of its own, of at most 200 characters."),
        (feature("x" * 201), "It needs an id of its own, of at most 200 characters."),
        ("nothing", "It is no feature with properties."),
        ({"properties": 7}, "It is no feature with properties."),
    ],
)
def test_what_is_refused_leaves_the_others(wrong: Any, said: str) -> None:
    """With its number, and why."""
    found = geojson(feature("first"), wrong, feature("last"))
    assert [isinstance(one, Draft) for one in found] == [True, False, True]
    assert isinstance(found[1], Mistake)
    assert (found[1].number, found[1].why) == (2, said)


def test_an_id_that_comes_twice() -> None:
    assert why(feature("a"), feature("a"), feature("b")) == ["This id is there before."]


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"features": 7}', b"\xff", b"[" * 100_000])
def test_what_is_no_geojson(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        list(from_geojson(raw))


def test_a_line_is_a_place() -> None:
    """Cells that are empty say nothing."""
    hours = '"{""zone"": ""UTC"", ""week"": {}}"'
    first, second = table(
        f"7,Café,coffee,51.5,-0.1,1 Street,London,GB,wifi; quiet room,{hours},+44207,yes,50\n",
        "8,Gym,gym,51,0,2 Street,London,GB,,,,,\n",
    )
    assert isinstance(first, Draft)
    assert isinstance(second, Draft)
    place = first.location
    assert (place.amenities, place.verified, place.radius_m) == (["wifi", "quiet room"], True, 50)
    assert place.contact == Contact(phone="+44207")
    assert place.hours
    assert (second.location.amenities, second.location.hours, second.location.radius_m) == ([], None, 100)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("7,Café,coffee,north,-0.1,1 Street,London,GB,,,,,\n", "`lat` is no number."),
        ("7,Café,coffee,nan,-0.1,1 Street,London,GB,,,,,\n", "`lat` is not valid: expected float >= -90.0."),
        ("7,Café,coffee,51,-0.1,1 Street,London,GB,,{,,,\n", "`hours` is no JSON: Input data was truncated"),
        ("7,Café,coffee,51,-0.1,1 Street,London,GB,,,,perhaps,\n", "`verified` is neither true nor false."),
        ("7,Café\n", "It has not as many values as there are columns."),
        (
            ",Café,coffee,51,-0.1,1 Street,London,GB,,,,,\n",
            "It needs an id of its own, of at most 200 characters.",
        ),
        ("7,,coffee,51,-0.1,1 Street,London,GB,,,,,\n", "`name` is missing."),
    ],
)
def test_a_line_that_is_refused(line: str, said: str) -> None:
    (mistake,) = table(line)
    assert isinstance(mistake, Mistake)
    assert (mistake.number, mistake.why) == (2, said)


@pytest.mark.parametrize("head", ["", "name,type\n", "id,name,colour\n"])
def test_columns_that_cannot_be(head: str) -> None:
    with pytest.raises(Unreadable):
        table("1,2,3\n", head=head)
