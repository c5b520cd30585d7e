"""What cannot go on without end: people who meet, and people who come back. They do so all at once, and
what has to follow before they can do it again is not measured."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Sequence

from bench.commands.people import PATIENCE_S, Person, come, leave
from bench.commands.rows import asking
from bench.sockets.wire import RawPeer

_CALL_ID = re.compile(rb'"call_id":"([^"]+)"')
_JOIN = asking("queue:join", {"mode": "voice"})
_SETTLED_S = 0.1
Burst = Callable[[], Awaitable[list[float]]]  # seconds that each took
Between = Callable[[], Awaitable[None]]


class Joiner:
    """Queues, accepts at once whoever is offered, and has a call when it starts."""

    def __init__(self, person: Person) -> None:
        self._person, self._call_id = person, ""
        self._offers = False
        person.message = self._hear
        self._next()

    def _next(self) -> None:
        loop = asyncio.get_running_loop()
        self.started: asyncio.Future[float] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()

    async def meet(self) -> float:
        """Seconds until the call has started."""
        self._joined_at = time.perf_counter()
        self._person.write(_JOIN)
        return await self.started

    async def part(self) -> None:
        """The one who offers hangs up; until both have heard of it."""
        if self._offers:
            self._person.write(asking("call:end", {"call_id": self._call_id}))
        await self.ended
        self._next()

    def _hear(self, _peer: RawPeer, payload: bytes) -> None:
        if payload[1] == 0x33:
            assert b'"ok":true' in payload, payload
        elif payload.startswith(b'42["call:offered"'):
            self._call_id = _CALL_ID.search(payload)[1].decode()  # type: ignore[index]
            self._person.write(asking("call:accept", {"call_id": self._call_id}))
        elif payload.startswith(b'42["call:started"'):
            self._offers = b'"role":"offerer"' in payload
            self.started.set_result(time.perf_counter() - self._joined_at)
        elif payload.startswith(b'42["call:ended"') and not self.ended.done():
            self.ended.set_result(None)


def joins(people: Sequence[Person]) -> tuple[Burst, Between]:
    """All queue at once, until each is in a call that has started; between two times all hang up."""
    joiners = [Joiner(person) for person in people]

    async def meet() -> list[float]:
        async with asyncio.timeout(PATIENCE_S):
            return await asyncio.gather(*(joiner.meet() for joiner in joiners))

    async def part() -> None:
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*(joiner.part() for joiner in joiners))
        await asyncio.sleep(_SETTLED_S)

    return meet, part


def returns(people: list[Person], ports: Sequence[int]) -> tuple[Burst, Between]:
    """All come back with what they held, some at a time, until the welcome; between two times they go."""

    async def go() -> None:
        await leave(people)
        await asyncio.sleep(_SETTLED_S)

    async def back() -> list[float]:
        accounts = [{**person.account, **person.back_with} for person in people]
        people[:] = await come(ports, accounts)
        assert all(person.welcome["recovered"] for person in people), "somebody was not recovered"
        return [person.welcomed_after_s for person in people]

    return back, go
