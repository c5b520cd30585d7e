"""What happens when a store dies under the product: told as it is, and nothing acknowledged is lost."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from tests.integration.person import ClientDevice, Person, Refused
from tests.patience import PATIENCE_S
from tests.scenarios.conftest import connected
from tests.served import Served


def child_of(node: Served, name: str) -> psutil.Process:
    """The embedded server of that name; its own children have the same one."""
    offspring = psutil.Process(node.pid).children(recursive=True)
    return next(p for p in offspring if p.name() == name and p.parent().name() != name)


async def until(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not await holds():
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"never: {what}") from None


@pytest.mark.parametrize("server", ["redis-server", "postgres"])
async def test_a_store_dies_and_comes_back(tmp_path: Path, web: aiohttp.ClientSession, server: str) -> None:
    """Whatever was acknowledged before, during and after is there, once and in order."""
    node = Served(DATA_DIR=str(tmp_path), DATABASE_URL="", REDIS_URL="", LOG_LEVEL="ERROR")
    await node.start()
    try:
        she, he = [await Person.sign_up(node.address, web, gender=g) for g in ("female", "male")]
        ana, ben = await she.connect(), await he.connect()
        room = await connected(ana, ben)
        await ana.ask("chat:send", room_id=room, client_id="before", content="before")

        child_of(node, server).kill()

        # Processes of a PostgreSQL whose first one was killed may go on for a moment: until the last of them
        # has ended, each question may be the one that it fails.
        async def asked(device: ClientDevice, command: str, **what: str) -> Any:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    try:
                        return await device.ask(command, room_id=room, **what)
                    except Refused as refused:
                        if refused.code != "unavailable":
                            raise
                    await asyncio.sleep(0.1)

        await asked(ana, "chat:send", client_id="during", content="during")
        await ben.next("chat:message")
        await until(lambda: _is_ready(web, node), "the node was ready again")
        await asked(ana, "chat:send", client_id="after", content="after")
        page = await asked(ben, "chat:history")
        assert [m["content"] for m in page["messages"]] == ["before", "during", "after"]
        while (await ben.next("chat:message"))["message"]["content"] != "after":
            pass
    finally:
        await node.stop()


async def _is_ready(web: aiohttp.ClientSession, node: Served) -> bool:
    async with web.get(f"{node.address}/readyz") as response:
        return response.status == 200
