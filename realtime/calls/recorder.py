"""The flight recorder: what goes to a call's timeline, and what remains of it when the call is over.

The notes of a change are saved with it. What clients say besides costs nobody a trip: it is counted and
kept here for a moment, and goes with the next change of the call, or after `_MOMENT_S` together with what was
said of other calls. A node that dies loses no more than that. All is bounded, whatever a client sends, and
nothing here keeps a call from going on.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Any, Literal

from msgspec import Struct, field

from core.clock import Clock
from core.contract.calls import CallMedia, IceCandidate, SessionDescription
from core.contract.timelines import CallQuality
from core.errors import RateLimited
from core.tasks import in_any_case
from db.outage import AWAY
from db.postgres.timelines import KeptTimeline
from realtime.calls.metrics import path_of
from realtime.calls.ports import TimelineStore
from signaling import verdicts
from signaling.call import Call
from signaling.messages import CallMessage
from signaling.timeline import SAID, Note, begun, changes, read, written

_MOMENT_S = 1.0
_AT_ONCE = 200  # calls: a store has others to serve in between
_SAMPLE_MS = 5_000
_TOLERANCE_MS = 500  # of a client's clock, so that one who keeps the pace is never refused
_SUMMED_MS = 30_000  # samples that are like the ones before are noted together, as often as this
_LOSS_IS_OTHER, _RTT_IS_OTHER_MS = 0.05, 100
_SAID_MOST = 120  # notes of what one side says in a call
_SIDES = 20_000
_EPOCHS = 16  # of one call and in one moment
_WITHIN, _TYPES = "\na=candidate:", re.compile(r" typ (host|srflx|prflx|relay)", re.ASCII)
_KINDS = {"host": "host", "srfl": "srflx", "prfl": "prflx", "rela": "relay"}
_MEASURED = ("rtt_ms", "jitter_ms", "loss", "send_kbps", "receive_kbps")


class _Waiting(Struct):
    """What is not in the store yet."""

    notes: list[Note] = field(default_factory=list)
    counts: dict[tuple[str, int], tuple[int, dict[str, int]]] = field(default_factory=dict)


class _Said(Struct):
    """What one side of a call has said: how much, and the samples that are not noted yet."""

    notes: int = 0
    sampled_at: int = 0
    noted_at: int = 0
    samples: list[CallQuality] = field(default_factory=list)
    last: CallQuality | None = None
    problems: set[tuple[int, str]] = field(default_factory=set)


class Recorder:
    """One of a node. Without it `on`, nothing is noted at all."""

    def __init__(self, store: TimelineStore, clock: Clock, *, on: bool = True) -> None:
        self._store, self._clock, self._on = store, clock, on
        self._waiting: dict[str, _Waiting] = {}
        self._said: dict[tuple[str, str], _Said] = {}
        self._timer: asyncio.Handle | None = None

    # What is saved with a call

    def begun(self, call: Call, *, auto_accept: bool) -> Sequence[bytes]:
        """The notes of a new call."""
        return written(begun(call, auto_accept=auto_accept)) if self._on else ()

    def changes(self, before: Call, after: Call, message: CallMessage, now: int) -> Sequence[bytes]:
        """Notes of this change, and those that have waited for one. If it is not saved, `put_back` them."""
        if not self._on:
            return ()
        return [*self._take(after.id), *written(changes(before, after, message, now))]

    def server_lost(self, before: Call, after: Call, message: CallMessage, now: int) -> Sequence[bytes]:
        """The notes of a call of which only the record was left."""
        if not self._on:
            return ()
        return written([Note(now, "server_lost"), *changes(before, after, message, now)])

    def put_back(self, call_id: str, notes: Sequence[bytes]) -> None:
        """The change was not saved: what would have come along is for the next one."""
        waited = [note for note in read(notes) if note.kind in SAID]
        if waited:
            self._of(call_id).notes[:0] = waited

    # What clients say

    def found(
        self, call_id: str, user_id: str, epoch: int, candidate: IceCandidate | Literal[""] | None
    ) -> None:
        """A candidate passes through, or the end of them. It is in the path of every signal."""
        if self._on:
            kind = _kind_of(candidate.candidate) if isinstance(candidate, IceCandidate) else "end"
            self._count(call_id, user_id, epoch, kind, 1)

    def described(self, call_id: str, user_id: str, epoch: int, description: SessionDescription) -> None:
        """A description passes through, perhaps with candidates in it."""
        if not self._on:
            return
        self._count(call_id, user_id, epoch, description.type, 1)
        if _WITHIN in description.sdp:  # not so where candidates come one by one
            for kind, count in Counter(_TYPES.findall(description.sdp)).items():
                self._count(call_id, user_id, epoch, kind, count)

    def _count(self, call_id: str, user_id: str, epoch: int, kind: str, more: int) -> None:
        waiting = self._waiting.get(call_id) or self._of(call_id)
        counted = waiting.counts.get((user_id, epoch))
        if counted is None:
            side = self._side(call_id, user_id)
            if len(waiting.counts) >= _EPOCHS or side.notes >= _SAID_MOST:
                return
            side.notes += 1
            counted = waiting.counts[user_id, epoch] = (self._clock(), {})
        counts = counted[1]
        counts[kind] = counts.get(kind, 0) + more

    def media(self, user_id: str, said: CallMedia) -> None:
        """The microphone and camera of this side are on, or off."""
        data = {"audio": said.audio, "video": said.video}
        for note in self._of(said.call_id).notes if self._on else ():
            if note.kind == "media" and note.user_id == user_id:  # what lasted a moment is not worth a note
                note.data.update(data)
                return
        self._say(said.call_id, user_id, "media", data)

    def quality(self, user_id: str, said: CallQuality) -> None:
        """A sample, or what is wrong at this side. Raises `RateLimited` for samples that come too fast."""
        now = self._clock()
        side = self._side(said.call_id, user_id)
        if said.problem is not None:
            known = (said.epoch, said.problem)
            if known not in side.problems and len(side.problems) < _EPOCHS:
                side.problems.add(known)
                self._say(said.call_id, user_id, "problem", {"what": said.problem, "epoch": said.epoch})
        if not said.is_sample:
            return
        early = side.sampled_at + _SAMPLE_MS - now
        if early > _TOLERANCE_MS:
            raise RateLimited("At most one sample in 5 s.", retry_after_ms=early)
        side.sampled_at = now
        side.samples.append(said)
        if _is_other(side.last, said) or now - side.noted_at >= _SUMMED_MS:
            self._say(said.call_id, user_id, "quality", _summed(side.samples))
            side.noted_at, side.last, side.samples = now, said, []

    # When it is over

    async def kept(self, call: Call) -> KeptTimeline | None:
        """What remains of a call that has ended. None: there is no timeline, or the store does not answer."""
        if not self._on:
            return None
        try:
            entries = await self._store.end(call.id)
        except AWAY:
            return None
        if not entries:
            return None
        users = [party.user_id for party in call.people]
        return KeptTimeline(entries, verdicts.for_each(read(entries), users))

    # How it waits

    def _say(self, call_id: str, user_id: str, kind: str, data: dict[str, Any]) -> None:
        side = self._side(call_id, user_id)
        if self._on and side.notes < _SAID_MOST:
            side.notes += 1
            self._of(call_id).notes.append(Note(self._clock(), kind, user_id, data))

    def _side(self, call_id: str, user_id: str) -> _Said:
        key = (call_id, user_id)
        side = self._said.get(key)
        if side is None:
            if len(self._said) >= _SIDES:
                del self._said[next(iter(self._said))]
            side = self._said[key] = _Said()
        return side

    def _of(self, call_id: str) -> _Waiting:
        waiting = self._waiting.get(call_id)
        if waiting is None:
            waiting = self._waiting[call_id] = _Waiting()
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(_MOMENT_S, self._send)
        return waiting

    def _take(self, call_id: str) -> Sequence[bytes]:
        waiting = self._waiting.pop(call_id, None)
        if waiting is None:
            return ()
        counted = [
            Note(at, "candidates", user_id, {"epoch": epoch, **counts})
            for (user_id, epoch), (at, counts) in waiting.counts.items()
        ]
        return written([*waiting.notes, *counted])

    def _send(self) -> None:
        for call_id in list(islice(self._waiting, _AT_ONCE)):
            if notes := self._take(call_id):
                in_any_case(self._store.add(call_id, notes))
        self._timer = asyncio.get_running_loop().call_soon(self._send) if self._waiting else None


def _kind_of(candidate: str) -> str:
    """Of which type a candidate is that was checked."""
    at = candidate.find(" typ ") + 5
    return _KINDS.get(candidate[at : at + 4].lower(), "end")


def _is_other(before: CallQuality | None, now: CallQuality) -> bool:
    """Whether this is worth a note at once."""
    if before is None or before.path != now.path:
        return True
    losses, rtts = (before.loss or 0, now.loss or 0), (before.rtt_ms or 0, now.rtt_ms or 0)
    return abs(losses[1] - losses[0]) >= _LOSS_IS_OTHER or rtts[1] > 2 * rtts[0] + _RTT_IS_OTHER_MS


def _summed(samples: Sequence[CallQuality]) -> dict[str, Any]:
    """Their means, and the way that the last one went."""
    said: dict[str, Any] = {"samples": len(samples)}
    for name in _MEASURED:
        values = [value for sample in samples if (value := getattr(sample, name)) is not None]
        if values:
            mean = sum(values) / len(values)
            said[name] = round(mean, 3) if name == "loss" else round(mean)
    if (path := samples[-1].path) is not None:
        said["path"], said["protocol"] = path_of(path)
    return said
