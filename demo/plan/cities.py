"""Where the town's places are: London above all, and cities in which its people have friends."""

from msgspec import Struct


class City(Struct, frozen=True, kw_only=True):
    """A city, by its middle. `weight`: how many of a hundred places, and people, are there."""

    name: str
    country: str
    zone: str
    lat: float
    lon: float
    language: str
    weight: int


LONDON = City(
    name="London", country="GB", zone="Europe/London", lat=51.5090, lon=-0.1290, language="en", weight=40
)
CITIES = (
    LONDON,
    City(
        name="Berlin", country="DE", zone="Europe/Berlin", lat=52.5170, lon=13.3889, language="de", weight=12
    ),
    City(name="Paris", country="FR", zone="Europe/Paris", lat=48.8590, lon=2.3470, language="fr", weight=8),
    City(
        name="Madrid", country="ES", zone="Europe/Madrid", lat=40.4170, lon=-3.7035, language="es", weight=8
    ),
    City(
        name="Amsterdam",
        country="NL",
        zone="Europe/Amsterdam",
        lat=52.3730,
        lon=4.8925,
        language="nl",
        weight=6,
    ),
    City(
        name="Lisbon", country="PT", zone="Europe/Lisbon", lat=38.7110, lon=-9.1366, language="pt", weight=6
    ),
    City(
        name="New York",
        country="US",
        zone="America/New_York",
        lat=40.7420,
        lon=-73.9890,
        language="en",
        weight=10,
    ),
    City(
        name="Sydney",
        country="AU",
        zone="Australia/Sydney",
        lat=-33.8700,
        lon=151.2080,
        language="en",
        weight=5,
    ),
    City(
        name="Vienna", country="AT", zone="Europe/Vienna", lat=48.2085, lon=16.3720, language="de", weight=5
    ),
)


def of_number(number: int) -> City:
    """The city of the so manieth place or person: London first, and after a hundred as the weights say."""
    at = number * 37 % 100 if number >= 10 else 0
    for city in CITIES:
        if at < city.weight:
            return city
        at -= city.weight
    raise AssertionError("the weights come to a hundred")
