"""A client of an echo call by aiortc: it sends a tone and numbered pictures, and knows both again."""

import asyncio
import fractions
import math
from array import array
from collections.abc import Awaitable, Callable
from typing import Any, Self

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame, VideoFrame

from core.tasks import end
from core.vocabulary import Mode
from realtime.peers.media import RATE_HZ, Paced, Tone
from tests.patience import PATIENCE_S

PITCH_HZ, SILENT_HZ = 440, 1000
_PICTURES_A_S, _TICKS_A_S, _WIDTH, _HEIGHT = 15, 90_000, 160, 120
_COLOURS = 12
_DARKEST, _STEP = 40, 14
_HEARD = 10_000.0

Answer = Callable[[str], Awaitable[str | None]]


class Numbers(Paced):
    """Pictures, each of one brightness, which tells its number."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__(1 / _PICTURES_A_S)

    async def recv(self) -> VideoFrame:
        """The next one."""
        number = await self.due()
        frame = VideoFrame(_WIDTH, _HEIGHT, "yuv420p")
        for plane, fill in zip(frame.planes, (_DARKEST + number % _COLOURS * _STEP, 128, 128), strict=True):
            plane.update(bytes([fill]) * plane.buffer_size)
        frame.pts = number * _TICKS_A_S // _PICTURES_A_S
        frame.time_base = fractions.Fraction(1, _TICKS_A_S)
        return frame


def number_of(frame: Any) -> int:
    """The number of a picture, of twelve."""
    middle: int = bytes(frame.planes[0])[frame.planes[0].line_size * _HEIGHT // 2 + _WIDTH // 2]
    return round((middle - _DARKEST) / _STEP)


def loudness(samples: "array[int]", pitch_hz: int) -> float:
    """How much of this pitch is in one second of mono (Goertzel)."""
    turn = 2 * math.cos(2 * math.pi * pitch_hz / RATE_HZ)
    last = before = 0.0
    for sample in samples:
        last, before = sample + turn * last - before, last
    return math.sqrt(abs(last * last + before * before - turn * last * before)) / len(samples) * 2


class Caller:
    """One end of an echo call, for one epoch; `answer` is what gives the answer to an offer."""

    def __init__(self, mode: Mode) -> None:
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        tracks: list[MediaStreamTrack] = [Tone(PITCH_HZ), *([Numbers()] if mode == "video" else [])]
        self._tracks, self._tasks = tracks, set[asyncio.Task[None]]()
        for track in tracks:
            self._connection.addTrack(track)
        self._connection.on("track", self._hear)
        self._sound = array("h")
        self.pictures: list[int] = []
        self._more = asyncio.Condition()

    async def call(self, answer: Answer) -> Self:
        """Offer, and take the answer."""
        await self._connection.setLocalDescription(await self._connection.createOffer())
        said = await answer(self._connection.localDescription.sdp)
        assert said is not None
        await self._connection.setRemoteDescription(RTCSessionDescription(sdp=said, type="answer"))
        return self

    async def hears_itself(self) -> None:
        """A second of sound in which its own pitch is, and no other."""
        await self._until(lambda: len(self._sound) >= 2 * RATE_HZ, "no sound came back")
        second = self._sound[RATE_HZ : 2 * RATE_HZ]
        own, other = loudness(second, PITCH_HZ), loudness(second, SILENT_HZ)
        assert own > 1000, (own, other)
        assert other < 50, (own, other)

    async def sees_itself(self) -> None:
        """Pictures by their numbers, one after the other."""
        await self._until(lambda: len(self.pictures) >= 10, "no pictures came back")
        steps = [(new - old) % _COLOURS for old, new in zip(self.pictures, self.pictures[1:], strict=False)]
        assert steps.count(1) > len(steps) * 0.7, self.pictures

    def forget(self) -> None:
        """What has come until now."""
        self._sound, self.pictures = array("h"), []

    async def close(self) -> None:
        """Hang up."""
        await end(self._tasks)
        for track in self._tracks:
            track.stop()
        await self._connection.close()

    def _hear(self, track: MediaStreamTrack) -> None:
        self._tasks.add(asyncio.create_task(self._listen(track)))

    async def _listen(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            async with self._more:
                if isinstance(frame, AudioFrame):
                    both = array("h", bytes(frame.planes[0])[: frame.samples * 4])
                    self._sound += both[::2] if frame.layout.name == "stereo" else both
                else:
                    self.pictures.append(number_of(frame))
                self._more.notify_all()

    async def _until(self, holds: Callable[[], bool], otherwise: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S), self._more:
                await self._more.wait_for(holds)
        except TimeoutError:
            raise AssertionError(f"{otherwise}: {self._connection.connectionState}") from None
