"""Keeps one server up: starts it, waits until it answers, and restarts it if it ends by itself."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from core.tasks import end
from db.embedded.errors import EmbeddedError
from db.embedded.process import Child, Program, turn_over
from db.embedded.watchdog_client import WatchdogClient

POLL_S = 0.01
SLOW_START_S = 3.0
START_PATIENCE_S = 300.0  # a crash of a busy server is followed by a long recovery
STOP_PATIENCE_S = 30.0
RESTART_PAUSES_S = (0.2, 1.0, 3.0, 10.0)

# Runs a program to its end; raises `EmbeddedError` if it fails.
Run = Callable[[Program], Awaitable[None]]


class Server(Protocol):
    """A server that can be kept up."""

    name: str

    @property
    def program(self) -> Program:
        """What to run."""

    async def prepare(self, run: Run) -> None:
        """Create its data if there is none, running programs with `run`."""

    async def answers(self) -> bool:
        """Whether it is ready."""


class Supervisor:
    """The owner of one server's process."""

    def __init__(self, server: Server, watchdog: WatchdogClient, say: Callable[[str], None]) -> None:
        self.name = server.name
        self._server = server
        self._watchdog = watchdog
        self._say = say
        self._child: Child | None = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start it, the first time with new data, and wait until it answers.

        Raises `EmbeddedError` with the server's last words if it gives up.
        """
        turn_over(self._server.program.journal)
        await self._server.prepare(self._perform)
        await self._launch()
        self._watch = asyncio.create_task(self._keep())

    async def stop(self) -> bool:
        """Stop it cleanly, or by force after 30 s, which is told. Returns whether it was running."""
        if self._watch is not None:
            await end([self._watch])
        if self._child is None or not self._child.running:
            return False
        if not await self._child.stop(STOP_PATIENCE_S):
            self._say(f"{self.name} did not stop within {STOP_PATIENCE_S:.0f} s and was killed.")
        self._watchdog.forget(self._child)
        return True

    async def _perform(self, program: Program) -> None:
        child = Child.start(program, self._watchdog.watch)
        try:
            code = await child.finish()
        finally:
            if child.running:
                await child.stop(STOP_PATIENCE_S)
            self._watchdog.forget(child)
        if code != 0:
            raise EmbeddedError(
                f"{self.name} could not create its data ({how_it_ended(code)}): {child.last_words()}"
            )

    async def _launch(self) -> None:
        self._child = child = Child.start(self._server.program, self._watchdog.watch)
        begun, told = time.monotonic(), False
        while not await self._server.answers():
            waited = time.monotonic() - begun
            if not child.running or waited > START_PATIENCE_S:
                raise EmbeddedError(await self._why(child))
            if waited > SLOW_START_S and not told:
                told = True
                self._say(f"{self.name} is still starting, perhaps recovering from a crash…")
            await asyncio.sleep(POLL_S)

    async def _why(self, child: Child) -> str:
        if child.running:
            await child.stop(STOP_PATIENCE_S)
            why = f"no answer within {START_PATIENCE_S:.0f} s"
        else:
            why = how_it_ended(await child.finish())
        self._watchdog.forget(child)
        return f"{self.name} did not start ({why}): {child.last_words()} (see {child.program.journal})"

    async def _keep(self) -> None:
        while True:
            assert self._child is not None
            code = await self._child.finish()
            self._watchdog.forget(self._child)
            self._say(f"{self.name} ended unasked ({how_it_ended(code)}): starting it again.")
            if not await self._relaunch():
                self._say(
                    f"{self.name} does not start any more: the server goes on without it and cannot serve."
                )
                return

    async def _relaunch(self) -> bool:
        for pause_s in RESTART_PAUSES_S:
            await asyncio.sleep(pause_s)
            try:
                await self._launch()
            except (EmbeddedError, OSError) as error:
                self._say(str(error))
            else:
                return True
        return False


def how_it_ended(code: int) -> str:
    """A return code in words."""
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
