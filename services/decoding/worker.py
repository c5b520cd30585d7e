"""A process that decodes one upload: `worker.run(arguments)`.

It is given the bytes on its standard input, bounds its own CPU and memory, and answers with a line of JSON,
which says how long each part is, and the parts; or with a line that says why it is refused.
"""

import json
import os
import resource
import sys
from collections.abc import Callable, Sequence
from functools import partial

from services.decoding.answers import Decoded, Refused

_OWN_MEMORY = 256 * 1024 * 1024
_LATER = 10  # how much nicer it is to all others, where nobody waits for it
_BYTES_A_PIXEL = 12  # decoded, and once more within a decoder


def run(arguments: Sequence[str]) -> None:
    """Decode what comes on standard input: as what, with how many pixels and seconds of CPU, of how many ms
    with a picture and without (0: none is taken), and in which sizes.
    """
    kind, *numbers = arguments
    max_pixels, cpu_s, video_ms, voice_ms, *sizes = map(int, numbers)
    _bound(cpu_s, _OWN_MEMORY + _BYTES_A_PIXEL * max_pixels)
    _answer(_decoder(kind, max_pixels, video_ms, voice_ms, sizes))


def _decoder(
    kind: str, max_pixels: int, video_ms: int, voice_ms: int, sizes: Sequence[int]
) -> Callable[[bytes], Decoded]:
    """What is not needed is not loaded."""
    if kind == "picture":
        from services.decoding.pictures import decoded  # noqa: PLC0415

        return partial(decoded, max_pixels=max_pixels, sizes=sizes)
    if kind == "avif":
        from services.decoding.pictures import smaller  # noqa: PLC0415

        os.nice(_LATER)
        return partial(smaller, max_pixels=max_pixels, sizes=sizes)
    from services.decoding.recordings import remuxed  # noqa: PLC0415

    return partial(remuxed, max_pixels=max_pixels, video_ms=video_ms, voice_ms=voice_ms, sizes=sizes)


def _bound(cpu_s: int, memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))  # the signal for the first says why
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answer(decoder: Callable[[bytes], Decoded]) -> None:
    try:
        found = decoder(sys.stdin.buffer.read())
        about = {**found.about, "parts": {name: len(data) for name, data in found.parts.items()}}
        parts = list(found.parts.values())
    except Refused as refusal:
        about, parts = {"refused": str(refusal)}, []
    sys.stdout.buffer.write(json.dumps(about).encode() + b"\n" + b"".join(parts))
