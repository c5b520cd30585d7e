"""A node with a standby watches it, serves without it, and says so in its metrics."""

import asyncio
import re

import aiohttp

from tests.conftest import NewRedis
from tests.machines.postgres_server import postgres_server
from tests.patience import PATIENCE_S
from tests.scenarios.conftest import StartNode
from tests.served import Served

OPEN = 'realtime_postgres_connections_max{pool="standby"}'
LAG = re.compile(r"^realtime_postgres_replica_lag_seconds (\S+)$", re.MULTILINE)


async def lag_s(node: Served, web: aiohttp.ClientSession) -> float:
    async with web.get(f"{node.address}/metrics") as answer:
        told = LAG.search(await answer.text())
    assert told
    return float(told[1])


async def until(node: Served, web: aiohttp.ClientSession, *, known: bool) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while (await lag_s(node, web) < float("inf")) is not known:
            await asyncio.sleep(0.1)


async def test_a_standby_may_be_away_at_the_start_and_later(
    start_node: StartNode, new_redis: NewRedis, web: aiohttp.ClientSession
) -> None:
    async with postgres_server(tcp=True) as primary, primary.standby() as standby:
        await standby.stop()
        given = {"DATABASE_URL": primary.url, "DATABASE_REPLICA_URL": standby.url}
        node = await start_node(REDIS_URL=await new_redis(), **given)
        assert await lag_s(node, web) == float("inf")
        await standby.start()
        await until(node, web, known=True)
        async with web.get(f"{node.address}/metrics") as answer:
            assert OPEN in await answer.text()
        await standby.kill()
        await until(node, web, known=False)
        async with web.get(f"{node.address}/readyz") as answer:
            assert answer.status == 200
        await node.stop()
        assert "standby of DATABASE_REPLICA_URL is not read from: begun" in node.log
        assert "Traceback" not in node.log
