"""Reads tickets by id. A ticket never changes under its id, so a process reads each only once."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from typing import Any

import msgspec

from core.ticket import Ticket
from db.redis.unusable import Unusable

_CACHED = 50_000
_AT_ONCE = 500  # in one command, so that Redis can answer others in between
_LOOKS = 16  # of one turn: those of one gender who seek the same see the same

_Bodies = asyncio.Future[Any]


class TicketReader:
    """Those it knows, and those that are being read for anybody: of a crowd, many look for the same ones."""

    def __init__(self, unusable: Unusable) -> None:
        self._unusable = unusable
        self._known: dict[bytes, Ticket | None] = {}  # None: it could not be read
        self._reading: dict[bytes, _Bodies] = {}
        # The latest that were asked for: many of a turn ask for the same.
        self._found: deque[tuple[Sequence[bytes], Sequence[Ticket]]] = deque(maxlen=_LOOKS)
        self._ticket = msgspec.msgpack.Decoder(Ticket).decode

    def keep(self, ticket: Ticket) -> None:
        """It was just made here."""
        self._known[ticket.id.encode()] = ticket

    def forget(self, ticket: Ticket) -> None:
        """The next who asks for it reads it again."""
        self._known.pop(ticket.id.encode(), None)
        self._found.clear()

    def known(self, ticket_id: bytes) -> Ticket | None:
        """Raises KeyError: nobody here has read it."""
        return self._known[ticket_id]

    async def read(self, ids: Sequence[bytes], ask: Callable[[Sequence[bytes]], _Bodies]) -> Sequence[Ticket]:
        """Those of these tickets that still exist. `ask` asks Redis for so many."""
        if (found := self._found_before(ids)) is not None:
            return found
        known = self._known
        if unknown := [ticket_id for ticket_id in ids if ticket_id not in known]:
            self._ask_for([ticket_id for ticket_id in unknown if ticket_id not in self._reading], ask)
            for reading in dict.fromkeys(self._reading[ticket_id] for ticket_id in unknown):
                await asyncio.shield(reading)  # others wait for it too
            if (found := self._found_before(ids)) is not None:  # by somebody else who waited for the same
                return found
        found = [ticket for ticket_id in ids if (ticket := known.get(ticket_id))]
        self._found.appendleft((ids, found))
        if len(known) > _CACHED:
            self._forget()
        return found

    def _found_before(self, ids: Sequence[bytes]) -> Sequence[Ticket] | None:
        """For the very same answer of Redis."""
        for asked, found in self._found:
            if asked is ids:
                return found
        return None

    def decode(self, body: bytes, name: str) -> Ticket | None:
        """None: only another version reads it, which is said under this name."""
        try:
            return self._ticket(body)
        except msgspec.MsgspecError as error:
            self._unusable.skipped("ticket", name, error)
            return None

    def _ask_for(self, ids: Sequence[bytes], ask: Callable[[Sequence[bytes]], _Bodies]) -> None:
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            reading = ask(some)
            self._reading.update(dict.fromkeys(some, reading))
            reading.add_done_callback(partial(self._take, some))

    def _take(self, ids: Sequence[bytes], reading: _Bodies) -> None:
        for ticket_id in ids:
            self._reading.pop(ticket_id, None)
        if reading.cancelled() or reading.exception() is not None:
            return
        for ticket_id, body in zip(ids, reading.result(), strict=True):
            if body:
                self._known[ticket_id] = self.decode(body, ticket_id.decode())

    def _forget(self) -> None:
        """Keep the memory bounded: the tickets read first have most likely left."""
        for ticket_id in tuple(islice(self._known, len(self._known) - _CACHED)):
            del self._known[ticket_id]
