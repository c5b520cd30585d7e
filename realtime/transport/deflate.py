"""permessage-deflate (RFC 7692) for servers that ask for it by a setting. No I/O.

Each message is compressed by itself (no context takeover), so that a connection keeps no window, which is
what usually makes compression cost memory. Messages below a threshold are sent as they are.
"""

import zlib
from typing import Final

from .frames import RSV1, frame, split_frames

_TAIL: Final = b"\x00\x00\xff\xff"
ACCEPTED: Final = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"


class InflateError(ValueError):
    """A message cannot be inflated, or is longer than allowed once inflated."""


def is_offered(extensions: str) -> bool:
    """Whether a client offers it in a form that we support: the server may choose its own window."""
    offers = [offer.strip() for offer in extensions.split(",")]
    return any(
        offer.startswith("permessage-deflate") and "server_max_window_bits" not in offer for offer in offers
    )


def inflate(payload: bytes | bytearray, max_size: int) -> bytes:
    """A message as it was before compression. Raises InflateError."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        message = inflater.decompress(bytes(payload) + _TAIL, max_size + 1)
    except zlib.error as error:
        raise InflateError(str(error)) from None
    if len(message) > max_size:
        raise InflateError("too big once inflated")
    return message


def deflate(blob: bytes, threshold: int) -> bytes:
    """The same frames, those with at least `threshold` bytes of payload compressed."""
    return b"".join(
        frame(opcode | RSV1, _compressed(payload)) if len(payload) >= threshold else frame(opcode, payload)
        for opcode, payload in split_frames(blob)
    )


def _compressed(payload: bytes) -> bytes:
    deflater = zlib.compressobj(zlib.Z_BEST_SPEED, zlib.DEFLATED, -zlib.MAX_WBITS)
    return (deflater.compress(payload) + deflater.flush(zlib.Z_SYNC_FLUSH)).removesuffix(_TAIL)
