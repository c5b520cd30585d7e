"""A node on a file system that it cannot write to, but for its folder: as in a deployed container."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from tests.integration.person import Person
from tests.rest.pictures import drawn, encoded, form
from tests.scenarios.conftest import accepted
from tests.served import Served

Crowd = Callable[..., Awaitable[Person]]
READ_ONLY = 'mount --make-rprivate / && mount --bind "$0" "$0" && mount -o remount,bind,ro / && exec "$@"'


async def within(folder: Path) -> tuple[str, ...]:
    """The words that run a program so. Skips the test where the system does not let us."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("unshare is not installed")
    words = (unshare, "--mount", "sh", "-c", READ_ONLY, str(folder))
    outside = folder.with_name("outside")
    touch = 'touch "$1/inside" && ! touch "$2"'
    tried = await asyncio.create_subprocess_exec(
        *words, "sh", "-c", touch, "sh", str(folder), str(outside), stderr=asyncio.subprocess.DEVNULL
    )
    if await tried.wait():
        pytest.skip("no file system can be made read-only here")
    assert not outside.exists()
    return words


async def test_a_node_that_may_write_nowhere_but_in_its_folder_serves(
    nodes_database_url: str, nodes_redis_url: str, tmp_path: Path, web: aiohttp.ClientSession
) -> None:
    """Its page, a call, and a picture."""
    (folder := tmp_path / "data").mkdir()
    stores = {"DATABASE_URL": nodes_database_url, "REDIS_URL": nodes_redis_url, "REGION": "read-only"}
    places = {"DATA_DIR": str(folder), "MEDIA_STORE": f"file://{folder}/media", "TMPDIR": str(folder)}
    node = Served(**stores, **places, MEDIA_AVIF="on")
    node.within = await within(folder)
    await node.start()
    try:
        async with web.get(node.address) as page:
            assert page.status == 200
        she, he = [await Person.sign_up(node.address, web, gender=g) for g in ("female", "male")]
        ana, ben = await she.connect(), await he.connect()
        await accepted(ana, ben, "voice")
        await ben.next("call:started")
        status, _ = await she.rest("POST", "/v1/media", data=form(encoded(drawn())))
        assert status == 201
        assert [path for path in (folder / "media").rglob("*") if path.is_file()]
    finally:
        assert await node.stop() == 0
    assert "Traceback" not in node.log
