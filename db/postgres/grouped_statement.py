"""One statement for all who ask at the same time: group commit, for what many ask for in the same words.

Who asks while nothing is under way is served at once, where there is one by the statement for one (`given`).
Who comes meanwhile goes with all others that wait in the next statement. So under load the statements become
larger and not more, and what each costs (a trip, a plan to start, a commit) is shared.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from core.later import another
from core.tasks import TaskSet
from db.outage import OUTAGES

_MOST = 100
_AT_ONCE = 4
_OVERDUE_S = 0.05

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Perform = Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]]
Alone = Callable[[Item], Awaitable[Answer]]
_Asked = tuple[Item, asyncio.Future[Answer]]
Then = Callable[[Item, Answer, "asyncio.Future[Any]"], None]


class GroupedStatement(Generic[Item, Answer]):
    """`perform` answers each of at most `most` items, in their order.

    One statement is under way at a time. When that takes longer than `overdue_s` (it may wait for a lock, or
    for a server that is away) the next does not wait for it, up to `at_once`. If a group fails, and not by an
    outage, each of it is performed alone: no item fails for another's sake. What was performed goes on with
    `then`, which has the item, what `perform` gave, and the answer, to end it sooner or later: it may have
    been cancelled meanwhile. Without one, what `perform` gave is the answer. `after` is called behind the
    `then` of all who were performed together; what it raises is the answer of those who have none by then.

    A statement begins no sooner than `every_s` after the one before: of what comes one by one, but soon after
    each other, several go together.
    """

    def __init__(
        self,
        perform: Perform[Item, Answer],
        *,
        most: int = _MOST,
        at_once: int = _AT_ONCE,
        overdue_s: float = _OVERDUE_S,
        then: Then[Item, Answer] | None = None,
        after: Callable[[], None] = lambda: None,
        every_s: float = 0.0,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._perform, self._most, self._at_once, self._overdue_s = perform, most, at_once, overdue_s
        self._then: Then[Item, Answer] = then or _give
        self._after = after
        self._every_s, self._rest = every_s, rest
        self._waiting: deque[_Asked[Item, Answer]] = deque()
        self._under_way = self._overdue = 0
        self._lone: _Turn | None = None
        self._together = False
        self._tasks = TaskSet()

    def ask(self, item: Item) -> "asyncio.Future[Answer]":
        """The answer, or what `perform` raised. If it is cancelled before its turn, nothing is performed."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        self._start()
        return answer

    async def given(self, item: Item, alone: Alone[Item, Answer]) -> Answer:
        """The same for who waits for it here. While nothing is under way theirs is, in their own task, by the
        statement for one, unless several went together just now: then others come in this turn too.
        """
        if self._waiting or self._under_way or self._together:
            return await self.ask(item)
        self._under_way += 1
        turn = self._lone = _Turn(self)
        try:
            return await alone(item)
        finally:
            self._lone = None
            turn.end()
            self._over(turn)

    def _start(self) -> None:
        """Begin, unless another does, or too many are stuck."""
        if self._waiting and self._under_way == self._overdue < self._at_once:
            self._under_way += 1
            self._tasks.spawn(self._run())
        elif self._waiting and self._lone is not None:
            self._lone.limit()  # from now on somebody waits for it

    async def _run(self) -> None:
        """The groups that wait, one after the other, until none does or this one has been overtaken."""
        turn, loop = _Turn(self), asyncio.get_running_loop()
        try:
            while not turn.overdue and (group := self._group()):
                next_at = loop.time() + self._every_s
                self._together = len(group) > 1
                turn.limit()
                try:
                    await self._answer(group)
                finally:
                    turn.end()
                if not turn.overdue and next_at > loop.time():
                    await self._rest(next_at - loop.time())
        finally:
            self._over(turn)

    def _overtake(self) -> None:
        self._overdue += 1
        self._start()

    def _over(self, turn: "_Turn") -> None:
        self._under_way -= 1
        self._overdue -= turn.overdue
        self._start()

    def _group(self) -> list[_Asked[Item, Answer]]:
        """The next who still wait for their answer."""
        group: list[_Asked[Item, Answer]] = []
        while self._waiting and len(group) < self._most:
            asked = self._waiting.popleft()
            if not asked[1].done():
                group.append(asked)
        return group

    async def _answer(self, group: Sequence[_Asked[Item, Answer]]) -> None:
        try:
            answers = await self._perform([item for item, _ in group])
        except Exception as error:
            if len(group) > 1 and not isinstance(error, OUTAGES):
                for asked in group:
                    await self._answer([asked])
                return
            _fail(group, error)
        except BaseException:  # the loop ends
            for answer in _waiting(group):
                answer.cancel()
            raise
        else:
            self._go_on(group, answers)

    def _go_on(self, group: Sequence[_Asked[Item, Answer]], answers: Sequence[Answer]) -> None:
        for asked, given in zip(group, answers, strict=True):
            item, answer = asked
            try:
                self._then(item, given, answer)
            except Exception as error:
                _fail([asked], error)
        try:
            self._after()
        except Exception as error:
            _fail(group, error)


class _Turn:
    """Whose statements are under way, one after the other. One that is overdue is overtaken, and the last."""

    __slots__ = ("_of", "_timer", "overdue")

    def __init__(self, of: GroupedStatement[Any, Any]) -> None:
        self._of, self.overdue = of, False
        self._timer: asyncio.TimerHandle | None = None

    def limit(self) -> None:
        """The statement that is under way may take so long, until it ends."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._of._overdue_s, self._overtake)

    def end(self) -> None:
        """It has ended."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _overtake(self) -> None:
        self.overdue = True
        self._of._overtake()


def _give(_item: object, given: Any, answer: "asyncio.Future[Any]") -> None:
    if not answer.done():
        answer.set_result(given)


def _fail(group: Sequence[_Asked[Item, Answer]], error: Exception) -> None:
    waiting = _waiting(group)
    for answer in waiting:
        answer.set_exception(error if len(waiting) == 1 else another(error))


def _waiting(group: Sequence[_Asked[Item, Answer]]) -> list["asyncio.Future[Answer]"]:
    return [answer for _, answer in group if not answer.done()]
