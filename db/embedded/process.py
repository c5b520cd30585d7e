"""One child process: started in a session of its own, stopped by a signal and then by force."""

import asyncio
import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from db.embedded.account import SystemUser

# A child's whole environment: no secrets of the server, no settings of another PostgreSQL (PGDATA, PGPORT).
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
MARKS = ("FATAL", "PANIC", "error:", "ERROR", "Fatal", "# ")
JOURNAL_BYTES = 4 * 1024 * 1024
# Waits for a line, and then becomes the program under the same process id. If its input ends first, it ends.
GATE = 'read -r go && exec "$@"'


@dataclass(frozen=True, slots=True)
class Program:
    """What to run: `folder` is its working directory, `journal` the file for its output."""

    name: str
    argv: tuple[str, ...]
    folder: Path
    journal: Path
    stop_signal: signal.Signals
    account: SystemUser | None = None
    input: bytes = b""


def turn_over(journal: Path) -> None:
    """Begin a new journal if this one has grown too large; the previous one is kept beside it."""
    if journal.exists() and journal.stat().st_size > JOURNAL_BYTES:
        journal.rename(journal.with_suffix(".1.log"))


def opened(journal: Path) -> BinaryIO:
    """The journal, opened to append to. Only its owner may read it."""
    file = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.fchmod(file, 0o600)  # one of an earlier start, perhaps
    return os.fdopen(file, "ab")


def ending(process: "subprocess.Popen[bytes]") -> asyncio.Future[int]:
    """A future of the process's return code, negative for a signal.

    A thread waits for it, and not the loop's child watcher, which differs between loops.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()

    def resolve(code: int) -> None:
        if not ended.done():
            ended.set_result(code)

    def wait() -> None:
        code = process.wait()
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody is left to be told
            loop.call_soon_threadsafe(resolve, code)

    threading.Thread(target=wait, name=f"wait-{process.pid}", daemon=True).start()
    return ended


class Child:
    """A running `Program`."""

    def __init__(self, program: Program, process: "subprocess.Popen[bytes]", begins: int) -> None:
        self.program = program
        self.pid = process.pid
        self._process = process
        self._begins = begins
        self._ended = ending(process)

    @classmethod
    def start(cls, program: Program, watch: "Callable[[Child], None]") -> "Child":
        """Spawn it, have it watched, and only then let it run: if we are killed before, it ends by itself.

        Not a coroutine, so no cancellation can come in between either. A program that cannot be executed ends
        at once. Raises PermissionError if we may not run it as its user.
        """
        with opened(program.journal) as journal:
            begins = journal.tell()
            process = subprocess.Popen(  # noqa: S603 - paths of our own making
                ("/bin/sh", "-c", GATE, program.name, *program.argv),
                cwd=program.folder,
                env=ENVIRONMENT,
                stdin=subprocess.PIPE,
                stdout=journal,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **(program.account.popen if program.account else {}),
            )
        child = cls(program, process, begins)
        watch(child)
        child._open_gate()
        return child

    def _open_gate(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError), self._process.stdin as gate:
            gate.write(b"go\n" + self.program.input)

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return not self._ended.done()

    async def finish(self) -> int:
        """Its return code, once it has ended. Cancelling the caller does not stop it."""
        return await asyncio.shield(self._ended)

    async def stop(self, patience_s: float) -> bool:
        """Ask it to stop, and kill it after `patience_s`. Returns whether it stopped by itself."""
        self._process.send_signal(self.program.stop_signal)
        try:
            await asyncio.wait_for(self.finish(), patience_s)
        except TimeoutError:
            self._process.kill()
            await self.finish()
            return False
        return True

    def last_words(self) -> str:
        """The line with which it gave up, else the last lines of its output."""
        try:
            said = self.program.journal.read_bytes()[self._begins :].decode(errors="replace").splitlines()
        except OSError:
            return ""
        fatal = [line for line in said if any(mark in line for mark in MARKS)]
        return " / ".join(fatal[-1:] or said[-3:]).strip()
