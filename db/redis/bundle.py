"""Announcements to many users in one message, which every node hears and takes its own out of.

An announcement to each would cost Redis and both nodes many times as much. Where few are told, each has a
message of their own: no other node hears of it then.
"""

from collections.abc import Sequence

import msgspec

CHANNEL = "bundle"
LEAST = 8  # for fewer it is not worth what the other nodes do for it
MOST = 200  # in one message
Bundle = Sequence[tuple[bytes, bytes]]  # channels, and what is announced on each

pack = msgspec.msgpack.Encoder().encode
_decoder: msgspec.msgpack.Decoder[Bundle] = msgspec.msgpack.Decoder(Bundle)


def unpack(message: bytes) -> Bundle:
    """What `pack` has packed."""
    return _decoder.decode(message)
