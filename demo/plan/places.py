"""Places of the town: the three of the reference in London first, then those of chance around nine cities."""

import math
from collections.abc import Mapping
from random import Random

from msgspec import Struct

from core.contract.locations import Contact, Hours, Intervals, NewLocation, Week
from core.vocabulary import AnxietyLevel, LocationType
from demo.plan.chance import chance
from demo.plan.cities import LONDON, City, of_number
from demo.plan.sizes import Sizes

_SPREAD_KM = 4.0
_KM_A_DEGREE = 111.2
_PICTURED = 24
_TYPES: tuple[LocationType, ...] = ("coffee", "gym", "nutrition", "mentor", "partner")
_FIRST: Mapping[LocationType, tuple[str, ...]] = {
    "coffee": ("Slow", "Paper", "Morning", "Copper", "Little", "Quiet", "Corner", "Harbour", "Moss"),
    "gym": ("Steady", "First Step", "Open", "Gentle", "Iron", "Northern", "Daylight", "Common"),
    "nutrition": ("Green", "Plain", "Good", "Root", "Honest", "Sunday", "Wild"),
    "mentor": ("Talking", "Open Door", "Clear", "Evening", "Patient"),
    "partner": ("Community", "Garden", "Canal", "Town", "Reading"),
}
_SECOND: Mapping[LocationType, tuple[str, ...]] = {
    "coffee": ("Cup", "Bean", "Café", "Coffee Room", "Espresso Bar", "Kettle"),
    "gym": ("Gym", "Strength Room", "Fitness", "Climbing Hall", "Yoga Room", "Pool"),
    "nutrition": ("Kitchen", "Bowl", "Table", "Soup House", "Market"),
    "mentor": ("Room", "Practice", "House", "Studio"),
    "partner": ("Library", "House", "Centre", "Workshop", "Museum"),
}
_STREETS = ("Mill", "Station", "Church", "Park", "River", "Market", "Garden", "School", "King", "Bridge")
_WAYS = ("Street", "Road", "Lane", "Square", "Row")
_AMENITIES = (
    "wifi", "quiet room", "step-free", "showers", "outdoor seats", "water", "lockers", "prayer room",
    "no music",
)  # fmt: skip
_LEVELS: tuple[AnxietyLevel, ...] = ("low", "low", "medium", "medium", "high")
_ABOUT: Mapping[LocationType, str] = {
    "coffee": "Good coffee, and nobody minds how long you stay.",
    "gym": "Machines are explained, mirrors are few, and there are hours for beginners.",
    "nutrition": "Simple food at fair prices, and somebody to ask about it.",
    "mentor": "Rooms where mentors meet people, one at a time.",
    "partner": "Open to all, with a corner for those who would rather be by themselves.",
}


class Place(Struct, frozen=True, kw_only=True):
    """A place, by its number. `pictured`: it has pictures of its own."""

    number: int
    city: City
    location: NewLocation
    pictured: bool

    @property
    def source_id(self) -> str:
        """By which it is known again."""
        return str(self.number)


def places(sizes: Sizes) -> tuple[Place, ...]:
    """All of them."""
    return tuple(
        _REFERENCE[number] if number < len(_REFERENCE) else _place(sizes.seed, number)
        for number in range(sizes.places)
    )


def _place(seed: int, number: int) -> Place:
    by = chance(seed, "place", number)
    city, kind = of_number(number), by.choices(_TYPES, (40, 28, 16, 8, 8))[0]
    lat, lon = _near(city, by)
    location = NewLocation(
        name=f"{by.choice(_FIRST[kind])} {by.choice(_SECOND[kind])}",
        type=kind,
        lat=lat,
        lon=lon,
        address=f"{by.randrange(1, 180)} {by.choice(_STREETS)} {by.choice(_WAYS)}",
        city=city.name,
        country=city.country,
        description=_ABOUT[kind],
        amenities=sorted(by.sample(_AMENITIES, by.randrange(1, 5))),
        anxiety_level=by.choice(_LEVELS),
        hours=_hours(city.zone, kind, by),
        verified=by.random() < 0.6,
        beginner_friendly=by.random() < 0.5,
        has_qr_reward=by.random() < 0.2,
        radius_m=by.choice((60, 100, 100, 150)),
    )
    return Place(number=number, city=city, location=location, pictured=number < _PICTURED)


def _near(city: City, by: Random) -> tuple[float, float]:
    """A point some kilometres from the middle, in degrees with six digits, which are decimetres."""
    north, east = by.gauss(0, _SPREAD_KM), by.gauss(0, _SPREAD_KM)
    lat = city.lat + north / _KM_A_DEGREE
    lon = city.lon + east / (_KM_A_DEGREE * math.cos(math.radians(city.lat)))
    return round(lat, 6), round(lon, 6)


def _hours(zone: str, kind: LocationType, by: Random) -> Hours:
    opens = by.choice(("06:30", "07:00", "08:00", "09:00"))
    closes = "23:00" if kind == "gym" else by.choice(("17:00", "18:30", "20:00", "22:00"))
    usual: Intervals = [[opens, closes]]
    if kind == "mentor":
        usual = [["09:00", "12:30"], ["14:00", "18:00"]]
    weekend: Intervals = [] if kind == "mentor" else [["10:00", "17:00"]]
    if kind == "partner" and by.random() < 0.3:
        weekend = [["18:00", "02:00"]]
    return _week(zone, usual, weekend)


def _week(zone: str, usual: Intervals, weekend: Intervals) -> Hours:
    days = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), usual)
    return Hours(zone=zone, week=Week(**days, sat=weekend, sun=weekend))


def _of_reference(number: int, location: NewLocation) -> Place:
    return Place(number=number, city=LONDON, location=location, pictured=True)


_REFERENCE = (
    _of_reference(
        0,
        NewLocation(
            name="Peaceful Grounds Café",
            type="coffee",
            lat=51.5074,
            lon=-0.1278,
            address="123 Calm Street",
            city="London",
            country="GB",
            description="A café for those who would rather not be in a crowd: low voices, soft light, and"
            " seats along the walls.",
            amenities=["no music", "outdoor seats", "quiet room", "step-free", "wifi"],
            anxiety_level="low",
            hours=_week("Europe/London", [["07:00", "20:00"]], [["08:00", "18:00"]]),
            contact=Contact(phone="+442079460001", email="hello@peaceful-grounds.example"),
            verified=True,
            beginner_friendly=True,
            has_qr_reward=True,
        ),
    ),
    _of_reference(
        1,
        NewLocation(
            name="Beginner Fitness Hub",
            type="gym",
            lat=51.5085,
            lon=-0.1290,
            address="45 Support Lane",
            city="London",
            country="GB",
            description="The first hour is with somebody who explains each machine. No mirrors.",
            amenities=["lockers", "showers", "step-free", "water"],
            anxiety_level="low",
            hours=_week("Europe/London", [["06:30", "22:00"]], [["09:00", "18:00"]]),
            contact=Contact(phone="+442079460002", website="https://beginner-fitness.example"),
            verified=True,
            beginner_friendly=True,
            has_qr_reward=False,
        ),
    ),
    _of_reference(
        2,
        NewLocation(
            name="The Quiet Gym",
            type="gym",
            lat=51.5100,
            lon=-0.1300,
            address="78 Structure Road",
            city="London",
            country="GB",
            description="Plans on the wall, no music, and a quiet hour from two to three.",
            amenities=["lockers", "no music", "showers", "wifi"],
            anxiety_level="medium",
            hours=_week("Europe/London", [["06:00", "23:00"]], [["08:00", "20:00"]]),
            contact=Contact(phone="+442079460003"),
            verified=True,
            beginner_friendly=True,
            has_qr_reward=False,
        ),
    ),
)
