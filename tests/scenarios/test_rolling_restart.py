"""Three nodes behind the real load balancer are replaced one after the other, under people who use them."""

import asyncio
import json
from typing import Any

import aiohttp

from tests.machines.haproxy import balancer
from tests.node.test_node import node_path
from tests.patience import PATIENCE_S
from tests.scenarios.conftest import StartNode
from tests.served import ROOT

DEPLOYED = {"TRUSTED_PROXIES": "127.0.0.1", "DRAIN_NOTICE_S": "2", "DRAIN_S": "2", "REGION": "rolling"}


async def test_a_rolling_restart_shows_nobody_more_than_a_reconnect(
    start_node: StartNode, web: aiohttp.ClientSession
) -> None:
    """Six in calls, six in chats, of whom two called each other, two in the queue, on either transport and on
    both.
    """
    nodes = await asyncio.gather(*(start_node(**DEPLOYED) for _ in range(3)))
    async with balancer(*nodes) as before:
        await before.until_in_use(web, 3)
        people = await asyncio.create_subprocess_exec(
            node_path(),
            "tests/scenarios/rolling.mjs",
            before.address,
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            assert people.stdin is not None
            assert people.stdout is not None
            assert people.stderr is not None
            async with asyncio.timeout(PATIENCE_S):
                said = await people.stdout.readline()
            assert said == b"ready\n", (await people.stderr.read()).decode()
            for node in nodes:
                assert await node.stop() == 0
                await node.start()
                await before.until_in_use(web, 3)
            async with asyncio.timeout(PATIENCE_S):
                out, err = await people.communicate(b"that was all\n")
        finally:
            if people.returncode is None:
                people.kill()
                await people.wait()
    assert people.returncode == 0, err.decode()
    seen: dict[str, Any] = json.loads(out)
    assert seen["refused"] == [], "a command was refused"
    assert seen["calls"] == [[[], []], True] * 4, "a call noticed, or ended"
    for chat in seen["chats"]:
        assert (chat["once"], chat["inOrder"]) == (True, True), chat
        assert chat["all"] > 10
    assert seen["tickets"] == [True, True], "a place in the queue was lost"
    assert all(1 <= closed <= 3 for closed in seen["closed"]), "more than a reconnect for each node"
    assert not [node.log for node in nodes if "Traceback" in node.log]
