"""Objects in a folder or in S3 (`obstore`): bytes that are written once, by name.

What the store cannot do for now is `Unavailable`, so that a request says so and a job tries again.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import IO

import structlog
from msgspec import Struct
from obstore import sign_async
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from core.clock import to_ms
from core.errors import Unavailable
from core.settings import Settings

_RETRY_MS = 1000
_SOME = 500
_log = structlog.get_logger()


class Listed(Struct, frozen=True):
    """An object, and when it was written (ms)."""

    key: str
    at: int


class ObjectStore:
    """Implements `services.ports.Objects`."""

    def __init__(self, opened: Callable[[], LocalStore | S3Store]) -> None:
        self._opened = opened

    @cached_property
    def _store(self) -> LocalStore | S3Store:
        """Opened when it is first needed, so that a process that keeps nothing makes no folder."""
        return self._opened()

    async def put(self, key: str, data: bytes) -> None:
        """Write it, in place of what was there."""
        with _available():
            await self._store.put_async(key, data)

    async def get(self, key: str) -> bytes | None:
        """All of it; None: there is no such object."""
        with _available():
            try:
                found = await self._store.get_async(key)
                return bytes(await found.bytes_async())
            except FileNotFoundError:
                return None

    async def part(self, key: str, which: range) -> bytes | None:
        """Those of its bytes, which it has; None: there is no such object."""
        with _available():
            try:
                return bytes(await self._store.get_range_async(key, start=which.start, end=which.stop))
            except FileNotFoundError:
                return None

    async def put_file(self, key: str, file: IO[bytes]) -> None:
        """Write what is in this file from where it stands, piece by piece, in place of what was there."""
        with _available():
            await self._store.put_async(key, file)

    async def size(self, key: str) -> int | None:
        """How many bytes it has; None: there is no such object."""
        with _available():
            try:
                return int((await self._store.head_async(key))["size"])
            except FileNotFoundError:
                return None

    async def address_to_put(self, key: str, valid_s: int) -> str | None:
        """Where a client may write it by itself, for so long; None for a folder, which cannot sign."""
        if isinstance(self._store, LocalStore):
            return None
        with _available():
            return await sign_async(self._store, "PUT", key, timedelta(seconds=valid_s))

    async def delete(self, key: str) -> None:
        """Delete it, if it is there."""
        with _available(), suppress(FileNotFoundError):
            await self._store.delete_async(key)

    async def listed(self) -> AsyncIterator[Sequence[Listed]]:
        """All objects, some at a time, in no order."""
        with _available():
            async for some in self._store.list(chunk_size=_SOME):
                yield [Listed(one["path"], to_ms(one["last_modified"])) for one in some]


def object_store(settings: Settings) -> ObjectStore:
    """As the operator has set it; the folder is made where it is missing."""
    url = settings.media_store
    if url.startswith("s3://"):
        return ObjectStore(lambda: _s3(url, timedelta(seconds=settings.upload_answer_s)))
    folder = Path(url.removeprefix("file://")) if url else Path(settings.data_dir) / "media"
    return ObjectStore(lambda: LocalStore(folder.absolute(), mkdir=True))


def _s3(url: str, patience: timedelta) -> S3Store:
    """An endpoint of one's own may do without TLS, in a network of one's own."""
    return S3Store.from_url(
        url,
        client_options={"timeout": patience, "allow_http": True},
        retry_config={"max_retries": 2, "retry_timeout": patience},
    )


@contextmanager
def _available() -> Iterator[None]:
    """Turn what the store raises into `Unavailable`."""
    try:
        yield
    except (BaseError, OSError) as error:
        _log.warning("the object store does not serve", error=str(error).partition("\n")[0])
        raise Unavailable("Pictures cannot be kept right now.", retry_after_ms=_RETRY_MS) from error
