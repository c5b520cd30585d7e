"""The event road as tests see it: what was sent to whom, and outages on demand."""

from typing import Any

from core.contract.base import Event
from core.errors import Unavailable


class Heard:
    """Keeps what `Events` promises: the same key again has no effect on the same user."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Event]] = []
        self.down = False
        self._keys: set[tuple[str, str]] = set()

    async def send(self, user_id: str, event: Event, *, key: str | None = None, **_: Any) -> None:
        if self.down:
            raise Unavailable
        if key is not None:
            if (user_id, key) in self._keys:
                return
            self._keys.add((user_id, key))
        self.events.append((user_id, event))

    def by(self, user_id: str) -> list[Event]:
        """What this user has heard, in order."""
        return [event for listener, event in self.events if listener == user_id]
