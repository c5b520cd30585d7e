"""Who lives in the town. The first few have a part to play; what the others are is up to chance."""

from datetime import date, timedelta
from typing import Literal

from msgspec import Struct

from core.vocabulary import Gender, Intent
from demo.plan.chance import chance
from demo.plan.cities import City, of_number
from demo.plan.sizes import Sizes
from demo.plan.words import BIOS, FEMALE, INTERESTS, MALE, OTHER, VALUES

Part = Literal["guest", "mentor", "barista", "moderator", "admin", ""]
NAMED: tuple[tuple[str, Gender, Part], ...] = (
    ("Maya", "female", "guest"),
    ("Theo", "male", "mentor"),
    ("Noor", "female", "barista"),
    ("Iris", "female", "moderator"),
    ("Alba", "female", "admin"),
)
SUFFIX = ".demo"
_INTENTS: tuple[Intent, ...] = ("casual", "friends", "serious", "networking")
_NAMES = {"female": FEMALE, "male": MALE, "other": OTHER}


class Person(Struct, frozen=True, kw_only=True):
    """Somebody of the town. `values`: category, name and strength of each."""

    number: int
    username: str
    display_name: str
    birth_date: date
    gender: Gender
    intent: Intent
    city: City
    languages: tuple[str, ...]
    bio: str
    values: tuple[tuple[str, str, int], ...]
    part: Part = ""

    @property
    def email(self) -> str:
        """An address to which nothing can be sent."""
        return f"{self.username}@example.org"


def people(sizes: Sizes) -> tuple[Person, ...]:
    """All of them."""
    names = set[str]()
    return tuple(_person(sizes.seed, number, names) for number in range(sizes.people))


def _person(seed: int, number: int, names: set[str]) -> Person:
    by = chance(seed, "person", number)
    part: Part = ""
    if number < len(NAMED):
        name, gender, part = NAMED[number]
    else:
        gender = by.choices(("female", "male", "other"), (48, 48, 4))[0]
        name = by.choice(_NAMES[gender])
    city = of_number(number)
    languages = tuple(dict.fromkeys((city.language, "en", *by.sample(("de", "fr", "es", "it", "pl"), 1))))
    return Person(
        number=number,
        username=_username(name, names),
        display_name=name,
        birth_date=date(2003, 6, 1) - timedelta(days=by.randrange(0, 30 * 365)),
        gender=gender,
        intent=by.choice(_INTENTS),
        city=city,
        languages=languages if part != "guest" else ("en",),
        bio=by.choice(BIOS).format(*by.sample(INTERESTS, 3)),
        values=tuple((category, value, by.randrange(55, 100)) for category, value in by.sample(VALUES, 5)),
        part=part,
    )


def _username(name: str, names: set[str]) -> str:
    """The name in small letters without accents; a number where it is taken."""
    plain = "".join(sign for sign in name.casefold() if sign.isascii() and sign.isalpha())
    found, times = f"{plain}{SUFFIX}", 1
    while found in names:
        times += 1
        found = f"{plain}{times}{SUFFIX}"
    names.add(found)
    return found
