"""Starts that cannot succeed: one sentence that names the setting, and no traceback."""

import asyncio
import os
import re
import shutil
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


async def refused(program: str, *, limit: str = "", within: Sequence[str] = (), **settings: str) -> str:
    """The sentence with which it does not start. `limit`: what it may, in the words of the shell's ulimit;
    `within`: words that run it elsewhere."""
    allowed = ("/bin/sh", "-c", f'ulimit {limit}; exec "$@"', "sh") if limit else ()
    process = await asyncio.create_subprocess_exec(
        *(*within, *allowed, sys.executable, "-m", *program.split()),
        cwd=ROOT,
        env={**os.environ, "PORT": "0", **settings},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(60):
            _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert "Traceback" not in said.decode(), said.decode()
    last = said.decode().splitlines()[-1]
    assert process.returncode == 1, last
    assert last.startswith("Cannot start: ")
    return last


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
        said = await refused(
            program, **{"DATABASE_URL": database_url, "REDIS_URL": redis_url, setting: closed}
        )
    assert setting in said
    assert re.search(r"cannot be used \(.+\)", said), said
    assert ("does not answer" in said) is listens


@pytest.mark.parametrize(
    ("program", "files", "setting"),
    [
        ("realtime", 6, "MAX_CONNECTIONS"),
        ("rest", 16, "MAX_CONNECTIONS"),
        ("realtime worker", 16, "DATABASE_POOL"),
        ("realtime echo", 250, "ECHO_CALLS"),
        ("realtime jobs", 6, "DATA_DIR"),
    ],
)
async def test_a_process_that_may_open_too_few_files_says_so(program: str, files: int, setting: str) -> None:
    """Before it opens any: with so few it could not say anything else later."""
    said = await refused(program, limit=f"-n {files}")
    assert said.startswith(f"Cannot start: {setting}: {files} open files are allowed, and ")
    assert said.endswith("(ulimit -n).")


async def test_a_process_that_may_write_no_large_files_says_so(tmp_path: Path) -> None:
    """As PostgreSQL does; it would end in the midst of its work."""
    said = await refused(
        "realtime", limit="-f 2048", DATABASE_URL="", REDIS_URL="", DATA_DIR=str(tmp_path / "data")
    )
    assert said.startswith("Cannot start: DATA_DIR: files of 1024 MiB are to be written there")
    assert said.endswith("(ulimit -f).")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("fill", "sentence"),
    [
        ('cat /dev/zero >"$0/all"', "is full (0 MiB are left): make room, or see DATA_DIR."),
        (
            'while command : >"$0/$n"; do n=$((n+1)); done',
            "takes no more files (0 inodes are left): delete some, or see DATA_DIR.",
        ),
    ],
)
async def test_a_disk_that_is_full_is_named(fill: str, sentence: str, tmp_path: Path) -> None:
    """A real one, to which is written until nothing more goes on it."""
    mount = 'mount --make-rprivate / && mount -t tmpfs -o size=66m,nr_inodes=2000 disk "$0"'
    within = (
        "unshare",
        "--mount",
        "sh",
        "-c",
        f'{mount} && {{ n=0; {fill}; }} 2>/dev/null; exec "$@"',
    )
    (disk := tmp_path / "disk").mkdir()
    await mountable(mount, disk)
    said = await refused(
        "realtime", within=(*within, str(disk)), DATABASE_URL="", REDIS_URL="", DATA_DIR=str(disk / "data")
    )
    assert said == f"Cannot start: The disk of {disk} {sentence}"


async def mountable(mount: str, disk: Path) -> None:
    """Skips the test where the system does not let us have a disk of our own."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("unshare is not installed")
    tried = await asyncio.create_subprocess_exec(
        unshare, "--mount", "sh", "-c", mount, str(disk), stderr=asyncio.subprocess.DEVNULL
    )
    if await tried.wait():
        pytest.skip("no file system can be mounted here")
