"""A process that owns embedded servers, as a test sees it from outside."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil

from tests.patience import PATIENCE_S

PROJECT = Path(__file__).parents[2]
POLL_S = 0.02


async def until(condition: Callable[[], Any], what: str) -> Any:
    """The condition's first true value; fails saying `what` was missing."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while not (found := condition()):
        assert asyncio.get_running_loop().time() < deadline, f"waited too long for {what}"
        await asyncio.sleep(POLL_S)
    return found


def at_work_in(data: Path) -> dict[str, psutil.Process]:
    """The main processes of the servers at work in a data folder, by name."""
    places = {str((data / name).resolve()) for name in ("postgres", "redis")}
    found = [p for p in psutil.process_iter(["name", "cwd", "ppid"]) if p.info["cwd"] in places]
    pids = {process.pid for process in found}
    return {process.info["name"]: process for process in found if process.info["ppid"] not in pids}


def gone(process: psutil.Process) -> bool:
    """Whether it has ended, reaped by the first process of this machine or not."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


class Owner:
    """`python -m db.embedded` in a process of its own."""

    def __init__(self, data: Path, process: asyncio.subprocess.Process) -> None:
        self.data = data
        self.process = process
        self.pid = process.pid

    async def urls(self) -> dict[str, str]:
        """Where its servers answer, once they do."""
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE_S)
        assert line, await self.said()
        urls: dict[str, str] = json.loads(line)
        return urls

    async def said(self) -> str:
        """All its progress lines, when it has ended."""
        assert self.process.stderr is not None
        return (await asyncio.wait_for(self.process.stderr.read(), PATIENCE_S)).decode()

    def close_input(self) -> None:
        """What holds its input is gone, as far as it can tell."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def watchdog(self) -> psutil.Process:
        """The process that outlives it by moments, which is there."""
        found = self.watchdog_if_any()
        assert found is not None, "no watchdog watches this process"
        return found

    def watchdog_if_any(self) -> psutil.Process | None:
        """The same; none for the moment in which it is replaced."""
        for child in psutil.Process(self.pid).children():
            command = child.as_dict(["cmdline"])["cmdline"] or []  # none: it has just ended
            if any(part.endswith("watchdog.py") for part in command):
                return child
        return None


@asynccontextmanager
async def owner_of(data: Path, *, python: str = sys.executable, **popen: Any) -> AsyncIterator[Owner]:
    """Start one; at the end whatever is left of it is gone."""
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), asyncio.subprocess.PIPE)
    command = ("-m", "db.embedded", str(data))
    process = await asyncio.create_subprocess_exec(python, *command, cwd=PROJECT, **pipes, **popen)
    try:
        yield Owner(data, process)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
        await until(lambda: not at_work_in(data), f"the servers in {data} to be gone")
