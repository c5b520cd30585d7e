"""One statement for all who ask at the same time: a dialogue with a store that answers when it is told to."""

import asyncio
from collections.abc import Sequence
from functools import partial

import pytest

from db.postgres.grouped_statement import GroupedStatement
from tests.patience import PATIENCE_S


class Store:
    """Hears groups, and answers each when told to: twice the number, or an error for what it cannot."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self._waiting: asyncio.Queue[asyncio.Future[None]] = asyncio.Queue()

    async def perform(self, items: Sequence[int]) -> list[int]:
        self.groups.append(list(items))
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait(told)
        await told
        if min(items) < 0:
            raise ValueError(str(min(items)))
        return [2 * item for item in items]

    async def answer(self, error: Exception | None = None) -> None:
        """The statement that has waited longest is performed, or fails; or nobody waits for it any more."""
        async with asyncio.timeout(PATIENCE_S):
            told = await self._waiting.get()
        if not told.cancelled():
            told.set_exception(error) if error else told.set_result(None)

    async def heard(self, groups: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while len(self.groups) < groups:
                await asyncio.sleep(0)


async def within(*answers: "asyncio.Future[int]") -> list[int | BaseException]:
    async with asyncio.timeout(PATIENCE_S):
        return await asyncio.gather(*answers, return_exceptions=True)


async def test_who_comes_meanwhile_goes_with_the_next() -> None:
    """The first at once, alone; everybody who asks until it is done, together; at most so many."""
    store = Store()
    asking = GroupedStatement(store.perform, most=3, overdue_s=PATIENCE_S)
    answers = [asking.ask(0)]
    await store.heard(1)
    answers += [asking.ask(n) for n in range(1, 6)]
    for _ in range(3):
        await store.answer()
    assert await within(*answers) == [0, 2, 4, 6, 8, 10]
    assert store.groups == [[0], [1, 2, 3], [4, 5]]


async def test_who_comes_soon_after_one_another_goes_together() -> None:
    """One after the other, each when nothing was under way; whoever comes first waits for nobody."""
    store, rested = Store(), asyncio.Event()

    async def rest(_: float) -> None:
        await rested.wait()

    asking = GroupedStatement(store.perform, overdue_s=PATIENCE_S, every_s=PATIENCE_S, rest=rest)
    first = asking.ask(0)
    await store.answer()
    assert await within(first) == [0]
    answers = []
    for number in range(1, 4):
        answers.append(asking.ask(number))
        await asyncio.sleep(0)
    rested.set()
    await store.answer()
    assert await within(*answers) == [2, 4, 6]
    assert store.groups == [[0], [1, 2, 3]]


async def test_all_of_one_turn_go_together() -> None:
    """Also when nothing is under way."""
    store = Store()
    asking = GroupedStatement(store.perform)
    answers = [asking.ask(n) for n in range(4)]
    await store.answer()
    assert await within(*answers) == [0, 2, 4, 6]
    assert store.groups == [[0, 1, 2, 3]]


async def test_one_that_fails_fails_alone() -> None:
    """The others of its group are performed; an outage is everybody's."""
    store = Store()
    asking = GroupedStatement(store.perform, overdue_s=PATIENCE_S)
    answers = [asking.ask(n) for n in (1, -1, 2)]
    for _ in range(4):
        await store.answer()
    first, failed, last = await within(*answers)
    assert (first, last, repr(failed)) == (2, 4, "ValueError('-1')")
    answers = [asking.ask(n) for n in (1, 2)]
    away = ConnectionError("away")
    await store.answer(away)
    faults = await within(*answers)
    assert [repr(fault) for fault in faults] == ["ConnectionError('away')"] * 2
    assert store.groups == [[1, -1, 2], [1], [-1], [2], [1, 2]]
    assert len({id(fault) for fault in faults}) == 2, "each raises one of their own"
    assert [fault.__cause__ for fault in faults if isinstance(fault, ConnectionError)] == [away] * 2


async def test_who_no_longer_waits_is_left_out() -> None:
    """Cancelled before its turn: nothing is performed. Cancelled during it: the others have their answers."""
    store = Store()
    asking = GroupedStatement(store.perform, overdue_s=PATIENCE_S)
    first = asking.ask(0)
    await store.heard(1)
    answers = [asking.ask(n) for n in (1, 2, 3)]
    answers[0].cancel()
    await store.answer()
    await store.heard(2)
    answers[1].cancel()
    await store.answer()
    assert await within(first, answers[2]) == [0, 6]
    assert store.groups == [[0], [2, 3]]


async def test_what_was_performed_goes_on_also_for_who_no_longer_waits() -> None:
    """What follows for one item fails for that one alone; what follows for all is behind it."""
    store, went_on, ended = Store(), list[int](), list[int]()

    def then(item: int, given: int, answer: asyncio.Future[int]) -> None:
        went_on.append(item)
        if item == 2:
            raise ValueError(str(item))
        if not answer.done():
            answer.set_result(given + 1)

    asking = GroupedStatement(store.perform, then=then, after=lambda: ended.append(len(went_on)))
    answers = [asking.ask(n) for n in (1, 2, 3, 4)]
    await store.heard(1)
    answers[2].cancel()
    await store.answer()
    first, second, last = await within(answers[0], answers[1], answers[3])
    assert (first, str(second), last) == (3, "2", 9)
    assert went_on == [1, 2, 3, 4]
    assert ended == [4]


async def test_what_cannot_follow_for_all_leaves_nobody_waiting() -> None:
    """Who has an answer by then keeps it; and those who come later are performed."""
    store = Store()

    def then(item: int, given: int, answer: asyncio.Future[int]) -> None:
        if item == 1:
            answer.set_result(given)

    def after() -> None:
        raise ValueError("all")

    asking = GroupedStatement(store.perform, then=then, after=after, overdue_s=PATIENCE_S)
    for _ in range(2):
        answers = [asking.ask(n) for n in (1, 2, 3)]
        await store.answer()
        assert list(map(str, await within(*answers))) == ["2", "all", "all"]


async def test_one_that_hangs_is_overtaken() -> None:
    """By so many that there are `at_once`; when one of them ends, the next begins."""
    store = Store()
    asking = GroupedStatement(store.perform, at_once=3, overdue_s=0.001)
    answers = []
    for n in range(3):
        answers.append(asking.ask(n))
        await store.heard(n + 1)
    answers.append(asking.ask(3))
    while asking._overdue < 3:
        await asyncio.sleep(0.001)
    assert store.groups == [[0], [1], [2]]
    for _ in range(4):
        await store.answer()
    assert await within(*answers) == [0, 2, 4, 6]
    assert store.groups == [[0], [1], [2], [3]]


async def alone(store: Store, item: int) -> int:
    """By the statement for one: three times the number, so that it can be told."""
    return (await store.perform([item]))[0] // 2 * 3


def given(asking: GroupedStatement[int, int], store: Store, item: int) -> "asyncio.Task[int]":
    return asyncio.ensure_future(asking.given(item, partial(alone, store)))


async def test_who_comes_alone_has_the_statement_for_one() -> None:
    """Whoever comes meanwhile goes with the next, and so do all of a turn after that, until one is alone."""
    store = Store()
    asking = GroupedStatement(store.perform, overdue_s=PATIENCE_S)
    answers = [given(asking, store, 1)]
    await store.heard(1)
    answers += [given(asking, store, n) for n in (2, 3)]
    for _ in range(2):
        await store.answer()
    assert await within(*answers) == [3, 4, 6]
    answers = [given(asking, store, n) for n in (4, 5)]
    await store.answer()
    assert await within(*answers) == [8, 10]
    for number, answer in ((6, 12), (7, 21)):
        again = given(asking, store, number)
        await store.answer()
        assert await within(again) == [answer]
    assert store.groups == [[1], [2, 3], [4, 5], [6], [7]]


@pytest.mark.parametrize("ends", ["fails", "is cancelled", "hangs"])
async def test_whatever_becomes_of_it_the_next_begins(ends: str) -> None:
    """Those who came meanwhile have their answers."""
    store = Store()
    asking = GroupedStatement(store.perform, overdue_s=0.001 if ends == "hangs" else PATIENCE_S)
    first = given(asking, store, 1)
    await store.heard(1)
    answers = [given(asking, store, n) for n in (2, 3)]
    if ends == "is cancelled":
        first.cancel()
    elif ends == "fails":
        await store.answer(ConnectionError("away"))
    await store.heard(2)
    if ends != "fails":
        await store.answer()
    await store.answer()
    assert await within(*answers) == [4, 6]
    [how] = await within(first)
    said = {"fails": ConnectionError, "is cancelled": asyncio.CancelledError, "hangs": int}
    assert type(how) is said[ends]
    assert store.groups == [[1], [2, 3]]


async def test_the_end_of_the_program_leaves_nobody_waiting() -> None:
    """Its tasks are cancelled: so are those who wait for them."""
    store = Store()
    asking = GroupedStatement(store.perform)
    answer = asking.ask(0)
    await store.heard(1)
    asking._tasks.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(answer, PATIENCE_S)
