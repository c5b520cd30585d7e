"""Joins what is written to one socket while several messages are handled at once. No I/O of its own.

Of a broadcast, nine tenths of the CPU is the system call for each socket. When a client's messages come
several at a time, what they cause is written when all of them are handled: once to each socket.
"""

from typing import Final, Protocol

MOST_HELD: Final = 16_384
"""What a socket holds back before it writes all the same, in bytes."""


class Corked(Protocol):
    """A socket that holds something back."""

    def flush(self) -> None:
        """Write it."""


class Cork:
    """One for all sockets of a server. While it is `on`, what is written to them is held back."""

    __slots__ = ("holding", "on")

    def __init__(self) -> None:
        self.on = False
        self.holding: list[Corked] = []

    def pull(self) -> None:
        """Let everything out, and hold nothing back any more."""
        self.on = False
        holding, self.holding = self.holding, []
        for socket in holding:
            socket.flush()
