"""Effects: what has to be done after a call has changed. Stored with it, performed by the executor."""

from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from core.ticket import Ticket
from core.wire.message import Event
from signaling.call import Call

_encode = msgspec.json.Encoder().encode


class Effect(Struct, frozen=True, tag=True):
    """Something for the executor to do. Doing it twice must be as good as once.

    Stored: see `core/stored.py`. The kind is the version: an effect that changes its meaning becomes a new
    kind.
    """


class Emit(Effect, frozen=True):
    """Send an event to a user: to all devices, to one, or to all but one. `data` is JSON, as it goes out."""

    user_id: str
    name: str
    data: msgspec.Raw
    device: str | None = None
    not_device: str | None = None


class Start(Effect, frozen=True, omit_defaults=True):
    """Send `call:started` of this epoch to the device that has the call; the executor adds ICE servers.

    `policy`: what media goes by in this epoch; a version that kept none told its own.
    """

    user_id: str
    device: str | None
    epoch: int
    policy: str | None = None


class Reserve(Effect, frozen=True):
    """Give a user the place in the queue back. Nobody is matched with them before `Requeue`."""

    ticket: Ticket


class Requeue(Effect, frozen=True):
    """Let a user be matched again, after they were told how this call ended."""

    ticket: Ticket


class LeaveQueue(Effect, frozen=True):
    """A user who waits has a call: they wait no longer."""

    user_id: str


class RecordStarted(Effect, frozen=True):
    at: int


class RecordLive(Effect, frozen=True):
    at: int


class RecordEnded(Effect, frozen=True):
    """Record the end, which frees both for the next call. `at_fault`: the users through whom it failed.

    `started` false: it never had, whatever is on record, since a start is put there before it is saved.
    """

    reason: str
    by: str | None
    duration_s: int
    at: int
    decision_deadline: int | None
    at_fault: tuple[str, ...] = ()
    started: Literal[False] | UnsetType = UNSET


class RecordVote(Effect, frozen=True):
    user_id: str
    connect: bool
    feedback: dict[str, Any] | None
    at: int


class RecordClosed(Effect, frozen=True):
    outcome: str
    at: int


class Connect(Effect, frozen=True):
    """Make the connection and its room, and tell both."""

    connection_id: str
    room_id: str
    at: int


class FileReport(Effect, frozen=True, omit_defaults=True):
    report_id: str
    reporter: str
    reported: str
    reason: str  # as it was stored, perhaps by an older node
    note: str | None
    block: bool
    at: int
    evidence_media_id: str | None = None


class Judge(Effect, frozen=True):
    """Judge this user's tier of trust again, since the call now counts."""

    user_id: str


class Unknown(Effect, frozen=True):
    """An effect that only another version of the server can perform. Never stored."""

    kind: str


Effects = tuple[Effect, ...]
Result = tuple[Call, Effects]  # the call after a message, and what has to be done
AnyEffect = (
    Emit
    | Start
    | Reserve
    | Requeue
    | LeaveQueue
    | RecordStarted
    | RecordLive
    | RecordEnded
    | RecordVote
    | RecordClosed
    | Connect
    | FileReport
    | Judge
)


def emit(user_id: str, event: Event, *, device: str | None = None, not_device: str | None = None) -> Emit:
    """The effect of telling a user this event, which is not a volatile one: those are worth no outbox."""
    assert not type(event).volatile
    return Emit(user_id, type(event).event, msgspec.Raw(_encode(event)), device, not_device)
