"""Bodies that are not JSON, handed to their handler while they come: nothing of them is kept here.

What they may be, the endpoint declares (`core.wire.uploads`).
"""

import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import TypeVar, cast

import msgspec
from aiohttp import BodyPartReader, MultipartReader, StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.multipart import BadContentDispositionHeader, BadContentDispositionParam
from msgspec import Struct

from core.errors import InvalidRequest
from core.wire.decode import decode_json
from core.wire.uploads import Form, Upload
from rest.http.body import Incoming, Pace, too_large

S = TypeVar("S", bound=Struct)

_CHUNK = 64 * 1024
_HEAD = 16 * 1024  # the headers of a part, and what is sent around all parts
_LINES = 150  # of those too: aiohttp takes 128 headers
_PLAIN = frozenset(("binary", "7bit", "8bit"))
_MALFORMED = (ValueError, RuntimeError, AssertionError, HttpProcessingError)


class UploadDigest:
    """The digest of an upload, made while its handler reads it: what an idempotency key includes.

    Of a form, each part that is read counts, in any order, and not how the client has framed it.
    """

    def __init__(self) -> None:
        self._parts: dict[str, bytes] = {}
        self._unread = {"to its end"}

    async def of(self, name: str, media: str, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same chunks."""
        digest = sha256(f"{media}\n".encode())
        self._unread.add(name)
        async for chunk in chunks:
            digest.update(chunk)
            yield chunk
        self._unread.discard(name)
        self._parts[name] = digest.digest()

    def ended(self) -> None:
        """Nothing more comes."""
        self._unread.discard("to its end")

    @property
    def value(self) -> bytes:
        """Once all has been read."""
        if self._unread:
            raise RuntimeError("The key of an upload is asked for before the upload has been read.")
        return sha256(msgspec.json.encode(self._parts, order="sorted")).digest()


class File:
    """Bytes that come: the whole body, or the part of a form with this `name`. Read them once.

    `called`: what the client calls the file.
    """

    def __init__(
        self, name: str, media: str, chunks: AsyncIterator[bytes], called: str | None = None
    ) -> None:
        self.name, self.media, self.called = name, media, called
        self._chunks = chunks

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._chunks

    async def read(self) -> bytes:
        """All of it."""
        return b"".join([chunk async for chunk in self._chunks])

    async def decoded(self, kind: type[S]) -> S:
        """What a part that is JSON says, which its declaration says is this. Raises `InvalidRequest`."""
        return decode_json(await self.read(), kind)


def whole(request: web.Request, declared: Upload, pace: Pace, digest: UploadDigest) -> File:
    """A body of bytes. Raises `InvalidRequest` for another type, `PayloadTooLarge` for more than may be."""
    media = request.content_type if "Content-Type" in request.headers else ""
    _check_media(media, declared, None)
    incoming = Incoming(request, max_bytes=declared.max_bytes, pace=pace)
    return File("", media, digest.of("", media, _bytes(incoming, digest)))


async def parts(request: web.Request, form: Form, pace: Pace, digest: UploadDigest) -> AsyncIterator[File]:
    """The parts of a form, one after the other: what is not read of one is passed over.

    Raises `InvalidRequest` for a part that is not declared, comes twice, is of another type or is missing.
    """
    if request.content_type != "multipart/form-data":
        raise InvalidRequest("Send a form: `Content-Type: multipart/form-data`.")
    _keep_quiet()
    most = sum(part.max_bytes + _HEAD for part in form.parts.values()) + _HEAD
    lines, unseen = _LINES * (len(form.parts) + 1), dict(form.parts)
    incoming = Incoming(request, max_bytes=most, max_lines=lines, pace=pace)
    with _well_formed():
        reader = MultipartReader(request.headers, cast("StreamReader", incoming))
    while part := await _next(reader):
        name = part.name or ""
        if name not in unseen:
            raise _refused(name, "is not a part of this form, or comes twice")
        yield _file(part, name, unseen.pop(name), digest)
    if missing := [name for name in form.required if name in unseen]:
        raise _refused(missing[0], "is missing")
    digest.ended()


def _keep_quiet() -> None:
    """A header that a client got wrong warns no operator, and Python would keep each warning it has shown."""
    for mistake in (BadContentDispositionHeader, BadContentDispositionParam):
        warnings.filterwarnings("ignore", category=mistake)


async def _next(reader: MultipartReader) -> BodyPartReader | None:
    """The next part. A form within a form is refused."""
    with _well_formed():
        part = await reader.next()
    if isinstance(part, MultipartReader):
        raise InvalidRequest("The form has another one in it.")
    return part


def _file(part: BodyPartReader, name: str, declared: Upload, digest: UploadDigest) -> File:
    media = part.headers.get("Content-Type", "text/plain").partition(";")[0].strip().lower()
    _check_media(media, declared, name)
    if part.headers.get("Content-Transfer-Encoding", "binary").lower() not in _PLAIN:
        raise _refused(name, "has to come without `Content-Transfer-Encoding`")
    chunks = digest.of(name, media, _part(part, name, declared.max_bytes))
    called = part.filename and part.filename.replace("%22", '"')  # as browsers write it there
    return File(name, media, chunks, called)


async def _bytes(incoming: Incoming, digest: UploadDigest) -> AsyncIterator[bytes]:
    while chunk := await incoming.readany():
        yield chunk
    digest.ended()


async def _part(part: BodyPartReader, name: str, max_bytes: int) -> AsyncIterator[bytes]:
    came = 0
    while True:
        with _well_formed():
            chunk = await part.read_chunk(_CHUNK)
        if not chunk:
            return
        came += len(chunk)
        if came > max_bytes:
            raise too_large(max_bytes, name)
        yield bytes(chunk)


def _check_media(media: str, declared: Upload, name: str | None) -> None:
    if media not in declared.media:
        expected = " or ".join(f"`{kind}`" for kind in declared.media)
        if name is None:
            raise InvalidRequest(f"Send {expected}, and say so in `Content-Type`.")
        raise _refused(name, f"has to be {expected}, and say so in `Content-Type`", reason="type")


def _refused(name: str, sentence: str, **why: str) -> InvalidRequest:
    shown = "".join(letter for letter in name[:100] if letter.isprintable())
    return InvalidRequest(f"`{shown}` {sentence}.", details={"field": shown, **why})


@contextmanager
def _well_formed() -> Iterator[None]:
    """Turn what aiohttp raises for a malformed form into `InvalidRequest`."""
    try:
        yield
    except _MALFORMED:
        raise InvalidRequest("The form is malformed.") from None
