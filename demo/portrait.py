"""What people of the town send in a call: their drawn face, which sways a little, and a low hum."""

import fractions
import math
from collections.abc import Iterator
from io import BytesIO
from typing import Literal

from aiortc.mediastreams import MediaStreamTrack
from av import VideoFrame
from PIL import Image

from realtime.peers.media import Paced, Tone

_SIDE, _MARGIN = 240, 12
_PICTURES_A_S, _TICKS_A_S = 10, 90_000
_SWAYS = 30  # pictures until it is where it was
_HUM_HZ = (110, 165)


class Swaying(Paced):
    """A picture that moves to and fro, 240 by 240: cut out of one that is a little larger."""

    kind = "video"

    def __init__(self, jpeg: bytes) -> None:
        super().__init__(1 / _PICTURES_A_S)
        wide = _SIDE + 2 * _MARGIN
        whole = Image.open(BytesIO(jpeg)).convert("RGB").resize((wide, wide))
        self._frames = [_planes(_cut(whole, nth)) for nth in range(_SWAYS)]

    async def recv(self) -> VideoFrame:
        """The next picture."""
        number = await self.due()
        frame = VideoFrame(_SIDE, _SIDE, "yuv420p")
        for plane, data in zip(frame.planes, self._frames[number % _SWAYS], strict=True):
            plane.update(data)
        frame.pts, frame.time_base = number * _TICKS_A_S // _PICTURES_A_S, fractions.Fraction(1, _TICKS_A_S)
        return frame


def tracks(mode: Literal["voice", "video"], jpeg: bytes, number: int) -> Iterator[MediaStreamTrack]:
    """Of somebody with this face."""
    yield Tone(_HUM_HZ[number % 2] + 4 * (number % 7))
    if mode == "video":
        yield Swaying(jpeg)


def _cut(whole: Image.Image, nth: int) -> Image.Image:
    turn = 2 * math.pi * nth / _SWAYS
    left, above = _MARGIN * (1 + math.sin(turn)), _MARGIN * (1 + math.sin(2 * turn) / 2)
    return whole.crop((round(left), round(above), round(left) + _SIDE, round(above) + _SIDE))


def _planes(picture: Image.Image) -> list[bytes]:
    frame: VideoFrame = VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
    return [bytes(plane) for plane in frame.reformat(format="yuv420p").planes]
