"""The synthetic users of the probe, beside people on real nodes."""

import asyncio
import gc
import os
import secrets
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import asyncpg
import pytest

from core.clock import now_ms
from core.probes import IDS, NAMES, PROBES, STEPS, password
from db.postgres.probes import ProbeStore
from realtime.peers.client import PeerClient, SignedInUser
from realtime.peers.probe import STOPPED
from tests.faults import told_to_the_loop
from tests.integration.person import ClientDevice, Person
from tests.machines.no_udp import no_udp
from tests.patience import PATIENCE_S
from tests.ports import Ports
from tests.scenarios.conftest import StartNode, accepted
from tests.scenarios.test_prometheus import process
from tests.scenarios.test_roles import operate
from tests.served import ROOT, START_S, Served
from tests.stores.world import world_at

SECRET = "a secret of probes alone"
# Media by loopback, as a machine may have nothing else.
HERE = {
    "PYTHONPATH": f"{ROOT}/tests/machines/loopback",
    "MEDIA_ADDRESSES": "127.0.0.1",
    "PROBE_SECRET": SECRET,
}
MUTE = """
CREATE FUNCTION communication.mute() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE 'nobody may speak'; END $$;
CREATE TRIGGER mute BEFORE INSERT ON communication.messages
FOR EACH ROW EXECUTE FUNCTION communication.mute();
"""
HOLD = "LOCK TABLE communication.messages IN SHARE MODE"
SPEAK = "DROP TRIGGER mute ON communication.messages; DROP FUNCTION communication.mute"
BLOCK = "INSERT INTO identity.blocks (blocker_id, blocked_id, created_at) VALUES ($1, $2, now())"
UNBLOCK = "DELETE FROM identity.blocks WHERE blocker_id = ANY ($1)"
LONG_AGO = "UPDATE identity.sessions SET created_at = created_at - interval '1 hour' WHERE user_id = ANY ($1)"
JUDGED = "SELECT count(*) FROM safety.known_marks m JOIN identity.users u ON u.id = m.user_id WHERE u.probe"
Crowd = Callable[..., Awaitable[Person]]


@pytest.fixture
async def probes_opened(nodes_database_url: str) -> None:
    """Their accounts are there, nothing stands between the two, and no other run goes on."""
    async with world_at(nodes_database_url) as world:
        await ProbeStore(world.pool).create(PROBES, now_ms())
        await world.pool.execute(UNBLOCK, list(IDS))
        await world.pool.execute(LONG_AGO, list(IDS))


async def connecting(one: ClientDevice, two: ClientDevice) -> str:
    """These two meet, and talk: their call."""
    call_id = await accepted(one, two, "voice")
    for device in (one, two):
        await device.next("call:started", call_id=call_id)
        path = {"local": "host", "remote": "host", "protocol": "udp"}
        await device.ask("call:connected", call_id=call_id, epoch=1, path=path)
    await one.next("call:state", state="live", call_id=call_id)
    return call_id


async def sign_in(
    node: Served, web: aiohttp.ClientSession, name: str, secret: str = SECRET
) -> tuple[int, dict[str, Any]]:
    login = {"login": name, "password": password(secret, name)}
    async with web.post(f"{node.address}/v1/auth/login", json=login) as response:
        return response.status, await response.json()


async def counted(port: int, web: aiohttp.ClientSession) -> Mapping[str, float]:
    """What the node counts of people: who waits, offers, calls, and what is said; but for what time moves,
    and how many calls there are, among them those that other tests have left to end by themselves."""
    async with web.get(f"http://127.0.0.1:{port}/metrics") as response:
        lines = (await response.text()).splitlines()
    about = ("matching_", "call", "offers_", "decisions", "chat")
    figures = tuple(f"realtime_{what}" for what in about)
    moving = ("_created", "_oldest_", "_sweep_", "_tickets", "realtime_calls{")
    return {
        name: float(value)
        for name, value in (line.rsplit(" ", 1) for line in lines if line.startswith(figures))
        if not any(word in name for word in moving)
    }


@pytest.mark.usefixtures("probes_opened")
async def test_two_probes_and_two_people_meet_their_like(
    start_node: StartNode, web: aiohttp.ClientSession, crowd: Crowd, nodes_database_url: str, ports: Ports
) -> None:
    """All four wait for anybody at once; the probes meet each time, and no figure of people has them."""
    metrics = ports.take()
    alone = f"probes-{secrets.token_hex(4)}"  # nobody of another test waits there
    node = await start_node(PROBE_SECRET=SECRET, METRICS_PORT=str(metrics), REGION=alone)
    signed_in = [(await sign_in(node, web, name))[1] for name in NAMES]
    probes = [Person(node.address, web, account) for account in signed_in]
    one, two = [await probe.connect() for probe in probes]
    ana, ben = await crowd(node), await crowd(node)
    try:
        assert (await (await ana.connect()).ask("queue:join", mode="voice"))["waiting"] == 1
        before = await counted(metrics, web)
        await one.ask("queue:join", mode="video")
        await one.ask("queue:leave")
        for _ in range(2):  # they have met, and meet again
            call_id = await connecting(one, two)
            await two.ask("call:end", call_id=call_id)
            for device in (one, two):
                if (await device.next("call:ended", call_id=call_id))["decision"]["you_decide"]:
                    await device.ask("decision:submit", call_id=call_id, connect=True)
            decided = await one.next("decision:result", call_id=call_id)
            assert decided["outcome"] == "connected"
        room = decided["connection"]["room_id"]
        await one.ask("chat:send", room_id=room, client_id="1", content="Hello")
        await two.ask("chat:read", room_id=room, seq=1)
        assert await counted(metrics, web) == before
        assert before['realtime_matching_joins_total{mode="voice"}'] == 1
        offered = await asyncio.gather(
            (await ben.connect()).ask("queue:join", mode="voice"),
            ana.devices[0].next("call:offered"),
        )
        assert offered[1]["peer"]["user_id"] == ben.id
        assert {probe.id for probe in probes} == IDS
        for viewer, seen in ((probes[0], ana.id), (ana, probes[0].id)):
            assert (await viewer.rest("GET", f"/v1/profiles/{seen}"))[0] == 404
            assert (await viewer.rest("POST", "/v1/friends/requests", json={"user_id": seen}))[0] == 404
        assert (await ana.rest("POST", "/v1/blocks", json={"user_id": probes[0].id}))[0] == 404
        report = {"subject": {"type": "user", "id": probes[0].id}, "reason": "spam"}
        assert (await ana.rest("POST", "/v1/reports", json=report))[0] == 404
        assert (await ana.rest("GET", "/v1/profiles?q=probe"))[1]["items"] == []
        async with world_at(nodes_database_url) as world:
            assert await world.pool.fetchval(JUDGED) == 0
    finally:
        for probe in probes:
            await probe.leave()


@pytest.mark.usefixtures("probes_opened")
async def test_without_its_secret_no_probe_signs_in(
    start_node: StartNode, web: aiohttp.ClientSession
) -> None:
    """Nor with another one; opening them again says that they are there."""
    node = await start_node()
    assert (await sign_in(node, web, NAMES[0]))[0] == 401
    assert (await sign_in(node, web, NAMES[0], ""))[0] == 401
    other = await start_node(PROBE_SECRET=SECRET)
    assert (await sign_in(other, web, NAMES[0], "another secret of probes"))[0] == 401
    assert (await sign_in(other, web, NAMES[0]))[0] == 200


async def test_an_operator_opens_the_probes_once(database_url: str) -> None:
    """Whoever is called so keeps the name."""
    assert await operate("probe", "--create", DATABASE_URL=database_url) == (
        0,
        f"Opened: {', '.join(NAMES)}.\n",
    )
    assert await operate("probe", "--create", DATABASE_URL=database_url) == (
        0,
        f"There already: {', '.join(NAMES)}.\n",
    )


def steps(said: str) -> Sequence[tuple[str, str]]:
    """Each with what came of it."""
    words = [line.split(maxsplit=3) for line in said.splitlines()]
    return [(step, outcome) for step, _, _, outcome in words]


PATIENT = ("--step-s", f"{PATIENCE_S:g}")
ALL_WELL = [(step, "ok") for step in STEPS]


async def probed(
    server: str, *more: str, within: Sequence[str] = (), **settings: str
) -> tuple[int | None, str]:
    """The command: its exit code, and what it said."""
    return await operate("probe", "--server", server, *more, within=within, **{**HERE, **settings})


@asynccontextmanager
async def probing(server: str, until: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The command, which has come so far when the block begins."""
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "realtime", "probe", "--server", server, *PATIENT),
        cwd=ROOT,
        env={**os.environ, **HERE},
        stdout=asyncio.subprocess.PIPE,
    )
    assert started.stdout is not None
    try:
        async with asyncio.timeout(START_S):
            async for line in started.stdout:
                if line.split()[0].decode() == until:
                    break
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


@pytest.mark.usefixtures("probes_opened")
async def test_the_probe_goes_the_whole_way(start_node: StartNode) -> None:
    """A line a step, and two runs at once, of which the later waits for the earlier."""
    node = await start_node(PROBE_SECRET=SECRET)
    for code, said in await asyncio.gather(*(probed(node.address, *PATIENT) for _ in range(2))):
        assert (steps(said), code) == (ALL_WELL, 0), said


@pytest.mark.usefixtures("probes_opened")
async def test_a_run_that_was_killed_keeps_no_other_from_its_way(
    start_node: StartNode, nodes_database_url: str
) -> None:
    """It has left two sessions and a call. One that is told to end signs out, and leaves no session."""
    node = await start_node(PROBE_SECRET=SECRET)
    async with probing(node.address, "match") as killed:
        killed.kill()
        await killed.wait()
    async with world_at(nodes_database_url) as world:
        await world.pool.execute(LONG_AGO, list(IDS))
    holder = await asyncpg.connect(nodes_database_url)
    try:
        async with holder.transaction():
            await holder.execute(HOLD)  # or it may be at its end before it is told
            async with probing(node.address, "match") as told:
                told.terminate()
                assert await told.wait() == STOPPED
    finally:
        await holder.close()
    code, said = await probed(node.address, *PATIENT)
    assert (steps(said), code) == (ALL_WELL, 0), said


@pytest.mark.usefixtures("probes_opened")
async def test_where_a_step_fails_its_line_is_the_last(
    start_node: StartNode, nodes_database_url: str, nodes_redis_url: str
) -> None:
    """And the code is 1: whatever is missing, it says at what people would fail."""
    node = await start_node(PROBE_SECRET=SECRET)

    async def failure(server: str, at: str, within: Sequence[str] = (), **settings: str) -> str:
        """Why it fails there. Where nothing comes, a busy machine needs more time for the steps before."""
        for step_s in ("4", "15", "60") if at in {"socket", "media", "match"} else PATIENT[1:]:
            code, said = await probed(server, "--step-s", step_s, within=within, **settings)
            *before, (step, why) = steps(said)
            assert (code, before) == (1, ALL_WELL[: len(before)]), said
            if step == at:
                return why.removeprefix("FAILED: ").removesuffix(f" {step_s} s")
            assert why.startswith("FAILED: nothing within"), said
        raise AssertionError(said)

    said = "unauthenticated: This login and password do not belong together."
    assert await failure(node.address, "sign-in", PROBE_SECRET="another secret of probes") == said
    stores = {"DATABASE_URL": nodes_database_url, "REDIS_URL": nodes_redis_url}
    async with process("rest", PROBE_SECRET=SECRET, **stores) as (rest, _):
        assert await failure(rest, "socket") == "Connection error"
    assert await failure(node.address, "media", MEDIA_ADDRESSES="") == "nothing within"
    async with world_at(nodes_database_url) as world:
        await world.pool.execute(MUTE)
        try:
            assert (await failure(node.address, "chat")).startswith("internal: ")
        finally:
            await world.pool.execute(SPEAK)
        await world.pool.execute(BLOCK, *PROBES.values())
        # On a busy machine a search comes long after its join, and asks for probes no more whom they avoid.
        why = await failure(node.address, "match")
        assert why == "nothing within" or why.startswith("not_found: "), why
        await world.pool.execute(UNBLOCK, list(IDS))
    async with no_udp(node.address) as closed:
        why = await failure(closed.address, "media", closed.within)
        assert why in {"nothing within", "the call ended: media_failed"}


async def test_who_gives_up_connecting_leaves_nothing_open(web: aiohttp.ClientSession) -> None:
    """As where the step of the sockets takes too long."""
    came = asyncio.Event()

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)
        came.set()

    held: list[asyncio.StreamWriter] = []
    with told_to_the_loop() as said:
        async with await asyncio.start_server(hold, "127.0.0.1", 0) as server:
            address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

            async def connect() -> None:
                async with PeerClient(address, SignedInUser(address, web, {}), device_id="one"):
                    raise AssertionError("nobody has answered")

            connecting = asyncio.create_task(connect())
            async with asyncio.timeout(PATIENCE_S):
                await came.wait()
            connecting.cancel()
            await asyncio.wait({connecting})
            del connecting
            for writer in held:
                writer.close()
        gc.collect()
    assert said == []


@pytest.mark.usefixtures("probes_opened")
async def test_one_of_all_nodes_has_a_probe_go_its_way_now_and_then(
    start_node: StartNode, web: aiohttp.ClientSession, nodes_database_url: str, ports: Ports
) -> None:
    """Each tells when one came through; who had it go, how long each step took, or at which it failed."""
    port, *places = [ports.take() for _ in range(3)]
    timer = {**HERE, "PROBE_EVERY_S": "2", "PROBE_SERVER": f"http://127.0.0.1:{port}"}
    first = await start_node(PORT=str(port), METRICS_PORT=str(places[0]), **timer)
    nodes = [first, await start_node(METRICS_PORT=str(places[1]), **timer)]

    async def told(name: str) -> list[float]:
        return [(await of_probes(port, web)).get(name, 0) for port in places]

    async with asyncio.timeout(START_S):
        while not all(await told("realtime_probe_succeeded_at_seconds")):
            await asyncio.sleep(0.1)
    assert await told("realtime_probe_every_seconds") == [2, 2]
    for step in STEPS:
        assert sum(await told(f'realtime_probe_step_seconds_count{{step="{step}"}}')) > 0
    async with world_at(nodes_database_url) as world:
        await world.pool.execute(MUTE)
        try:
            async with asyncio.timeout(START_S):
                while not sum(await told('realtime_probe_failures_total{step="chat"}')):
                    await asyncio.sleep(0.1)
        finally:
            await world.pool.execute(SPEAK)
    async with asyncio.timeout(START_S):
        while not any("a probe has failed" in node.log for node in nodes):
            await asyncio.sleep(0.1)


async def of_probes(port: int, web: aiohttp.ClientSession) -> Mapping[str, float]:
    async with web.get(f"http://127.0.0.1:{port}/metrics") as response:
        lines = (await response.text()).splitlines()
    words = (line.rsplit(" ", 1) for line in lines if line.startswith("realtime_probe"))
    return {name: float(value) for name, value in words}
