"""The bytes of the two answers that most requests of a polling client get. Pure but for the date.

They are what aiohttp makes of the same answer: its tests compare them. What does not change between two
answers of one second is built once.
"""

import zlib
from collections.abc import Mapping
from email.utils import formatdate
from typing import Final

from aiohttp.http import SERVER_SOFTWARE

_GZIP: Final = zlib.MAX_WBITS | 16


class PollAnswers:
    """`headers` are those that every answer of this server carries. `now` is any clock in seconds."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._always = head_lines({"Server": SERVER_SOFTWARE, **headers})
        self._second = -1
        self._polled = self._taken = b""

    def polled(self, body: bytes, more: bytes, now: float) -> bytes:
        """To a GET: packets for the client. `more` are lines of the head."""
        if int(now) != self._second:
            self._begin(int(now))
        return b"%b%bContent-Length: %d\r\n\r\n%b" % (self._polled, more, len(body), body)

    def taken(self, more: bytes, now: float) -> bytes:
        """To a POST: its packets were taken."""
        if int(now) != self._second:
            self._begin(int(now))
        return b"%b%bContent-Length: 2\r\n\r\nok" % (self._taken, more)

    def _begin(self, second: int) -> None:
        self._second = second
        head = b"HTTP/1.1 200 OK\r\n%bDate: %b\r\nContent-Type: text/" % (
            self._always, formatdate(usegmt=True).encode(),
        )  # fmt: skip
        self._polled, self._taken = head + b"plain\r\n", head + b"html\r\n"


def head_lines(headers: Mapping[str, str]) -> bytes:
    """Headers as they stand in the head of an answer."""
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()


def packed(body: bytes) -> bytes:
    """The body in gzip, at zlib's quickest level."""
    packer = zlib.compressobj(zlib.Z_BEST_SPEED, zlib.DEFLATED, _GZIP)
    return packer.compress(body) + packer.flush()
