"""How long those who wait may still wait: what they are told is `estimated_wait_ms`. Pure."""

from bisect import bisect_left
from collections.abc import Sequence

from core.ticket import Ticket, Wait, kind

_ENOUGH = 5  # waits, before anything is said of them


class WaitEstimates:
    """By the latest waits of one mode. Waits of a kind are sorted when somebody first asks for them."""

    def __init__(self, patience_ms: int) -> None:
        self._patience_ms = patience_ms
        self._latest: Sequence[Wait] = ()
        self._sorted: dict[str, Sequence[int]] = {}

    def see(self, latest: Sequence[Wait]) -> None:
        """Take the latest waits of a market."""
        self._latest = latest
        self._sorted.clear()

    def of(self, ticket: Ticket, now: int) -> int | None:
        """How long (ms) this ticket may still wait: the median of its kind's waits of at least this length.

        None while too few are known. A user who left unmatched counts as having waited to the end.
        """
        waited = now - ticket.joined_at
        waits = self._of_kind(kind(ticket))
        first = bisect_left(waits, waited)
        median = (first + len(waits)) // 2
        return waits[median] - waited if len(waits) - first >= _ENOUGH else None

    def _of_kind(self, kind: str) -> Sequence[int]:
        """The latest waits (ms) of this kind, the shortest first."""
        waits = self._sorted.get(kind)
        if waits is None:
            waits = self._sorted[kind] = sorted(
                self._patience_ms if wait.waited_ms is None else wait.waited_ms
                for wait in self._latest
                if wait.kind == kind and not wait.left
            )
        return waits
