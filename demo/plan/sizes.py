"""How large a town is, and which."""

from msgspec import Struct

LEAST_PEOPLE, LEAST_PLACES = 6, 10
DAYS = 30  # of life before today


class Sizes(Struct, frozen=True, kw_only=True):
    """What an operator chooses."""

    seed: int = 1
    people: int = 300
    places: int = 2000
