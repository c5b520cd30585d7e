"""A process that decodes one upload: `worker.run(arguments)`.

It is given the bytes on its standard input, bounds its own CPU and memory, and answers with a line of JSON,
which says how long each part is, and the parts; or with a line that says why it is refused.
"""

import json
import resource
import sys
from collections.abc import Sequence

from services.decoding import pictures
from services.decoding.answers import Refused

_OWN_MEMORY = 256 * 1024 * 1024
_BYTES_A_PIXEL = 12  # decoded, and once more within a decoder


def run(arguments: Sequence[str]) -> None:
    """Decode what comes on standard input: with how many pixels, CPU seconds and sizes."""
    max_pixels, cpu_s, *sizes = arguments
    _bound(int(cpu_s), _OWN_MEMORY + _BYTES_A_PIXEL * int(max_pixels))
    _answer(int(max_pixels), [int(size) for size in sizes])


def _bound(cpu_s: int, memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))  # the signal for the first says why
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answer(max_pixels: int, sizes: Sequence[int]) -> None:
    try:
        found = pictures.decoded(sys.stdin.buffer.read(), max_pixels, sizes)
        about = {**found.about, "parts": {name: len(data) for name, data in found.parts.items()}}
        parts = list(found.parts.values())
    except Refused as refusal:
        about, parts = {"refused": str(refusal)}, []
    sys.stdout.buffer.write(json.dumps(about).encode() + b"\n" + b"".join(parts))
