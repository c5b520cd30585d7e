"""A part of a file, as a player asks for it to begin in the middle (RFC 9110, section 14). Pure."""

import re

from msgspec import Struct

_ONE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


class RangeAsked(Struct, frozen=True):
    """What `Range` and `If-Range` say."""

    wanted: str
    if_range: str | None = None

    def of(self, size: int, tag: str) -> range | None:
        """Which of so many bytes, of the file with this ETag, are to be sent; empty: there are no such bytes.

        None: all of them. That is for another version than the client has, for several parts at once, and for
        what nobody could understand.
        """
        found = _ONE.fullmatch(self.wanted.replace(" ", ""))
        if found is None or self.if_range not in {None, tag}:
            return None
        first, last = found.groups()
        if not first:
            return _end(int(last), size) if last else None
        if last and int(last) < int(first):
            return None
        return range(int(first), min(int(last) + 1 if last else size, size))


def _end(length: int, size: int) -> range:
    return range(max(0, size - length), size) if length else range(0)
