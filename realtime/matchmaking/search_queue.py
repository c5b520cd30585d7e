"""The tickets to search a partner for next. In memory: if the process dies, any node's sweep finds them."""

import asyncio

from core.ticket import Ticket


class SearchQueue:
    """A queue in which each ticket is once. Adding one wakes the matchmaker."""

    def __init__(self) -> None:
        self._tickets: dict[str, tuple[Ticket, bool]] = {}
        self._any = asyncio.Event()

    def add(self, ticket: Ticket, *, joined: bool = False) -> None:
        """Have a partner searched soon. `joined`: the ticket has just joined."""
        self._tickets.setdefault(ticket.id, (ticket, joined))
        self._any.set()

    async def next(self) -> tuple[Ticket, bool]:
        """The ticket that has been here longest, and whether it has just joined. Waits until there is one."""
        while not self._tickets:
            self._any.clear()
            await self._any.wait()
        return self._tickets.pop(next(iter(self._tickets)))
