"""Calls: what is said from the offer to the end, and the list of past ones.

WebRTC's own names stay in camelCase. What a description or a candidate may be, its size too, is checked in
`signaling/sdp.py` and `signaling/ice_candidates.py`.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from core.contract.profiles import ProfileCard
from core.contract.queue import TicketView
from core.vocabulary import (
    CallRole,
    Decider,
    EndReason,
    EpochNumber,
    IceTransportPolicy,
    Id,
    LiveState,
    Mode,
    Origin,
    Outcome,
    ReportReason,
    Timestamp,
    VideoStart,
)
from core.wire.endpoint import Endpoint
from core.wire.message import Command, Empty, Event, Input, Wire
from core.wire.pages import NextCursor, PageQuery


class IceServer(Wire):
    """As `RTCIceServer` of WebRTC."""

    urls: list[str]
    username: str | None = None
    credential: str | None = None


class CallView(Wire):
    """The call one is in, as `session:ready` tells it."""

    call_id: Id
    origin: Origin
    mode: Mode
    state: Literal["offered", "connecting", "live", "reconnecting"]
    epoch: int
    role: CallRole | None
    peer: ProfileCard
    expires_at: Timestamp | None
    ice_servers: list[IceServer]
    ice_transport_policy: IceTransportPolicy
    decider: Decider | None
    max_duration_s: int
    video_start: VideoStart
    live_at: Timestamp | None
    deadline: Timestamp | None


class PendingDecision(Wire):
    """A call that has ended and is still open to decide."""

    call_id: Id
    peer: ProfileCard
    you_decide: bool
    deadline: Timestamp


class CallOffered(Event, event="call:offered"):
    """Someone who fits. `auto_accept` asks the client to accept by itself; the server never does.

    `expires_in_ms` is counted from when the offer was made, for clients whose clock is wrong.
    """

    call_id: Id
    origin: Origin
    mode: Mode
    peer: ProfileCard
    auto_accept: bool
    expires_at: Timestamp
    expires_in_ms: int
    icebreaker: str | None = None


class CallAccept(Command, event="call:accept", reply=Empty):
    """The client has its microphone (and camera) and wants the call."""

    call_id: Id


class CallDecline(Command, event="call:decline", reply=Empty):
    """Not this one: the other side is back in the queue at its old place."""

    call_id: Id


class CallStarted(Event, event="call:started"):
    """Both accepted: connect now. The offerer alone offers; the answerer adds tracks when one arrives.

    `video_start` `blurred`: the other's picture is blurred until the one who looks asks for it; sound is not
    held back.
    """

    call_id: Id
    epoch: int
    role: CallRole
    ice_servers: list[IceServer]
    ice_transport_policy: IceTransportPolicy
    decider: Decider | None
    max_duration_s: int
    video_start: VideoStart


class SessionDescription(Input):
    """As `RTCSessionDescription`; its length in bytes is bounded by a setting."""

    type: Literal["offer", "answer"]
    sdp: str


class IceCandidate(Input):
    """As `RTCIceCandidate.toJSON()`."""

    candidate: str
    sdpMid: str | None = None  # noqa: N815 - WebRTC's own name
    sdpMLineIndex: int | None = None  # noqa: N815
    usernameFragment: str | None = None  # noqa: N815


class CallSignal(Command, event="call:signal", reply=Empty, concurrent=True):
    """One description or one candidate for the peer; `candidate: null` or `""` ends the candidates."""

    call_id: Id
    epoch: EpochNumber
    description: SessionDescription | UnsetType = UNSET
    candidate: IceCandidate | Literal[""] | UnsetType | None = UNSET


class CallSignalled(Event, event="call:signal"):
    """The peer's description or candidate, checked."""

    call_id: Id
    epoch: int
    description: SessionDescription | UnsetType = UNSET
    candidate: IceCandidate | UnsetType | None = UNSET


class MediaPath(Input):
    """The candidate pair in use, for statistics."""

    local: Annotated[str, Meta(max_length=100)]
    remote: Annotated[str, Meta(max_length=100)]
    protocol: Annotated[str, Meta(max_length=20)]


class CallConnected(Command, event="call:connected", reply=Empty):
    """Media flows here; the call is live when both have said so at the current epoch."""

    call_id: Id
    epoch: EpochNumber
    path: MediaPath | None = None


class CallRestart(Command, event="call:restart", reply=Empty):
    """Connect anew: `call:started` again to both with the next epoch. An older epoch has no effect."""

    call_id: Id
    epoch: EpochNumber


class CallMedia(Command, event="call:media", reply=Empty, volatile=True):
    """Whether one's microphone and camera are on."""

    call_id: Id
    audio: bool
    video: bool


class CallMediaChanged(Event, event="call:media", volatile=True):
    """Whether the peer's microphone and camera are on."""

    call_id: Id
    audio: bool
    video: bool


class CallState(Event, event="call:state"):
    """The call connects, is live, or waits for someone: `deadline` is when that ends at the latest."""

    call_id: Id
    state: LiveState
    deadline: Timestamp | None = None
    live_at: Timestamp | None = None


class CallEnd(Command, event="call:end", reply=Empty):
    """Hang up."""

    call_id: Id


class Skipped(Wire):
    """The new place in the queue."""

    ticket: TicketView


class CallSkip(Command, event="call:skip", reply=Skipped, limits=("joins",)):
    """End the call and queue again in one step."""

    call_id: Id


class CallReport(Command, event="call:report", reply=Empty, limits=("reports",)):
    """End the call, file a report, and block the other unless told not to; also for a while after the end.

    `evidence_media_id`: what the reporter saw, a picture of their own that was uploaded for a report.
    """

    call_id: Id
    reason: ReportReason
    note: Annotated[str, Meta(max_length=2000)] | None = None
    block: bool = True
    evidence_media_id: Id | None = None


class DecisionAsked(Wire):
    """Whether the receiver has a say, and until when."""

    you_decide: bool
    deadline: Timestamp


class CallEnded(Event, event="call:ended"):
    """The call is over; `ticket` when the receiver is queued again."""

    call_id: Id
    reason: EndReason
    duration_s: int
    decision: DecisionAsked | None = None
    ticket: TicketView | None = None


class PastCall(Wire):
    """A call that was answered and is over. `outcome` is null while it can still be decided."""

    call_id: Id
    mode: Mode
    peer: ProfileCard
    started_at: Timestamp
    ended_at: Timestamp
    duration_s: int
    reason: EndReason
    outcome: Outcome | None


class CallPage(Wire):
    """A page of past calls."""

    items: list[PastCall]
    next_cursor: NextCursor


ENDPOINTS = (
    Endpoint(
        name="past_calls",
        method="GET",
        path="/v1/me/calls",
        area="calls",
        summary="Calls that were answered and are over.",
        query=PageQuery,
        reply=CallPage,
    ),
)
