"""A sweep lets those who join run: it works in slices, whatever it has to do."""

import asyncio
from collections.abc import Iterator

from realtime.matchmaking.slices import Slices


class Turns:
    """Counts how often others ran."""

    def __init__(self) -> None:
        self.number = 0

    async def run(self) -> None:
        while True:
            self.number += 1
            await asyncio.sleep(0)


async def test_others_run_after_so_much_work_and_not_after_less() -> None:
    """By what the thread has worked, not by how long it took: a busy machine makes no more pauses."""
    cpu = 0.0
    slices, turns = Slices(lambda: cpu), Turns()
    others = asyncio.create_task(turns.run())
    try:
        await slices.end()
        assert turns.number == 0
        cpu += 0.0009
        await slices.end()
        assert turns.number == 0
        cpu += 0.0002
        await slices.end()
        assert turns.number > 1
        before = turns.number
        await slices.end()
        assert turns.number == before
    finally:
        others.cancel()


async def test_what_others_did_meanwhile_counts_for_nothing() -> None:
    """Somebody's trip was waited for, in which they ran."""
    worked: Iterator[float] = iter((0.0, 5.0, 5.0))
    slices, turns = Slices(lambda: next(worked)), Turns()
    others = asyncio.create_task(turns.run())
    try:
        slices.begin()
        await slices.end()
        assert turns.number == 0
    finally:
        others.cancel()
