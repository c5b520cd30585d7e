"""A call's timeline: notes of what has happened in it, for those who ask afterwards why it went so. Pure.

`changes` gives the notes of a change of the call, which are saved with it; what clients say besides is noted
by `realtime/calls/recorder.py`. In no note is an address, a name, or a word that a client has chosen:
of candidates there are only counts, and a device has a short name by which it is told from others.
"""

from collections.abc import Iterator, Sequence
from hashlib import blake2s
from typing import Any, Literal, get_args

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from signaling.call import ACTIVE, Call, Party, State
from signaling.messages import CallMessage, Connected, Lost, Restart, Silent

NoteKind = Literal[
    "queued",
    "offered",
    "accepted",
    "taken_over",
    "silent",
    "started",
    "candidates",
    "connected",
    "live",
    "lost",
    "back",
    "reconnecting",
    "restarted",
    "direct",
    "longer",
    "prolonged",
    "media",
    "quality",
    "problem",
    "server_lost",
    "ended",
    "voted",
    "decided",
]
KINDS: tuple[NoteKind, ...] = get_args(NoteKind)
SAID = frozenset({"candidates", "media", "quality", "problem"})  # by clients, and saved with a later change
MOST = 400  # notes of a call; the latest change of it is always among them
MOST_SAID = 300  # so many, and what clients say is noted no more


class Note(Struct, frozen=True, array_like=True):
    """Something happened, at this time (Unix ms), at one side or to the call. Stored: see core/stored.py."""

    at: int
    kind: str
    user_id: str | None = None
    data: dict[str, Any] = {}


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Note).decode


def written(notes: Sequence[Note]) -> list[bytes]:
    """As they are stored."""
    return [_encode(note) for note in notes]


def read(entries: Sequence[bytes | msgspec.Raw]) -> list[Note]:
    """Stored notes in the order in which it happened, without those that another version has written so that
    this one cannot read them. The clocks of two nodes differ a little: no change is from before the last."""
    notes, changed_at = list[Note](), 0
    for entry in entries:
        try:
            note = _decode(entry)
        except msgspec.MsgspecError:
            continue
        if note.kind not in SAID:
            changed_at = max(note.at, changed_at)
            note = note if note.at == changed_at else replace(note, at=changed_at)
        notes.append(note)
    return sorted(notes, key=lambda note: note.at)


def begun(call: Call, *, auto_accept: bool) -> list[Note]:
    """The notes of a new call: since when each has waited, and what was offered."""
    waited = [
        Note(
            party.ticket.joined_at,
            "queued",
            party.user_id,
            {"waited_ms": max(0, call.offered_at - party.ticket.joined_at)},
        )
        for party in call.parties
        if party.ticket is not None
    ]
    data = {"origin": call.origin, "mode": call.mode, "auto_accept": auto_accept}
    answered = [
        Note(call.offered_at, "accepted", party.user_id, {"device": short(party.device)})
        for party in call.parties
        if party.device is not None
    ]
    return [
        *sorted(waited, key=lambda note: note.at),
        Note(call.offered_at, "offered", None, data),
        *answered,
    ]


def changes(before: Call, after: Call, message: CallMessage, now: int) -> list[Note]:
    """The notes of this change. What is decided after a call stands on its record, with its time."""
    if before.state not in ACTIVE:
        return []
    notes = [
        note
        for was, party in zip(before.parties, after.parties, strict=True)
        for note in _at_side(was, party, message, now)
    ]
    notes += _asked(before, after, now)
    if after.restarts > before.restarts and isinstance(message, Restart):
        notes.append(Note(now, "restarted", message.user_id))
    if after.epoch > before.epoch:
        notes.append(Note(now, "started", None, {"epoch": after.epoch, "policy": after.policy or "all"}))
    if after.max_call_s != before.max_call_s:
        notes.append(Note(now, "prolonged", None, {"max_call_s": after.max_call_s}))
    if after.state is not before.state:
        notes += _entered(before, after, now)
    if after.reason is not None and before.reason is None:
        notes.append(_ended(before, after, now))
    return notes


def _at_side(was: Party, party: Party, message: CallMessage, now: int) -> Iterator[Note]:
    user_id = party.user_id
    if party.device != was.device and party.device is not None:
        kind = "accepted" if was.device is None else "taken_over"
        yield Note(now, kind, user_id, {"device": short(party.device)})
    if party.lost and not was.lost:
        yield Note(now, "lost", user_id, {"left": True} if isinstance(message, Lost) and message.left else {})
    if was.lost and not party.lost:
        yield Note(now, "back", user_id)
    if party.connected_epoch > was.connected_epoch:
        path = message.path if isinstance(message, Connected) else None
        how = {"path": path[0], "protocol": path[1]} if path else {}
        yield Note(now, "connected", user_id, {"epoch": party.connected_epoch, **how})
    if isinstance(message, Silent) and message.user_id == user_id:
        yield Note(now, "silent", user_id)


def _asked(before: Call, after: Call, now: int) -> Iterator[Note]:
    """Who has agreed to go without relays, or does not any more, and who wants to talk for longer."""
    for party in after.parties:
        agrees = party.user_id in after.agreed_direct
        if agrees is not (party.user_id in before.agreed_direct):
            yield Note(now, "direct", party.user_id, {"agree": agrees})
        if party.user_id in after.wants_longer and party.user_id not in before.wants_longer:
            yield Note(now, "longer", party.user_id)


def _entered(before: Call, after: Call, now: int) -> Iterator[Note]:
    if after.state is State.RECONNECTING:
        yield Note(now, "reconnecting")
    elif after.state is State.LIVE:
        first = before.away_since is None
        since = before.offered_at if before.away_since is None else before.away_since
        yield Note(now, "live", None, {"after_ms" if first else "away_ms": max(0, now - since)})


def _ended(before: Call, after: Call, now: int) -> Note:
    """With how each of the two stood then, by which a verdict can be found whatever else is noted."""
    parties = before.parties
    stood = {
        "accepted": [p.user_id for p in parties if p.device is not None],
        "connected": [p.user_id for p in parties if before.epoch and p.connected_epoch == before.epoch],
        "lost": [p.user_id for p in parties if p.lost],
    }
    said = {"reason": after.reason, "state": before.state.value, "epoch": before.epoch}
    return Note(now, "ended", after.ended_by, {**said, "duration_s": after.duration_s, **stood})


def short(device: str | None) -> str:
    """A name for a device that says nothing of it."""
    return blake2s((device or "").encode(), digest_size=3).hexdigest()
