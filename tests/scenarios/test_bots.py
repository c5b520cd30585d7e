"""Bots are ordinary clients: somebody who is alone meets one, talks, connects and writes with it."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import pytest

from core.tasks import end
from core.vocabulary import Mode
from realtime.peers.bots import Crowd, run
from realtime.peers.media import Picture, Tone
from realtime.peers.peer import Peer
from tests.integration.person import ClientDevice, Person
from tests.scenarios.conftest import StartNode

SendBots = Callable[[Crowd], Awaitable[None]]


@pytest.fixture(autouse=True)
def loopback_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """aioice leaves this one address out; a machine may have no other."""
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda **_: ["127.0.0.1"])


@pytest.fixture
async def address(start_node: StartNode) -> str:
    """A product with a queue that nobody else waits in, nor bots of another test that have just gone."""
    return (await start_node(REGION=f"bots-{secrets.token_hex(4)}")).address


@pytest.fixture
async def send_bots(tmp_path: Path) -> AsyncIterator[SendBots]:
    """`await send_bots(crowd)`: they live until the test ends."""
    crowds: list[asyncio.Task[None]] = []

    async def send(crowd: Crowd) -> None:
        crowds.append(asyncio.create_task(run(crowd, tmp_path / "bots.json", Random(7))))

    yield send
    await end(crowds)


async def talk(device: ClientDevice, *, mode: str) -> Peer:
    """Go through the call as a browser would, with media of the same kind: live when this returns."""
    started = await device.next("call:started")
    about = {"call_id": started["call_id"], "epoch": started["epoch"]}

    async def send(signal: dict[str, Any]) -> None:
        await device.ask("call:signal", **about, **signal)

    async def connected() -> None:
        await device.ask("call:connected", **about)

    peer = Peer(
        role=started["role"],
        ice_servers=started["ice_servers"],
        tracks=[Tone(440), *([Picture(30)] if mode == "video" else [])],
        send=send,
        connected=connected,
    )
    await peer.begin()
    await peer.take(await device.next("call:signal", **about))
    await device.next("call:state", state="live", call_id=started["call_id"])
    return peer


@pytest.mark.parametrize("mode", ["voice", "video"])
async def test_somebody_alone_meets_a_bot(
    address: str, web: aiohttp.ClientSession, send_bots: SendBots, mode: Mode
) -> None:
    """It accepts, its media comes, it says yes, and it answers what is written to it."""
    await send_bots(Crowd(server=address, count=1, mode=mode))
    person = await Person.sign_up(address, web, gender="male")
    device = await person.connect()
    await device.ask("queue:join", mode=mode)
    offer = await device.next("call:offered", mode=mode)
    assert offer["peer"]["display_name"] == "Ada (bot)"
    await device.ask("call:accept", call_id=offer["call_id"])
    peer = await talk(device, mode=mode)

    await device.ask("call:end", call_id=offer["call_id"])
    await device.next("call:ended", reason="hung_up")
    await peer.close()
    result = await device.next("decision:result", outcome="connected")

    room_id = result["connection"]["room_id"]
    greeting = (await device.next("chat:message"))["message"]
    assert (greeting["room_id"], greeting["sender_id"]) == (room_id, offer["peer"]["user_id"])
    await device.ask("chat:send", room_id=room_id, client_id="1", content="Who are you?")
    answer = await device.next("chat:message")
    while answer["message"]["sender_id"] == person.id:
        answer = await device.next("chat:message")
    assert answer["message"]["sender_id"] == offer["peer"]["user_id"]
    await person.leave()


async def test_a_bot_hangs_up_when_it_has_talked_enough(
    address: str, web: aiohttp.ClientSession, send_bots: SendBots
) -> None:
    """A call that somebody forgot does not keep the bot from the next."""
    await send_bots(Crowd(server=address, count=1, mode="voice", talk_s=0.2))
    person = await Person.sign_up(address, web, gender="female")
    device = await person.connect()
    await device.ask("queue:join", mode="voice")
    offer = await device.next("call:offered")
    await device.ask("call:accept", call_id=offer["call_id"])
    peer = await talk(device, mode="voice")
    await device.next("call:ended", reason="hung_up")
    await peer.close()
    await person.leave()


async def test_bots_wait_for_people_and_keep_their_accounts(
    address: str, web: aiohttp.ClientSession, send_bots: SendBots, tmp_path: Path
) -> None:
    """Two who would fit are not offered to each other; a second run has the same accounts."""
    await send_bots(Crowd(server=address, count=2, mode="voice"))
    person = await Person.sign_up(address, web, gender="female")
    device = await person.connect()
    await device.ask("queue:join", mode="video")
    bots = json.loads((tmp_path / "bots.json").read_text())[address]
    assert [bot["gender"] for bot in bots] == ["female", "male"]

    met = set()
    for _ in range(2):
        await device.ask("queue:leave")
        await device.ask("queue:join", mode="voice")
        offer = await device.next("call:offered")
        met.add(offer["peer"]["display_name"])
        await device.ask("call:decline", call_id=offer["call_id"])
        await device.next("call:ended", reason="declined")
    assert met == {"Ada (bot)", "Ben (bot)"}
    await person.leave()
