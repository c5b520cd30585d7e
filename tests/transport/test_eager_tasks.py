"""A handler's first step: at once, yet in a task of its own, with its own context, cancelled as a task is."""

import asyncio
import contextvars
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from realtime.transport.eager_tasks import PENDING, EagerTasks
from tests.patience import PATIENCE_S

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")
needs_eager = pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with 3.12")


class Outcomes:
    """Runs coroutines from the loop, where no task is current, and keeps what became of them."""

    def __init__(self, eager: bool) -> None:
        self.eager_tasks = EagerTasks(asyncio.get_running_loop(), eager=eager)
        self.later: list[tuple[Any, BaseException | None]] = []

    async def run(self, *makes: Callable[[], Coroutine[Any, Any, Any]]) -> list[Any]:
        """What `run` gives for each: a value, an exception or PENDING."""
        results: list[Any] = []
        done = asyncio.get_running_loop().create_future()

        def call() -> None:
            for make in makes:
                try:
                    results.append(self.eager_tasks.run(make(), self.then))
                except BaseException as error:
                    results.append(error)
            done.set_result(None)

        asyncio.get_running_loop().call_soon(call)
        await done
        return results

    def then(self, value: Any, error: BaseException | None) -> None:
        self.later.append((value, error))

    async def settled(self) -> list[tuple[Any, BaseException | None]]:
        """What came of those that suspended."""
        async with asyncio.timeout(PATIENCE_S):
            while self.eager_tasks.running:
                await asyncio.sleep(0)
        return self.later


@pytest.fixture(params=[False, pytest.param(True, marks=needs_eager)], ids=["parked", "eager"])
async def outcomes(request: pytest.FixtureRequest) -> AsyncIterator[Outcomes]:
    """Warm: the parked tasks wait already."""
    outcomes = Outcomes(request.param)
    await outcomes.run(*[quick] * 20)
    await outcomes.settled()
    outcomes.later.clear()
    yield outcomes
    outcomes.eager_tasks.cancel()


async def quick() -> str:
    return "done"


async def test_what_is_sure_to_wait_has_a_task_before_it_begins(outcomes: Outcomes) -> None:
    """With a context of its own."""
    seen: list[object] = []

    async def waits() -> str:
        seen.append(asyncio.current_task())
        variable.set("its own")
        await asyncio.sleep(0)
        return variable.get()

    assert outcomes.eager_tasks.begin(waits(), outcomes.then) is PENDING
    assert seen == []
    assert await outcomes.settled() == [("its own", None)]
    assert seen[0] not in (None, asyncio.current_task())
    assert variable.get() == "unset"


async def test_what_ends_at_once_gives_its_value(outcomes: Outcomes) -> None:
    """Without a task of its own."""
    before = asyncio.all_tasks()
    assert await outcomes.run(quick, quick, quick) == ["done"] * 3
    # Of its own module's: a product that this worker runs meanwhile makes tasks too.
    made = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks() - before]
    assert not {"_tell", "_Parked._carry", "quick"}.intersection(made)


async def test_what_raises_at_once_raises(outcomes: Outcomes) -> None:
    """And the next is none the worse."""

    async def fail() -> None:
        raise LookupError

    (error, value) = await outcomes.run(fail, quick)
    assert isinstance(error, LookupError)
    assert value == "done" or (value is PENDING and await outcomes.settled() == [("done", None)])


async def test_what_suspends_is_carried_on(outcomes: Outcomes) -> None:
    """In the task that it began in."""

    async def suspend() -> bool:
        begun_in = asyncio.current_task()
        await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        return asyncio.current_task() is begun_in is not None

    assert await outcomes.run(suspend, suspend) == [PENDING, PENDING]
    assert await outcomes.settled() == [(True, None), (True, None)]


async def test_what_suspends_and_raises_is_told(outcomes: Outcomes) -> None:
    """Its error, not a log line of the loop's."""

    async def fail() -> None:
        await asyncio.sleep(0)
        raise LookupError

    await outcomes.run(fail)
    ((value, error),) = await outcomes.settled()
    assert value is None
    assert isinstance(error, LookupError)


async def test_more_than_are_parked(outcomes: Outcomes) -> None:
    """A hundred suspend at once; all come to their end, in the order of their beginning."""
    begun: list[int] = []

    def make(number: int) -> Callable[[], Coroutine[Any, Any, int]]:
        async def work() -> int:
            begun.append(number)
            await asyncio.sleep(0)
            return number

        return work

    await outcomes.run(*(make(number) for number in range(100)))
    assert sorted(value for value, _ in await outcomes.settled()) == list(range(100))
    assert begun == sorted(begun)


async def test_context_variables_do_not_leak(outcomes: Outcomes) -> None:
    """Each handler finds the context of the server, and keeps its own over a suspension."""

    async def mark() -> str:
        seen = variable.get()
        variable.set("mine")
        return seen

    async def mark_and_suspend() -> str:
        variable.set("mine")
        await asyncio.sleep(0)
        return variable.get()

    first = await outcomes.run(mark, mark_and_suspend)
    second = await outcomes.run(mark, mark)
    values = [value for value in first + second if value is not PENDING]
    values += [value for value, _ in await outcomes.settled()]
    assert sorted(values) == ["mine", "unset", "unset", "unset"]
    assert variable.get() == "unset"


async def test_timeouts_hold(outcomes: Outcomes) -> None:
    """`asyncio.timeout` in a first step cancels what was carried on."""

    async def wait() -> str:
        try:
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()
        except TimeoutError:
            return "timed out"
        return "waited"

    await outcomes.run(wait)
    assert await outcomes.settled() == [("timed out", None)]


async def test_cancelling_oneself(outcomes: Outcomes) -> None:
    """In the first step: it takes effect where the handler suspends, as in any task."""

    async def cancel() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(1)

    async def cancel_and_end() -> str:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        return "ended"

    await outcomes.run(cancel)
    ((_, error),) = await outcomes.settled()
    assert isinstance(error, asyncio.CancelledError)
    first, *others = await outcomes.run(cancel_and_end, quick, quick)
    # A task that is cancelled as it ends may count as either; those after it are their own.
    assert first in ("ended", PENDING) or isinstance(first, asyncio.CancelledError)
    assert all(value in ("done", PENDING) for value in others)


async def test_within_a_task_nothing_runs_at_once(outcomes: Outcomes) -> None:
    """One task cannot be two."""
    assert outcomes.eager_tasks.run(quick(), outcomes.then) is PENDING
    assert await outcomes.settled() == [("done", None)]


async def test_cancel_ends_everything(outcomes: Outcomes) -> None:
    """At shutdown."""

    async def wait() -> None:
        await asyncio.Event().wait()

    await outcomes.run(wait, wait)
    outcomes.eager_tasks.cancel()
    assert [type(error) for _, error in await outcomes.settled()] == [asyncio.CancelledError] * 2
