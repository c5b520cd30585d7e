"""Videos and voice messages as telephones and browsers make them, and as those do who mean no good."""

from io import BytesIO
from typing import Any

import av
import numpy as np


def recorded(
    kind: str = "mp4",
    *,
    video: str | None = "libx264",
    audio: str | None = "aac",
    seconds: float = 1,
    size: tuple[int, int] = (64, 48),
    fps: int = 10,
    streams: int = 1,
    loud: float = 0,
    **options: str,
) -> bytes:
    """One that says where and by whom it was made; its second half is a tone this `loud`, 0 to 1."""
    out = BytesIO()
    with av.open(out, "w", format=kind, options=options) as sink:
        sink.metadata.update({"title": "at home", "location": "+38.7-009.1/", "artist": "Ana Lima"})
        pictures = [_picture_stream(sink, video, fps, size) for _ in range(streams) if video]
        sounds = [_sound_stream(sink, audio) for _ in range(streams) if audio]
        for stream in pictures:
            _draw(sink, stream, int(seconds * fps), size)
        for stream in sounds:
            _hum(sink, stream, seconds, loud)
    return out.getvalue()


def _picture_stream(sink: Any, codec: str, fps: int, size: tuple[int, int]) -> Any:
    stream = sink.add_stream(codec, rate=fps)
    stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
    stream.codec_context.thread_count = 1
    return stream


def _sound_stream(sink: Any, codec: str) -> Any:
    stream = sink.add_stream(codec, rate=48_000)
    stream.layout = "mono"
    return stream


def _draw(sink: Any, stream: Any, frames: int, size: tuple[int, int]) -> None:
    for number in range(frames):
        pixels = np.full((size[1], size[0], 3), number * 20 % 255, dtype=np.uint8)
        sink.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
    sink.mux(stream.encode())


def _hum(sink: Any, stream: Any, seconds: float, loud: float) -> None:
    planar = stream.codec_context.name == "aac"
    kind: Any
    kind, letters = (np.float32, "fltp") if planar else (np.int16, "s16")
    tone = loud * (1 if planar else 32_767) * np.sin(np.arange(960) * np.pi / 48).reshape(1, 960)
    frames = int(seconds * 50)
    for number in range(frames):
        heard = tone if number >= frames // 2 else 0 * tone
        frame = av.AudioFrame.from_ndarray(heard.astype(kind), format=letters, layout="mono")
        frame.sample_rate, frame.pts = 48_000, number * 960
        sink.mux(stream.encode(frame))
    sink.mux(stream.encode())
