"""Whoever calls chooses nothing that the echo sends to, and cannot make it hold or send without bound."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from realtime.peers.media import Tone
from realtime.peers.peer import Peer
from tests.echo.caller import Caller
from tests.echo.conftest import Call, NewEcho
from tests.patience import PATIENCE_S
from tests.signaling.samples import SAMPLES


class Listener(asyncio.DatagramProtocol):
    """Somebody whom a client names, and who never asked for anything."""

    def __init__(self) -> None:
        self.got, self.first = 0, asyncio.Event()

    def datagram_received(self, _data: bytes, _where: Any) -> None:
        self.got += 1
        self.first.set()


@pytest.fixture
async def listener() -> AsyncIterator[tuple[Listener, int]]:
    loop = asyncio.get_running_loop()
    transport, listening = await loop.create_datagram_endpoint(Listener, local_addr=("127.0.0.1", 0))
    yield listening, transport.get_extra_info("sockname")[1]
    transport.close()


def naming(sdp: str, port: int) -> str:
    """The same offer, with addresses of somebody else alone."""
    own = [line for line in sdp.split("\r\n") if not line.startswith(("a=candidate:", "a=end-of-candidates"))]
    hostile = [
        f"a=candidate:1 1 udp 2130706431 127.0.0.1 {port} typ host",
        f"a=candidate:2 1 udp 1694498815 127.0.0.1 {port} typ srflx raddr 0.0.0.0 rport 0",
        f"a=candidate:3 1 udp 16777215 127.0.0.1 {port} typ relay raddr 0.0.0.0 rport 0",
    ]
    at = next(number for number, line in enumerate(own) if line.startswith("a=ice-ufrag:"))
    text = "\r\n".join([*own[:at], *hostile, *own[at:]])
    text = re.sub(r"^m=(\w+) \d+", rf"m=\1 {port}", text, flags=re.MULTILINE)
    return re.sub(r"^a=rtcp:.*?\r\n", f"a=rtcp:{port} IN IP4 127.0.0.1\r\n", text, flags=re.MULTILINE)


async def test_nothing_is_sent_where_a_client_says(new_echo: NewEcho, listener: tuple[Listener, int]) -> None:
    """The call goes on, with whoever proves by their own checks to be there; the one named hears nothing."""
    echo, (listening, port) = new_echo(), listener
    caller = Caller("voice")

    async def answer(sdp: str) -> str | None:
        return await echo.answer(naming(sdp, port))

    await caller.call(answer)
    await caller.hears_itself()
    await caller.close()
    assert listening.got == 0


async def test_who_trusts_what_it_is_told_does_send(listener: tuple[Listener, int]) -> None:
    """The control: the same offer makes an end that takes candidates send to the one named."""
    listening, port = listener
    caller = Caller("voice")

    async def nothing(*_: Any) -> None:
        pass

    peer = Peer(role="answerer", ice_servers=[], tracks=[Tone(440)], send=nothing, connected=nothing)

    async def answer(sdp: str) -> str | None:
        await peer.take({"description": {"type": "offer", "sdp": naming(sdp, port)}})
        return None

    with pytest.raises(AssertionError):
        await caller.call(answer)
    async with asyncio.timeout(PATIENCE_S):
        await listening.first.wait()
    await asyncio.gather(peer.close(), caller.close())


async def test_what_nobody_asked_for_is_not_kept(new_echo: NewEcho) -> None:
    """Before there is a key for it, and whoever sends it."""
    echo = new_echo()
    said = await echo.answer(SAMPLES["chromium-voice.offer"].sdp)
    assert said is not None
    found = re.search(r"a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1 (\d+) typ host", said)
    assert found
    waiting = echo.media._gatherer._connection._queue
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for _ in range(40):
            for _ in range(50):
                stranger.sendto(b"\x80" + b"x" * 1000, ("127.0.0.1", int(found[1])))
            await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE_S):
        while not waiting.qsize():
            await asyncio.sleep(0.01)
    assert waiting.qsize() <= 256


async def test_a_thousand_offers_are_one_transport(new_echo: NewEcho) -> None:
    """An offer that repeats itself is answered, by the same port and the same keys."""
    echo, offer = new_echo(), SAMPLES["chromium-video.offer"].sdp
    first = await echo.answer(offer)
    assert first is not None
    for _ in range(1000):
        last = await echo.answer(offer)
    assert last is not None

    def transport(sdp: str) -> list[str]:
        return [x for x in sdp.split("\r\n") if x.startswith(("a=candidate", "a=ice-", "a=fingerprint"))]

    assert transport(first) == transport(last)
    assert last.split("\r\n")[1].split()[2] == "1001"


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.endswith("offer") and "data" not in name])
async def test_what_browsers_offer_is_answered(new_echo: NewEcho, name: str) -> None:
    """All audio and video is taken, by the payload types and extensions of the offer."""
    offer = SAMPLES[name].sdp
    said = await new_echo().answer(offer)
    assert said is not None
    assert re.findall(r"^m=(?:audio|video) \d+ (.*)", said, re.MULTILINE) == re.findall(
        r"^m=(?:audio|video) \d+ (.*)", offer, re.MULTILINE
    )
    assert set(re.findall(r"^a=rtpmap:.*", said, re.MULTILINE)) == set(
        re.findall(r"^a=rtpmap:.*", offer, re.MULTILINE)
    )
    assert "a=setup:active" in said


async def test_a_call_that_was_closed_holds_no_port(new_echo: NewEcho, call: Call) -> None:
    echo = new_echo()
    caller = await call(echo)
    await caller.hears_itself()
    await echo.media.close()
    assert echo.media._gatherer._connection._protocols == []
