"""Objects for clients, read as these take them: who takes nothing makes us hold one piece."""

from collections.abc import AsyncIterator

from core.errors import Unavailable
from services.ports import Objects

PIECE_BYTES = 256 * 1024


async def pieces(objects: Objects, key: str, which: range) -> AsyncIterator[bytes]:
    """Those bytes of an object, in order. Raises `Unavailable` where it is gone meanwhile."""
    for start in range(which.start, which.stop, PIECE_BYTES):
        piece = await objects.part(key, range(start, min(which.stop, start + PIECE_BYTES)))
        if piece is None:
            raise Unavailable("The file is lost.")
        yield piece
