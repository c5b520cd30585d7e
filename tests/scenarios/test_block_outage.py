"""A block while Redis is away: taken, since Postgres has it, and done when Redis is back."""

from pathlib import Path

import aiohttp

from tests.integration.person import Person
from tests.scenarios.conftest import connected
from tests.scenarios.test_outages import child_of
from tests.served import Served


async def test_a_block_while_redis_is_away(tmp_path: Path, web: aiohttp.ClientSession) -> None:
    """The chat is closed by then; both hear of it afterwards."""
    node = Served(DATA_DIR=str(tmp_path), DATABASE_URL="", REDIS_URL="", LOG_LEVEL="ERROR")
    await node.start()
    try:
        she, he = [await Person.sign_up(node.address, web, gender=g) for g in ("female", "male")]
        ana, ben = await she.connect(), await he.connect()
        room = await connected(ana, ben)
        child_of(node, "redis-server").kill()
        status, _ = await she.rest("POST", "/v1/blocks", json={"user_id": he.id})
        assert status == 201
        for device in (ana, ben):
            ended = (await device.next("connection:ended"))["connection"]
            assert (ended["room_id"], ended["active"]) == (room, False)
    finally:
        await node.stop()
