"""Two nodes behind the real HAProxy with the configuration that `docker-compose.yml` mounts.

The nodes lack the packages that the image leaves out.
"""

import asyncio
import re
import signal
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from tests.deploy.files import NOT_IN_THE_IMAGE
from tests.integration.person import Person
from tests.machines.haproxy import balancer
from tests.patience import PATIENCE_S
from tests.ports import Ports
from tests.scenarios.conftest import StartNode
from tests.served import Served


class Poll:
    """Sessions of long-polling by hand, each request over a connection of its own, without any cookie."""

    def __init__(self, address: str) -> None:
        self._url = f"{address}/socket.io/?EIO=4&transport=polling"

    async def ask(self, method: str, sid: str = "", body: str | None = None) -> tuple[int, str]:
        url = f"{self._url}&sid={sid}" if sid else self._url
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as web,
            web.request(method, url, data=body) as answer,
        ):
            return answer.status, await answer.text()

    async def open(self) -> str:
        """The id of a new session."""
        status, text = await self.ask("GET")
        assert status == 200, text
        found = re.search(r'"sid":"([^"]+)"', text)
        assert found
        return found[1]


async def connections(web: aiohttp.ClientSession, node: Served, port: int) -> float:
    """How many sockets it has, as it tells on its port of metrics."""
    async with web.get(f"http://127.0.0.1:{port}/metrics") as answer:
        found = re.search(r"^realtime_connections (\S+)$", await answer.text(), re.MULTILINE)
    assert found
    return float(found[1])


async def register_from(host: str, address: str, pretended: str) -> int:
    """The status of an attempt to open an account, from an address that claims to be another one."""
    name = f"from_{uuid4().hex[:20]}"
    body = {"email": f"{name}@example.org", "username": name, "password": "correct horse battery"}
    body |= {"display_name": "Ana", "birth_date": "1995-05-05", "gender": "female"}
    claims = {"X-Forwarded-For": pretended, "Forwarded": f"for={pretended}"}
    connector = aiohttp.TCPConnector(local_addr=(host, 0))
    async with (
        aiohttp.ClientSession(connector=connector) as web,
        web.post(f"{address}/v1/auth/register", json=body, headers=claims) as answer,
    ):
        return answer.status


@pytest.fixture
def lean(tmp_path: Path) -> dict[str, str]:
    """The environment of a process that has no package which the image leaves out."""
    gone = f"import sys\nsys.modules.update(dict.fromkeys({sorted(NOT_IN_THE_IMAGE)!r}))\n"
    (tmp_path / "sitecustomize.py").write_text(gone)
    return {"PYTHONPATH": str(tmp_path)}


async def test_clients_reach_nodes_through_the_balancer(
    start_node: StartNode, web: aiohttp.ClientSession, lean: dict[str, str], ports: Ports
) -> None:
    of_metrics = [ports.take(), ports.take()]
    settings: dict[str, Any] = {**lean, "TRUSTED_PROXIES": "127.0.0.1", "RATE_LIMITS": "on"}
    settings |= {"REGISTER_BURST": "1", "REGISTER_PER_M": "1"}  # of one address
    settings |= {"DRAIN_NOTICE_S": "15"}  # until it is hurried
    nodes = await asyncio.gather(*(start_node(**settings, METRICS_PORT=str(port)) for port in of_metrics))
    async with balancer(*nodes) as balance:
        await balance.until_in_use(web, 2)

        # Sessions of long-polling, over new connections: each stays where it began, and both nodes have some.
        poll = Poll(balance.address)
        sids = [await poll.open() for _ in range(6)]
        for sid in sorted(sids):  # any order but that in which nodes take turns
            assert await poll.ask("POST", sid, "3") == (200, "ok"), "another node does not know the session"
        direct = [Poll(node.address) for node in nodes]
        at_first = [(await direct[0].ask("POST", sid, "3"))[0] == 200 for sid in sids]
        assert {True, False} == set(at_first), "all sessions are on one node"

        # The address that counts is the one the balancer saw, whatever a client writes.
        tried = [("127.0.0.9", "203.0.113.1"), ("127.0.0.9", "203.0.113.2"), ("127.0.0.10", "203.0.113.1")]
        statuses = [await register_from(host, balance.address, claimed) for host, claimed in tried]
        assert statuses == [201, 429, 201]

        # People who begin with polling and upgrade, and who use either alone.
        async with web.get(f"{balance.address}/metrics") as answer:
            assert answer.status == 404, "metrics are not for everybody"
        person = await Person.sign_up(balance.address, web)
        devices = [
            await person.connect(f"device {n}", transports=transports)
            for n, transports in enumerate(
                (["polling", "websocket"], ["polling"], ["websocket"], ["websocket"])
            )
        ]
        for device in devices:
            await device.ask("presence:set", status="online")
        held = [await connections(web, node, port) for node, port in zip(nodes, of_metrics, strict=True)]
        assert sum(held) == 4
        assert all(held), held

        # A node is to end: it gets nobody new, and keeps those who poll it until it sends them away.
        stays, goes = nodes
        polling = [await poll.open() for _ in range(4)]
        goes.send(signal.SIGTERM)
        await balance.until_in_use(web, 1)
        for sid in (*polling, *[await poll.open() for _ in range(2)]):
            assert await poll.ask("POST", sid, "3") == (200, "ok"), "another node was asked"

        # It drains: its clients come to the other one through the same address.
        goes.send(signal.SIGTERM)
        assert await goes.ended() == 0
        async with asyncio.timeout(PATIENCE_S):  # what it has closed is heard of a moment later
            while sum(device.closed.is_set() for device in devices) < held[1]:
                await asyncio.sleep(0.05)
        gone = [device for device in devices if device.closed.is_set()]
        assert len(gone) == held[1]
        for n, device in enumerate(gone):
            back = await person.connect(f"back {n}", address=balance.address, offset=device.offset)
            assert back.ready["recovered"]

        # It comes back, and the other one is killed: who begins at once is sent on to the one that lives.
        await goes.start()
        await balance.until_in_use(web, 2)
        await stays.stop(signal.SIGKILL)
        opened = await asyncio.gather(*(poll.open() for _ in range(6)))
        assert len(set(opened)) == 6
        await person.leave()
