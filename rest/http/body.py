"""Reading a body: as it comes, in time, and never more of it than allowed."""

import asyncio
from collections.abc import Awaitable

from aiohttp import StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestPayloadError
from msgspec import Struct

from core.errors import InvalidRequest, PayloadTooLarge

# The client has disconnected, or sends malformed chunks.
_BROKEN_OFF = (ConnectionError, RequestPayloadError, HttpProcessingError)


class Pace(Struct, frozen=True):
    """How long a client may take to send: `grace_s`, and a second more for each `bytes_per_s` that came.

    While a body is waited for the `deadline` of the request stands still; then there are `handling_s` again.
    """

    grace_s: float
    bytes_per_s: float
    handling_s: float
    deadline: asyncio.Timeout


class Incoming:
    """The body of a request, as far as it has come: a stream that refuses to be too long or too slow.

    Raises `PayloadTooLarge`, `InvalidRequest`. A handler's own time, between two reads, does not count.
    `max_lines` may be read as such: a line costs as much as a chunk, however short it is.
    """

    def __init__(self, request: web.Request, *, max_bytes: int, pace: Pace, max_lines: int = 0) -> None:
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise InvalidRequest("Send the body without `Content-Encoding`.")
        if (request.content_length or 0) > max_bytes:
            raise too_large(max_bytes)
        self._stream: StreamReader = request.content
        self._max_bytes, self._lines_left, self._pace = max_bytes, max_lines, pace
        self._came, self._waited_s = 0, 0.0

    async def readany(self) -> bytes:
        """What has come, as soon as there is anything; empty at the end."""
        return await self._in_time(self._stream.readany())

    async def read(self, size: int) -> bytes:
        """So many bytes at most."""
        return await self._in_time(self._stream.read(size))

    async def readline(self, *, max_line_length: int | None = None) -> bytes:
        """Up to the end of a line."""
        if not self._lines_left:
            raise PayloadTooLarge("The body has too many lines.")
        self._lines_left -= 1
        return await self._in_time(self._stream.readline(max_line_length=max_line_length))

    def whole(self) -> bytes | None:
        """All of it, if it has come: small bodies come with their head, and need no clock. None: read on."""
        stream = self._stream
        return self._counted(stream.read_nowait()) if stream.is_eof() and not stream.exception() else None

    def unread_data(self, data: bytes) -> None:
        """Give back what belongs to the next reader."""
        self._came -= len(data)
        self._stream.unread_data(data)

    def at_eof(self) -> bool:
        """Whether all has been read."""
        return self._stream.at_eof()

    async def _in_time(self, reading: Awaitable[bytes]) -> bytes:
        loop, pace = asyncio.get_running_loop(), self._pace
        started = loop.time()
        pace.deadline.reschedule(None)
        try:
            async with asyncio.timeout(pace.grace_s + self._came / pace.bytes_per_s - self._waited_s):
                chunk = await reading
        except TimeoutError:
            raise InvalidRequest("The body did not come in time.") from None
        except _BROKEN_OFF:
            raise InvalidRequest("The body broke off.") from None
        finally:
            ended = loop.time()
            pace.deadline.reschedule(ended + pace.handling_s)
        self._waited_s += ended - started
        return self._counted(chunk)

    def _counted(self, chunk: bytes) -> bytes:
        self._came += len(chunk)
        if self._came > self._max_bytes:
            raise too_large(self._max_bytes)
        return chunk


async def read_json(request: web.Request, *, max_bytes: int, pace: Pace) -> bytes:
    """The bytes of a JSON body; none at all is `{}`.

    Raises `InvalidRequest` also for another type or charset.
    """
    if not request.body_exists:
        return b"{}"
    media = request.content_type
    if "Content-Type" not in request.headers or not (media == "application/json" or media.endswith("+json")):
        raise InvalidRequest("Send JSON: `Content-Type: application/json`.")
    if (request.charset or "utf-8").lower() != "utf-8":
        raise InvalidRequest("Send JSON in UTF-8.")
    incoming, body = Incoming(request, max_bytes=max_bytes, pace=pace), bytearray()
    if (whole := incoming.whole()) is not None:
        return whole
    while chunk := await incoming.readany():
        body += chunk
    return bytes(body)


def too_large(max_bytes: int, field: str | None = None) -> PayloadTooLarge:
    """A body, or a part of it, that is longer than it may be."""
    if field is None:
        return PayloadTooLarge(f"A body may have {max_bytes} bytes.", details={"max_bytes": max_bytes})
    return PayloadTooLarge(
        f"`{field}` may have {max_bytes} bytes.", details={"field": field, "max_bytes": max_bytes}
    )
