"""Background tasks: starting them so that none is lost, and ending them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any

AGAIN_S = 0.5


async def end(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancel tasks and see them end; what they raise is theirs.

    Asked again until they have: a library that awaits may lose a cancellation on its way, and a
    task that goes on for ever would keep the process from stopping.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        done, pending = await asyncio.wait(pending, timeout=AGAIN_S)
        await asyncio.gather(*done, return_exceptions=True)


async def all_of(*work: Awaitable[Any]) -> None:
    """Side by side, begun in this order, and each to its end. Raises the first error."""
    for outcome in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome


def in_any_case(work: "asyncio.Future[Any]") -> "asyncio.Future[Any]":
    """The same, of which nobody has to ask what it raised: as where the first of several is enough."""
    work.add_done_callback(lambda done: done.cancelled() or done.exception())
    return work


async def until_one_fails(*work: Coroutine[Any, Any, None]) -> None:
    """Side by side, until all are through. The first that fails ends the others; its error is raised.

    Unlike a `TaskGroup`, it passes on every cancellation, not the first alone: see `end`.
    """
    tasks = [asyncio.create_task(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        await end(tasks)


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run it for as long as the block lasts."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        await end([task])


class TaskSet:
    """Tasks that nobody waits for. Each is kept until it has ended: the loop alone would lose it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Start it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def ended(self, within_s: float) -> None:
        """Wait until they have ended by themselves, for so long at most."""
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=within_s)

    async def end(self) -> None:
        """Cancel them and see them end."""
        await end(tuple(self._tasks))

    def cancel(self) -> None:
        """Ask all of them to end."""
        for task in tuple(self._tasks):
            task.cancel()
