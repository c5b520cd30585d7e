"""How loud a voice message is, part by part, for clients to draw before they have it."""

from array import array
from collections.abc import Iterator
from itertools import pairwise

import av
from av.audio.resampler import AudioResampler
from av.container import InputContainer

PARTS = 64  # that are told of, at most
_RATE, _STEP = 8_000, 80  # samples a second are enough to see how loud it is; looked at in pieces of 10 ms
_LOUDEST = 32_768


def waveform(source: InputContainer) -> list[int] | None:
    """From its beginning to its end, 0 to 255 of what can be said; None where nothing is heard of it."""
    return drawn(list(_peaks(source)))


def drawn(peaks: list[int]) -> list[int] | None:
    """The loudest of each of at most `PARTS` parts of the same length."""
    parts = min(PARTS, len(peaks))
    bounds = [len(peaks) * n // parts for n in range(parts + 1)] if parts else []
    return [min(255, max(peaks[a:b]) * 256 // _LOUDEST) for a, b in pairwise(bounds)] or None


def _peaks(source: InputContainer) -> Iterator[int]:
    """The loudest sample of each piece, 0 to 32,768."""
    resampler = AudioResampler(format="s16", layout="mono", rate=_RATE)
    stream = source.streams.audio[0]
    stream.codec_context.thread_count = 1
    left = array("h")
    try:
        for frame in source.decode(stream):
            for mono in resampler.resample(frame):
                left.frombytes(bytes(mono.planes[0])[: mono.samples * 2])
            while len(left) >= _STEP:
                piece, left = left[:_STEP], left[_STEP:]
                yield max(map(abs, piece))
    except av.FFmpegError:
        return  # players stop there, too
    if left:
        yield max(map(abs, left))
