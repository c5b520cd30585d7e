"""Run a handler's coroutine at once, and make a task of it only if it suspends.

Most handlers end in their first step, and a task for each would cost more than the handler. Yet a handler
must run in a task: `current_task()`, `asyncio.timeout` and cancelling must refer to it. Up to Python 3.11
a few parked tasks wait on futures: the coroutine takes its first step as one of them, in its context, and
if it suspends, that task continues it. From 3.12 on an eager task does the same.

Owner of the tasks it starts; `cancel` ends them.
"""

import asyncio
import sys
import types
from asyncio.tasks import Task
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, copy_context
from typing import Any, Final

from .internals import enter_task, leave_task

PENDING: Final = object()
"""Returned by `run` for a coroutine that has not ended; `then` will be called."""

Then = Callable[..., None]
"""Called with the value (or None), the error (or None) and the details given to `run`."""

_PARKED: Final = 16


@types.coroutine
def _resume(
    coroutine: Coroutine[Any, Any, Any], waited: Any, thrown: BaseException | None
) -> Generator[Any, Any, Any]:
    """Continue a coroutine that waits for `waited`, or first throw an error into it."""
    try:
        if thrown is not None:
            waited = coroutine.throw(thrown)
        while True:
            try:
                value = yield waited
            except BaseException as error:
                waited = coroutine.throw(error)
            else:
                waited = coroutine.send(value)
    except StopIteration as stop:
        return stop.value


class _Parked:
    """A task that waits for a coroutine to continue."""

    __slots__ = ("context", "future", "started", "task", "work")

    def __init__(self, loop: asyncio.AbstractEventLoop, context: Context) -> None:
        self.context = context
        self.future: asyncio.Future[None] = loop.create_future()
        self.started = False
        self.work: tuple[Coroutine[Any, Any, Any], Any, Then, tuple[Any, ...]] | None = None
        self.task: Task[None] = loop.create_task(self._carry(), context=context)

    async def _carry(self) -> None:
        self.started = True
        thrown: BaseException | None = None
        try:
            await self.future
        except asyncio.CancelledError as error:
            thrown = error
        if self.work is None:
            return
        coroutine, waited, then, details = self.work
        await _tell(_resume(coroutine, waited, thrown), then, details)


async def _tell(awaitable: Any, then: Then, details: tuple[Any, ...]) -> None:
    try:
        value = await awaitable
    except asyncio.CancelledError as error:
        then(None, error, *details)
        raise
    except Exception as error:
        then(None, error, *details)
    else:
        then(value, None, *details)


class EagerTasks:
    """Runs coroutines on one loop. `eager` is for tests; it needs Python 3.12."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, eager: bool = sys.version_info >= (3, 12)) -> None:
        self._loop = loop
        self._base = copy_context()
        self._idle: list[_Parked] = []
        self._carried: set[Task[None]] = set()
        self._eager = eager

    def run(self, coroutine: Coroutine[Any, Any, Any], then: Then, *details: Any) -> Any:
        """The coroutine's value if it ends at once, else PENDING. Raises what it raises at once."""
        if self._eager:
            return self._run_eagerly(coroutine, then, details)
        idle = self._idle
        if not idle or not idle[-1].started:
            if len(idle) < _PARKED:
                idle.insert(0, _Parked(self._loop, self._base.copy()))
            return self.begin(coroutine, then, *details)
        parked = idle[-1]
        loop, task = self._loop, parked.task
        try:
            enter_task(loop, task)
        except RuntimeError:
            # A handler that ends another client's session runs the handlers of that session, in a task.
            return self.begin(coroutine, then, *details)
        try:
            waited = parked.context.run(coroutine.send, None)
        except StopIteration as stop:
            leave_task(loop, task)
            if parked.future.done() or parked.context != self._base:
                self._spoilt()
            return stop.value
        except BaseException:
            leave_task(loop, task)
            self._spoilt()
            raise
        leave_task(loop, task)
        idle.pop()
        self._hand_over(parked, (coroutine, waited, then, details))
        return PENDING

    def _spoilt(self) -> None:
        """Discard the parked task: it was cancelled, or the next handler would inherit its context."""
        self._idle.pop().future.cancel()

    def _hand_over(
        self, parked: _Parked, work: tuple[Coroutine[Any, Any, Any], Any, Then, tuple[Any, ...]]
    ) -> None:
        parked.work = work
        if not parked.future.done():
            parked.future.set_result(None)
        self._keep(parked.task)
        while len(self._idle) < _PARKED // 2:
            self._idle.insert(0, _Parked(self._loop, self._base.copy()))

    def begin(self, coroutine: Coroutine[Any, Any, Any], then: Then, *details: Any) -> Any:
        """The same for one that is sure to suspend: a task from the start costs a quarter of that."""
        self._keep(self._loop.create_task(_tell(coroutine, then, details), context=self._base.copy()))
        return PENDING

    def _run_eagerly(self, coroutine: Coroutine[Any, Any, Any], then: Then, details: tuple[Any, ...]) -> Any:
        if asyncio.current_task(self._loop) is not None:
            return self.begin(coroutine, then, *details)
        options: dict[str, Any] = {"eager_start": True, "context": self._base.copy()}
        task: Task[Any] = Task(coroutine, loop=self._loop, **options)
        if task.done():
            return task.result()
        self._keep(self._loop.create_task(_tell(task, then, details)))
        return PENDING

    def _keep(self, task: "Task[None]") -> None:
        self._carried.add(task)
        task.add_done_callback(self._carried.discard)

    @property
    def running(self) -> int:
        """How many coroutines have not ended."""
        return len(self._carried)

    def cancel(self) -> None:
        """Cancel what runs and what is parked."""
        for task in [*self._carried, *(parked.task for parked in self._idle)]:
            task.cancel()
        self._idle.clear()
