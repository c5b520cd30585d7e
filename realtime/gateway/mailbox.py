"""Commands of one connection are handled one after the other, in the order they were sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.errors import RateLimited


class Mailbox:
    """At most `size` commands wait for their turn; one more is refused, and memory stays bounded."""

    def __init__(self, size: int) -> None:
        self._turn = asyncio.Lock()  # first come, first served
        self._size = size
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one's turn. Raises `RateLimited` when too many wait."""
        if self._waiting >= self._size:
            raise RateLimited("Too many commands are waiting for their answer.")
        self._waiting += 1
        try:
            async with self._turn:
                yield
        finally:
            self._waiting -= 1
