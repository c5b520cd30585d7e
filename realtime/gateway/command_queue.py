"""Commands of one connection are handled one after the other, in the order they were sent.

Commands that say so (`concurrent` in the contract) may run beside each other, and beside no other.
Not an asyncio.Lock: most commands find nobody before them, and should not pay for waiting.
"""

import asyncio
from collections import deque

from core.errors import RateLimited

Turn = asyncio.Future[None]
_RETRY_MS = 1000


class CommandQueue:
    """`take` a turn, `wait` for it if others are before, and `give` it on.

    At most `size` come after the first; `account_limits.py` takes the number from the settings.
    """

    __slots__ = ("_running", "_shared", "_size", "_waiting")

    def __init__(self, size: int) -> None:
        self._size = size
        self._running = 0
        self._shared = False  # those that run are concurrent ones
        self._waiting: deque[tuple[Turn, bool]] = deque()

    @property
    def busy(self) -> bool:
        """Somebody's turn lasts."""
        return self._running > 0

    def take(self, *, concurrent: bool = False) -> Turn | None:
        """None if it is the caller's turn now, else what to `wait` for. Raises `RateLimited`."""
        if not self._running:
            self._running, self._shared = 1, concurrent
            return None
        if self._running + len(self._waiting) > self._size:
            raise RateLimited("Too many commands are waiting for their answer.", retry_after_ms=_RETRY_MS)
        if concurrent and self._shared and not self._waiting:
            self._running += 1
            return None
        turn: Turn = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, concurrent))
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
        """The turn is over: it goes to the next in line, and to those after it that may run beside it."""
        self._running -= 1
        while self._waiting and (not self._running or (self._shared and self._waiting[0][1])):
            turn, concurrent = self._waiting.popleft()
            if not turn.done():
                self._running, self._shared = self._running + 1, concurrent
                turn.set_result(None)
