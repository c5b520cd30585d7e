"""Nodes that die, stand still, or are replaced."""

import asyncio
import os
import signal
import time
from pathlib import Path

from tests.chaos.faults.fault import Fault
from tests.chaos.scene import Scene

STILL_S = 17.0
END_S = 30.0
AHEAD, AHEAD_S = Path(__file__).parents[2] / "ahead", 20
AHEAD_FOR_S = 25.0  # longer than any lease


async def kill(scene: Scene, count: int) -> None:
    """So many nodes are killed at once, and started again some seconds later."""
    nodes = [scene.nodes[number] for number in await scene.busiest(count)]
    scene.over()
    await asyncio.gather(*(node.stop(signal.SIGKILL) for node in nodes))
    await asyncio.sleep(scene.pace.restart_s)
    await asyncio.gather(*(node.start() for node in nodes))
    await scene.all_in_use()


async def kill_one(scene: Scene) -> None:
    await kill(scene, 1)


async def kill_two(scene: Scene) -> None:
    await kill(scene, 2)


async def stop_and_continue(scene: Scene) -> None:
    """A node stands still, for longer than its leases, and goes on as if nothing had been."""
    [number] = await scene.busiest(1)
    await scene.stands_still(number, STILL_S)
    os.kill(scene.nodes[number].pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(STILL_S)
    finally:
        os.kill(scene.nodes[number].pid, signal.SIGCONT)
    scene.over()
    await scene.all_in_use()


async def _replace(scene: Scene, number: int, **changed: str) -> None:
    begun = time.monotonic()
    code = await scene.nodes[number].stop()
    took_s = time.monotonic() - begun
    assert code == 0, f"the node ended with {code}"
    assert took_s <= END_S, f"the node took {took_s:.0f} s to end"
    await scene.nodes[number].start(**changed)
    await scene.all_in_use()


async def drain(scene: Scene) -> None:
    """A node is told to end, and is started again when it has."""
    [number] = await scene.busiest(1)
    scene.over()
    await _replace(scene, number)


async def rolling_deploy(scene: Scene) -> None:
    """One after the other is replaced."""
    scene.over()
    for number in range(len(scene.nodes)):
        await _replace(scene, number)


async def clock_ahead(scene: Scene) -> None:
    """A node whose clock is ahead takes the place of one, serves for a while, and goes again."""
    [number] = await scene.busiest(1)
    scene.over()
    await _replace(scene, number, PYTHONPATH=str(AHEAD), AHEAD_S=str(AHEAD_S))
    await asyncio.sleep(AHEAD_FOR_S)
    assert "clock is more than a second off" in scene.nodes[number].log, "its clock was right"
    await _replace(scene, number, PYTHONPATH="", AHEAD_S="0")


FAULTS = (
    Fault("kill", "kill -9 a node; started again 5 s later", kill_one),
    Fault("kill-two", "kill -9 two nodes at once; started again 5 s later", kill_two),
    Fault("stop", "a node stands still for 17 s (SIGSTOP) and goes on", stop_and_continue),
    Fault("drain", "SIGTERM to a node, which has to end with 0 within 30 s; then started again", drain),
    Fault("clock", "a node whose clock is 20 s ahead serves for 25 s", clock_ahead),
    Fault("deploy", "all three nodes replaced, one after the other", rolling_deploy),
)
