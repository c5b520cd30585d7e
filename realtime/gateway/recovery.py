"""Which events a returning client can still be sent. Pure: offsets and pids, and whether they are of use.

Both are opaque to clients and bound to their user, so that a foreign one is recognised without asking Redis.
An offset is bound to the event log as well: what Redis has lost cannot be sent again.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache

import msgspec
from msgspec import Struct

from core.keys import SigningKey
from db.redis.event_log import Announcement, EventId, Tail

_MARKS = 16_384  # kept, as so many users may be here
REPLAYED_OF_ENDED_CALLS = frozenset({"call:ended", "decision:result"})


class _Said(Struct):
    room_id: str
    seq: int


class _OfRoom(Struct):
    message: _Said


class Recovery:
    """Makes and reads the offsets and pids of users. `keep` events are kept, for `keep_s` seconds.

    The first of the `keys` signs, all of them count.
    """

    def __init__(self, keys: tuple[SigningKey, ...], *, keep: int, keep_s: int) -> None:
        self._keys = keys
        # A user's offsets all carry the same mark, and every event has one.
        self._own_mark = lru_cache(_MARKS)(lambda user_id, log: _mark(keys[0], user_id, f"offset {log}"))
        self._keep, self._keep_ms = keep, keep_s * 1000

    def new_pid(self, user_id: str) -> str:
        """A name for a connection that outlives it."""
        chance = secrets.token_urlsafe(12)
        return f"{chance}.{_mark(self._keys[0], user_id, chance)}"

    def owns_pid(self, user_id: str, pid: str) -> bool:
        """Whether we gave this pid to this user."""
        chance, _, mark = pid.rpartition(".")
        return self._marked(user_id, chance, mark)

    def offset(self, user_id: str, place: EventId | str, log: str) -> str:
        """A place in the user's stream of the log of this name, as the client holds it."""
        return f"{place}.{self._own_mark(user_id, log)}"

    def place(self, user_id: str, offset: str, log: str) -> EventId | None:
        """The place that an offset stands for; None when it is malformed, another user's or another log's."""
        place, _, mark = offset.rpartition(".")
        if not self._marked(user_id, f"offset {log}", mark):
            return None
        try:
            return EventId.parse(place)
        except ValueError:
            return None

    def wanted(self, user_id: str, pid: str | None, offset: str | None, log: str) -> EventId | None:
        """Where a client that brings these wants to go on in this log; None where it has no such place."""
        known = pid is None or self.owns_pid(user_id, pid)
        return self.place(user_id, offset, log) if offset and known else None

    def serves(self, place: EventId, tail: Tail) -> bool:
        """Whether all that came after this place is still kept."""
        if tail.first is not None and tail.first <= place:
            return place <= tail.end
        if place.ms < tail.log.born - 1:  # of the log before
            return False
        # Before the first event kept: nothing between them is missing unless it was too many or too long ago.
        return tail.length <= self._keep and tail.now - self._keep_ms <= place.ms <= tail.now

    def _marked(self, user_id: str, what: str, mark: str) -> bool:
        """Whether this is our mark, by any key that counts."""
        said = mark.encode()
        return any(hmac.compare_digest(said, _mark(key, user_id, what).encode()) for key in self._keys)


def _mark(key: SigningKey, user_id: str, what: str) -> str:
    return hashlib.blake2s(f"{what} {user_id}".encode(), key=key.value, digest_size=6).hexdigest()


def sid_of(pid: str) -> str:
    """The session id that a client is told with this `pid`, and again when it is recovered.

    Inside, each connection has an id of its own. It cannot be told from this one, nor the `pid`.
    """
    return urlsafe_b64encode(hashlib.blake2s(pid.encode(), digest_size=15, person=b"sid").digest()).decode()


class Succession:
    """Whether connection `sid` is the last of those with its `pid`.

    The bus tells all of them in the same order who continues it: who comes after a connection's own word is
    newer. Those before it are older, even if they are heard of late.
    """

    __slots__ = ("_pid", "_sid")

    def __init__(self, sid: str) -> None:
        self._sid = sid
        self._pid = ""

    def begin(self, pid: str) -> None:
        """It has a `pid` that nobody has had before."""
        self._pid = pid

    def is_replaced(self, pid: str, by: str) -> bool:
        """The bus says that connection `by` continues this `pid`: whether it is a newer one than this."""
        if by == self._sid:
            self._pid = pid
            return False
        return pid == self._pid


def worth_replaying(missed: Sequence[Announcement]) -> list[Announcement]:
    """All but what is over: of a call that has ended only its end and its decision."""
    ended = {m.call_id for m in missed if m.name == "call:ended"}
    return [
        m for m in missed if m.name in REPLAYED_OF_ENDED_CALLS or m.call_id is None or m.call_id not in ended
    ]


def last_seqs(missed: Sequence[Announcement]) -> dict[str, int]:
    """Of each room of which there are messages among these, the seq of the last one."""
    seqs: dict[str, int] = {}
    for announcement in missed:
        if announcement.name == "chat:message":
            with suppress(msgspec.MsgspecError):  # of a newer node, that says it otherwise
                said = msgspec.json.decode(announcement.data, type=_OfRoom).message
                seqs[said.room_id] = max(said.seq, seqs.get(said.room_id, 0))
    return seqs
