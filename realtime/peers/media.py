"""The media that a program sends in a call: a tone, and a small moving picture. No file, no device."""

import asyncio
import contextlib
import fractions
import math
from array import array

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame, VideoFrame

RATE_HZ = 48_000
_SAMPLES = RATE_HZ // 50  # 20 ms, what Opus takes
_LOUDNESS = 2_000  # of 32,767: audible, and nobody is startled
_PICTURES_A_S = 15
_TICKS_A_S = 90_000
_WIDTH, _HEIGHT, _BAR = 160, 120, 16
_GREY, _BRIGHT = 70, 220


class Paced(MediaStreamTrack):
    """A track that gives each frame when it is due, counted from the first one."""

    def __init__(self, period_s: float) -> None:
        super().__init__()
        self._period_s = period_s
        self._begun_at: float | None = None
        self._given = 0

    async def due(self) -> int:
        """The number of the next frame, when its time has come. Raises `MediaStreamError` once stopped."""
        if self.readyState != "live":
            raise MediaStreamError
        loop = asyncio.get_running_loop()
        if self._begun_at is None:
            self._begun_at = loop.time()
        number, self._given = self._given, self._given + 1
        await asyncio.sleep(self._begun_at + number * self._period_s - loop.time())
        return number


class Tone(Paced):
    """A sine of `pitch_hz`, rounded to whole waves in a second so that it has no clicks."""

    kind = "audio"

    def __init__(self, pitch_hz: int) -> None:
        super().__init__(_SAMPLES / RATE_HZ)
        wave = (math.sin(2 * math.pi * pitch_hz * n / RATE_HZ) for n in range(RATE_HZ))
        self._second = array("h", (round(_LOUDNESS * height) for height in wave)).tobytes()

    async def recv(self) -> AudioFrame:
        """The next 20 ms, mono, 16 bits."""
        number = await self.due()
        at = number % 50 * _SAMPLES * 2
        frame = AudioFrame(format="s16", layout="mono", samples=_SAMPLES)
        frame.planes[0].update(self._second[at : at + _SAMPLES * 2])
        frame.sample_rate, frame.time_base = RATE_HZ, fractions.Fraction(1, RATE_HZ)
        frame.pts = number * _SAMPLES
        return frame


class Picture(Paced):
    """A bright bar that moves over a field of one colour, `hue` of 0 to 255."""

    kind = "video"

    def __init__(self, hue: int) -> None:
        super().__init__(1 / _PICTURES_A_S)
        self._hue = hue

    async def recv(self) -> VideoFrame:
        """The next picture, 160 by 120."""
        number = await self.due()
        left = number * 2 % (_WIDTH - _BAR)
        row = bytes([_GREY]) * left + bytes([_BRIGHT]) * _BAR
        frame = VideoFrame(_WIDTH, _HEIGHT, "yuv420p")
        for plane, (line, fill) in zip(
            frame.planes, ((row, _GREY), (b"", self._hue), (b"", 255 - self._hue)), strict=True
        ):
            # A plane's line may be longer than the picture is wide.
            plane.update(line.ljust(plane.line_size, bytes([fill])) * plane.height)
        frame.pts, frame.time_base = number * _TICKS_A_S // _PICTURES_A_S, fractions.Fraction(1, _TICKS_A_S)
        return frame


async def drain(track: MediaStreamTrack, first: asyncio.Event) -> None:
    """Receive what the other side sends until it ends, and drop it; `first` is set when something has come.

    If it were not received, aiortc would keep all of it in memory.
    """
    with contextlib.suppress(MediaStreamError):
        while True:
            await track.recv()
            first.set()
