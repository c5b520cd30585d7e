"""Where a machine stands: a folder, the user of its programs, and who ends them should the test die."""

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from db.embedded.account import SystemUser, choose_account
from db.embedded.process import Child, Program
from db.embedded.watchdog_client import WatchdogClient
from tests.patience import PATIENCE_S
from tests.ports import Ports

POLL_S = 0.01
SHORT = 24


@dataclass(frozen=True, slots=True)
class Room:
    """The folder is short enough a name for sockets in it; `account` is None unless we are root."""

    folder: Path
    account: SystemUser | None
    watchdog: WatchdogClient
    ports: Ports

    def place(self, name: str) -> Path:
        """A new folder in it, of that user alone."""
        path = self.folder / name
        path.mkdir(mode=0o700)
        if self.account is not None:
            self.account.own(path)
        return path

    async def run(self, *argv: str) -> None:
        """A program of that user, to its end. Raises `AssertionError` with its last words."""
        child = Child.start(self._program(argv, self.folder, "run"), self.watchdog.watch)
        try:
            async with asyncio.timeout(PATIENCE_S):
                code = await child.finish()
        finally:
            await end(child, self.watchdog)
        assert code == 0, f"{argv}: {child.last_words()}"

    def start(
        self, name: str, folder: Path, *argv: str, stop: signal.Signals = signal.SIGTERM, ours: bool = False
    ) -> Child:
        """A program that stays: in `folder`, of that user, or of our own if it is `ours`."""
        program = self._program(argv, folder, name, stop)
        if ours:
            program = Program(name, argv, folder, program.journal, stop)
        return Child.start(program, self.watchdog.watch)

    def _program(
        self, argv: tuple[str, ...], folder: Path, name: str, stop: signal.Signals = signal.SIGTERM
    ) -> Program:
        return Program(name, argv, folder, self.folder / f"{name}.log", stop, self.account)


def _folder() -> Path:
    """Others may pass through it to what is theirs. The paths of sockets in it have to be short."""
    usual = tempfile.gettempdir()
    folder = Path(tempfile.mkdtemp(prefix="rc-machine-", dir=usual if len(usual) <= SHORT else "/tmp"))
    folder.chmod(0o711)
    return folder


@asynccontextmanager
async def room() -> AsyncIterator[Room]:
    """For as long as the block lasts; if this process is killed, the watchdog ends and removes all."""
    folder = _folder()
    account = choose_account(folder, pwd.getpwall())
    watchdog = WatchdogClient(folder, lambda _: None)
    try:
        with Ports() as ports:
            yield Room(folder, account, watchdog, ports)
    finally:
        await watchdog.close()
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def end(child: Child, watchdog: WatchdogClient) -> None:
    """By force, also one that stands still."""
    if child.running:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)
        await child.finish()
    watchdog.forget(child)


async def until(ready: Callable[[], Awaitable[bool]], child: Child) -> None:
    """It answers, or has ended: then an `AssertionError` with its last words."""
    name = child.program.name
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not await ready():
                assert child.running, f"{name} did not start: {child.last_words()}"
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        raise AssertionError(f"{name} does not answer: {child.last_words()}") from None


def family(pid: int) -> list[psutil.Process]:
    """A process and those that it has started."""
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


@contextlib.contextmanager
def frozen(pid: int) -> Iterator[None]:
    """A process and all that it has started, stopped as by SIGSTOP for as long as the block lasts.

    It is the first to stop: until then it may start others, as PostgreSQL does for each connection.
    """
    stopped: list[psutil.Process] = []
    while more := [process for process in family(pid) if process not in stopped]:
        for process in more if stopped else more[:1]:
            with contextlib.suppress(psutil.NoSuchProcess):  # it had nothing more to do
                process.suspend()
            stopped.append(process)
    try:
        yield
    finally:
        for process in stopped:
            with contextlib.suppress(psutil.NoSuchProcess):  # it was killed meanwhile
                process.resume()
