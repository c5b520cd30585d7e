"""The README's client does what the README says."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.node.test_node import node_path
from tests.served import ROOT, Served

PATIENCE_S = 30


@pytest.fixture
async def server(nodes_database_url: str, nodes_redis_url: str) -> AsyncIterator[Served]:
    server = Served(
        DATABASE_URL=nodes_database_url,
        REDIS_URL=nodes_redis_url,
        REGION="readme",
        OFFER_S="2",
        CONNECT_S="2",
    )
    await server.start()
    yield server
    await server.stop()


async def test_two_clients_of_ten_lines_meet(server: Served, tmp_path: Path) -> None:
    """Each waits, finds the other, is told its role, and hears the end."""
    [script] = re.findall(r"```js\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert len(script.splitlines()) == 10
    (tmp_path / "client.mjs").write_text(script)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    clients = [
        await asyncio.create_subprocess_exec(
            node_path(), str(tmp_path / "client.mjs"), server.address,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )
        for _ in range(2)
    ]  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE_S):
            outputs = [(await client.communicate())[0].decode() for client in clients]
    finally:
        for client in clients:
            if client.returncode is None:
                client.kill()
                await client.wait()
    said = re.compile(
        r"Waiting .*Found guest_\d+.*Connect your .* as the \w+\s+Over: media_failed", re.DOTALL
    )
    for output in outputs:
        assert said.search(output), output
    assert {re.search(r"as the (\w+)", output)[1] for output in outputs} == {"offerer", "answerer"}
