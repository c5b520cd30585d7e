"""The tickets to search a partner for next. In memory: if the process dies, any node's sweep finds them."""

import asyncio
from collections import deque
from collections.abc import Sequence, Set

from msgspec import Struct

from core.ticket import Ticket


class Joined(Struct, frozen=True):
    """What a join has read that its search needs too, not before the time `at` (ms).

    `avoid`: whom the user must not be offered to; `seen`: ids of those found when the ticket had its place.
    None: these have been tried, and a search looks anew.
    """

    avoid: Set[str]
    seen: Sequence[bytes] | None
    at: int


Seeker = tuple[Ticket, Joined | None]


class SearchQueue:
    """A queue in which each ticket is once. Adding one wakes one of those who wait for it."""

    def __init__(self) -> None:
        self._seekers: dict[str, Seeker] = {}
        self._waiting: deque[asyncio.Future[None]] = deque()

    def __bool__(self) -> bool:
        return bool(self._seekers)

    def add(self, ticket: Ticket, joined: Joined | None = None) -> None:
        """Have a partner searched soon. `joined`: the ticket has just joined."""
        self._seekers.setdefault(ticket.id, (ticket, joined))
        while self._waiting:
            if not (first := self._waiting.popleft()).done():
                return first.set_result(None)
        return None

    async def next(self) -> Seeker:
        """The ticket that has been here longest. Waits until there is one."""
        while not self._seekers:
            added: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(added)
            await added
        return self._seekers.pop(next(iter(self._seekers)))
