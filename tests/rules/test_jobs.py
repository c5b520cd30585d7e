"""Jobs go on until the end; one that does not is told of."""

import asyncio

import pytest
from structlog.testing import capture_logs

from realtime.jobs import Jobs


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_a_job_that_ends_is_logged_and_makes_the_node_unready() -> None:
    """Its name and its error are in the log; the others go on."""
    stumble = asyncio.Event()

    async def fragile() -> None:
        await stumble.wait()
        raise LookupError("nobody foresaw this")

    with capture_logs() as said:
        async with Jobs(fragile=fragile(), steady=for_ever()) as jobs:
            await jobs.check()
            stumble.set()
            async with asyncio.timeout(5):
                while not said:
                    await asyncio.sleep(0)
            with pytest.raises(RuntimeError, match="fragile"):
                await jobs.check()
    assert [(entry["job"], str(entry["exc_info"])) for entry in said] == [("fragile", "nobody foresaw this")]


async def test_jobs_end_with_the_block() -> None:
    """Silently: that is what they are for."""
    with capture_logs() as said:
        async with Jobs(steady=for_ever()) as jobs:
            await jobs.check()
    assert said == []
