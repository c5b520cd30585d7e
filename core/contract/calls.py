"""Calls: what is said from the offer to the end, and the list of past ones. `direct_calls.py`: how one rings.

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


class Asked(Wire):
    """Which of the two has asked for something that takes both."""

    you: bool
    peer: bool


class CallView(Wire):
    """The call one is in, as `session:ready` tells it. `outgoing`: it is a direct call, and by oneself.

    `direct`: who has agreed to leave the relays; `may_go_direct`: whether it would, if both did, or has.
    `extend`: who has asked to go on for longer.
    """

    call_id: Id
    origin: Origin
    outgoing: bool
    mode: Mode
    state: Literal["offered", "connecting", "live", "reconnecting"]
    epoch: int
    role: CallRole | None
    peer: ProfileCard | None
    direct: Asked
    may_go_direct: bool
    expires_at: Timestamp | None
    ice_servers: list[IceServer]
    ice_transport_policy: IceTransportPolicy
    decider: Decider | None
    max_duration_s: int
    video_start: VideoStart
    extend: Asked
    live_at: Timestamp | None
    deadline: Timestamp | None


class PendingDecision(Wire):
    """A call that has ended and is still open to decide."""

    call_id: Id
    peer: ProfileCard
    you_decide: bool
    deadline: Timestamp


class Icebreaker(Wire):
    """Something to begin with. `depth`: from what is said to anybody (1) to what is told to few."""

    id: Id
    text: str
    depth: int


class CallOffered(Event, event="call:offered"):
    """Someone who fits. `auto_accept` asks the client to accept by itself; the server never does.

    `peer` is null where `origin` is `echo`: the call is with the server, which sends back what it gets.
    `expires_in_ms` is counted from when the offer was made, for clients whose clock is wrong.
    """

    call_id: Id
    origin: Origin
    mode: Mode
    peer: ProfileCard | None
    auto_accept: bool
    expires_at: Timestamp
    expires_in_ms: int
    icebreaker: Icebreaker | None = None


class CallAccept(Command, event="call:accept", reply=Empty):
    """The client has its microphone (and camera) and wants the call."""

    call_id: Id


class CallDecline(Command, event="call:decline", reply=Empty):
    """Not this one: the other side is back in the queue at its old place."""

    call_id: Id


class CallStarted(Event, event="call:started"):
    """Both accepted: connect now. The offerer alone offers; the answerer adds tracks when one arrives.

    `video_start` `blurred`: the other's picture is blurred until the one who looks asks for it; sound is not
    held back. `ice_transport_policy`: under `all` the other sees one's network address, else the relay's.
    `direct`: who has agreed to leave the relays; `may_go_direct`: whether it would, if both did, or has.
    """

    call_id: Id
    epoch: int
    role: CallRole
    ice_servers: list[IceServer]
    ice_transport_policy: IceTransportPolicy
    direct: Asked
    may_go_direct: bool
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
    sdpMLineIndex: Annotated[int, Meta(ge=0, le=65535)] | None = None  # noqa: N815
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
    """The call connects, is live, or waits for someone: `deadline` is when that ends at the latest.

    Told again when a live call has little time left, and when both have prolonged it.
    """

    call_id: Id
    state: LiveState
    deadline: Timestamp | None = None
    live_at: Timestamp | None = None


class CallExtend(Command, event="call:extend", reply=Empty):
    """To go on for longer: when both have asked, `call:state` has another `deadline`. Once a call."""

    call_id: Id


class CallExtended(Event, event="call:extend"):
    """Who has asked so far to go on for longer."""

    call_id: Id
    you: bool
    peer: bool


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


class CallVerdict(Wire):
    """Why a call went as it did. `text` is the sentence of the `code`, in which `values` are filled in.

    Of the other side's trouble no more is said than that it was there.
    """

    code: Annotated[str, Meta(examples=["network_changed"])]
    text: Annotated[str, Meta(examples=["The network changed, and the call came back in 3.1 s."])]
    values: Annotated[dict[str, float] | UnsetType, Meta(examples=[{"seconds": 3.1}])] = UNSET


class PastCall(Wire):
    """A call that is over: one that was answered, or a direct one. `outgoing`: a direct one by oneself.

    `started_at` is null where nobody answered; `outcome` while it can still be decided.
    """

    call_id: Id
    mode: Mode
    origin: Origin
    outgoing: bool
    peer: ProfileCard
    started_at: Timestamp | None
    ended_at: Timestamp
    duration_s: int
    reason: EndReason
    outcome: Outcome | None
    verdict: CallVerdict | UnsetType = UNSET


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
        summary="Calls that are over: those that were answered, and direct ones.",
        query=PageQuery,
        reply=CallPage,
    ),
)
