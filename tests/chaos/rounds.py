"""A fault from quiet to quiet: strike, recover, look, and say how it went."""

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Any

from tests.chaos import checks
from tests.chaos.faults.fault import Fault
from tests.chaos.history import Seen
from tests.chaos.scene import Scene
from tests.chaos.table import Row, judge

_signals = itertools.count(2000)


def quietly(*_: Any) -> None:
    """Nobody is told how it goes."""


async def run(
    scene: Scene, fault: Fault, say: Callable[[str], None] = quietly, *, arrival_s: float = 15.0
) -> Row:
    """Play it. What was acknowledged has `arrival_s` to come, once nobody writes any more."""
    people, pace = scene.people, scene.pace
    say("waits until all are connected and in calls")
    await people.settled()
    history = people.begin_history()
    history.answer_s = pace.answer_s
    scene.begin()
    await asyncio.sleep(pace.before_s)
    say(fault.does)
    history.struck = time.monotonic()
    await asyncio.gather(people.some_leave(max(1, len(people.clients) // 20)), fault.strike(scene))
    history.over, ended = scene.over_at, time.monotonic()
    say("recovers")
    await people.served()
    history.moments += await _seen(scene, ended)
    await people.signal(next(_signals))
    await people.those_come_back()
    await people.silence()
    say("reads what was kept")
    history.kept = list(await people.read_all())
    until = time.monotonic() + arrival_s
    while checks.lost(history) and time.monotonic() < until:
        await asyncio.sleep(0.3)
    history.tracebacks = scene.tracebacks()
    return judge(fault.name, history, told=fault.told)


async def _seen(scene: Scene, since: float) -> list[Seen]:
    """How those who left are seen in the end."""
    until = since + scene.pace.ghosts_s
    while True:
        if scene.pace.watched:
            await asyncio.sleep(max(0.0, until - time.monotonic()))
        found = await scene.people.look_for_the_gone()
        if time.monotonic() >= until or all(seen.status == "offline" for seen in found):
            return found
        await asyncio.sleep(0.2)
