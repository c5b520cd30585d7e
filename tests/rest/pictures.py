"""Pictures as people, and those who mean no good, send them."""

import struct
import zlib
from io import BytesIO
from typing import Any

from aiohttp import FormData
from PIL import Image, ImageDraw

from tests.rest.server import Answer, RestServer


def drawn(width: int = 64, height: int = 48) -> Image.Image:
    """Red on the left, with a blue corner at the top right."""
    image = Image.new("RGB", (width, height), "red")
    ImageDraw.Draw(image).rectangle((width // 2, 0, width, height // 2), fill="blue")
    return image


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def png_that_says(width: int, height: int, pixels: bytes = b"", *, packed: bool = False) -> bytes:
    """A PNG whose head promises so many pixels, with these, which are compressed unless `packed` already."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = pixels if packed else zlib.compress(pixels)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def tedious_png(side: int) -> bytes:
    """Small, and long to decode: each pixel is guessed from three others."""
    packer = zlib.compressobj(9)
    head, rows = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH), (b"\x04" + bytes(3 * side)) * 100
    block = packer.compress(rows) + packer.flush(zlib.Z_FULL_FLUSH)
    return png_that_says(side, side, head + block * (side // 100), packed=True)


def form(data: Any, purpose: str | None = "report", media: str = "image/jpeg") -> FormData:
    """The form of an upload; None leaves its purpose out."""
    made = FormData(default_to_multipart=True)
    if purpose is not None:
        made.add_field("purpose", purpose)
    made.add_field("file", data, content_type=media, filename="x")
    return made


async def upload(
    rest: RestServer, who: Any, data: Any, *, key: str | None = None, purpose: str = "report", **how: Any
) -> Answer:
    """POST it as this user."""
    headers = {"Idempotency-Key": key} if key else {}
    sent = form(data, purpose, **how)
    return await rest.ask("POST", "/v1/media", token=who["access_token"], data=sent, headers=headers)


async def show(rest: RestServer, who: Any, **media: Any) -> Answer:
    """Have these `photos` and `videos` (ids) in one's profile."""
    headers = {"If-Match": "*"}
    return await rest.ask("PATCH", "/v1/me", token=who["access_token"], json=media, headers=headers)
