"""A stored call as a message for one of the two. Pure."""

from typing import cast

from core.clock import rfc3339
from core.contract.calls import CallOffered, CallView, IceServer, PendingDecision
from core.contract.profiles import ProfileCard
from core.vocabulary import Mode, Origin
from signaling import relay
from signaling.call import Call, Rules, State, decider_for
from signaling.extending import asked_by


def call_view(call: Call, user_id: str, *, rules: Rules, servers: list[IceServer]) -> CallView:
    """An active call. Before it has started there is no role."""
    offered = call.state is State.OFFERED
    waits = call.deadline is not None and not offered
    return CallView(
        call_id=call.id,
        origin=cast("Origin", call.origin),
        outgoing=call.invited(user_id),
        mode=cast("Mode", call.mode),
        state=call.state.value,  # type: ignore[arg-type]  # only active calls are shown
        epoch=call.epoch,
        role=None if offered else call.role(user_id),
        peer=_peer(call, user_id),
        expires_at=rfc3339(call.deadline) if offered and call.deadline else None,
        ice_servers=servers,
        ice_transport_policy=call.ice_policy(rules),
        direct=relay.asked(call, user_id),
        may_go_direct=relay.may_go_direct(call, rules),
        decider=decider_for(call, user_id, rules),
        max_duration_s=call.longest_s(rules),
        video_start=rules.video_start,
        extend=asked_by(call, user_id),
        live_at=rfc3339(call.live_at) if call.live_at else None,
        deadline=rfc3339(call.deadline) if waits and call.deadline else None,
    )


def pending_decision(call: Call, user_id: str, rules: Rules) -> PendingDecision:
    """A call that is open to decide."""
    return PendingDecision(
        call_id=call.id,
        peer=call.peer(user_id).card.shown(),
        you_decide=decider_for(call, user_id, rules) != "peer",
        deadline=rfc3339(call.deadline or call.offered_at),
    )


def call_offered(call: Call, user_id: str, *, auto_accept: bool, now: int) -> CallOffered:
    """An offer, and how much of its time is left."""
    expires_at = call.deadline or call.offered_at
    return CallOffered(
        call_id=call.id,
        origin=cast("Origin", call.origin),
        mode=cast("Mode", call.mode),
        peer=_peer(call, user_id),
        auto_accept=auto_accept,
        expires_at=rfc3339(expires_at),
        expires_in_ms=max(0, expires_at - now),
    )


def _peer(call: Call, user_id: str) -> ProfileCard | None:
    """Whom this user talks with; None: with the server."""
    return None if call.origin == "echo" else call.peer(user_id).card.shown()
