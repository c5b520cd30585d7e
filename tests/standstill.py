"""What a test waited for when it was given up: pytest-timeout fails it, and this says where each task is."""

import asyncio
import gc
from collections.abc import Generator, Iterator
from pathlib import Path
from types import AsyncGeneratorType
from typing import Any

import pytest

LOOP = pytest.StashKey[asyncio.AbstractEventLoop]()


@pytest.fixture(scope="session", autouse=True)
async def loop_is_known(request: pytest.FixtureRequest) -> None:
    """The tests of a worker share one loop; from outside of it, its tasks are asked for by it."""
    request.config.stash[LOOP] = asyncio.get_running_loop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to the report of a test that was given up where each task of its loop waits."""
    report = yield
    loop = item.config.stash.get(LOOP, None)
    if loop is not None and call.excinfo is not None and "Timeout (>" in str(call.excinfo.value):
        report.sections.append(("Tasks that had not ended", _stacks(loop)))
    return report


def _stacks(loop: asyncio.AbstractEventLoop) -> str:
    return "\n".join(
        f"{task.get_name()}: {' > '.join(_awaits(task.get_coro()))}" for task in asyncio.all_tasks(loop)
    )


def _awaits(awaited: Any) -> Iterator[str]:
    """From the outermost coroutine to what it waits for in the end."""
    while True:
        if type(awaited).__name__.startswith(
            "async_generator_"
        ):  # what a fixture's next step is: it hides its generator
            awaited = next(of for of in gc.get_referents(awaited) if isinstance(of, AsyncGeneratorType))
        kind = next((kind for kind in ("cr", "gi", "ag") if getattr(awaited, f"{kind}_frame", None)), None)
        if kind is None:
            yield repr(awaited)
            return
        frame = getattr(awaited, f"{kind}_frame")
        yield f"{frame.f_code.co_qualname} ({Path(frame.f_code.co_filename).name}:{frame.f_lineno})"
        awaited = getattr(awaited, "gi_yieldfrom" if kind == "gi" else f"{kind}_await")
