"""A stored call as a message for one of the two. Pure."""

from typing import cast

from core.clock import rfc3339
from core.contract.calls import CallOffered, CallView, IceServer, PendingDecision
from core.vocabulary import IceTransportPolicy, Mode, Origin
from signaling.call import Call, Rules, State, decider_for


def call_view(
    call: Call, user_id: str, *, rules: Rules, servers: list[IceServer], policy: IceTransportPolicy
) -> CallView:
    """An active call. Before it has started there is no role."""
    offered = call.state is State.OFFERED
    waits = call.deadline is not None and not offered
    return CallView(
        call_id=call.id,
        origin=cast("Origin", call.origin),
        mode=cast("Mode", call.mode),
        state=call.state.value,  # type: ignore[arg-type]  # only active calls are shown
        epoch=call.epoch,
        role=None if offered else call.role(user_id),
        peer=call.peer(user_id).card.shown(),
        expires_at=rfc3339(call.deadline) if offered and call.deadline else None,
        ice_servers=servers,
        ice_transport_policy=policy,
        decider=decider_for(call, user_id, rules),
        max_duration_s=rules.max_call_s,
        video_start=rules.video_start,
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


def call_offered(call: Call, user_id: str, *, auto_accept: bool) -> CallOffered:
    """An offer that has just been made."""
    expires_at = call.deadline or call.offered_at
    return CallOffered(
        call_id=call.id,
        origin=cast("Origin", call.origin),
        mode=cast("Mode", call.mode),
        peer=call.peer(user_id).card.shown(),
        auto_accept=auto_accept,
        expires_at=rfc3339(expires_at),
        expires_in_ms=expires_at - call.offered_at,
    )
