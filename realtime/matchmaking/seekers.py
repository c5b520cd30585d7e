"""Whom to find a partner for next. In memory: should the process die, the sweep of any node finds them."""

import asyncio

from core.ticket import Ticket


class Seekers:
    """A queue in which a ticket stands once. Adding wakes the matchmaker."""

    def __init__(self) -> None:
        self._tickets: dict[str, tuple[Ticket, bool]] = {}
        self._any = asyncio.Event()

    def add(self, ticket: Ticket, *, joined: bool = False) -> None:
        """Look for a partner soon; `joined`: they have only just come."""
        self._tickets.setdefault(ticket.id, (ticket, joined))
        self._any.set()

    async def next(self) -> tuple[Ticket, bool]:
        """The one who has stood here longest, and whether they have just joined; waits for one."""
        while not self._tickets:
            self._any.clear()
            await self._any.wait()
        return self._tickets.pop(next(iter(self._tickets)))
