"""Reading a body: as JSON, in time, and never more of it than allowed."""

import asyncio

from aiohttp import web

from core.errors import InvalidRequest, PayloadTooLarge


async def read_json(request: web.Request, *, max_bytes: int, timeout_s: float) -> bytes:
    """The bytes of a JSON body.

    Raises `InvalidRequest` for another type, an encoding, or a body that does not come; `PayloadTooLarge`
    when it is announced or found to be longer than `max_bytes`.
    """
    media = request.content_type
    if "Content-Type" not in request.headers or not (media == "application/json" or media.endswith("+json")):
        raise InvalidRequest("Send JSON: `Content-Type: application/json`.")
    if request.charset not in {None, "utf-8", "UTF-8"}:
        raise InvalidRequest("Send JSON in UTF-8.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise InvalidRequest("Send the body without `Content-Encoding`.")
    if (request.content_length or 0) > max_bytes:
        raise _too_large(max_bytes)
    try:
        async with asyncio.timeout(timeout_s):
            return await _bounded(request, max_bytes)
    except TimeoutError:
        raise InvalidRequest("The body did not come in time.") from None


async def _bounded(request: web.Request, max_bytes: int) -> bytes:
    body = bytearray()
    while chunk := await request.content.readany():
        body += chunk
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
    return bytes(body)


def _too_large(max_bytes: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"A body may have {max_bytes} bytes.", details={"max_bytes": max_bytes})
