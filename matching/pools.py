"""Pools: where a ticket waits, and where a seeker looks. By gender, gender sought, and band of age. Pure.

A user who seeks a few ages reads only the bands of those ages. So most of the tickets that a search reads
fit, even when ten thousand wait.
"""

from collections.abc import Sequence

from core.ticket import Ticket
from core.vocabulary import ADULT_AGE

_BAND_YEARS = 4
_LAST_BAND = 11  # from 62 on: all older users share it


def band(age: int) -> int:
    """Which band this age is in."""
    return max(0, min(_LAST_BAND, (age - ADULT_AGE) // _BAND_YEARS))


def pools_of(ticket: Ticket) -> Sequence[str]:
    """The pools in which this ticket waits: for each gender sought, that of all ages and that of its band."""
    gender, ages = ticket.card.gender, band(ticket.card.age)
    return [f"{gender}:{sought}{end}" for sought in ticket.genders for end in ("", f":{ages}")]


def pools_for(ticket: Ticket) -> Sequence[str]:
    """The pools in which fitting tickets wait. No ticket is in two of them."""
    ages = range(band(ticket.age_min), band(ticket.age_max) + 1)
    ends = [""] if len(ages) > _LAST_BAND else [f":{each}" for each in ages]
    return [f"{gender}:{ticket.card.gender}{end}" for gender in ticket.genders for end in ends]


def shares(sizes: Sequence[int], most: int) -> Sequence[int]:
    """How many tickets to read from pools of these sizes, about `most` in all: by size, but two at least."""
    total = sum(sizes)
    if total <= most:
        return sizes
    return [min(size, max(2, most * size // total)) for size in sizes]
