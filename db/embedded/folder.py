"""Which process owns a data folder: the one that holds the lock on its `lock` file.

The kernel releases the lock when its holder ends, so a dead owner never keeps anyone out. Servers that it
left running are found by their working directory, which is the folder, and stopped before new ones are
started.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import psutil

from db.embedded.account import SystemUser
from db.embedded.errors import EmbeddedError, FolderInUse

RUNTIME_PREFIX = "rc-embedded-"
ORPHAN_PATIENCE_S = 30.0
POLL_S = 0.02
# How each program is asked to stop at once.
PROGRAMS = {"postgres": signal.SIGINT, "redis-server": signal.SIGTERM, "initdb": signal.SIGTERM}


def make_folder(path: Path) -> None:
    """Make `path` unless it exists. Raises `EmbeddedError`."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(
            f"The folder {path} cannot be made ({error.strerror}). Set DATA_DIR to a folder of your own."
        ) from None


def make_private_folder(path: Path, account: SystemUser | None) -> None:
    """Make `path` unless it exists. Only the account, or else this process's user, may enter it."""
    make_folder(path)
    path.chmod(0o700)
    if account is not None:
        for entry in (path, *path.rglob("*")):
            account.own(entry)


def shown(path: Path) -> Path:
    """The path as a person would write it: relative if it lies below the working directory."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


class FolderLock:
    """The right to use a data folder, with a note of what the next owner would have to clean up."""

    def __init__(self, data: Path, lock: IO[str]) -> None:
        self._data = data
        self._lock = lock
        self._left_runtime = Path(str(_read(lock).get("runtime", "")))
        self.note(self._left_runtime)

    def note(self, runtime: Path, account: SystemUser | None = None) -> None:
        """Write down the owner's pid and its runtime folder."""
        self._lock.seek(0)
        self._lock.truncate()
        json.dump({"pid": os.getpid(), "runtime": str(runtime)}, self._lock)
        self._lock.flush()
        if account is not None:
            account.own(self._data / "lock")

    async def tidy(self, say: Callable[[str], None]) -> None:
        """Stop the servers of a dead owner, and remove its runtime folder and out-of-date pid files."""
        pid_files = [self._data / "postgres" / "postmaster.pid", self._data / "redis" / "redis.pid"]
        if any(path.exists() for path in pid_files) or self._left_runtime.name:
            await _stop_orphans(
                [self._data / "postgres", self._data / "postgres.new", self._data / "redis"], say
            )
        for path in pid_files:
            path.unlink(missing_ok=True)
        if self._left_runtime.name.startswith(RUNTIME_PREFIX):
            await asyncio.to_thread(shutil.rmtree, self._left_runtime, ignore_errors=True)


@contextlib.contextmanager
def claimed(data: Path) -> Iterator[FolderLock]:
    """Own the folder until the end of the block. Raises `FolderInUse` if another living process owns it."""
    make_folder(data)
    try:
        lock = (data / "lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise EmbeddedError(
            f"The data folder {data} cannot be used ({error.strerror}). It belongs to the user "
            f"{_owner(data)}: run as that user, or set DATA_DIR to a folder of your own."
        ) from None
    with lock:
        _take(lock, data)
        claim = FolderLock(data, lock)
        yield claim
        claim.note(Path())


def runtime_of(data: Path) -> Path:
    """The runtime folder of the process that owns the data folder, as it has noted it down."""
    with (data / "lock").open(encoding="utf-8") as lock:
        return Path(str(_read(lock).get("runtime", "")))


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except KeyError:
        return str(path.stat().st_uid)


def _take(lock: IO[str], data: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = _read(lock).get("pid")
        who = f"process {pid}" if pid and psutil.pid_exists(int(pid)) else "another process"
        raise FolderInUse(
            f"The data folder {data} is in use by another server ({who}). "
            "Stop that one, or set DATA_DIR to another folder."
        ) from None


def _read(lock: IO[str]) -> dict[str, Any]:
    lock.seek(0)
    try:
        return dict(json.loads(lock.read()))
    except ValueError:  # empty: its owner has only just taken it
        return {}


def _orphans(folders: list[Path]) -> list[psutil.Process]:
    """Database processes whose working directory is one of the folders. Only we start them there."""
    places = {str(folder.resolve()) for folder in folders}
    running = psutil.process_iter(["name", "cwd", "ppid"])
    return [
        process for process in running if process.info["name"] in PROGRAMS and process.info["cwd"] in places
    ]


async def _stop_orphans(folders: list[Path], say: Callable[[str], None]) -> None:
    """Ask them to stop, and kill those that have not stopped within 30 s."""
    deadline = time.monotonic() + ORPHAN_PATIENCE_S
    asked: set[int] = set()
    while orphans := await asyncio.to_thread(_orphans, folders):
        pids = {process.pid for process in orphans}
        for process in orphans:
            name, parent = process.info["name"], process.info["ppid"]
            with contextlib.suppress(psutil.NoSuchProcess):
                if time.monotonic() > deadline:
                    process.kill()
                elif process.pid not in asked and parent not in pids:  # a postmaster's children end with it
                    say(f"Stopping {name} (process {process.pid}), left behind by a server that died.")
                    process.send_signal(PROGRAMS[name])
                    asked.add(process.pid)
        await asyncio.sleep(POLL_S)
