"""The real HAProxy, with the configuration that `docker-compose.yml` mounts."""

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from socket import socket

import aiohttp

from tests.deploy.files import ROOT
from tests.patience import PATIENCE_S
from tests.programs import missing
from tests.served import Served

_CONFIGURATION = ROOT / "deploy" / "haproxy" / "haproxy.cfg"
# Beside it, so that a test may ask which node a connection is with.
_ASKED_HERE = "global\n    stats socket {place} level operator\n"
_SESSION = re.compile(r"src=[0-9.]+:(\d+) .*?\bsrv=(\S+)")


def program() -> str | None:
    """Where it is, if it is installed."""
    return shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


class Balancer:
    """One that runs: where it serves, and what it says of itself."""

    def __init__(self, address: str, metrics: str, asked: Path) -> None:
        self.address, self.metrics = address, metrics
        self._asked = asked

    async def until_in_use(self, web: aiohttp.ClientSession, count: int) -> None:
        """It uses so many nodes."""
        said, wanted = "", f'haproxy_backend_active_servers{{proxy="nodes"}} {count}\n'
        try:
            async with asyncio.timeout(PATIENCE_S):
                while wanted not in said:
                    try:
                        async with web.get(self.metrics) as answer:
                            said = await answer.text()
                    except aiohttp.ClientConnectionError:
                        pass  # it has not begun to listen
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"The balancer did not come to use {count} nodes:\n{said}") from None

    async def nodes_of(self) -> dict[int, int]:
        """The TCP port of each client, and which node it is with: 0 for the first."""
        reader, writer = await asyncio.open_unix_connection(str(self._asked))
        writer.write(b"show sess\n")
        said = (await reader.read()).decode()
        writer.close()
        found = (match for line in said.splitlines() if (match := _SESSION.search(line)))
        return {int(m[1]): int(m[2][5:]) - 1 for m in found if m[2].startswith("node-")}


@asynccontextmanager
async def balancer(*nodes: Served, quiet: bool = False) -> AsyncIterator[Balancer]:
    """Before two nodes or three; it has begun, and may not have found them ready yet.

    `quiet`: what it says of nodes that come and go is not passed on.
    """
    found = program()
    if found is None:
        missing("haproxy is not installed")
    places: Sequence[str] = [node.address.removeprefix("http://") for node in nodes]
    given = {"REST": places[0]} | {f"NODE_{number}": place for number, place in enumerate(places, 1)}
    with tempfile.TemporaryDirectory(prefix="rc-haproxy-") as folder, socket() as front, socket() as metrics:
        for each in (front, metrics):  # it is handed them, and so has no port that somebody else could take
            each.bind(("127.0.0.1", 0))
        given |= {"LISTEN": f"fd@{front.fileno()}", "METRICS_LISTEN": f"fd@{metrics.fileno()}"}
        here, there = (f"http://127.0.0.1:{each.getsockname()[1]}" for each in (front, metrics))
        asked, beside = Path(folder, "asked"), Path(folder, "beside.cfg")
        await asyncio.to_thread(beside.write_text, _ASKED_HERE.format(place=asked))
        process = await asyncio.create_subprocess_exec(
            *(found, "-db", "-f", str(_CONFIGURATION), "-f", str(beside)),
            env={**os.environ, **given},
            pass_fds=(front.fileno(), metrics.fileno()),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL if quiet else None,
        )
        try:
            yield Balancer(here, f"{there}/metrics", asked)
        finally:
            process.kill()
            await process.wait()
