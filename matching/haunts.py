"""Where somebody goes, and whether two go to the same places, without saying which. Pure.

A ticket of whoever wants that has marks of their places: keyed hashes, which nobody can make who has not the
key. Two who have fewer than `LEAST` in common have nothing in common, since one or two can be had by trying.
"""

from collections.abc import Callable, Collection, Iterable, Sequence

from msgspec.structs import replace

from core.keys import SigningKey
from core.macs import Mac
from core.ticket import Ticket

DAYS = 60  # since when one has been there
KEPT = 20  # places, those where one was most often
LEAST, MOST = 3, 5  # that count: fewer say nothing, more say no more
_MARK_BYTES = 6  # by nearly every key a hundred thousand places have all marks of their own

Mark = Callable[[Sequence[str]], tuple[int, ...]]


def no_marks(place_ids: Sequence[str]) -> tuple[int, ...]:
    """Where there is no key."""
    del place_ids
    return ()


def marks_by(keys: Sequence[SigningKey]) -> Mark:
    """Makes marks by the first of these keys, in an order that says nothing of the places."""
    mac = Mac(keys[0].value)

    def marks(place_ids: Sequence[str]) -> tuple[int, ...]:
        return tuple(sorted(int.from_bytes(mac.of(each.encode())[:_MARK_BYTES]) for each in place_ids))

    return marks


def in_common(mine: frozenset[int], theirs: Collection[int]) -> int:
    """How many places two have in common, as far as that counts: 0, or from `LEAST` to `MOST`."""
    common = len(mine.intersection(theirs))
    return min(common, MOST) if common >= LEAST else 0


def familiar(mine: frozenset[int], theirs: Collection[int]) -> float:
    """The same as a part of the score, from 0 to 1."""
    return in_common(mine, theirs) / MOST


def alike(one: Ticket, others: Iterable[Ticket]) -> list[str]:
    """The users of those who go to the same places as one, and this one's; empty: nobody does."""
    if not one.haunts:
        return []
    mine = frozenset(one.haunts)
    found = [other.user_id for other in others if in_common(mine, other.haunts)]
    return [one.user_id, *found] if found else []


def forgetting(tickets: Iterable[Ticket], whom: Collection[str]) -> list[Ticket]:
    """The same, without the marks of these users."""
    return [replace(ticket, haunts=()) if ticket.user_id in whom else ticket for ticket in tickets]


def unmarked(seeker: Ticket, others: Sequence[Ticket]) -> tuple[Ticket, list[Ticket]]:
    """What a record keeps of them: numbers for marks, so that it says how many are in common and not which.

    What the seeker has in common with each stays as it counts, and nothing else does: the same numbers stand
    for other places each time.
    """
    if not seeker.haunts:
        return seeker.lean, [other.lean for other in others]
    mine = frozenset(seeker.haunts)
    common = [in_common(mine, other.haunts) for other in others]
    most = max(common, default=0)
    return _numbered(seeker, most), [_numbered(o, n) for o, n in zip(others, common, strict=True)]


def _numbered(ticket: Ticket, number: int) -> Ticket:
    return replace(ticket.lean, haunts=tuple(range(number))) if number else ticket.lean
