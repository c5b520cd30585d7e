"""Runs a program until it is asked to stop."""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

import structlog

from core.ending import Ending

# Supervisors kill what has not ended after 30 s. What cannot end in time, say as a store stands still, ends
# by itself before that, and says so.
MOST_S = 28.0
_log = structlog.get_logger()


async def serve(
    running: Callable[[Ending], AbstractAsyncContextManager[str]], name: str, *, most_s: float = MOST_S
) -> None:
    """Run it until SIGTERM or SIGINT; it gives the address at which it answers.

    SIGTERM comes from a supervisor, who gives it time; SIGINT from a terminal, and it hurries, as it does
    when it is told twice.
    """
    ending, loop = Ending(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, lambda: ending.ask(hurry=ending.asked))
    loop.add_signal_handler(signal.SIGINT, partial(ending.ask, hurry=True))
    async with running(ending) as address:
        print(f"{name} is at {address}  (Ctrl-C stops it)", flush=True)
        await ending.begun()
        _log.info("Stopping: clients go elsewhere, what was begun is finished, then the servers end.")
        loop.call_later(most_s, _give_up, most_s)


def _give_up(seconds: float) -> None:
    _log.error("this process has not ended in time, and ends now", seconds=seconds)
    os._exit(1)
