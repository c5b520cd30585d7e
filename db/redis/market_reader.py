"""Reads what a queue's lists say of its market: who came lately, and how long those who left have waited."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from typing import Generic, TypeVar

import msgspec

from core.ticket import Ticket, Wait
from db.redis.ticket_reader import TicketReader
from db.redis.unusable import Unusable

Item = TypeVar("Item")


class _OfTicket(msgspec.Struct):
    id: str


class _Newest(Generic[Item]):
    """A list whose newest entries come first, read again and again: each entry is looked at once."""

    def __init__(self) -> None:
        self._entries: Sequence[bytes] = ()
        self._items: list[Item] = []

    def read(self, entries: Sequence[bytes], read: Callable[[bytes], Item]) -> list[Item]:
        """What these are, of which most were there before."""
        new = self._new(entries)
        known = self._items[: len(entries) - new]
        self._entries, self._items = entries, [*map(read, entries[:new]), *known]
        return self._items

    def _new(self, entries: Sequence[bytes]) -> int:
        """How many stand before those that were there."""
        before = self._entries
        for new, entry in enumerate(entries if before else ()):
            if entry == before[0] and entries[new:] == before[: len(entries) - new]:
                return new
        return len(entries)


class MarketReader:
    """What only another version reads is passed over."""

    def __init__(self, reader: TicketReader, unusable: Unusable) -> None:
        self._reader, self._unusable = reader, unusable
        self._arrivals: defaultdict[str, _Newest[Ticket | None]] = defaultdict(_Newest)  # of each mode
        self._waits: defaultdict[str, _Newest[Wait | None]] = defaultdict(_Newest)
        self._id = msgspec.msgpack.Decoder(_OfTicket).decode

    def arrivals(self, mode: str, bodies: Sequence[bytes]) -> tuple[Ticket, ...]:
        """The latest who came."""
        found = self._arrivals[mode].read(bodies, self._arrival)
        return tuple([ticket for ticket in found if ticket])

    def _arrival(self, body: bytes) -> Ticket | None:
        """Most were read when somebody looked for them."""
        with suppress(msgspec.MsgspecError, KeyError):
            return self._reader.known(self._id(body).id.encode())
        return self._reader.decode(body, "arrivals")

    def waits(self, mode: str, noted: Sequence[bytes]) -> tuple[Wait, ...]:
        """The latest of those who left, matched or not."""
        found = self._waits[mode].read(noted, partial(self._wait, mode))
        return tuple([wait for wait in found if wait])

    def _wait(self, mode: str, noted: bytes) -> Wait | None:
        """From what the scripts note: the wait, the places of the ticket, until when, and who left after how
        long; the version before did not say until when."""
        waited, _, rest = noted.decode().partition(" ")
        places, _, when = rest.partition(" @")
        if when:
            at, _, left = when.partition(" ")
        elif waited == "-" and rest.rpartition(" ")[2].isdigit():
            at, (places, _, left) = "", rest.rpartition(" ")
        else:
            at = left = ""
        try:
            kind, traits = _of_places(places, mode)
            lasted = int(left) if left else None if waited == "-" else int(waited)
            return Wait(kind, lasted, left=bool(left), at=int(at) if at else None, traits=traits)
        except ValueError as error:
            self._unusable.skipped("wait", mode, error)
            return None


@lru_cache(maxsize=1_000)
def _of_places(places: str, mode: str) -> tuple[str, tuple[str, ...]]:
    """The kind and the traits of a ticket that stood in these. Raises ValueError."""
    if not places:
        raise ValueError(places)
    words = [place.removeprefix(f"{mode}:") for place in places.split()[1:]]
    kind = " ".join(sorted(pool for pool in words if pool.count(":") == 1))
    return kind, tuple(sorted(word for word in words if "=" in word))
