"""How often each thing that a client asks for goes to the stores. Not how long that takes: `bench/` measures.

A trip is what somebody waits for: a statement to PostgreSQL, the beginning and the end of a transaction
included, or one write of commands to Redis. They are counted at the drivers, for the connect, the command or
the search in whose course they are made, whichever of its tasks makes them. The first round is no measure:
connections prepare statements, Redis learns scripts, and the market is read. Of the others the best counts.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from inspect import isawaitable
from typing import Any
from weakref import WeakKeyDictionary

import asyncpg
import pytest
from msgspec.structs import replace

from composition.realtime import running
from core.settings import Settings
from core.ticket import Ticket
from db.postgres.grouped_statement import GroupedStatement
from db.postgres.pooled_connection import PooledConnection
from db.redis.multiplexed.request import Request
from db.redis.multiplexed.topology import Topology
from realtime.gateway.commands import Commands
from realtime.gateway.connection import Connection
from realtime.gateway.gateway import Gateway
from realtime.matchmaking.matchmaker import Matchmaker
from tests.conftest import NewDatabase, NewRedis
from tests.integration.conftest import Meet, Meeting, SignUp
from tests.integration.person import Person
from tests.patience import PATIENCE_S

Step = tuple[int, int]  # trips to PostgreSQL and to Redis

_ROUNDS = 3
ENDS: dict[str, dict[str, Any]] = {"call:decline": {}, "call:skip": {}, "call:report": {"reason": "spam"}}
_LASTING_MS = 3_600_000

# A number may only go down.
HELD: dict[str, Step] = {
    "call:accept, the first": (0, 1),
    "call:accept, the second": (1, 1),
    "call:connected, the first": (0, 1),
    "call:connected, the second": (1, 2),
    "call:decline": (1, 10),
    "call:end": (3, 6),
    "call:media": (0, 2),
    # The call, what was so then, the report, the block and the case: each a statement of one transaction.
    "call:report": (15, 11),
    "call:restart": (1, 1),  # who wishes for relays by now
    "call:signal": (0, 1),
    "call:skip": (1, 13),
    # What is there, the change, what waits to be announced and what that says, and what is there then.
    "chat:delete": (7, 1),
    "chat:delivered": (1, 1),
    "chat:edit": (7, 1),
    "chat:history": (1, 0),
    "chat:read": (1, 1),
    "chat:send": (1, 1),
    "chat:send, again": (2, 0),
    "chat:typing": (1, 1),
    "connect": (1, 3),
    "connect, back": (1, 4),
    "connect, in a call": (3, 7),
    "connect, queued": (1, 3),
    "connection:end": (6, 1),  # the call of the two ends with it, and no news asks for video any more
    "decision:submit": (9, 4),
    "disconnect": (1, 3),
    "disconnect, in a call": (1, 5),
    "disconnect, queued": (1, 3),
    "presence:set": (0, 1),
    "presence:watch": (1, 0),
    "queue:explain": (2, 2),
    "queue:join": (1, 2),
    "queue:join, again": (1, 2),
    "queue:leave": (0, 4),
    "queue:leave, after": (0, 1),
    "queue:leave, not queued": (0, 1),
    "search after call:decline": (0, 1),
    "search after call:report": (0, 1),
    "search after call:skip": (0, 1),
    "search and offer": (1, 3),
    "search, nobody there": (0, 0),
    "session:refresh": (2, 0),
}

_course: ContextVar["Course | None"] = ContextVar("course", default=None)


class Course:
    """What one thing that was asked for has cost so far; `asked` says which trips those were."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.trips: Counter[str] = Counter()
        self.asked: list[str] = []
        self.under_way = 0
        self._writing = False

    @contextmanager
    def making(self, store: str, asked: object) -> Iterator[None]:
        """A trip, for as long as somebody waits for it."""
        self.trips[store] += 1
        self.asked.append(f"{store}: {' '.join(str(asked).split())[:60]}")
        with self.going_on():
            yield

    def joins_write(self, request: Request) -> None:
        """What is asked of Redis in one turn of the loop is one write, and so one trip."""
        loop = asyncio.get_running_loop()
        if not self._writing:
            self._writing = True
            loop.call_soon(self._written)
            self.trips["redis"] += 1
        self.asked.append(f"redis: {request.script.name if request.script else request.words[:2]}")
        self.under_way += 1
        request.future.add_done_callback(self._answered)

    def _written(self) -> None:
        self._writing = False

    def _answered(self, _: object) -> None:
        self.under_way -= 1

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """It is not done while this lasts."""
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1

    def exceeds(self, held: Step) -> bool:
        """Whether it is dearer than that."""
        return self.trips["postgres"] > held[0] or self.trips["redis"] > held[1]


def _dearer(step: str, course: Course, held: Step) -> str:
    now, asked = (course.trips["postgres"], course.trips["redis"]), "\n    ".join(course.asked)
    return f"{step} takes {now} trips to PostgreSQL and Redis, and took {held}:\n    {asked}"


class Trips:
    """The courses of one product, by name, since they were last asked for."""

    def __init__(self) -> None:
        self._courses: list[Course] = []
        self.ours: set[str] = set()
        self.best: dict[str, Course] = {}

    def is_ours(self, given: object) -> bool:
        """Whether who asks has come since we count: somebody may still be leaving a product beside it."""
        if isinstance(given, Connection) and given.caller.sid in self.ours:
            self.ours.add(given.caller.user_id)
            return True
        return (given.user_id if isinstance(given, Ticket) else given) in self.ours

    def begin(self, name: str) -> Course:
        """Something is asked for."""
        self._courses.append(course := Course(name))
        return course

    async def noted(self, *steps: str) -> None:
        """Everything that was asked for is done: its cost counts as that of these steps, in order."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self._courses) < len(steps) or any(course.under_way for course in self._courses):
                await asyncio.sleep(0.005)
        assert len(self._courses) == len(steps), [course.name for course in self._courses]
        for step, course in zip(steps, self._courses, strict=True):
            known = self.best.get(step)
            if known is None or course.trips.total() < known.trips.total():
                self.best[step] = course
        self._courses.clear()

    def forget(self) -> None:
        """What was asked for so far counts as nothing."""
        self._courses.clear()


def _in_course(entry: Callable[..., Awaitable[Any]], trips: Trips, name: Callable[..., str]) -> Any:
    """The same entry; what is done for it, in whichever task, belongs to a course of its own."""

    async def entered(self: Any, *given: Any, **more: Any) -> Any:
        if entry.__name__ == "connect":
            trips.ours.add(given[0])
        if not trips.is_ours(given[0]):
            answer = entry(self, *given, **more)
            return await answer if isawaitable(answer) else answer
        course = trips.begin(name(*given))
        token = _course.set(course)
        try:
            with course.going_on():
                answer = entry(self, *given, **more)
                return await answer if isawaitable(answer) else answer
        finally:
            _course.reset(token)

    return entered


def _counted(method: Callable[..., Awaitable[Any]], store: str) -> Any:
    async def counted(self: Any, asked: Any, *given: Any, **more: Any) -> Any:
        course = _course.get()
        if course is None:
            return await method(self, asked, *given, **more)
        token = _course.set(None)  # one way of asking may go by another
        try:
            with course.making(store, asked):
                return await method(self, asked, *given, **more)
        finally:
            _course.reset(token)

    return counted


def _on_the_road(ask: Callable[[Topology, Request], Any]) -> Any:
    """What subscribes goes another way: the first device of a user here alone does."""

    def asked(self: Topology, request: Request) -> Any:
        if (course := _course.get()) is not None:
            course.joins_write(request)
        return ask(self, request)

    return asked


def _plainly(execute: Callable[..., Awaitable[Any]]) -> Any:
    """Without arguments the driver takes a way of its own, as for BEGIN and COMMIT; with, the common one."""
    counted = _counted(execute, "postgres")

    async def executed(self: Any, query: str, *args: Any, **more: Any) -> Any:
        return await (execute if args else counted)(self, query, *args, **more)

    return executed


def _by_who_asked(patched: pytest.MonkeyPatch) -> None:
    """A statement for a group is the first one's who asked, not that of whoever found none under way."""
    courses: WeakKeyDictionary[asyncio.Future[Any], Course | None] = WeakKeyDictionary()
    ask, answer = GroupedStatement.ask, GroupedStatement._answer

    def asked(self: Any, item: Any) -> asyncio.Future[Any]:
        given = ask(self, item)
        courses[given] = _course.get()
        return given

    async def answered(self: Any, group: Any) -> None:
        token = _course.set(courses.get(group[0][1]))
        try:
            await answer(self, group)
        finally:
            _course.reset(token)

    patched.setattr(GroupedStatement, "ask", asked)
    patched.setattr(GroupedStatement, "_answer", answered)


@pytest.fixture(scope="module")
async def address(settings: Settings, new_database: NewDatabase, new_redis: NewRedis) -> AsyncIterator[str]:
    """A product of its own: in that of other tests somebody may still wait whom they have left."""
    stores = {"database_url": await new_database(), "redis_url": await new_redis()}
    async with running(replace(settings, **stores)) as address:
        yield address


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> Trips:
    """What is asked of the stores in the course of connects, commands and searches; nothing of other work."""
    trips = Trips()
    # On a busy machine these are over before they serve anybody.
    for moment in ("markets._FRESH_MS", "matchmaker._FRESH_MS", "matchmaker._SEEN_MS"):
        monkeypatch.setattr(f"realtime.matchmaking.{moment}", _LASTING_MS)
    for owner, entry, name in (
        (Gateway, "connect", lambda *_: "connect"),
        (Commands, "answer", lambda _, name, *__: name),
        (Gateway, "disconnect", lambda *_: "disconnect"),
        (Matchmaker, "seek", lambda *_: "search"),
    ):
        monkeypatch.setattr(owner, entry, _in_course(getattr(owner, entry), trips, name))
    for method in ("_execute", "_executemany"):
        counted = _counted(getattr(asyncpg.Connection, method), "postgres")
        monkeypatch.setattr(asyncpg.Connection, method, counted)
    monkeypatch.setattr(asyncpg.Connection, "execute", _plainly(asyncpg.Connection.execute))
    monkeypatch.setattr(PooledConnection, "done", _counted(PooledConnection.done, "postgres"))
    monkeypatch.setattr(Topology, "ask", _on_the_road(Topology.ask))
    _by_who_asked(monkeypatch)
    return trips


async def _come(person: Person, trips: Trips) -> None:
    """A device connects, goes and comes back; then its user changes how they are shown."""
    await person.rest("GET", "/v1/me")  # a token that serves for the first time is noted
    trips.forget()
    device = await person.connect("phone")
    await device.ask("queue:leave")  # its turn comes after the welcome
    await trips.noted("connect", "queue:leave, not queued")
    await device.drop()
    held = {"pid": device.ready["pid"], "offset": device.offset}
    await trips.noted("disconnect")
    device = await person.connect("phone", **held)
    assert device.ready["recovered"] is True
    await device.ask("presence:set", status="away")
    await trips.noted("connect, back", "presence:set")
    await device.ask("presence:watch", user_ids=[person.id])
    await device.ask("session:refresh", token=person.token)
    await trips.noted("presence:watch", "session:refresh")
    await device.ask("queue:join", mode="voice")
    await trips.noted("queue:join", "search, nobody there")
    await device.ask("queue:join", mode="voice")
    await device.ask("queue:explain")
    await device.drop()
    await trips.noted("queue:join, again", "queue:explain", "disconnect, queued")
    device = await person.connect("phone")
    assert device.ready["ticket"]
    await device.ask("queue:leave")
    await device.leave()
    await trips.noted("connect, queued", "queue:leave", "disconnect")


async def _meet(meeting: Meeting, trips: Trips) -> None:
    """From the offer to the room of the two."""
    ana, ben, call = meeting.ana, meeting.ben, {"call_id": meeting.call_id}
    await ana.ask("call:accept", **call)
    await ben.ask("call:accept", **call)
    await trips.noted("call:accept, the first", "call:accept, the second")
    await ana.drop()
    await trips.noted("disconnect, in a call")
    meeting.ana = ana = await meeting.she.connect("ana-phone")
    await ana.ask("call:media", **call, audio=True, video=False)
    await trips.noted("connect, in a call", "call:media")
    await ana.ask("call:restart", **call, epoch=1)
    await trips.noted("call:restart")
    signal = {"candidate": None, "epoch": 2}
    await ana.ask("call:signal", **call, **signal)
    await ben.ask("call:signal", **call, **signal)
    await trips.noted("call:signal", "call:signal")
    await ana.ask("call:connected", **call, epoch=2)
    await ben.ask("call:connected", **call, epoch=2)
    await trips.noted("call:connected, the first", "call:connected, the second")
    await ben.ask("call:end", **call)
    await ana.ask("decision:submit", **call, connect=True)
    await trips.noted("call:end", "decision:submit")
    made = (await ana.next("decision:result"))["connection"]
    room = {"room_id": made["room_id"]}
    said = (await ana.ask("chat:send", **room, client_id="1", content="Hello"))["message"]
    await ana.ask("chat:send", **room, client_id="1", content="Hello")
    await ben.ask("chat:typing", **room, typing=True)
    await ben.ask("chat:delivered", **room, seq=1)
    await ben.ask("chat:read", **room, seq=1)
    await ben.ask("chat:history", **room, limit=10)
    await ana.ask("chat:edit", message_id=said["id"], content="Hello!")
    await ana.ask("chat:delete", message_id=said["id"])
    await ana.ask("connection:end", connection_id=made["id"])
    chat = ("send", "send, again", "typing", "delivered", "read", "history", "edit", "delete")
    await trips.noted(*(f"chat:{step}" for step in chat), "connection:end")


async def _turn_away(meeting: Meeting, trips: Trips, how: str, **more: Any) -> None:
    """Ben ends the offer; Ana, who has her place back, is looked for and leaves."""
    await meeting.ben.ask(how, call_id=meeting.call_id, **more)
    ended = await meeting.ana.next("call:ended")
    searches = [f"search after {how}"] * (2 if how == "call:skip" else 1 if ended.get("ticket") else 0)
    await trips.noted(how, *searches)


async def test_no_command_grows_dearer(sign_up: SignUp, meet: Meet, trips: Trips) -> None:
    """In a product that does little else."""
    for number in range(_ROUNDS):
        await _come(await sign_up(), trips)
        trips.forget()
        meeting = await meet()
        await trips.noted(
            "connect", "connect", "queue:join", "search, nobody there", "queue:join", "search and offer"
        )
        await _meet(meeting, trips)
        for how, more in ENDS.items():
            meeting = await meet()
            trips.forget()
            await _turn_away(meeting, trips, how, **more)
            for device in (meeting.ana, meeting.ben):
                await device.ask("queue:leave")
            await trips.noted("queue:leave, after", "queue:leave, after")
        if number == 0:
            trips.best.clear()
    print("\n| | PostgreSQL | Redis |\n|---|---|---|")
    for step, course in sorted(trips.best.items()):
        print(f"| {step} | {course.trips['postgres']} | {course.trips['redis']} |")
    assert trips.best.keys() == HELD.keys()
    dearer = [
        _dearer(step, course, HELD[step]) for step, course in trips.best.items() if course.exceeds(HELD[step])
    ]
    assert not dearer, "\n".join(dearer)
