"""Pairs of which one tells the other something of about 1 KB, again and again, and what has to arrive."""

import json
from collections.abc import Sequence

from bench.commands.lanes import Lane
from bench.commands.people import Person
from bench.commands.rows import asking
from bench.sockets.wire import RawPeer

_DIGITS = 9
_TEXT = "x" * 1000
_BEFORE = b'"text":"'


class LostError(Exception):
    """Not everything has arrived once and in order."""


class Talk:
    """One tells, another hears: each number once, in order."""

    def __init__(self, one: Person, other: Person, command: str) -> None:
        self._to, self._command = other.id, command
        self._said = self._heard = 0
        self._wrong = ""
        self.lane = Lane(one, [other], 2, self._next)  # the acknowledgement and the event
        self._counts = other.message
        other.message = self._hear

    def _next(self) -> bytes:
        self._said += 1
        return asking(self._command, {"to": self._to, "text": f"{self._said:0{_DIGITS}}{_TEXT}"})

    def _hear(self, peer: RawPeer, payload: bytes) -> None:
        start = payload.find(_BEFORE) + len(_BEFORE)
        found = payload[start : start + _DIGITS]
        self._heard += 1
        if found != b"%0*d" % (_DIGITS, self._heard):
            self._wrong = self._wrong or f"{found!r} came as number {self._heard}"
        self._counts(peer, payload)

    def check(self) -> None:
        """Raises LostError unless everything has come that was said, once and in order."""
        if self._wrong or self._heard != self._said:
            raise LostError(f"{self._said} said, {self._heard} heard. {self._wrong}")


def payload_bytes() -> int:
    """What the event says, as JSON."""
    return len(json.dumps({"text": "0" * _DIGITS + _TEXT}, separators=(",", ":")))


def check(talks: Sequence[Talk]) -> None:
    """All of them."""
    for talk in talks:
        talk.check()
