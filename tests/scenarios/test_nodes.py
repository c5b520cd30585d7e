"""Two nodes, one Postgres, one Redis: no matter who is connected where."""

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from db.postgres.timelines import TimelineRecords
from tests.integration.person import ClientDevice, Person
from tests.scenarios.conftest import StartNode, accepted
from tests.signaling.samples import SAMPLES
from tests.stores.world import world_at

Crowd = Callable[..., Awaitable[Person]]


async def test_two_on_different_nodes_meet_talk_and_chat(start_node: StartNode, crowd: Crowd) -> None:
    here, there = await asyncio.gather(start_node(), start_node())
    she, he = await crowd(here, gender="female"), await crowd(there, gender="male")
    ana, ben = await she.connect(), await he.connect()
    call_id = await accepted(ana, ben, "video")
    offers = (await ana.next("call:started"))["role"] == "offerer"
    offerer, answerer = (ana, ben) if offers else (ben, ana)
    offer = {"type": "offer", "sdp": SAMPLES["chromium-video.offer"].sdp}
    await offerer.ask("call:signal", call_id=call_id, epoch=1, description=offer)
    assert (await answerer.next("call:signal"))["description"]["type"] == "offer"
    for device in (ana, ben):
        await device.ask("call:connected", call_id=call_id, epoch=1)
    for device in (ana, ben):
        await device.next("call:state", state="live")
    await ben.ask("call:end", call_id=call_id)
    await ana.next("call:ended")
    await ana.ask("decision:submit", call_id=call_id, connect=True)
    room = (await ben.next("decision:result", outcome="connected"))["connection"]["room_id"]
    await ben.ask("chat:send", room_id=room, client_id="1", content="Hello from the other node")
    assert (await ana.next("chat:message"))["message"]["content"] == "Hello from the other node"


async def test_a_client_recovers_on_another_node(start_node: StartNode, crowd: Crowd) -> None:
    """Its node is told to stop; what happened meanwhile comes from the other one."""
    here, there = await asyncio.gather(start_node(), start_node())
    person = await crowd(here)
    device = await person.connect()
    ticket = (await device.ask("queue:join", mode="voice"))["ticket"]
    assert await here.stop() == 0
    await device.closed.wait()
    back = await person.connect("laptop", address=there.address, offset=device.offset)
    assert (back.ready["recovered"], back.ready["ticket"]) == (True, ticket)


async def test_a_client_that_recovers_elsewhere_is_closed_where_it_was(
    start_node: StartNode, crowd: Crowd
) -> None:
    """The node that still holds its older connection hears of it."""
    here, there = await asyncio.gather(start_node(), start_node())
    person = await crowd(here)
    device = await person.connect()
    sid, held = device.sid, {"pid": device.ready["pid"], "offset": device.offset}
    back = await person.connect("laptop", address=there.address, **held)
    await device.closed.wait()
    assert (back.ready["recovered"], back.sid) == (True, sid)


async def test_a_call_survives_the_death_of_its_node(
    start_node: StartNode, crowd: Crowd, nodes_database_url: str
) -> None:
    """Killed with no chance to say goodbye: the peer waits, the lost one returns elsewhere."""
    # Soon enough, and later than a node on a busy machine may miss a renewal of its own.
    quick = {"CONNECTION_LEASE_S": "12", "QUEUE_LEASE_S": "12"}
    here, there = await asyncio.gather(start_node(**quick), start_node(**quick))
    she, he = await crowd(here, gender="female"), await crowd(there, gender="male")
    ana, ben = await she.connect(), await he.connect()
    for device in (ana, ben):
        await device.ask("queue:join", mode="video")
    call_id = (await ben.next("call:offered"))["call_id"]
    for device in (ana, ben):
        await device.ask("call:accept", call_id=call_id)
    for device in (ana, ben):
        await device.next("call:started")
        await device.ask("call:connected", call_id=call_id, epoch=1)
    await ben.next("call:state", state="live")
    await ana.next("call:state", state="live")
    await here.stop(signal.SIGKILL)
    await ben.next("call:state", state="reconnecting")
    again = await she.connect(address=there.address, offset=ana.offset)
    assert again.ready["call"]["call_id"] == call_id
    await ben.next("call:state", state="live")
    await ben.ask("call:end", call_id=call_id)
    await again.next("call:ended")
    async with world_at(nodes_database_url) as world:
        recorded = await TimelineRecords(world.pool).of(call_id)
    assert recorded is not None
    order = [note.kind for note in recorded.notes if note.kind in {"live", "lost", "back", "ended"}]
    assert order == ["live", "lost", "back", "live", "ended"], "the timeline has survived too"


@pytest.mark.parametrize("repeat", range(3))
async def test_two_hundred_join_at_once(start_node: StartNode, crowd: Crowd, repeat: int) -> None:
    """A hundred matches, and nobody twice."""
    nodes = await asyncio.gather(start_node(), start_node())
    people = await asyncio.gather(
        *(crowd(nodes[n % 2], gender=("female", "male")[n // 2 % 2]) for n in range(200))
    )
    devices: list[ClientDevice] = await asyncio.gather(*(person.connect() for person in people))
    await asyncio.gather(
        *(
            device.ask("queue:join", mode="voice", preferences={"genders": [("male", "female")[n // 2 % 2]]})
            for n, device in enumerate(devices)
        )
    )
    offers = await asyncio.gather(*(device.next("call:offered") for device in devices))
    assert set(Counter(offer["call_id"] for offer in offers).values()) == {2}
    assert len({offer["call_id"] for offer in offers}) == 100
    assert {offer["peer"]["user_id"] for offer in offers} == {person.id for person in people}
    assert all(device.has_heard("call:offered") == 1 for device in devices)


async def test_a_ring_outlasts_the_node_of_who_rings(
    start_node: StartNode, crowd: Crowd, nodes_database_url: str
) -> None:
    """Killed while it rings elsewhere: the answer starts it, and she has it as soon as she is back."""
    here, there = await asyncio.gather(start_node(RING_S="60"), start_node(RING_S="60"))
    she, he = await crowd(here, gender="female"), await crowd(there, gender="male")
    async with world_at(nodes_database_url) as world:
        connection = await world.connected((she.id, he.id))
    ana, ben = await she.connect(), await he.connect()
    call_id = (await ana.ask("call:invite", connection_id=connection.id, mode="voice"))["call_id"]
    await ben.next("call:offered", call_id=call_id)
    await here.stop(signal.SIGKILL)
    back = await she.connect(address=there.address)
    call = back.ready["call"]
    assert (call["call_id"], call["state"], call["outgoing"]) == (call_id, "offered", True)
    await ben.ask("call:accept", call_id=call_id)
    for device, role in ((back, "offerer"), (ben, "answerer")):
        await device.next("call:started", call_id=call_id, role=role)
    await back.ask("call:end", call_id=call_id)
    await ben.next("call:ended", call_id=call_id, reason="hung_up")
