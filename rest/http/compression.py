"""Compressing answers, where that shows nobody a secret by its length.

The length of a compressed answer tells how much of it repeats what was asked (BREACH). Tokens are only in
answers under `/v1/auth/` and to POST, and those go as they are.
"""

import zlib
from typing import Final

from aiohttp import web

from core.content_coding import accepts_gzip

_GZIP: Final = zlib.MAX_WBITS | 16
# Four times as fast as the usual level, for answers a tenth to a third longer.
_LEVEL: Final = zlib.Z_BEST_SPEED
_TEXT: Final = frozenset(("application/json", "text/html", "text/plain"))


class Compression:
    """Packs answers of at least so many bytes; 0: none."""

    def __init__(self, least_bytes: int) -> None:
        self._least = least_bytes

    def pack(self, request: web.Request, response: web.StreamResponse) -> None:
        """Pack this answer, if it is worth it and the client takes it."""
        if self._least and isinstance(response, web.Response) and self._may_be_packed(request, response):
            response.headers.add("Vary", "Accept-Encoding")
            if accepts_gzip(request.headers.get("Accept-Encoding", "")):
                packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
                response.body = packer.compress(response.body) + packer.flush()  # type: ignore[arg-type]
                response.headers["Content-Encoding"] = "gzip"

    def _may_be_packed(self, request: web.Request, response: web.Response) -> bool:
        headers, body = response.headers, response.body
        return (
            isinstance(body, bytes)
            and len(body) >= self._least
            and request.method in ("GET", "HEAD")
            and not request.path.startswith("/v1/auth/")
            and headers.get("Content-Type", "").partition(";")[0] in _TEXT
            and not response.compression
            # An answer that is encoded already stays so; an ETag that is not weak belongs to these bytes.
            and "Content-Encoding" not in headers
            and headers.get("ETag", "W/").startswith("W/")
        )
