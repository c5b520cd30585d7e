"""How nodes that do not search tell the process that does. What is not heard is found by its sweep."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

import msgspec
import structlog

from core.clock import Clock
from core.tasks import in_any_case
from core.ticket import Arrival, Ticket, arrivals_channel
from realtime.matchmaking.search_queue import Joined, SearchQueue

_log = structlog.get_logger()


class Searches(Protocol):
    """Takes tickets that a partner is to be searched for."""

    def add(self, ticket: Ticket, joined: Joined | None = None) -> None: ...


class AnnouncedSearches:
    """Announces each ticket to whoever matches in this region. Nobody waits for that."""

    def __init__(
        self, publish: Callable[[str, bytes], asyncio.Future[Any]], region: str, clock: Clock
    ) -> None:
        self._publish, self._channel, self._clock = publish, arrivals_channel(region), clock
        self._encode = msgspec.msgpack.Encoder().encode

    def add(self, ticket: Ticket, joined: Joined | None = None) -> None:
        """Have a partner searched soon. `joined`: the ticket has just joined."""
        arrival = Arrival(ticket, None, self._clock())
        if joined is not None:
            seen = None if joined.seen is None else tuple(joined.seen)
            arrival = Arrival(ticket, frozenset(joined.avoid), joined.at, seen)
        in_any_case(self._publish(self._channel, self._encode(arrival)))


class Arrivals:
    """Hears of them, and has a partner searched while `on_duty`. Each is told to `keep`: others see it."""

    def __init__(self, search_queue: SearchQueue, keep: Callable[[Ticket], None]) -> None:
        self._search_queue, self._keep, self.on_duty = search_queue, keep, False
        self._decode = msgspec.msgpack.Decoder(Arrival).decode

    def heard(self, message: bytes) -> None:
        """A node tells of one. What another version tells is left to the sweep."""
        if not self.on_duty:
            return
        try:
            arrival = self._decode(message)
        except msgspec.MsgspecError as error:
            _log.debug("an arrival cannot be read", error=str(error))
            return
        self._keep(arrival.ticket)
        joined = None if arrival.avoid is None else Joined(arrival.avoid, arrival.seen, arrival.at)
        self._search_queue.add(arrival.ticket, joined)
