"""How a call starts and stays live: accepting, connecting, losing a device and getting it back.

Pure; the table in `signaling/transitions.py` names these functions.
"""

from msgspec.structs import replace

from core.clock import rfc3339
from core.contract.calls import CallEnded, CallState
from core.errors import Conflict, Gone, RateLimited, StaleEpoch
from core.wire.message import Event
from signaling import grace, inviting
from signaling.call import Call, Rules, State
from signaling.effects import Effects, RecordLive, RecordStarted, Result, Start, emit
from signaling.messages import Accept, Back, Connected, Lost, Restart


def to_both(call: Call, event: Event) -> Effects:
    """The effects of telling both, each on the device that has the call."""
    return tuple(emit(p.user_id, event, device=p.device) for p in call.parties)


def accept(call: Call, message: Accept, now: int, rules: Rules) -> Result:
    device = call.party(message.user_id).device
    if device == message.device:
        return call, ()
    if device is not None:
        raise Gone("Another device has accepted.")
    call = call.with_party(message.user_id, device=message.device, lost=False)
    effects: Effects = ()
    if call.party(message.user_id).asked != message.device:  # else no other was told of it
        elsewhere = CallEnded(call_id=call.id, reason="other_device", duration_s=0)
        effects = (emit(message.user_id, elsewhere, not_device=message.device),)
    if call.peer(message.user_id).device is None:
        return call, effects
    call, started = begin(call, now, rules)
    # What is told stands in a row.
    return call, (RecordStarted(now), *inviting.leave_queue(call), *effects, *started)


def accept_again(call: Call, message: Accept, _now: int, _rules: Rules) -> Result:
    if call.party(message.user_id).device != message.device:
        raise Gone("Another device has accepted.")
    return call, ()


def begin(call: Call, now: int, rules: Rules) -> Result:
    """Begin a new epoch, in which both clients make a new peer connection."""
    call = replace(call, epoch=call.epoch + 1)
    if call.live_at is not None:
        call = grace.pause(call, now, rules)
    elif call.state is State.OFFERED or not grace.somebody_lost(call):  # else a lost peer would get more time
        call = replace(call, state=State.CONNECTING, deadline=now + rules.connect_s * 1000)
    return call, (
        *(Start(p.user_id, p.device, call.epoch, call.ice_policy(rules)) for p in call.parties),
        *to_both(call, state_of(call)),
    )


def state_of(call: Call) -> CallState:
    """What both are told of a call that has started."""
    return CallState(
        call_id=call.id,
        state=call.state.value,  # type: ignore[arg-type]  # only ever told of started calls
        deadline=rfc3339(call.deadline) if call.deadline else None,
        live_at=rfc3339(call.live_at) if call.live_at else None,
    )


def connected(call: Call, message: Connected, now: int, rules: Rules) -> Result:
    require_device(call, message.user_id, message.device)
    if message.epoch != call.epoch:
        raise StaleEpoch
    return _settle(
        grace.returned(call, message.user_id, now, rules, connected_epoch=message.epoch), now, rules
    )


def _settle(call: Call, now: int, rules: Rules) -> Result:
    """The state that follows from the parties: live if both are here and connected at this epoch."""
    whole = all(p.connected_epoch == call.epoch and not p.lost for p in call.parties)
    if whole and call.state is not State.LIVE:
        first_time = call.live_at is None
        live_at = now if call.live_at is None else call.live_at
        call = replace(call, state=State.LIVE, live_at=live_at, live_since=now, away_since=None)
        call = until_longest(call, now, rules)
        return call, (*((RecordLive(now),) if first_time else ()), *to_both(call, state_of(call)))
    if not whole and call.state is State.LIVE:
        call = grace.pause(call, now, rules)
        return call, to_both(call, state_of(call))
    return call, ()


def until_longest(call: Call, now: int, rules: Rules) -> Call:
    """A live call, with its end, and a word some time before that, if there is so much time left."""
    assert call.live_at is not None
    deadline = call.live_at + call.longest_s(rules) * 1000
    warn_at = deadline - rules.call_warning_s * 1000
    return replace(call, deadline=deadline, warn_at=warn_at if warn_at > now else None)


def require_device(call: Call, user_id: str, device: str) -> None:
    """Raises `Conflict` for another device than the one that has the call."""
    if call.party(user_id).device != device:
        raise Conflict("Another of your devices has this call.")


def restart(call: Call, message: Restart, now: int, rules: Rules) -> Result:
    party = call.party(message.user_id)
    if party.device != message.device and not party.lost:
        raise Conflict("Another of your devices has this call.")
    if message.epoch > call.epoch:
        raise StaleEpoch
    if message.epoch < call.epoch and party.device == message.device:
        return call, ()
    if call.restarts >= rules.max_restarts:
        # It cannot be restarted again at all: say when the time of its present state is over.
        raise RateLimited(
            "This call has been restarted too often.", retry_after_ms=max(1, (call.deadline or now) - now)
        )
    call = grace.returned(call, message.user_id, now, rules, device=message.device)
    policy = "relay" if message.relay_only else call.policy
    return begin(replace(call, restarts=call.restarts + 1, policy=policy), now, rules)


def lost(call: Call, message: Lost, now: int, rules: Rules) -> Result:
    party = call.party(message.user_id)
    if party.device != message.device or party.lost:
        return call, ()
    return _settle(call.with_party(message.user_id, lost=True), now, rules)


def back(call: Call, message: Back, now: int, rules: Rules) -> Result:
    party = call.party(message.user_id)
    if party.device != message.device or not party.lost:
        return call, ()
    here = grace.returned(call, message.user_id, now, rules)
    settled, effects = _settle(here, now, rules)
    return settled, effects or (() if here.deadline == call.deadline else to_both(here, state_of(here)))
