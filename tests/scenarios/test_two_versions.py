"""A node of the version before beside one of ours, on the same stores: nobody can tell who is on which."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp

from core.probes import NAMES
from tests.conftest import NewDatabase, NewRedis
from tests.integration.echoing import call_echo
from tests.integration.person import ClientDevice, Person
from tests.released import unpack
from tests.scenarios.conftest import StartNode, accepted, connected
from tests.scenarios.test_probes import SECRET, sign_in
from tests.scenarios.test_roles import operate
from tests.served import Served
from tests.signaling.samples import SAMPLES

Crowd = Callable[..., Awaitable[Person]]


async def moved(person: Person, device: ClientDevice, to: Served) -> ClientDevice:
    """The same app, on another node."""
    await device.drop()
    back = await person.connect(address=to.address, pid=device.ready["pid"], offset=device.offset)
    assert back.ready["recovered"]
    return back


async def test_people_on_both_versions(
    start_node: StartNode, crowd: Crowd, tmp_path: Path, new_database: NewDatabase, new_redis: NewRedis
) -> None:
    """They meet, talk, change nodes amid a call and in the queue, chat, and part."""
    stores = {"DATABASE_URL": await new_database(empty=True), "REDIS_URL": await new_redis()}
    before = await start_node(await asyncio.to_thread(unpack, tmp_path), **stores)
    ours = await start_node(**stores, ECHO="here", PROBE_SECRET=SECRET)
    she, he = await crowd(before, gender="female"), await crowd(ours, gender="male")
    ana, ben = await she.connect(), await he.connect()

    call_id = await accepted(ana, ben, "video")
    offers = (await ana.next("call:started"))["role"] == "offerer"
    offerer, answerer = (ana, ben) if offers else (ben, ana)
    for one, other, kind in ((offerer, answerer, "offer"), (answerer, offerer, "answer")):
        description = {"type": kind, "sdp": SAMPLES[f"chromium-video.{kind}"].sdp}
        await one.ask("call:signal", call_id=call_id, epoch=1, description=description)
        assert (await other.next("call:signal"))["description"]["type"] == kind
    for device in (ana, ben):
        await device.ask("call:connected", call_id=call_id, epoch=1)
    await ana.next("call:state", state="live")
    ana = await moved(she, ana, ours)
    ben = await moved(he, ben, before)
    assert [each.ready["call"]["call_id"] for each in (ana, ben)] == [call_id, call_id]
    await ben.ask("call:end", call_id=call_id)
    await ana.next("call:ended")
    await ana.ask("decision:submit", call_id=call_id, connect=True)
    room = (await ben.next("decision:result", outcome="connected"))["connection"]["room_id"]

    for device, other in ((ana, ben), (ben, ana)):
        await device.ask("chat:send", room_id=room, client_id="1", content="Hello over there")
        assert (await other.next("chat:message"))["message"]["sender_id"] == device.ready["user"]["id"]
        seq = (await device.next("chat:message"))["message"]["seq"]
        await other.ask("chat:read", room_id=room, seq=seq)
        await device.next("chat:receipt", read_seq=seq)

    for place, goes_to in ((before, ours), (ours, before)):
        person = await crowd(place)
        waiting = await person.connect()
        ticket = (await waiting.ask("queue:join", mode="voice"))["ticket"]
        waiting = await moved(person, waiting, goes_to)
        assert waiting.ready["ticket"] == ticket
        await waiting.ask("queue:leave")

    # Probes, of which the version before knows nothing: who waits there is offered to none of them.
    assert (await operate("probe", "--create", **stores))[0] == 0
    waiting = await (await crowd(before)).connect()
    await waiting.ask("queue:join", mode="voice")
    async with aiohttp.ClientSession() as web:
        assert (await sign_in(before, web, NAMES[0]))[0] == 401
        accounts = [(await sign_in(ours, web, name))[1] for name in NAMES]
        probes = [Person(ours.address, web, account) for account in accounts]
        one, two = [await probe.connect() for probe in probes]
        call_id = await accepted(one, two, "voice")
        await two.ask("call:end", call_id=call_id)
        await one.next("call:ended", call_id=call_id)
        for probe in probes:
            await probe.leave()
    assert not waiting.has_heard("call:offered")
    await waiting.ask("queue:leave")

    # A call with the server, which the version before has not: its user may be on either all the same.
    alone = await crowd(ours)
    device = await alone.connect()
    call_id = await call_echo(device, "voice")
    device = await moved(alone, device, before)
    assert device.ready["call"]["call_id"] == call_id
    await device.ask("call:accept", call_id=call_id)
    await device.next("call:started", call_id=call_id, role="offerer")
    device = await moved(alone, device, ours)
    assert device.ready["call"]["origin"] == "echo"
    device = await moved(alone, device, before)
    await device.ask("call:end", call_id=call_id)
    await device.next("call:ended", reason="hung_up")
    assert (await device.ask("queue:join", mode="voice"))["ticket"]
    await device.ask("queue:leave")

    assert (await she.rest("POST", "/v1/blocks", json={"user_id": he.id}))[0] == 201
    for device in (ana, ben):
        assert not (await device.next("connection:ended"))["connection"]["active"]

    # And the other way round: who asks is on ours, and hears of it on the one before.
    third, fourth = await crowd(ours, gender="female"), await crowd(before, gender="male")
    cleo, dan = await third.connect(), await fourth.connect()
    await connected(cleo, dan)
    assert (await third.rest("POST", "/v1/blocks", json={"user_id": fourth.id}))[0] == 201
    await dan.next("connection:ended")
    for node in (before, ours):
        assert not re.search("Traceback|unusable|set aside", node.log), node.log
