"""How a process ends: what it waits for, and how fast those go who have to go."""

import asyncio
import sys

import pytest

from core.ending import Ending
from core.environment import SettingsError, load
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


STUCK = """
import asyncio
from contextlib import asynccontextmanager
from composition.program import serve

@asynccontextmanager
async def running(_ending):
    yield "nowhere"
    await asyncio.Event().wait()

asyncio.run(serve(running, "What never ends", most_s=0.1))
"""


async def test_what_cannot_end_is_ended_and_says_so() -> None:
    """As with a store that stands still: a supervisor need not kill it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STUCK, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        assert process.stdout is not None
        assert b"What never ends is at nowhere" in await process.stdout.readline()
        process.terminate()
        said, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 1
    assert b"has not ended in time" in said


def test_a_drain_that_would_last_too_long_is_refused() -> None:
    """Supervisors kill after 30 s."""
    with pytest.raises(SettingsError, match="DRAIN_NOTICE_S, DRAIN_S: together at most 15"):
        load({"DRAIN_NOTICE_S": "8"})
    assert load({"DRAIN_NOTICE_S": "0", "DRAIN_S": "15"}).drain_s == 15
