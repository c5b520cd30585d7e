"""Session ids: 120 random bits each, from the system's generator, which is asked for many at once."""

from base64 import urlsafe_b64encode
from os import urandom
from typing import Final

_BYTES: Final = 15
_AT_ONCE: Final = 256


class SessionIds:
    """Never the same twice, as far as chance allows, and of 20 characters that need no escape."""

    __slots__ = ("_left", "_random")

    def __init__(self) -> None:
        self._random = b""
        self._left = 0

    def next(self) -> str:
        """A new one."""
        if not self._left:
            self._random, self._left = urandom(_BYTES * _AT_ONCE), _AT_ONCE
        self._left -= 1
        start = self._left * _BYTES
        return urlsafe_b64encode(self._random[start : start + _BYTES]).decode()
