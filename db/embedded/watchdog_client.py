"""The server's end of the watchdog's pipe: says what to watch, and starts a new watchdog if one is killed."""

import asyncio
import contextlib
import itertools
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from db.embedded.process import Child, ending

SCRIPT = Path(__file__).with_name("watchdog.py")
RESTART_PAUSE_S = 0.1
LONGEST_PAUSE_S = 60.0


class WatchdogClient:
    """Processes that are watched here are stopped when this process dies, however it dies."""

    def __init__(self, runtime: Path, say: Callable[[str], None]) -> None:
        self._runtime = runtime
        self._say = say
        self._watched: dict[int, signal.Signals] = {}
        self._watchdog = self._spawn()
        self._restarting = asyncio.create_task(self._restart())

    @property
    def pid(self) -> int:
        """The watchdog's process id."""
        return self._watchdog.pid

    def watch(self, child: Child) -> None:
        """From now on this child is stopped when the server is gone."""
        self._watched[child.pid] = child.program.stop_signal
        self._tell("watch", child.pid, int(child.program.stop_signal))

    def forget(self, child: Child) -> None:
        """It has ended: its pid may soon belong to another process."""
        self._watched.pop(child.pid, None)
        self._tell("forget", child.pid)

    async def close(self) -> None:
        """End the watchdog, which first stops what is still watched."""
        self._restarting.cancel()
        ended = self._ended
        self._hang_up()
        await ended

    def _spawn(self) -> "subprocess.Popen[bytes]":
        watchdog = subprocess.Popen(  # noqa: S603 - our own script and interpreter
            [sys.executable, "-I", "-S", str(SCRIPT), str(self._runtime)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._ended = ending(watchdog)
        return watchdog

    async def _restart(self) -> None:
        for attempt in itertools.count():
            await asyncio.shield(self._ended)
            self._hang_up()
            self._say("The watchdog of the embedded servers was killed: starting another.")
            await asyncio.sleep(min(RESTART_PAUSE_S * 2**attempt, LONGEST_PAUSE_S))
            self._watchdog = self._spawn()
            for pid, stop_signal in self._watched.items():
                self._tell("watch", pid, int(stop_signal))

    def _tell(self, *order: str | int) -> None:
        assert self._watchdog.stdin is not None
        with contextlib.suppress(
            BrokenPipeError, ValueError
        ):  # it was killed: its successor is told everything
            self._watchdog.stdin.write(json.dumps(order).encode() + b"\n")
            self._watchdog.stdin.flush()

    def _hang_up(self) -> None:
        assert self._watchdog.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._watchdog.stdin.close()
