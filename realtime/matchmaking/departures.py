"""Telling those who left the queue without a match, and those who watch them."""

from collections.abc import Awaitable, Callable, Iterable

from core.contract.queue import QueueLeft
from core.ticket import Departure
from realtime.matchmaking.metrics import MatchingMetrics
from realtime.matchmaking.ports import TicketStore
from services.ports import Events

Changed = Callable[[str], Awaitable[None]]  # called when what others see of this user may have changed


class Departures:
    """Tells of departures; each is told and counted once, also when it is repeated after a crash."""

    def __init__(
        self, tickets: TicketStore, events: Events, changed: Changed, metrics: MatchingMetrics
    ) -> None:
        self._tickets, self._events, self._changed, self._metrics = tickets, events, changed, metrics

    async def tell(self, departures: Iterable[Departure]) -> None:
        """Tell users, and those who watch them, that they no longer wait. A repeat changes nothing."""
        told = list(departures)
        for gone in told:
            left = QueueLeft(ticket_id=gone.ticket_id, reason=gone.reason)
            await self._events.send(gone.user_id, left, key=f"queue:left:{gone.ticket_id}")
            await self._changed(gone.user_id)
        self._metrics.told(await self._tickets.told(told))
