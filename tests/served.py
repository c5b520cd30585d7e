"""The product as a person starts it: `python -m realtime` as a process of its own, on a port it keeps."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.conftest import FOLDER

ROOT = Path(__file__).parents[1]
START_S = 120.0  # a busy machine takes its time
STOP_S = 60.0


def _shared_files(settings: dict[str, str]) -> dict[str, str]:
    """Whoever of those on one database does a job leaves its file where all of them find it."""
    database = urlsplit(settings.get("DATABASE_URL", "")).path
    if not database or FOLDER not in os.environ:
        return {}
    return {"MEDIA_STORE": f"file://{os.environ[FOLDER]}/media{database}"}


class Served:
    """A server process: after `start()` it answers at `address`, after another `start()` there again."""

    def __init__(self, code: Path = ROOT, /, **settings: str) -> None:
        # A busy machine is slow: only who is interested in it has commands given up, clients missed, or what
        # somebody is asked over, soon.
        patient = {"ANSWER_S": "20", "OFFER_SILENCE_S": "30", "CALL_SILENCE_S": "30"}
        patient |= {
            "OFFER_S": "120",
            "CONNECT_S": "120",
            "GRACE_S": "59",
            "RING_S": "120",
            "DECISION_S": "300",
        }
        cheap = {"PASSWORD_MEMORY_KIB": "1024", "PASSWORD_PASSES": "1", "MEDIA_AVIF": "off", "ECHO": "apart"}
        # Nobody balances, and most tests stop nodes to see what follows.
        at_once = {"DRAIN_NOTICE_S": "0", "DRAIN_S": "0"}
        usual = {"PORT": "0", "HOST": "127.0.0.1", "RATE_LIMITS": "off", **patient, **cheap, **at_once}
        self._settings = {**usual, **_shared_files(settings), **settings}
        self._code = code
        self.command: tuple[str, ...] = ()  # other than to serve
        self.within: tuple[str, ...] = ()  # the words of a program that runs it
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._said: list[str] = []
        self.address = ""

    async def start(self, **changed: str) -> None:
        """Return when it has told its address. Settings may be others from now on."""
        self._settings |= changed
        self._process = await asyncio.create_subprocess_exec(
            *self.within,
            sys.executable,
            "-m",
            "realtime",
            *self.command,
            cwd=self._code,
            env={**os.environ, **self._settings},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        told = asyncio.get_running_loop().create_future()
        self._reader = asyncio.create_task(self._listen(self._process, told))
        try:
            async with asyncio.timeout(START_S):
                # Not `localhost`: there the official client does not listen to the browser going off line.
                self.address = (await told).replace("localhost", "127.0.0.1")
        except BaseException as error:
            await self._end(self._process)
            if isinstance(error, TimeoutError):
                raise AssertionError(f"No address came within {START_S:.0f} s:\n{self.log}") from None
            raise
        self._settings["PORT"] = self.address.rpartition(":")[2]

    async def _listen(self, process: asyncio.subprocess.Process, told: asyncio.Future[str]) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            self._said.append(line.decode())
            found = re.search(r"http://\S+", self._said[-1])
            if found and not told.done():
                told.set_result(found[0])
        if not told.done():
            told.set_exception(RuntimeError(f"The server did not start:\n{self.log}"))

    @property
    def log(self) -> str:
        """What it has said so far."""
        return "".join(self._said)

    @property
    def pid(self) -> int:
        """The process."""
        assert self._process is not None
        return self._process.pid

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Stop it, as a supervisor does unless told otherwise, and see it end: the exit code."""
        self.send(how)
        return await self.ended()

    def send(self, how: signal.Signals) -> None:
        """Send it a signal, if it has not ended."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(how)

    async def ended(self) -> int:
        """See it end: the exit code."""
        assert self._process is not None
        assert self._reader is not None
        try:
            async with asyncio.timeout(STOP_S):
                code = await self._process.wait()
                await self._reader
        except TimeoutError:
            await self._end(self._process)
            raise AssertionError(f"The server did not stop:\n{self.log}") from None
        return code

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        """A test that fails leaves nothing behind."""
        if process.returncode is None:
            process.kill()
        await process.wait()

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """Stopped meanwhile, and back at the same address after it."""
        await self.stop()
        try:
            yield
        finally:
            await self.start()
