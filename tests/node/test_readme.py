"""The README's client is the file that it names, and does what the README says."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from tests.node.test_node import node_path
from tests.patience import PATIENCE_S
from tests.served import ROOT, Served

CLIENT = ROOT / "docs" / "client.mjs"
# The offer may overtake the answer to the join that it follows.
SAID = re.compile(
    r"(?=.*Waiting .*Over:).*Found guest_\d+.*In a call as the \w+.*\sOver: hung_up\s*$", re.DOTALL
)


@pytest.fixture
async def server(nodes_database_url: str, nodes_redis_url: str) -> AsyncIterator[Served]:
    server = Served(DATABASE_URL=nodes_database_url, REDIS_URL=nodes_redis_url, REGION="readme")
    await server.start()
    yield server
    await server.stop()


def test_the_readme_shows_the_client_as_it_is() -> None:
    """What somebody copies is what is tested, and it has the ten lines that are promised."""
    [shown] = re.findall(r"```js\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert shown == CLIENT.read_text()
    assert len(shown.splitlines()) == 10


async def test_two_of_it_meet_and_part(server: Served) -> None:
    """Each waits, finds the other, is told its role, hears the expected end, and ends by itself."""
    clients = [
        await asyncio.create_subprocess_exec(
            node_path(), str(CLIENT), server.address,
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
    for output in outputs:
        assert SAID.search(output), output
    roles = [re.findall(r"as the (\w+)", output)[:1] for output in outputs]
    assert sorted(roles) == [["answerer"], ["offerer"]]
