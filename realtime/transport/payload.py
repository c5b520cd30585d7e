"""Engine.IO packets, and how long-polling puts several into one body. Pure.

A packet for a client is kept as WebSocket frames (see `frames`), also for a client that polls, so that it is
encoded once for all recipients. The body for a poll is made from the frames when it is fetched.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable
from typing import Final

from .frames import BINARY, text_frame

OPEN: Final = 0x30
CLOSE: Final = 0x31
PING: Final = 0x32
PONG: Final = 0x33
MESSAGE: Final = 0x34
UPGRADE: Final = 0x35
NOOP: Final = 0x36
_BASE64: Final = 0x62
_SEPARATOR: Final = b"\x1e"

PING_FRAME: Final = text_frame(b"2")
PROBE: Final = b"2probe"
PROBE_ANSWER_FRAME: Final = text_frame(b"3probe")
MOST_PACKETS: Final = 16
"""python-engineio's client takes no body with more: it would come back, and be sent the same."""

CLOSE_PACKET: Final = b"1"
NOOP_PACKET: Final = b"6"


class PayloadError(ValueError):
    """A client sent what is not an Engine.IO packet, or too many of them at once."""


def encode(packets: Iterable[tuple[int, bytes]]) -> bytes:
    """The polling body for these packets, each given with the opcode of its frame."""
    return _SEPARATOR.join(
        b"b" + b64encode(payload) if opcode == BINARY else payload for opcode, payload in packets
    )


def decode(body: bytes, max_packets: int) -> list[bytearray | bytes]:
    """The packets of a polling body: text as bytearray with its type digit, binary as bytes.

    Raises PayloadError. Only what a client may send over polling passes: messages, pongs and a close.
    """
    if body.count(_SEPARATOR) >= max_packets:
        raise PayloadError("too many packets")
    return [_packet(part) for part in body.split(_SEPARATOR)]


def _packet(part: bytes) -> bytearray | bytes:
    kind = part[0] if part else 0
    if kind in (MESSAGE, PONG, CLOSE):
        return bytearray(part)
    if kind != _BASE64:
        raise PayloadError("unknown packet type")
    try:
        return b64decode(part[1:], validate=True)
    except binascii.Error:
        raise PayloadError("attachment is not base64") from None
