"""`make demo` as a newcomer starts it: a process that serves, one beside it that fills a town, and another
that takes it away.
"""

import asyncio
import os
import re
import sys
from pathlib import Path

import aiohttp

from tests.patience import PATIENCE_S
from tests.served import ROOT, START_S, Served

TOWN = ("--people=6", "--places=10", "--bots=1", "--seed=3")


def pictures(folder: Path) -> list[Path]:
    """What is kept of the town."""
    return [file for file in folder.rglob("*") if file.is_file()]


async def says(demo: Served, words: str) -> None:
    """Wait until it, or what it has started, says so."""
    try:
        async with asyncio.timeout(START_S + PATIENCE_S):
            while words not in demo.log:
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"Nobody said {words!r}:\n{demo.log}") from None


async def taken_away(settings: dict[str, str]) -> str:
    """What `demo --stop` says in the end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "realtime", "demo", "--stop"),
        cwd=ROOT,
        env={**os.environ, **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(START_S + PATIENCE_S):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, said.decode()
    return said.decode().splitlines()[-1]


async def test_a_process_fills_a_town_and_another_takes_it_away(
    nodes_database_url: str, nodes_redis_url: str, web: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """With the password that it prints one sees it at once; when it has gone nobody waits in the queue."""
    settings = {
        "DATABASE_URL": nodes_database_url,
        "REDIS_URL": nodes_redis_url,
        "MEDIA_STORE": f"file://{tmp_path}",
    }
    demo = Served(**settings)
    demo.command = ("demo", *TOWN)
    await demo.start()

    async def sign_in() -> int:
        word = re.search(r"password  (\S+)  as", demo.log)
        assert word
        login = {"login": "maya.demo", "password": word[1]}
        async with web.post(f"{demo.address}/v1/auth/login", json=login) as response:
            return response.status

    try:
        await says(demo, "takes the town away.")
        assert await sign_in() == 200
        assert pictures(tmp_path)
        assert await taken_away(settings) == "The town is gone."
        await says(demo, "Nobody of the town waits any more.")
        assert await sign_in() == 401
        assert not pictures(tmp_path)
    finally:
        code = await demo.stop()
    assert (code, demo.log.count("Stopping: ")) == (0, 1), demo.log
