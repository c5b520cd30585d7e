"""What a process does besides answering: jobs that go on until the end. One that ends before is a fault.

Owner of the tasks. Each job handles what it can foresee; what it cannot is logged here, and fails `/readyz`,
so that the node is replaced rather than trusted.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from core.tasks import end

_log = structlog.get_logger()


class Jobs:
    """Runs each coroutine as a task of its own for as long as the block lasts."""

    def __init__(self, **jobs: Coroutine[Any, Any, None]) -> None:
        self._jobs = jobs
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Jobs":
        for name, job in self._jobs.items():
            task = asyncio.create_task(job, name=name)
            task.add_done_callback(_report)
            self._tasks.append(task)
        return self

    async def __aexit__(self, *_: object) -> None:
        await end(self._tasks)

    async def check(self) -> None:
        """Raises RuntimeError, naming the jobs that have ended."""
        if ended := [task.get_name() for task in self._tasks if task.done()]:
            raise RuntimeError(f"These jobs have ended: {', '.join(ended)}.")


def _report(task: asyncio.Task[None]) -> None:
    # A job may also look whether it is asked to end: a library may lose the cancellation itself.
    ended = task.cancelled() or (task.cancelling() and task.exception() is None)
    if not ended:
        _log.error("a job has ended", job=task.get_name(), exc_info=task.exception())
