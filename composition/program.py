"""Runs a program until it is asked to stop."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from threading import Timer

import structlog

from core.ending import MOST_S, Ending

_log = structlog.get_logger()


async def serve(
    running: Callable[[Ending], AbstractAsyncContextManager[str]], name: str, *, most_s: float = MOST_S
) -> None:
    """Run it until SIGTERM or SIGINT; it gives the address at which it answers.

    SIGTERM comes from a supervisor, who gives it time; SIGINT from a terminal, and it hurries, as it does
    when it is told twice. The time that it has begins there, however busy the loop is.
    """
    ending, loop, end = Ending(), asyncio.get_running_loop(), _End(most_s)

    def tell(number: int, _frame: object) -> None:
        at_s = end.begin()
        with suppress(RuntimeError):  # the loop is closed already
            loop.call_soon_threadsafe(
                lambda: ending.ask(hurry=ending.asked or number == signal.SIGINT, at_s=at_s)
            )

    # Not by the loop: with it the handlers would go, and what leaves in good order would be killed.
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, tell)
    try:
        async with running(ending) as address:
            print(f"{name} is at {address}  (Ctrl-C stops it)", flush=True)
            await ending.begun()
            _log.info("Stopping: clients go elsewhere, what was begun is finished.", program=name)
            end.begin()  # unless it was by a signal
    finally:
        for each in (signal.SIGTERM, signal.SIGINT):  # the interpreter takes its own handlers back
            signal.signal(each, signal.SIG_IGN)


class _End:
    """Is over after so many seconds, by a thread: neither a loop that stands still nor one that is closed
    keeps the process."""

    def __init__(self, most_s: float) -> None:
        self._most_s, self._begun_at = most_s, 0.0

    def begin(self) -> float:
        """When it has begun, which is now or before, by a monotonic clock in seconds."""
        if not self._begun_at:
            self._begun_at = time.monotonic()
            timer = Timer(self._most_s, self._give_up)
            timer.daemon = True
            timer.start()
        return self._begun_at

    def _give_up(self) -> None:
        _log.error("this process has not ended in time, and ends now", seconds=self._most_s)
        os._exit(1)
