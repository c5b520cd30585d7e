"""Two nodes behind a pgbouncer in transaction mode that knows no prepared statements, with few sessions."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import asyncpg
import pytest

from tests.integration.person import Person
from tests.machines.pgbouncer import pgbouncer
from tests.patience import PATIENCE_S
from tests.scenarios.conftest import StartNode, connected
from tests.served import Served

SESSIONS = 3
Crowd = Callable[..., Awaitable[Person]]
SESSIONS_THERE = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


@pytest.fixture
async def pooled_node(start_node: StartNode, nodes_database_url: str) -> AsyncIterator[StartNode]:
    async with pgbouncer(nodes_database_url, default_pool_size=str(SESSIONS)) as pooled:
        behind = {
            "DATABASE_URL": pooled.url,
            "DATABASE_DIRECT_URL": nodes_database_url,
            "DATABASE_PREPARED": "off",
        }
        nodes: list[Served] = []

        async def start(**settings: str) -> Served:
            nodes.append(await start_node(**behind, **settings))
            return nodes[-1]

        yield start
        await asyncio.gather(*(node.stop() for node in nodes))


async def sessions(url: str) -> set[int]:
    """The pids of those that PostgreSQL has in this database, but for the one that asks."""
    direct = await asyncpg.connect(url)
    try:
        return {row["pid"] for row in await direct.fetch(SESSIONS_THERE)}
    finally:
        await direct.close()


async def own_copy(person: Person, web: aiohttp.ClientSession) -> zipfile.ZipFile:
    """What the product has of this person, once a worker has put it together."""
    assert (await person.rest("POST", "/v1/me/export"))[0] == 202
    async with asyncio.timeout(PATIENCE_S):
        while (view := (await person.rest("GET", "/v1/me/export"))[1])["state"] != "ready":
            await asyncio.sleep(0.1)
    async with web.get(view["url"]) as answer:
        return zipfile.ZipFile(io.BytesIO(await answer.read()))


async def test_two_meet_talk_chat_block_and_take_their_data_along(
    pooled_node: StartNode, crowd: Crowd, web: aiohttp.ClientSession, nodes_database_url: str
) -> None:
    """All of it with three sessions of PostgreSQL for two nodes; each is as it has to be."""
    others = await sessions(nodes_database_url)
    here, there = await asyncio.gather(pooled_node(), pooled_node())
    she, he = await crowd(here, gender="female"), await crowd(there, gender="male")
    ana, ben = await she.connect(), await he.connect()
    room = await connected(ana, ben, "video")
    said = [f"{n} of Ben's" for n in range(30)]
    await asyncio.gather(*(ben.ask("chat:send", room_id=room, client_id=text, content=text) for text in said))
    heard = [(await ana.next("chat:message"))["message"]["content"] for _ in said]
    assert heard == said
    statuses = await asyncio.gather(
        *(she.rest("PATCH", "/v1/me/settings", json={"theme": "dark"}) for _ in range(20)),
        *(he.rest("GET", "/v1/me") for _ in range(20)),
    )
    assert {status for status, _ in statuses} == {200}
    assert (await she.rest("POST", "/v1/blocks", json={"user_id": he.id}))[0] == 201
    await ben.next("connection:ended")
    assert "messages" in str((await own_copy(he, web)).namelist())
    assert len(await sessions(nodes_database_url) - others) <= SESSIONS
    for node in (here, there):
        assert "Sessions of PostgreSQL" not in node.log
        assert "Traceback" not in node.log
