"""How much one upload may be, how much of all a process holds at once, and how many of one account."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from core.errors import RateLimited, Unavailable
from core.settings import Settings

_RETRY_MS = 1000


class UploadLimits:
    """Of one account some at once, or it could take the memory of all by sending slowly, and their turns.

    Nor may a few accounts: what is more than one upload leaves as much free as its account holds.
    """

    def __init__(self, settings: Settings) -> None:
        self.max_bytes = settings.max_upload_bytes
        self._free, self._most = settings.upload_memory_bytes, settings.uploads_at_once
        self._of_accounts: Counter[str] = Counter()
        self._held: Counter[str] = Counter()

    @contextmanager
    def one(self, owner_id: str) -> Iterator[Callable[[int], None]]:
        """One more upload of this account, for as long as the block lasts. Raises `RateLimited` for too many.

        Call what it gives with the size of what comes: it raises `Unavailable` for too much at once.
        """
        if self._of_accounts[owner_id] >= self._most:
            raise RateLimited("Too many uploads of this account at the same time.", retry_after_ms=_RETRY_MS)
        self._of_accounts[owner_id] += 1
        try:
            with self._holding(owner_id) as more:
                yield more
        finally:
            _less(self._of_accounts, owner_id, 1)

    @contextmanager
    def _holding(self, owner_id: str) -> Iterator[Callable[[int], None]]:
        held = 0

        def more(size: int) -> None:
            nonlocal held
            left, own = self._free - size, self._held[owner_id] + size
            if left < 0 or own > max(self.max_bytes, left):
                raise Unavailable("Too much is being uploaded: try again shortly.", retry_after_ms=_RETRY_MS)
            held, self._free, self._held[owner_id] = held + size, left, own

        try:
            yield more
        finally:
            self._free += held
            _less(self._held, owner_id, held)


def _less(counted: Counter[str], key: str, by: int) -> None:
    counted[key] -= by
    if not counted[key]:
        del counted[key]
