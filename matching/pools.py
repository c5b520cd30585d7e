"""Pools: where a ticket waits, and where a seeker looks. By gender, gender sought, and band of age. Pure.

A seeker of a few ages reads the bands that hold them: whom a search looks at among ten thousand who wait
mostly fit.
"""

from collections.abc import Sequence

from core.ticket import Ticket
from core.vocabulary import ADULT_AGE

_BAND_YEARS = 4
_LAST_BAND = 11  # from 62 on: who is older is found together


def band(age: int) -> int:
    """Which band this age is in."""
    return max(0, min(_LAST_BAND, (age - ADULT_AGE) // _BAND_YEARS))


def pools_of(ticket: Ticket) -> Sequence[str]:
    """Where this ticket waits: for each gender sought, among all ages and in its band."""
    gender, ages = ticket.card.gender, band(ticket.card.age)
    return [f"{gender}:{sought}{end}" for sought in ticket.genders for end in ("", f":{ages}")]


def pools_for(ticket: Ticket) -> Sequence[str]:
    """Where those wait who may fit this ticket: nobody is in two of these pools."""
    ages = range(band(ticket.age_min), band(ticket.age_max) + 1)
    ends = [""] if len(ages) > _LAST_BAND else [f":{each}" for each in ages]
    return [f"{gender}:{ticket.card.gender}{end}" for gender in ticket.genders for end in ends]


def shares(sizes: Sequence[int], most: int) -> Sequence[int]:
    """How many to read of pools of these sizes, about `most` together: by size, but two at least."""
    total = sum(sizes)
    if total <= most:
        return sizes
    return [min(size, max(2, most * size // total)) for size in sizes]
