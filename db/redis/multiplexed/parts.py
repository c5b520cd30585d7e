"""Parts of a cluster's slots: what one master has of a sixteenth of them. Pure.

So whatever is kept in one slot of a part shares its master, and its fate, with all other slots of it.
"""

from binascii import crc_hqx
from collections.abc import Hashable, Mapping, Sequence
from itertools import count
from typing import TypeVar

from db.redis.multiplexed.words import REGIONS, SLOTS

Master = TypeVar("Master", bound=Hashable)


def region(slot: int) -> int:
    """Which sixteenth of the slots this is in."""
    return slot * REGIONS // SLOTS


def tags(by_slot: Sequence[Master]) -> Mapping[tuple[int, Master], str]:
    """The hash tag of each part, by its region and master: the least number that is in it.

    Who knows the same masters gives the same, also when a replica has taken the place of one.
    """
    size = SLOTS // REGIONS
    parts = {(r, master) for r in range(REGIONS) for master in by_slot[r * size : (r + 1) * size]}
    found: dict[tuple[int, Master], str] = {}
    for number in count():
        if len(found) == len(parts):
            break
        slot = crc_hqx(b"%d" % number, 0) % SLOTS
        found.setdefault((region(slot), by_slot[slot]), str(number))
    return found
