"""Decodes pictures, each in a process of its own, so that none can harm the server or see another one.

At most `processes` run and `queue` wait; beyond that callers are told to try again. Of one account one runs,
and only that one stands in the line of all, so accounts take turns however much each of them sends, and have
one place each. A process ends with its picture, or with the request that waits for it, so there is nothing to
close.
"""

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakValueDictionary

import msgspec
import structlog
from msgspec import Struct

from core.errors import InvalidRequest, Unavailable
from core.settings import Settings

_PROGRAM = Path(__file__).with_name("picture_decoding.py")
_RETRY_MS = 1000
_log = structlog.get_logger()


class Picture(Struct, frozen=True, kw_only=True):
    """A JPEG without metadata, and its difference hash."""

    data: bytes
    width: int
    height: int
    hash: int


class _Said(Struct, frozen=True):
    """The first line of the process' answer."""

    refused: str | None = None
    width: int = 0
    height: int = 0
    hash: int = 0


class Pictures:
    """Decodes. Raises `Unavailable` if too many wait already."""

    def __init__(self, *, processes: int, queue: int, max_pixels: int, cpu_s: int) -> None:
        self._turns, self._room = asyncio.Semaphore(processes), processes + queue
        self._limits = (str(max_pixels), str(cpu_s))
        # Each is there for as long as a picture of its account is.
        self._of_accounts: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @classmethod
    def of(cls, settings: Settings) -> "Pictures":
        """As the operator has set them."""
        return cls(
            processes=settings.picture_processes,
            queue=settings.picture_queue,
            max_pixels=settings.max_picture_pixels,
            cpu_s=settings.picture_cpu_s,
        )

    async def decoded(self, data: bytes, owner_id: str) -> Picture:
        """What is kept of it. Raises `InvalidRequest` for what is no picture, or too much of one."""
        async with self._of_accounts.setdefault(owner_id, asyncio.Lock()):
            with self._place():
                async with self._turns:
                    return _picture(*await self._ran(data))

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._room:
            raise Unavailable(
                "Too many pictures are being read: try again shortly.", retry_after_ms=_RETRY_MS
            )
        self._room -= 1
        try:
            yield
        finally:
            self._room += 1

    async def _ran(self, data: bytes) -> tuple[int, bytes]:
        """How the process ended, and what it said. It has no environment: that holds our secrets."""
        program = (sys.executable, "-I", str(_PROGRAM), *self._limits)
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


def _picture(code: int, answer: bytes) -> Picture:
    if code == -signal.SIGXCPU:
        raise _refused("The picture takes too long to read.")
    line, _, data = answer.partition(b"\n")
    if code or not line:
        _log.warning("a process that decodes pictures has died", code=code)
        raise Unavailable("The picture could not be read: try again shortly.", retry_after_ms=_RETRY_MS)
    said = msgspec.json.decode(line, type=_Said)
    if said.refused:
        raise _refused(said.refused)
    return Picture(data=data, width=said.width, height=said.height, hash=said.hash)


def _refused(sentence: str) -> InvalidRequest:
    return InvalidRequest(sentence, details={"field": "file"})
