"""People of a benchmark on raw WebSockets: they ask, hear, meet, and agree to stay in touch."""

import asyncio
import json
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from typing import Any, Self

from bench.sockets.wire import RawPeer, frame

PATIENCE_S = 30.0
_AT_ONCE = 20


class Person(RawPeer):
    """One client with an account. It keeps what comes, by name, unless its frames go elsewhere."""

    def __init__(self, port: int, account: dict[str, str]) -> None:
        super().__init__(port)
        self.account, self.id = account, account["id"]
        self.back_with: dict[str, str] = {}
        self.welcome: dict[str, Any] = {}
        self.welcomed_after_s = 0.0
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._number = 100
        self._heard: dict[str, deque[Any]] = defaultdict(deque)
        self._awaited: dict[str, asyncio.Future[Any]] = {}
        self.listen()

    @classmethod
    async def come(cls, port: int, account: dict[str, str], **back_with: str) -> Self:
        """Connected and welcomed."""
        loop, begun = asyncio.get_running_loop(), time.perf_counter()
        _, person = await loop.create_connection(
            lambda: cls(port, {**account, **back_with}), "127.0.0.1", port
        )
        async with asyncio.timeout(PATIENCE_S):
            await person.ready
            person.welcome = await person.hear("session:ready")
        person.welcomed_after_s = time.perf_counter() - begun
        return person

    def _protocol(self, packet: bytes) -> None:
        if packet[:1] == b"0":
            auth = {name: value for name, value in self.account.items() if name != "id"}
            self.write(frame(f"40{json.dumps(auth)}"))
        elif packet[:2] == b"44":
            self.ready.set_exception(ConnectionRefusedError(packet.decode()))
        else:
            super()._protocol(packet)

    def listen(self) -> None:
        """Keep from now on what comes, for those who ask."""
        self.message = lambda _, payload: self._hear(payload)

    def _hear(self, payload: bytes) -> None:
        text = payload.decode()
        start = text.index("[")
        found = json.loads(text[start:])
        if payload[1] == 0x33:
            asked = self._asked.pop(int(text[2:start]), None)
            if asked is not None and not asked.done():
                asked.set_result(found[0])
            return
        assert text.startswith("42["), text
        name, event, *rest = found
        if rest:
            self.back_with = {**self.back_with, "offset": rest[0]}
        awaited = self._awaited.pop(name, None)
        if awaited is not None and not awaited.done():  # who waited may have given up
            awaited.set_result(event)
        else:
            self._heard[name].append(event)

    async def hear(self, name: str) -> Any:
        """The next event of this name that nobody has taken yet."""
        if self._heard[name]:
            return self._heard[name].popleft()
        self._awaited[name] = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(PATIENCE_S):
            return await self._awaited[name]

    def has_heard(self, name: str) -> bool:
        """Whether an event of this name has come that nobody has taken yet."""
        return bool(self._heard[name])

    async def answer(self, command: str, **payload: Any) -> Any:
        """The acknowledgement."""
        self._number += 1
        asked = self._asked[self._number] = asyncio.get_running_loop().create_future()
        self.write(frame(f"42{self._number}{json.dumps([command, payload])}"))
        async with asyncio.timeout(PATIENCE_S):
            return await asked

    async def ask(self, command: str, **payload: Any) -> Any:
        """What a command that must succeed answers."""
        answer = await self.answer(command, **payload)
        assert answer["ok"], (command, answer)
        return answer["data"]


async def come(ports: Sequence[int], accounts: Sequence[dict[str, str]]) -> list[Person]:
    """All of them, each at the next of these nodes in turn, some at a time."""
    people: list[Person] = []
    for start in range(0, len(accounts), _AT_ONCE):
        some = enumerate(accounts[start : start + _AT_ONCE], start)
        people += await asyncio.gather(*(Person.come(ports[i % len(ports)], one) for i, one in some))
    return people


async def leave(people: Sequence[Person]) -> None:
    """As tabs that are closed."""
    for person in people:
        person.transport.abort()
    await asyncio.gather(*(person.gone for person in people))


class Meeting:
    """A call of two: the first one offers."""

    def __init__(self, call_id: str, offerer: Person, answerer: Person, epoch: int) -> None:
        self.call_id, self.offerer, self.answerer, self.epoch = call_id, offerer, answerer, epoch

    @property
    def both(self) -> tuple[Person, Person]:
        return self.offerer, self.answerer


async def meet(one: Person, other: Person) -> Meeting:
    """From waiting to talking. Nobody else waits meanwhile."""
    for person in (one, other):
        await person.ask("queue:join", mode="voice")
    offered = [await person.hear("call:offered") for person in (one, other)]
    call_id = offered[0]["call_id"]
    assert offered[1]["call_id"] == call_id
    for person in (one, other):
        await person.ask("call:accept", call_id=call_id)
    started = [await person.hear("call:started") for person in (one, other)]
    epoch = started[0]["epoch"]
    offerer, answerer = (one, other) if started[0]["role"] == "offerer" else (other, one)
    return Meeting(call_id, offerer, answerer, epoch)


async def go_live(meeting: Meeting) -> None:
    """Media flows at both sides."""
    for person in meeting.both:
        await person.ask("call:connected", call_id=meeting.call_id, epoch=meeting.epoch)
    for person in meeting.both:
        while (await person.hear("call:state"))["state"] != "live":
            pass


async def befriend(one: Person, other: Person) -> str:
    """The room of two who have talked and stay in touch."""
    meeting = await meet(one, other)
    await go_live(meeting)
    await one.ask("call:end", call_id=meeting.call_id)
    for person in (one, other):
        if (await person.hear("call:ended"))["decision"]["you_decide"]:
            await person.ask("decision:submit", call_id=meeting.call_id, connect=True)
    results = [await person.hear("decision:result") for person in (one, other)]
    room_id: str = results[0]["connection"]["room_id"]
    return room_id
