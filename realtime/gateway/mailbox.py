"""Commands of one connection are handled one after the other, in the order they were sent."""

import asyncio

from core.errors import RateLimited


class Mailbox:
    """`async with mailbox:` waits for one's turn. At most `size` wait, so that memory stays bounded."""

    def __init__(self, size: int) -> None:
        self._turn = asyncio.Lock()  # first come, first served
        self._size = size
        self._waiting = 0

    async def __aenter__(self) -> None:
        """Raises `RateLimited` when too many wait."""
        if self._waiting >= self._size:
            raise RateLimited("Too many commands are waiting for their answer.")
        self._waiting += 1
        try:
            await self._turn.acquire()
        except BaseException:
            self._waiting -= 1
            raise

    async def __aexit__(self, *_: object) -> None:
        self._turn.release()
        self._waiting -= 1
