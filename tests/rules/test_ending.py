"""How a process ends: what it waits for, and how fast those go who have to go."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from core.ending import ANSWERED_S, CLOSED_S, LET_GO_S, MOST_S, SENT_AWAY_S, WORKED_S, Ending
from core.environment import SettingsError, load
from core.server_settings import KILLED_S, MOST_DRAIN_S
from realtime.gateway.draining import pace
from tests.patience import PATIENCE_S


async def test_whoever_hurries_it_ends_its_pauses() -> None:
    ending = Ending()
    pausing = asyncio.create_task(ending.pause(86_400))
    ending.ask()
    await ending.begun()
    assert not ending.hurried
    ending.ask(hurry=True)
    await asyncio.wait_for(pausing, PATIENCE_S)
    ending.ask()
    assert ending.hurried, "once hurried, always hurried"


@pytest.mark.parametrize("clients", [1, 2, 7, 199, 200, 201, 20_000])
@pytest.mark.parametrize("spread_s", [0, 0.01, 1, 10])
def test_clients_go_evenly_until_the_time_is_over(clients: int, spread_s: float) -> None:
    """Never more than their share at once, and nobody later."""
    now, left, most = 0.0, clients, 0
    while left:
        many, rest_s = pace(left, spread_s - now)
        assert 1 <= many <= left
        most, left = max(most, many), left - many
        if left:
            now += rest_s
    assert now <= spread_s + 1e-9
    if spread_s >= 1:
        assert most <= clients * 0.05 / spread_s + 1
        assert now >= spread_s * (1 - 2 / clients) - 0.1


PROGRAM = """
import asyncio
from contextlib import asynccontextmanager
import uvloop
from composition.program import serve

@asynccontextmanager
async def running(ending):
    yield "nowhere"
    await ending.pause(86_400)
    print("over", flush=True)

{run}(serve(running, "What takes a day", most_s={most_s}))
print("left", flush=True)
input()
"""


@asynccontextmanager
async def program(run: str, most_s: float, code: str = PROGRAM) -> AsyncIterator[asyncio.subprocess.Process]:
    """One that takes a day to end, unless it is hurried, and waits for a line where Python itself ends."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code.format(run=run, most_s=most_s)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE_S):
            assert b"What takes a day is at nowhere" in await process.stdout.readline()
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_what_cannot_end_is_ended_and_says_so() -> None:
    """As with a store that stands still: a supervisor need not kill it."""
    async with program("asyncio.run", 0.1) as process:
        process.terminate()
        said, _ = await process.communicate()
    assert process.returncode == 1
    assert b"has not ended in time" in said


STANDS_STILL = """
import asyncio
import time
from contextlib import asynccontextmanager
from composition.program import serve

@asynccontextmanager
async def running(ending):
    asyncio.get_running_loop().call_soon(time.sleep, 86_400)
    yield "nowhere"

{run}(serve(running, "What takes a day", most_s={most_s}))
"""


async def test_a_loop_that_does_not_hear_of_it_is_ended_too() -> None:
    """The time that it has begins with the signal: a flood may keep the loop busy for many seconds."""
    async with program("asyncio.run", 0.1, STANDS_STILL) as process:
        process.terminate()
        async with asyncio.timeout(PATIENCE_S):
            said, _ = await process.communicate()
    assert process.returncode == 1
    assert b"has not ended in time" in said


@pytest.mark.parametrize("run", ["asyncio.run", "uvloop.run"])
async def test_a_second_signal_hurries_and_a_third_changes_nothing(run: str) -> None:
    """The first gives time. Whoever asks once more while all has ended does not kill what goes by itself."""
    async with program(run, 86_400) as process:
        assert process.stdout is not None
        process.terminate()
        assert b"Stopping: " in await process.stdout.readline()
        process.terminate()
        assert await process.stdout.readline() == b"over\n"
        assert await process.stdout.readline() == b"left\n"
        process.terminate()
        await process.communicate(b"\n")
    assert process.returncode == 0


def test_each_part_of_an_end_is_over_by_a_moment_of_its_own() -> None:
    """Who comes late has less left, and none once it has passed: all are over before a supervisor kills."""
    now = 100.0
    ending = Ending(time_s=lambda: now)
    assert ending.left_s(SENT_AWAY_S) == SENT_AWAY_S, "nobody has asked for an end"
    now = 200.0
    ending.ask()
    now = 217.0
    ending.ask()
    assert [ending.left_s(each) for each in (SENT_AWAY_S, ANSWERED_S, 17, 3)] == [1, 6, 0, 0]
    late = Ending(time_s=lambda: now)
    late.ask(at_s=211.0)
    assert late.left_s(SENT_AWAY_S) == 12, "it heard of it six seconds later"
    moments = [MOST_DRAIN_S, SENT_AWAY_S, LET_GO_S, ANSWERED_S, WORKED_S, CLOSED_S, MOST_S, KILLED_S]
    assert all(later - sooner >= 1.5 for sooner, later in pairwise(moments))


def test_a_drain_that_would_last_too_long_is_refused() -> None:
    """Supervisors kill after 30 s."""
    with pytest.raises(SettingsError, match="DRAIN_NOTICE_S, DRAIN_S: together at most 15"):
        load({"DRAIN_NOTICE_S": "8"})
    assert load({"DRAIN_NOTICE_S": "0", "DRAIN_S": "15"}).drain_s == 15
    with pytest.raises(SettingsError, match="DRAIN_NOTICE_S, DRAIN_S, UPLOAD_ANSWER_S: together at most 30"):
        load({"DRAIN_NOTICE_S": "3", "UPLOAD_ANSWER_S": "18"})
    assert load({"DRAIN_NOTICE_S": "8", "DRAIN_S": "7"}).upload_answer_s == 15
