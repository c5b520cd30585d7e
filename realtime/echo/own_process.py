"""The echo process of a node, for those who start nothing else: it is there from when it is first needed.

It hears that its node is gone by the end of its standard input, through which it was told the settings, and
ends then. One that ends by itself is started anew: it takes over the calls that it had.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path

import msgspec
import structlog

from core.settings import Settings
from core.tasks import end

_ROOT = Path(__file__).resolve().parents[2]
_STOP_S = 5.0
_PAUSES_S = (0.1, 2.0, 10.0, 60.0)
_log = structlog.get_logger()


class OwnEchoProcess:
    """Implements `realtime.calls.echoes.EchoProcess`. The settings are those of the node."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._start_s = settings, settings.patience_s
        self._keeping: asyncio.Task[None] | None = None
        self._process: Process | None = None
        self._ready, self._closing = asyncio.Event(), False

    def begin(self) -> None:
        """Have it there as soon as may be."""
        if self._keeping is None and not self._closing:
            self._keeping = asyncio.create_task(self._keep())

    async def start(self) -> bool:
        """Whether it is there; if it has to be started, that is waited for, as long as a store may take."""
        self.begin()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._start_s):
                await self._ready.wait()
        return self._ready.is_set()

    async def close(self) -> None:
        """It says that its calls are lost, and ends; by force if that takes too long."""
        self._closing = True
        if self._keeping is None:
            return
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            await asyncio.wait([self._keeping], timeout=_STOP_S)
        await end([self._keeping])

    async def _keep(self) -> None:
        failures = 0
        while not self._closing:
            failures = 0 if await self._run() else failures + 1
            if not self._closing:
                _log.warning("the process of echo calls has ended, and is started anew", failures=failures)
                await asyncio.sleep(_PAUSES_S[min(failures, len(_PAUSES_S) - 1)])

    async def _run(self) -> bool:
        """From its start to its end: whether it was ready meanwhile."""
        self._process = process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "realtime", "echo", "--of-node"),
            cwd=_ROOT,
            stdin=PIPE,
            stdout=PIPE,
            start_new_session=True,  # Ctrl-C is for the node, which ends it
        )
        try:
            return await self._follow(process)
        finally:
            self._ready.clear()
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def _follow(self, process: Process) -> bool:
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(ConnectionError):  # it has ended already
            process.stdin.write(msgspec.json.encode(self._settings) + b"\n")
            await process.stdin.drain()
        ready = bool(await process.stdout.readline())
        if ready:
            self._ready.set()
        while await process.stdout.readline():
            pass
        await process.wait()
        return ready
