"""Announces what any node has stored: in the order of its lane, to all, also after an outage of Redis.

The node that has stored something tells of it right after the commit, in one trip to Redis. There a script
lets through what is next in its lane and nothing else, so that nodes need no lock between them: a node that
comes too early catches up: it reads from the outbox what comes before, and tells that first. What is still in
the outbox at a second look has been left there, by an outage or a node that died, and is told then.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from itertools import groupby

import structlog
from msgspec import Struct

from core.deadlines import WorkDeadlines
from core.errors import Unavailable
from core.later import Later
from core.numbered_event import NumberedEvent
from core.tasks import TaskSet
from core.wire.message import Event
from db.outage import AWAY
from db.periodic import Job, PeriodicJob, PeriodicTask
from db.postgres.outbox import Outbox, Waiting
from services.ports import Events

_AT_MOST_S = 1.0  # what is committed is acknowledged: it does not wait for a Redis that does not answer
_CLEAR_S = 0.2
_AT_ONCE = 200
_ATTEMPTS = 5
_MOST_TOLD = 20_000  # to be cleared; what is forgotten is found when somebody looks, and told to nobody twice
_log = structlog.get_logger()

Told = tuple[Event, Sequence[str]]  # what is told, and the users
Load = Callable[[Collection[str]], Awaitable[Mapping[str, Sequence[Told]]]]


class Stored(Struct, frozen=True):
    """What was just stored, with its number in its lane; `then` is called once it is told, or has to wait."""

    lane: str
    number: int
    told: Told
    then: Callable[[None], object]


class Announcer(PeriodicJob):
    """`loaders`: by the name of an event, who is told what about each of these subjects, as things are then;
    nobody is told two things about one.

    It looks when woken: by a `Lookout`, at each of its looks while anything waits. `late` counts what it has
    then found left. `before_clearing` is done with lanes before their entries go, perhaps more than once.

    If something cannot be told, and not for an outage, its lane waits for it, and no other does: from then on
    each look tries it again, until all of the lane has been told.
    """

    def __init__(
        self,
        outbox: Outbox,
        events: Events,
        loaders: Mapping[str, Load],
        before_clearing: Callable[[Collection[str]], Awaitable[None]] | None = None,
    ) -> None:
        self._outbox, self._events, self._loaders = outbox, events, loaders
        self._before_clearing = before_clearing
        self._told: list[tuple[str, int]] = []
        self._told_since = 0
        self._any_told = asyncio.Event()
        self._seen: frozenset[tuple[str, int]] = frozenset()
        self._left: frozenset[tuple[str, int]] = frozenset()
        self.late = 0
        self._failing = False
        self._stuck: set[str] = set()
        self._deadlines = WorkDeadlines(_AT_MOST_S)
        self._catching_up: dict[str, asyncio.Task[int]] = {}
        self._tasks = TaskSet()
        self._clearing = PeriodicTask(
            _CLEAR_S, self._noting(self._clear_some), failing="the outbox cannot be cleared"
        )
        self._looking = PeriodicTask(
            None, self._noting(self._look), failing="what is stored cannot be announced", again_s=_AT_MOST_S
        )
        self.loops = (self._clearing, self._looking)

    def tell(self, lane: str, number: int, told: Told) -> Later[None]:
        """What has just been committed under this number. Never an outage: the outbox keeps it."""
        later: Later[None] = Later()
        self.tell_all((Stored(lane, number, told, later.settle),))
        return later

    def tell_all(self, stored: Sequence[Stored]) -> None:
        """The same of all that was committed together."""
        if self._failing:
            for each in stored:
                each.then(None)
            return
        loop, numbered, now = asyncio.get_running_loop(), list[NumberedEvent](), list[Stored]()
        for each in stored:
            if each.lane in self._stuck:
                each.then(None)
            elif each.lane in self._catching_up:
                self._tasks.spawn(self._tell_late(each, 0, loop.time() + _AT_MOST_S))
            else:
                event, user_ids = each.told
                now.append(each)
                numbered.append(NumberedEvent(user_ids, event, each.lane, each.number, each.number - 1))
        since, begun = self._events.generation, 0
        try:
            for count, asked in self._events.tell_all(numbered):
                some, begun = now[begun : begun + count], begun + count
                until = self._deadlines.watch(asked, loop)
                asked.add_done_callback(partial(self._answered, some, since, until))
        except Exception as error:  # all of it is stored: who waits is not kept waiting
            for each in now[begun:]:
                self._cannot(each.lane, error)
                each.then(None)

    def _answered(
        self,
        stored: Sequence[Stored],
        since: int,
        until: float,
        asked: "asyncio.Future[Sequence[int | Exception]]",
    ) -> None:
        self._deadlines.end(asked)
        stands: Sequence[int | BaseException]
        if asked.cancelled():
            stands = [TimeoutError("Redis does not answer.")] * len(stored)
        elif error := asked.exception():
            stands = [error] * len(stored)
        else:
            stands = asked.result()
        told = []
        for each, stand in zip(stored, stands, strict=True):
            if not isinstance(stand, int):
                self._cannot(each.lane, stand)
            elif stand >= 0:
                self._tasks.spawn(self._tell_late(each, stand, until))
                continue
            else:
                told.append((each.lane, each.number))
            each.then(None)
        if told:
            self._note_told(told, since)

    async def _tell_late(self, stored: Stored, after: int, until: float) -> None:
        """After what comes before: up to number `after` all have been told."""
        try:
            async with asyncio.timeout_at(until):
                # One that runs already may have read before this was committed.
                if (running := self._catching_up.get(stored.lane)) is not None:
                    after = await asyncio.shield(running)
                if after < stored.number:
                    await asyncio.shield(self._catch_up(stored.lane, after))
        except Exception as error:
            self._cannot(stored.lane, error)
        finally:
            stored.then(None)

    async def tell_lane(self, lane: str) -> None:
        """All that waits in this lane, as things are now; what cannot be told is told at a look."""
        if self._failing or lane in self._stuck:
            return
        try:
            async with asyncio.timeout(_AT_MOST_S):
                if (running := self._catching_up.get(lane)) is not None:
                    await asyncio.shield(running)  # it may have read before this was committed
                await asyncio.shield(self._catch_up(lane, 0))
        except Exception as error:
            self._cannot(lane, error)

    def _cannot(self, lane: str, error: BaseException) -> None:
        _log.debug("what is stored has to wait to be announced", error=repr(error))
        if _is_outage(error):
            self._fail()
        else:
            self._is_stuck(lane, error)
            self._looking.wake()

    def _is_stuck(self, lane: str, error: BaseException) -> None:
        self._looking.faults += 1
        if lane not in self._stuck:
            _log.error("what is stored cannot be announced", lane=lane, exc_info=error)
            self._stuck.add(lane)

    def _catch_up(self, lane: str, after: int) -> "asyncio.Task[int]":
        """Tell all that waits in the lane; one at a time, for everybody who needs it from now on."""
        running = self._catching_up.get(lane)
        if running is None:
            running = self._catching_up[lane] = asyncio.create_task(self._tell_lane(lane, after))
            running.add_done_callback(lambda task: self._caught_up(lane, task))
        return running

    def _caught_up(self, lane: str, task: "asyncio.Task[int]") -> None:
        del self._catching_up[lane]
        if not task.cancelled():
            task.exception()  # those who still wait for it are told

    def wake(self) -> None:
        """Something waits to be announced: look at once."""
        self._looking.wake()

    async def back(self) -> None:
        """The same when Redis is back."""
        self.wake()

    async def clear(self) -> None:
        """Take out of the outbox what all have been told."""
        told, self._told = self._told, []
        if not told:
            return
        # What was told may be lost with the server that was told. Then it is forgotten here, and told again.
        since = self._told_since
        await self._events.replicated()
        if self._events.generation != since:
            raise Unavailable
        try:
            if self._before_clearing is not None:
                await self._before_clearing({lane for lane, _ in told})
            await self._outbox.told(told)
        except BaseException:
            self._note_told(told, since)
            raise

    def _note_told(self, told: Iterable[tuple[str, int]], since: int) -> None:
        """`since`: the generation in which they began to be told, as a part may have been told at once."""
        self._told_since = min(self._told_since, since) if self._told else since
        self._told += told
        del self._told[:-_MOST_TOLD]
        self._any_told.set()

    async def _clear_some(self) -> None:
        """When there is something; the rest after it lets more come together."""
        await self._any_told.wait()
        self._any_told.clear()
        await self.clear()

    async def close(self) -> None:
        """Clear at the end what can be cleared; the rest waits for a node that looks."""
        with contextlib.suppress(*AWAY):
            async with asyncio.timeout(_AT_MOST_S):
                await self.clear()

    async def look(self) -> None:
        """Tell what has been left: what waited at the last look already, or all while it is known to wait."""
        for lane in tuple(self._stuck):
            await self._try_lane(lane)
        while True:
            waiting = await self._outbox.waiting(_AT_ONCE, self._stuck)
            left = waiting if self._failing else [note for note in waiting if note in self._seen]
            self._seen = frozenset(waiting)
            self._left, before = frozenset(left), self._left
            self.late += len(self._left - before)
            for lane, _ in groupby(left, key=lambda note: note[0]):
                await self._try_lane(lane)
            if len(left) < _AT_ONCE:
                break
            await self.clear()
        if self._failing:
            _log.info("what is stored is announced again")
            self._failing = False

    async def _try_lane(self, lane: str) -> None:
        try:
            await self._tell_lane(lane, 0)
        except Exception as error:
            if _is_outage(error):
                raise
            self._is_stuck(lane, error)
        else:
            self._stuck.discard(lane)

    async def _look(self) -> None:
        async with asyncio.timeout(10 * _AT_MOST_S):
            await self.look()

    def _fail(self) -> None:
        """Until a look has succeeded, which is tried again and again."""
        self._failing = True
        self._looking.wake()

    def _noting(self, job: Job) -> Job:
        """While it fails, whatever is stored waits for a look."""

        async def noting() -> None:
            try:
                await job()
            except AWAY:
                self._fail()
                raise

        return noting

    async def _tell_lane(self, lane: str, after: int) -> int:
        """All that waits in the lane after a number up to which those who lag behind have been told.

        Gives the number up to which all have been told then.
        """
        for _ in range(_ATTEMPTS):
            after, done = await self._tell_in_order(lane, after)
            if done:
                break
        return after

    async def _tell_in_order(self, lane: str, after: int) -> tuple[int, bool]:
        """Up to which number, and whether that is all; it is not, if Redis lost its data in between."""
        last: dict[str, int] = {}
        while waiting := await self._outbox.of_lane(lane, after, _AT_ONCE):
            numbered = list(_in_turn(lane, waiting, await self._load(waiting), last))
            since = self._events.generation
            answers = await self._events.announce(numbered)
            if behind := [stand for stand in answers if stand is not None]:
                return min(behind), False
            self._note_told(((lane, each.number) for each in waiting), since)
            after = waiting[-1].number
        return after, True

    async def _load(self, waiting: Iterable[Waiting]) -> Mapping[str, Sequence[Told]]:
        by_event: dict[str, list[str]] = {}
        for each in waiting:
            by_event.setdefault(each.event, []).append(each.subject)
        told: dict[str, Sequence[Told]] = {}
        for event, subjects in by_event.items():
            found = await self._loaders[event](subjects)
            told |= {f"{event} {subject}": found[subject] for subject in subjects if subject in found}
        return told


def _is_outage(error: BaseException) -> bool:
    """Whether others are hit too: a script that refuses one thing alone is `Unavailable` for who asked."""
    cause = error.__cause__ if isinstance(error, Unavailable) else error
    return cause is None or isinstance(cause, AWAY)


def _in_turn(
    lane: str, waiting: Iterable[Waiting], told: Mapping[str, Sequence[Told]], last: dict[str, int]
) -> Iterable[NumberedEvent]:
    """Everybody's events of this lane, each after the one before it; `last` is what each was told last."""
    for each in waiting:
        for event, user_ids in told.get(f"{each.event} {each.subject}", ()):
            after: dict[int, list[str]] = {}
            for user_id in user_ids:
                after.setdefault(last.get(user_id, 0), []).append(user_id)
                last[user_id] = each.number
            for before, those in after.items():
                yield NumberedEvent(those, event, lane, each.number, before)
