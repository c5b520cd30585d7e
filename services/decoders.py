"""Has uploads decoded, each in a process of its own, so that none can harm the server or see another one.

At most `processes` run and `queue` wait; beyond that callers are told to try again. Of one account one runs,
and only that one stands in the line of all, so accounts take turns however much each of them sends, and have
one place each. A process ends with its upload, or with the request that waits for it, so there is nothing to
close.
"""

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakValueDictionary

import msgspec
import structlog
from msgspec import Struct

from core.errors import InvalidRequest, Unavailable
from core.settings import Settings
from core.vocabulary import MediaType

# It knows where our packages are and loads `services.decoding` alone; -I keeps all else of the machine out.
_PROGRAM = (
    "import sys; sys.path.append(sys.argv.pop(1));from services.decoding.worker import run; run(sys.argv[1:])"
)
_ROOT = str(Path(__file__).resolve().parents[1])
_RETRY_MS = 1000
_JOBS = 100
_log = structlog.get_logger()


class Decoded(Struct, frozen=True, kw_only=True):
    """What is kept of an upload, by the name of each part, without metadata; and what is known of it."""

    parts: Mapping[str, bytes]
    type: MediaType = "image"
    content_type: str = "image/jpeg"
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    hash: int | None = None
    blurhash: str | None = None
    waveform: tuple[int, ...] | None = None

    @property
    def original(self) -> bytes:
        """The upload itself, made anew."""
        return self.parts["original"]


class _Refusal(Struct, frozen=True):
    """What a process may say; all else is `Decoded`, with how long each part is."""

    refused: str | None = None
    parts: dict[str, int] = {}


class Decoders:
    """Decodes. Raises `Unavailable` if too many wait already."""

    def __init__(self, *, processes: int, queue: int, max_pixels: int, cpu_s: int) -> None:
        self._turns, self._room = asyncio.Semaphore(processes), processes + queue
        self.max_pixels = max_pixels
        self._limits = (max_pixels, cpu_s)
        # Each is there for as long as an upload of its account is.
        self._of_accounts: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @classmethod
    def of(cls, settings: Settings) -> "Decoders":
        """As the operator has set them."""
        return cls(
            processes=settings.picture_processes,
            queue=settings.picture_queue,
            max_pixels=settings.max_picture_pixels,
            cpu_s=settings.picture_cpu_s,
        )

    @classmethod
    def later(cls, settings: Settings) -> "Decoders":
        """For what nobody waits for: one at a time, and as many jobs in line as come at once."""
        return cls(
            processes=1,
            queue=_JOBS,
            max_pixels=settings.max_picture_pixels,
            cpu_s=settings.picture_cpu_s,
        )

    async def picture(self, data: bytes, owner_id: str, *, sizes: Sequence[int] = ()) -> Decoded:
        """What is kept of a picture, and it in these sizes. Raises `InvalidRequest` for what is none, or too
        much of one.
        """
        return await self._taken(data, owner_id, "picture", *self._limits, 0, 0, *sizes)

    async def avif(self, data: bytes, owner_id: str, *, sizes: Sequence[int]) -> Mapping[str, bytes]:
        """A picture of ours as AVIF in these sizes, by the names of the renditions. Raises the same."""
        return (await self._taken(data, owner_id, "avif", *self._limits, 0, 0, *sizes)).parts

    async def recording(
        self, data: bytes, owner_id: str, *, video_ms: int, voice_ms: int, sizes: Sequence[int]
    ) -> Decoded:
        """The same of a video or voice message, of which one may last so long; 0: there may be none."""
        return await self._taken(data, owner_id, "recording", *self._limits, video_ms, voice_ms, *sizes)

    async def _taken(self, data: bytes, owner_id: str, *arguments: object) -> Decoded:
        async with self._of_accounts.setdefault(owner_id, asyncio.Lock()):
            with self._place():
                async with self._turns:
                    return _decoded(*await self._ran(data, *map(str, arguments)))

    @contextmanager
    def _place(self) -> Iterator[None]:
        """One in the line of all, for as long as the block lasts."""
        if not self._room:
            raise Unavailable(
                "Too many pictures are being read: try again shortly.", retry_after_ms=_RETRY_MS
            )
        self._room -= 1
        try:
            yield
        finally:
            self._room += 1

    async def _ran(self, data: bytes, *arguments: str) -> tuple[int, bytes]:
        """How the process ended, and what it said. It has no environment: that holds our secrets."""
        program = (sys.executable, "-I", "-c", _PROGRAM, _ROOT, *arguments)
        process = await asyncio.create_subprocess_exec(
            *program, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}
        )
        try:
            said, _ = await process.communicate(data)
            return await process.wait(), said
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


def _decoded(code: int, answer: bytes) -> Decoded:
    if code == -signal.SIGXCPU:
        raise _refused("It takes too long to read.")
    line, _, data = answer.partition(b"\n")
    if code or not line:
        _log.warning("a process that decodes uploads has died", code=code)
        raise Unavailable("The upload could not be read: try again shortly.", retry_after_ms=_RETRY_MS)
    said = msgspec.json.decode(line, type=_Refusal)
    if said.refused:
        raise _refused(said.refused)
    about = {**msgspec.json.decode(line), "parts": _cut(data, said.parts)}
    return msgspec.convert(about, Decoded)


def _cut(data: bytes, lengths: Mapping[str, int]) -> dict[str, bytes]:
    parts, at = {}, 0
    for name, length in lengths.items():
        parts[name] = data[at : at + length]
        at += length
    return parts


def _refused(sentence: str) -> InvalidRequest:
    return InvalidRequest(sentence, details={"field": "file"})
