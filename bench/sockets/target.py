"""A server under measurement: its process, pinned to one core, and what that process has used."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
FLAVOURS = ("node", "stock", "ours")
SERVER_CORE, LOAD_CORE = 0, 1


def pin_load() -> None:
    """Keep this process off the server's core, where there are two."""
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {LOAD_CORE})


def _command(flavour: str, settings: dict[str, Any]) -> list[str]:
    if flavour == "node":
        return ["node", str(HERE / "server.mjs"), json.dumps(settings)]
    return [sys.executable, "-m", "bench.sockets.server", flavour, json.dumps(settings)]


@dataclass
class Target:
    """A running server."""

    flavour: str
    port: int
    process: asyncio.subprocess.Process
    noise_allowed: float

    @classmethod
    async def start(cls, flavour: str, noise_allowed: float = 0.15, **settings: Any) -> "Target":
        """Start a server and wait for its port."""
        command = ["taskset", "-c", str(SERVER_CORE), *_command(flavour, settings)]
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=PROJECT
        )
        assert process.stdout is not None
        port = int(await process.stdout.readline())
        return cls(flavour, port, process, noise_allowed)

    async def stop(self) -> None:
        """Close its standard input, which ends it; kill it when it does not end."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            await asyncio.wait_for(self.process.wait(), 10)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()

    def cpu_ns(self) -> int:
        """CPU time of all its threads that live, in nanoseconds."""
        tasks = Path(f"/proc/{self.process.pid}/task")
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir())

    def memory_bytes(self) -> int:
        """Its resident memory."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


def machine_busy_s() -> float:
    """Seconds that all cores of this machine have been busy."""
    fields = [int(part) for part in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    idle = fields[3] + fields[4]
    return (sum(fields[:8]) - idle) / os.sysconf("SC_CLK_TCK")
