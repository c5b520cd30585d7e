"""Signals on their way to a user, and the user's line: the call that they were told of, which may signal.

A line stands beside the user's stream of events, in the same slot of a cluster, so that one script checks,
counts, appends and announces. It says what the call's record said, which lives elsewhere, and counts for
five seconds after that was read. Whatever a node that died has left undone, or one of the version before has
changed, which knows no lines, the record is asked again then. What a line does not allow, the record decides.
"""

import secrets
from asyncio import Future
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Literal

from msgspec import Struct

from db.redis.event_log import STREAM
from db.redis.multiplexed import Arg, RedisClient, load_script

TRUSTED_MS = 5_000  # for so long a line counts
LINE_KEPT_MS = 600_000  # for so long its counts and its end are remembered, after that was last said
_AT_ONCE = 256  # senders: a script that takes long keeps all others waiting
_KNOWN = 4_096  # senders, of whose keys and place nothing is made anew
_OVER = "over"
CLOSED = f"{_OVER}\n\n\n0"  # what `RedisSignals.close` notes, as told.lua reads it
_LUA = Path(__file__).with_name("lua")
NOTE = (_LUA / "note.lua").read_text()  # what every script that looks at lines begins with
_LINE = load_script(_LUA / "line.lua", repeatable=True, shared=NOTE)
_SIGNAL = load_script(_LUA / "signal.lua", repeatable=True, shared=f"{STREAM}\n{NOTE}")

SignalKind = Literal["candidate", "description"]


class Sender(Struct, frozen=True):
    """Who signals, from which device, to whom, in which epoch of which call."""

    call_id: str
    epoch: int
    user_id: str
    device: str
    to: str


class Signal(Struct, frozen=True):
    """JSON of the event, empty if the signal is only counted."""

    kind: SignalKind
    data: bytes


Request = tuple[Sender, Sequence[Signal]]
"""What one sender has to pass on, in this order."""


class Allowed(Struct, frozen=True):
    """What the call's record says: the signals may go to this device. `before` is what the line said then."""

    device: str
    before: bytes


class RedisSignals:
    """`keep` and `keep_s` are those of the event log. In an epoch at most so many candidates and descriptions
    pass. Redis' errors pass through.
    """

    def __init__(
        self, redis: RedisClient, *, keep: int, keep_s: int, candidates: int = 40, descriptions: int = 20
    ) -> None:
        self._redis = redis
        self._keep, self._keep_ms = keep, keep_s * 1000
        self._most = candidates, descriptions
        self._names, self._own_name = count(), secrets.token_hex(4)

    def pass_on(
        self, sender: Sender, signals: Sequence[Signal], *, now: int, allowed: Allowed | None = None
    ) -> "Future[bytes]":
        """Pass them on in this order, if the line allows it, or if the record does and the line is as before.

        Gives `+` and for each of them `1`, or `0` if it was one too many; or `-` and what the line says.
        """
        keys, place = _where(sender)
        return self._redis.gather(
            _SIGNAL,
            keys,
            self._words(place, signals, allowed),
            head=self._head(now),
            repeatable=True,
        )

    def pass_on_all(
        self, asked: Sequence[Request], *, now: int
    ) -> "Iterator[tuple[Sequence[Request], Future[list[bytes | Exception]]]]":
        """The same for all of these, those that one server has by one script, whose answers come together."""
        most = _AT_ONCE if self._redis.is_one_server else 1
        for at in range(0, len(asked), most):
            some = asked[at : at + most]
            keys: list[str] = []
            words = self._head(now)
            for sender, signals in some:
                its_keys, place = _where(sender)
                keys += its_keys
                words += self._words(place, signals)
            yield some, self._redis.run(_SIGNAL, keys, words)

    def _head(self, now: int) -> list[Arg]:
        return [now, self._keep, self._keep_ms, now + TRUSTED_MS, LINE_KEPT_MS, *self._most]

    def _words(self, place: str, signals: Sequence[Signal], allowed: Allowed | None = None) -> Sequence[Arg]:
        name, kinds = f"{self._own_name}-{next(self._names)} ", ""
        said: list[Arg] = []
        for signal in signals:
            kinds += signal.kind[0]
            said.append(signal.data)
        if allowed is None:
            return [place, name, kinds, *said]
        return [place, name, f"!{kinds}", allowed.device, allowed.before, *said]

    def open(
        self, user_id: str, call_id: str, epoch: int, *, device: str, from_device: str, now: int
    ) -> "Future[int]":
        """This user is told now that this epoch has begun: signals of the other's device may come."""
        return self._note(user_id, call_id, epoch, from_device, device, now + TRUSTED_MS)

    def close(self, user_id: str, call_id: str) -> "Future[int]":
        """This call is over: no signals of it may come."""
        return self._note(user_id, call_id, _OVER, "", "", 0)

    def _note(self, user_id: str, *said: Arg) -> "Future[int]":
        return self._redis.gather(_LINE, (_line(user_id),), said, head=(LINE_KEPT_MS,), repeatable=True)


def opened(epoch: int, *, device: str, from_device: str, now: int) -> str:
    """What `RedisSignals.open` notes, as told.lua reads it."""
    return f"{epoch}\n{from_device}\n{device}\n{now + TRUSTED_MS}"


def _line(user_id: str) -> str:
    return f"signals:{{{user_id}}}"


@lru_cache(_KNOWN)
def _where(sender: Sender) -> tuple[Sequence[str], str]:
    """The keys, and how a line begins that lets them in."""
    keys = f"events:{{{sender.to}}}", _line(sender.to)
    return keys, f"{sender.call_id} {sender.epoch}\n{sender.device}\n"
