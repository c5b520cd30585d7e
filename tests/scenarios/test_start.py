"""Starting on servers that are not there: one sentence that names the setting, and no traceback."""

import asyncio
import os
import re
import socket
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("setting", ["DATABASE_URL", "REDIS_URL"])
@pytest.mark.parametrize(("program", "listens"), [("realtime", False), ("realtime", True), ("rest", False)])
async def test_a_server_that_does_not_answer_is_named(
    program: str, setting: str, listens: bool, database_url: str, redis_url: str
) -> None:
    """Whether nobody listens, or somebody who never says a word."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        if listens:
            nobody.listen()
        place = f"127.0.0.1:{nobody.getsockname()[1]}"
        closed = {"DATABASE_URL": f"postgresql://{place}/x", "REDIS_URL": f"redis://{place}"}[setting]
        given = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, setting: closed, "PORT": "0"}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            program,
            cwd=ROOT,
            env={**os.environ, **given},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(60):
            _, said = await process.communicate()
    last = said.decode().splitlines()[-1]
    assert process.returncode == 1
    assert last.startswith("Cannot start: ")
    assert setting in last
    assert "Traceback" not in said.decode()
    assert re.search(r"cannot be used \(.+\)", last), last
