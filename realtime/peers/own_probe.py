"""A run of the probe for a node, as a process of its own: media would hold up those who hold sockets.

It is the command `python -m realtime probe`, so it goes the way that an operator's would.
"""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from contextlib import suppress

import msgspec

from core.probes import Done

_STOP_S = 3.0


class OwnProbe:
    """Goes to `server`. A run that takes longer than `longest_s` is ended."""

    def __init__(self, server: str, secret: str, *, longest_s: float) -> None:
        self._server, self._secret, self._longest_s = server, secret, longest_s

    async def run(self, tell: Callable[[Done], None]) -> None:
        """One run, which tells of each step; of fewer than all if it was ended, or did not start."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "realtime", "probe", "--of-node", "--server", self._server),
            env={**os.environ, "PROBE_SECRET": self._secret},
            stdin=DEVNULL,
            stdout=PIPE,
            start_new_session=True,  # Ctrl-C is for the node, which ends it
        )
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._longest_s):
                    await _follow(process, tell)
        finally:
            await _end(process)


async def _follow(process: Process, tell: Callable[[Done], None]) -> None:
    assert process.stdout is not None
    async for line in process.stdout:
        with suppress(msgspec.MsgspecError):  # what a library prints is no step
            tell(msgspec.json.decode(line, type=Done))
    await process.wait()


async def _end(process: Process) -> None:
    """It signs out and hangs up; by force if that takes too long."""
    if process.returncode is not None:
        return
    process.terminate()
    with suppress(TimeoutError):
        async with asyncio.timeout(_STOP_S):
            await process.wait()
            return
    process.kill()
    await process.wait()
