"""The real Prometheus scrapes nodes while people use them: each query of each dashboard has an answer."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import aiohttp
import psutil
import pytest

from tests.deploy.files import ROOT
from tests.deploy.test_monitoring import Query, queries, rules
from tests.integration.person import ClientDevice, Person, Refused
from tests.machines.haproxy import balancer
from tests.machines.prometheus import Prometheus, prometheus
from tests.patience import PATIENCE_S
from tests.ports import Ports
from tests.scenarios.conftest import StartNode, accepted
from tests.served import START_S
from tests.signaling.samples import SAMPLES

Crowd = Callable[..., Awaitable[Person]]
_QUIET = ("Zero without trouble.", "Zero while nothing is old enough.", "Nothing without MATCH_SHADOW.")


@asynccontextmanager
async def process(*arguments: str, **settings: str) -> AsyncIterator[tuple[str, psutil.Process]]:
    """Another program of ours: what it gives as its address, once it runs."""
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *arguments),
        cwd=ROOT,
        env={**os.environ, "PORT": "0", "HOST": "127.0.0.1", "LOG_LEVEL": "WARNING", **settings},
        stdout=asyncio.subprocess.PIPE,
    )
    assert started.stdout is not None
    try:
        async with asyncio.timeout(START_S):
            told = re.search(
                r" is at (\S+)",
                (await started.stdout.readuntil(b" is at ") + await started.stdout.readline()).decode(),
            )
        assert told
        yield told[1], psutil.Process(started.pid)
    finally:
        started.terminate()
        await started.communicate()


async def talk(ana: ClientDevice, ben: ClientDevice) -> str:
    """A call, with all that is said in one and after it; gives the room of the two."""
    call_id = await accepted(ana, ben, "video")
    started = await ana.next("call:started")
    await ben.next("call:started")
    offerer = ana if started["role"] == "offerer" else ben
    offer = {"type": "offer", "sdp": SAMPLES["chromium-video.offer"].sdp}
    await offerer.ask("call:signal", call_id=call_id, epoch=1, description=offer)
    for device, local in ((ana, "relay"), (ben, "host")):
        path = {"local": local, "remote": "host", "protocol": "udp"}
        await device.ask("call:connected", call_id=call_id, epoch=1, path=path)
    await ana.next("call:state", state="live")
    await ana.ask("call:restart", call_id=call_id, epoch=1)
    await ben.ask("call:end", call_id=call_id)
    await ana.next("call:ended")
    await ana.ask("decision:submit", call_id=call_id, connect=True)
    decided = await ana.next("decision:result", outcome="connected")
    room: str = decided["connection"]["room_id"]
    await ana.ask("chat:send", room_id=room, client_id="1", content="Hello")
    await ben.next("chat:message")
    await ben.ask("chat:read", room_id=room, seq=1)
    return room


async def use(node: str, web: aiohttp.ClientSession, sign_up: Callable[..., Awaitable[Person]]) -> None:
    """What leaves no metric of a healthy product at zero. A call goes on, and somebody waits."""
    ana, ben, cem, eva = [await sign_up(gender=gender) for gender in ("female", "male", "male", "female")]
    devices = [await person.connect() for person in (ana, ben, cem, eva)]
    await talk(devices[0], devices[1])
    with pytest.raises(Refused):
        await devices[0].ask("queue:explain")
    with pytest.raises(Refused):
        await ClientDevice(node, "phone").connect(token="of nobody")
    async with web.get(f"{node}/socket.io/?EIO=4&transport=polling") as answer:
        assert answer.status == 200, "a socket that polls"
    async with web.get(f"{node}/socket.io/?EIO=3&transport=polling") as answer:
        assert answer.status == 400
    call_id = await accepted(devices[2], devices[3], "voice")
    for device in devices[2:]:
        await device.next("call:started")
        await device.ask("call:connected", call_id=call_id, epoch=1)
    await devices[0].ask("queue:join", mode="video")


async def until_scraped(asked: Prometheus, *places: str) -> None:
    """Each of these was asked, and is as Prometheus wants it."""
    found: Mapping[str, str] = {}
    try:
        async with asyncio.timeout(PATIENCE_S):
            while {found.get(place) for place in places} != {""}:
                await asyncio.sleep(0.05)
                found = await asked.scraped()
    except TimeoutError:
        raise AssertionError(f"{places} are not taken, but {found}") from None


async def unanswered(asked: Prometheus, left: Sequence[Query]) -> list[Query]:
    """Of these queries those that have no answer yet, or zero where something must have moved."""
    still = []
    for query in left:
        values = await asked.ask(query.text)
        quiet = query.about.startswith(_QUIET)
        if not (quiet or any(values)) or (
            quiet and not await asked.get("series", **{"match[]": query.metrics[0]})
        ):
            still.append(query)
    return still


async def test_each_query_of_each_dashboard_has_an_answer(
    start_node: StartNode,
    crowd: Crowd,
    web: aiohttp.ClientSession,
    nodes_database_url: str,
    nodes_redis_url: str,
    ports: Ports,
) -> None:
    """With the file of the deployment, where only targets and times differ. And no alert cannot be judged."""
    of_metrics = [ports.take() for _ in range(4)]
    places = [f"127.0.0.1:{port}" for port in of_metrics]
    stores = {"DATABASE_URL": nodes_database_url, "REDIS_URL": nodes_redis_url}
    first = await start_node(METRICS_PORT=str(of_metrics[0]), MAIL="outbox")  # mails are jobs
    async with (
        balancer(first, first) as before,
        process("rest", METRICS_PORT=str(of_metrics[2]), **stores) as (rest, _),
        process("realtime", "echo", METRICS_PORT=str(of_metrics[3]), **stores),
    ):
        apart = {"rest": [places[2]], "echo": [places[3]], "balancer": [before.metrics.split("/")[2]]}
        targets = {"realtime": places[:2], **apart}
        async with prometheus(web, **targets) as asked:
            await until_scraped(asked, places[0], *places[2:])  # what moves before that is no increase
            await use(first.address, web, lambda **what: crowd(first, **what))
            second = await start_node(
                METRICS_PORT=str(of_metrics[1])
            )  # it looks at once what all nodes share

            left = list(queries())
            try:
                async with asyncio.timeout(PATIENCE_S):
                    while left := await unanswered(asked, left):
                        await asyncio.sleep(0.1)
            except TimeoutError:
                raise AssertionError(f"These have no answer: {left}") from None
            await until_scraped(asked, *(place for some in targets.values() for place in some))

            told = {
                rule["name"]: rule
                for group in (await asked.get("rules"))["groups"]
                for rule in group["rules"]
            }
            assert told.keys() == {rule["alert"] for rule in rules()}
            assert {rule["lastError"] for rule in told.values() if "lastError" in rule} <= {""}
            firing = {name for name, rule in told.items() if rule["state"] == "firing"}
            assert firing <= {"ProcessDown"}, "the second node takes its time where a machine is busy"

        for address in (first.address, second.address, rest):
            for path in (
                "/metrics",
                "/metrics/",
                "//metrics",
                "/metrics?",
                "/./metrics",
                "/%6Detrics",
                "/METRICS",
            ):
                async with web.get(f"{address}{path}", allow_redirects=False) as answer:
                    assert answer.status == 404, f"{address}{path} is open to everybody"


async def test_a_worker_listens_for_nothing_but_metrics(
    web: aiohttp.ClientSession, nodes_database_url: str, nodes_redis_url: str, ports: Ports
) -> None:
    stores = {"DATABASE_URL": nodes_database_url, "REDIS_URL": nodes_redis_url}
    port = ports.take()
    async with process("realtime", "worker", METRICS_PORT=str(port), **stores) as (_, worker):
        listening = {
            each.laddr for each in worker.net_connections("tcp") if each.status == psutil.CONN_LISTEN
        }
        assert listening == {("127.0.0.1", port)}
        async with web.get(f"http://127.0.0.1:{port}/metrics") as answer:
            assert "realtime_jobs_total" in await answer.text()
        async with web.get(f"http://127.0.0.1:{port}/v1/me") as answer:
            assert answer.status == 404
