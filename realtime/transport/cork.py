"""Joins what is written to one socket while several messages are handled at once. No I/O of its own.

Of a broadcast, nine tenths of the CPU is the system call for each socket. When a client's messages come
several at a time, what they cause is written when all of them are handled: once to each socket. So is what is
done `during` one read of a store: when a call starts, each side is told three things. And what is sent to a
client that waits for an answer waits for that for a moment, since both often come of one message.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

T = TypeVar("T")

MOST_HELD: Final = 16_384
"""What a socket holds back before it writes all the same, in bytes."""
_TURNS: Final = 3
"""Of the loop, that an event waits: one store's message and its answer are read in the same turn or the next,
and the handler goes on in the one after."""


class Corked(Protocol):
    """A socket that holds something back."""

    def flush(self) -> None:
        """Write it."""


class Cork:
    """One for all sockets of a server. While it is `on`, what is written to them is held back."""

    __slots__ = ("_loop", "_waiting", "holding", "on")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[Corked] | None = None
        self.on = False
        self.holding: list[Corked] = []

    def during(self, work: Callable[[], T]) -> T:
        """Do this: what it writes goes out when it is done, once to each socket."""
        if self.on:
            return work()
        self.on = True
        try:
            return work()
        finally:
            self.pull()

    def pull(self) -> None:
        """Let everything out, and hold nothing back any more."""
        self.on = False
        holding, self.holding = self.holding, []
        for socket in holding:
            socket.flush()

    def with_answer(self, send: Callable[[bytes, bool], None], frame: bytes, volatile: bool) -> None:
        """Send a frame to a client that is about to be answered: with the answer, if that comes soon."""
        on, self.on = self.on, True
        others, self.holding = self.holding, []
        try:
            send(frame, volatile)
        finally:
            self.on, holding, self.holding = on, self.holding, others
        if holding:
            if self._waiting is None:
                self._waiting = []
                self._loop.call_soon(self._wait, self._waiting, _TURNS)
            self._waiting += holding

    def _wait(self, sockets: list[Corked], turns: int) -> None:
        if self._waiting is sockets:
            self._waiting = None
        if turns > 1:
            self._loop.call_soon(self._wait, sockets, turns - 1)
        else:
            for socket in sockets:
                socket.flush()
