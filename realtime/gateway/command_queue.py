"""Commands of one connection are handled one after the other, in the order they were sent.

Not an asyncio.Lock: most commands find nobody before them, and should not pay for waiting.
"""

import asyncio
from collections import deque

from core.errors import RateLimited

Turn = asyncio.Future[None]
_RETRY_MS = 1000


class CommandQueue:
    """`take` a turn, `wait` for it if others are before, and `give` it on.

    At most `size` wait; `account_limits.py` takes the number from the settings.
    """

    __slots__ = ("_size", "_taken", "_waiting")

    def __init__(self, size: int) -> None:
        self._size = size
        self._taken = False
        self._waiting: deque[Turn] = deque()

    def take(self) -> Turn | None:
        """None if it is the caller's turn now, else what to `wait` for. Raises `RateLimited`."""
        if not self._taken:
            self._taken = True
            return None
        if len(self._waiting) >= self._size:
            raise RateLimited("Too many commands are waiting for their answer.", retry_after_ms=_RETRY_MS)
        turn: Turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        return turn

    async def wait(self, turn: Turn) -> None:
        """Until it is the caller's turn. If the caller is cancelled at that moment, the turn is passed on."""
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give()
            raise

    def give(self) -> None:
        """The turn is over: it goes to the next in line."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._taken = False
