"""Files of places, as GeoJSON or CSV: what can be taken of them, and why the rest cannot. Pure.

Each place has an id of its own in the file, by which it is known again the next time. Of GeoJSON those
features are read that are points; their properties have the names of `POST /v1/admin/locations`. A CSV file
has the same names as columns, with amenities parted by `;`, hours as JSON, and phone, email and website each
by itself.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from core.contract.locations import NewLocation
from core.errors import AppError
from core.wire.decode import decode
from services.opening_hours import checked

_OTHERS = {"media"}
FIELDS = frozenset(NewLocation.__struct_fields__) - _OTHERS
_CONTACT = ("phone", "email", "website")
COLUMNS = (FIELDS - {"contact"}) | {"id", *_CONTACT}
_BOOLEANS = {"verified", "beginner_friendly", "has_qr_reward"}
_SAID = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_NUMBERS: Mapping[str, Any] = {"lat": float, "lon": float, "radius_m": int}


class Draft(Struct, frozen=True):
    """A place of a file, by its id there."""

    source_id: str
    location: NewLocation


class Mistake(Struct, frozen=True):
    """What was refused: the number of the feature, or of the line, its id if it has one, and why."""

    number: int
    source_id: str
    why: str


class Unreadable(Exception):
    """Nothing can be taken of the file; the text says why."""


def from_geojson(raw: bytes) -> Iterator[Draft | Mistake]:
    """Each feature of a collection. Raises `Unreadable`."""
    try:
        said = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"It is no JSON: {error}") from None
    features = said.get("features") if isinstance(said, dict) else None
    if not isinstance(features, list):
        raise Unreadable("It is no GeoJSON with a collection of features.")
    return _drafts(enumerate(map(_of_feature, features), 1))


def from_csv(lines: Iterable[str]) -> Iterator[Draft | Mistake]:
    """Each line below the names of the columns. Raises `Unreadable`."""
    rows = csv.DictReader(lines, strict=True)
    try:
        names = set(rows.fieldnames or ())
    except csv.Error as error:
        raise Unreadable(f"It is no CSV: {error}") from None
    if unknown := sorted(names - COLUMNS):
        raise Unreadable(f"There is no column {unknown[0]!r}: known are {', '.join(sorted(COLUMNS))}.")
    if "id" not in names:
        raise Unreadable("It needs a column `id`, by which a place is known again.")
    return _drafts(_of_rows(rows))


def _of_rows(rows: "csv.DictReader[str]") -> Iterator[tuple[int, tuple[Any, Any]]]:
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield rows.line_num, (None, str(error))
            return
        yield rows.line_num, _of_row(row)


def _drafts(given: Iterable[tuple[int, tuple[Any, Any]]]) -> Iterator[Draft | Mistake]:
    """Ids and what is said of them, checked; an id that comes again is refused."""
    seen: set[str] = set()
    for number, (given_id, said) in given:
        source_id = "" if given_id is None else str(given_id).strip()
        if isinstance(said, str):
            yield Mistake(number, source_id, said)
        elif not source_id or len(source_id) > 200:
            yield Mistake(number, source_id[:200], "It needs an id of its own, of at most 200 characters.")
        elif source_id in seen:
            yield Mistake(number, source_id, "This id is there before.")
        else:
            seen.add(source_id)
            yield _draft(number, source_id, said)


def _draft(number: int, source_id: str, said: Mapping[str, Any]) -> Draft | Mistake:
    try:
        location = decode(said, NewLocation)
        if location.hours is not None:
            checked(location.hours)
    except AppError as refused:
        return Mistake(number, source_id, refused.message)
    return Draft(source_id, location)


def _of_feature(feature: Any) -> tuple[Any, Any]:
    """Its id, and what it says as a place, or why it cannot."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        return None, "It is no feature with properties."
    given_id = feature.get("id", properties.get("id"))
    match feature.get("geometry"):
        case {"type": "Point", "coordinates": [lon, lat, *_]}:
            said = {name: value for name, value in properties.items() if name != "id"}
            if others := sorted(said.keys() - FIELDS):
                return given_id, f"`{others[0]}` is no property of a place."
            return given_id, {**said, "lat": lat, "lon": lon}
    return given_id, "It is no point."


def _of_row(row: Mapping[Any, Any]) -> tuple[Any, Any]:
    if None in row or None in row.values():
        return row.get("id"), "It has not as many values as there are columns."
    said: dict[str, Any] = {name: text.strip() for name, text in row.items() if text.strip()}
    given_id = said.pop("id", None)
    contact = {name: said.pop(name) for name in _CONTACT if name in said}
    try:
        values = {name: _value(name, text) for name, text in said.items()}
    except ValueError as mistake:
        return given_id, str(mistake)
    return given_id, {**values, **({"contact": contact} if contact else {})}


def _value(name: str, text: str) -> Any:
    """What a cell says. Raises ValueError with a sentence."""
    if name == "amenities":
        return [part.strip() for part in text.split(";") if part.strip()]
    if name == "hours":
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError as error:
            raise ValueError(f"`hours` is no JSON: {error}") from None
    if name in _BOOLEANS:
        if text.lower() not in _SAID:
            raise ValueError(f"`{name}` is neither true nor false.")
        return _SAID[text.lower()]
    if name in _NUMBERS:
        try:
            return _NUMBERS[name](text)
        except ValueError:
            raise ValueError(f"`{name}` is no number.") from None
    return text
