"""What several messages cause that come together: one write to each socket, in order, nothing lost."""

import asyncio
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from realtime.transport import SocketServer
from realtime.transport.cork import MOST_HELD
from realtime.transport.frames import TEXT, FrameReader
from realtime.transport.websocket import WebSocket
from tests.patience import PATIENCE_S
from tests.transport.speaker import WebSocketSpeaker, serving
from tests.transport.test_frames import masked


def server() -> SocketServer:
    made = SocketServer(async_mode="aiohttp", cors_allowed_origins="*", ping_interval=3600)

    async def news(_sid: str, value: Any, size: int = 0) -> Any:
        await made.emit("news", [value, "x" * size])
        return value

    async def leave(sid: str) -> None:
        await made.emit("news", "last")
        made.close(sid, "left")

    made.on("news", news)
    made.on("leave", leave)
    return made


def together(speaker: WebSocketSpeaker, *packets: str) -> None:
    """Send all of them in one piece."""
    pieces = [masked(TEXT, packet.encode()) for packet in packets]
    speaker.socket._writer.transport.write(b"".join(pieces))


def writes_to(made: SocketServer, speaker: WebSocketSpeaker) -> list[bytes]:
    """What is written to this client's socket from now on."""
    member = made.manager.member(speaker.sid, "/")
    assert member is not None
    carrier = made.eio.sockets[member.eio_sid].carrier
    assert isinstance(carrier, WebSocket)
    written: list[bytes] = []
    write = carrier._write

    def counted(blob: bytes) -> None:
        written.append(blob)
        write(blob)

    carrier._write = counted
    return written


async def test_messages_that_come_together_cause_one_write_to_each_socket() -> None:
    """Answers and broadcasts alike; one that comes alone is answered at once."""
    made = server()
    async with serving(made) as harness, harness.connected() as ana, harness.connected() as ben:
        to_ana, to_ben = writes_to(made, ana), writes_to(made, ben)
        together(ana, '421["news",1]', '422["news",2]')
        for speaker in (ana, ben):
            heard = [await speaker.hear() for _ in range(2 if speaker is ben else 4)]
            assert heard[0] == '42["news",[1,""]]'
        assert (len(to_ana), len(to_ben)) == (1, 1)
        together(ana, '423["news",3]')
        assert [await ana.hear(), await ana.hear()] == ['42["news",[3,""]]', "433[3]"]
        assert (len(to_ana), len(to_ben)) == (3, 2)


async def test_an_event_goes_out_with_the_answer_that_follows_it() -> None:
    """To the client that has asked; others have it at once. It does not wait long for the answer."""
    made, answered = server(), asyncio.Event()

    async def say(sid: str, number: int) -> int:
        await asyncio.sleep(0)
        assert made.emit_encoded("news", b"%d" % number, [sid, ben.sid], offset=f"{number}-0") == 2
        assert len(to_ben) == number, "written before emit_encoded returns"
        await (asyncio.sleep(0) if number == 1 else answered.wait())
        return number

    made.on("say", say)
    async with serving(made) as harness, harness.connected() as ana, harness.connected() as ben:
        to_ana, to_ben = writes_to(made, ana), writes_to(made, ben)
        together(ana, '421["say",1]')
        assert [await ana.hear(), await ana.hear()] == ['42["news",1,"1-0"]', "431[1]"]
        assert len(to_ana) == 1
        together(ana, '422["say",2]')
        assert await ana.hear() == '42["news",2,"2-0"]'
        answered.set()
        assert await ana.hear() == "432[2]"
        assert (len(to_ana), len(to_ben)) == (3, 2)


async def test_what_is_done_together_is_one_write_to_each_client() -> None:
    """Events and pings, in order; what goes to a client that waits for an answer still goes with that."""
    made, asked, answered = server(), asyncio.Event(), asyncio.Event()

    async def wait(_sid: str) -> int:
        asked.set()
        await answered.wait()
        return 7

    def tell() -> int:
        for number in (1, 2):
            made.emit_encoded("news", b"%d" % number, [ana.sid, ben.sid])
        made.ping(ben.sid)
        assert to_ben == [], "written before all is done"
        answered.set()
        return 3

    made.on("wait", wait)
    async with serving(made) as harness, harness.connected() as ana, harness.connected() as ben:
        to_ana, to_ben = writes_to(made, ana), writes_to(made, ben)
        together(ana, '42["news",0]', '421["wait"]')
        async with asyncio.timeout(PATIENCE_S):
            await asked.wait()
        to_ana.clear()
        to_ben.clear()
        assert made.together(tell) == 3
        assert (len(to_ana), len(to_ben)) == (0, 1)
        assert [await ana.hear() for _ in range(4)][1:] == ['42["news",1]', '42["news",2]', "431[7]"]
        assert [await ben.hear() for _ in range(3)][1:] == ['42["news",1]', '42["news",2]']
        assert len(to_ana) == 1


async def test_what_is_long_is_not_held_back() -> None:
    """No more than a little is kept for a socket, and all comes in order."""
    made = server()
    async with serving(made) as harness, harness.connected() as ana, harness.connected() as ben:
        to_ben = writes_to(made, ben)
        together(ana, *(f'42["news",{number},1000]' for number in range(60)))
        heard = [await ben.expect('42["news"') for _ in range(60)]
        assert heard == [f'42["news",[{number},"{"x" * 1000}"]]' for number in range(60)]
        assert 2 <= len(to_ben) < 60
        assert max(map(len, to_ben)) < 2 * MOST_HELD


async def test_the_end_comes_after_what_was_held_back() -> None:
    """For the one that leaves, too."""
    async with serving(server()) as harness, harness.connected() as ana, harness.connected() as ben:
        together(ana, '42["news",1]', '42["leave"]')
        for speaker in (ana, ben):
            assert [await speaker.hear(), await speaker.hear()] == ['42["news",[1,""]]', '42["news","last"]']
        await ana.ended()


class Frames(FrameReader):
    def __init__(self) -> None:
        super().__init__(1000)
        self.several_times, self.heard = 0, list[bytes]()

    def several(self, read: Callable[[], None]) -> None:
        self.several_times += 1
        read()

    def text(self, payload: bytearray) -> None:
        self.heard.append(bytes(payload))


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=3), st.integers(0, 3))
def test_one_frame_is_told_from_more_and_from_less(payloads: list[bytes], cut: int) -> None:
    """However much of the last is there, and of however many pieces the first was made."""
    data, frames = b"".join(masked(TEXT, payload) for payload in payloads), Frames()
    frames.data_received(data[: len(data) - cut])
    assert frames.several_times == (len(payloads) > 1)
    assert frames.heard == payloads[: len(payloads) - (cut > 0)]
    frames.data_received(data[len(data) - cut :])
    assert frames.several_times == (len(payloads) > 1)
    assert frames.heard == payloads
