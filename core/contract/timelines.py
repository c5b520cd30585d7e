"""How a call goes and went: samples of its clients, its timeline for admins, and why it ended as it did."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from core.contract.calls import CallVerdict, MediaPath
from core.vocabulary import EndReason, EpochNumber, Id, Mode, Origin, Outcome, Timestamp
from core.wire.endpoint import ById, Endpoint
from core.wire.message import Command, Empty, Wire

Problem = Literal[
    "microphone_refused",
    "microphone_missing",
    "microphone_busy",
    "camera_refused",
    "relay_refused",
    "relay_silent",
]
Ms = Annotated[float, Meta(ge=0, le=600_000)]
Kbps = Annotated[float, Meta(ge=0, le=10_000_000)]


class CallQuality(Command, event="call:quality", reply=Empty, volatile=True):
    """How it goes, at most once in 5 s: `loss`, `rtt_ms` and `jitter_ms` are of what this client sends.

    `problem`: what is wrong at this side, once an epoch; at epoch 0, whatever the call's is, what keeps the
    client from accepting or from going on.
    """

    call_id: Id
    epoch: EpochNumber
    rtt_ms: Ms | None = None
    jitter_ms: Ms | None = None
    loss: Annotated[float, Meta(ge=0, le=1)] | None = None
    send_kbps: Kbps | None = None
    receive_kbps: Kbps | None = None
    path: MediaPath | None = None
    problem: Problem | None = None

    @property
    def is_of_device(self) -> bool:
        """Whether it is a problem that is there in any epoch."""
        return self.problem is not None and self.epoch == 0 and not self.is_sample

    @property
    def is_sample(self) -> bool:
        """Whether it says anything but a problem."""
        said = (self.rtt_ms, self.jitter_ms, self.loss, self.send_kbps, self.receive_kbps, self.path)
        return self.problem is None or any(value is not None for value in said)


class TimelineCall(Wire):
    """The call on record. `ended_by`: who ended it, by leaving or by a report."""

    call_id: Id
    origin: Origin
    mode: Mode
    users: list[Id]
    offered_at: Timestamp
    started_at: Timestamp | None
    live_at: Timestamp | None
    ended_at: Timestamp | None
    duration_s: int | None
    reason: EndReason | None
    ended_by: Id | None
    outcome: Outcome | None


class TimelineEvent(Wire):
    """Something that happened: at one side, or, without `user_id`, to the call.

    What `data` says depends on the `kind`. Of candidates there are counts by type; `device` is a short name.
    """

    at: Timestamp
    kind: Annotated[str, Meta(examples=["candidates"])]
    data: Annotated[dict[str, Any], Meta(examples=[{"epoch": 1, "host": 2, "relay": 1}])]
    user_id: Id | None = None


class TimelineVerdict(CallVerdict):
    """`user_id`: at whose side the cause was, where it was at one."""

    user_id: Id | None = None


class CallTimeline(Wire):
    """All that is known of how a call went, in order. Once the notes are gone, only what is on record."""

    call: TimelineCall
    events: list[TimelineEvent]
    verdict: TimelineVerdict


ENDPOINTS = (
    Endpoint(
        name="call_timeline",
        method="GET",
        path="/v1/admin/calls/{id}/timeline",
        area="admin",
        summary="How a call went, note by note, and why it ended as it did.",
        parameters=ById,
        reply=CallTimeline,
        roles={"admin"},
    ),
)
