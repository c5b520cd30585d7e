"""The event log as tests see it: what was sent to whom, and outages on demand."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from core.errors import Unavailable
from core.numbered_event import NumberedEvent
from core.wire.message import Event


class Heard:
    """Keeps what `Events` promises: the same key again has no effect on a user, numbers have their turn."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Event]] = []
        self.down = False
        self.cannot: dict[str, Exception] = {}  # be told, by its lane, and why
        self._keys: set[tuple[str, str]] = set()
        self._told: dict[tuple[str, str], int] = {}

    async def send(self, user_id: str, event: Event, *, key: str | None = None, **_: Any) -> None:
        if self.down:
            raise Unavailable
        if key is not None:
            if (user_id, key) in self._keys:
                return
            self._keys.add((user_id, key))
        self.events.append((user_id, event))

    async def pass_on(self, user_id: str, name: str, data: bytes, *, key: str, **_: Any) -> None:
        await self.send(user_id, msgspec.json.decode(data, type=Event.registry[name]), key=key)

    def send_all(self, events: Iterable[tuple[str, Event]]) -> "asyncio.Future[None]":
        return asyncio.ensure_future(self._send_all(events))

    async def _send_all(self, events: Iterable[tuple[str, Event]]) -> None:
        for user_id, event in events:
            await self.send(user_id, event)

    async def announce(self, numbered: Sequence[NumberedEvent]) -> list[int | None]:
        if self.down:
            raise Unavailable
        for each in numbered:
            if each.lane in self.cannot:
                raise self.cannot[each.lane]
        return [self._told_all(each) for each in numbered]

    def tell_all(
        self, numbered: Sequence[NumberedEvent]
    ) -> list[tuple[int, asyncio.Future[Sequence[int | Exception]]]]:
        async def told() -> Sequence[int | Exception]:
            return [-1 if stand is None else stand for stand in await self.announce(numbered)]

        return [(len(numbered), asyncio.ensure_future(told()))]

    generation = 0

    async def replicated(self) -> None:
        """It has no server that may die."""

    def _told_all(self, numbered: NumberedEvent) -> int | None:
        stands = [self._announced(user_id, numbered) for user_id in numbered.user_ids]
        return min((stand for stand in stands if stand is not None), default=None)

    def _announced(self, user_id: str, numbered: NumberedEvent) -> int | None:
        last = self._told.get((user_id, numbered.lane), 0)
        self._told |= {(user_id, lane): 2**53 for lane in numbered.ends}
        if last < numbered.before:
            return last
        if last < numbered.number:
            self._told[user_id, numbered.lane] = numbered.number
            self.events.append((user_id, numbered.event))
        return None

    def by(self, user_id: str, *kinds: type[Event]) -> list[Any]:
        """What this user has heard, in order; of these kinds alone, if any are named."""
        return [event for to, event in self.events if to == user_id and isinstance(event, kinds or Event)]
