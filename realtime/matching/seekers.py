"""Whom to find a partner for next. In memory: should the process die, the sweep of any node finds them."""

import asyncio

from core.ticket import Ticket


class Seekers:
    """A queue in which a ticket stands once. Adding wakes the matchmaker."""

    def __init__(self) -> None:
        self._tickets: dict[str, Ticket] = {}
        self._any = asyncio.Event()

    def add(self, ticket: Ticket) -> None:
        """Look for a partner soon."""
        self._tickets.setdefault(ticket.id, ticket)
        self._any.set()

    async def next(self) -> Ticket:
        """The one who has stood here longest; waits for one."""
        while not self._tickets:
            self._any.clear()
            await self._any.wait()
        return self._tickets.pop(next(iter(self._tickets)))
