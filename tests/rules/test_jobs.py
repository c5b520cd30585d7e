"""Background jobs: ending when asked is no fault, ending by oneself is."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

import pytest
from structlog.testing import capture_logs

from realtime.background.jobs import Jobs
from tests.patience import PATIENCE_S


async def run(**jobs: Coroutine[Any, Any, None]) -> list[Any]:
    """What is logged while these jobs begin and are ended."""
    with capture_logs() as lines:
        async with Jobs(**jobs):
            await asyncio.sleep(0)
    return lines


async def test_a_job_that_is_ended_is_no_fault() -> None:
    """Also one whose first cancellation was lost on the way, and that looked whether it was asked to end."""

    async def obedient() -> None:
        await asyncio.Event().wait()

    async def deaf() -> None:
        this = asyncio.current_task()
        assert this is not None
        while not this.cancelling():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()

    assert await run(obedient=obedient(), deaf=deaf()) == []


async def test_a_job_that_ends_by_itself_is_a_fault() -> None:
    async def short() -> None:
        return

    jobs = Jobs(short=short())
    with capture_logs() as lines:
        async with jobs, asyncio.timeout(PATIENCE_S):
            while not lines:
                await asyncio.sleep(0)
            with pytest.raises(RuntimeError, match="short"):
                await jobs.check()
    assert [(line["event"], line["job"]) for line in lines] == [("a job has ended", "short")]


async def test_a_job_that_fails_as_it_is_ended_says_how() -> None:
    async def clumsy() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise LookupError

    (line,) = await run(clumsy=clumsy())
    assert isinstance(line["exc_info"], LookupError)
