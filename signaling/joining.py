"""How a call starts and stays live: accepting, connecting, losing a device and getting it back.

Pure; the table in `signaling/transitions.py` names these functions.
"""

from msgspec.structs import replace

from core.clock import rfc3339
from core.contract.calls import CallEnded, CallState
from core.errors import Conflict, Gone, RateLimited, StaleEpoch
from core.wire.message import Event
from signaling import grace
from signaling.call import Call, Rules, State
from signaling.effects import Effects, RecordLive, RecordStarted, Result, Start, emit
from signaling.messages import Accept, Back, Connected, Lost, Restart


def _to_both(call: Call, event: Event) -> Effects:
    return tuple(emit(p.user_id, event, device=p.device) for p in call.parties)


def accept(call: Call, message: Accept, now: int, rules: Rules) -> Result:
    device = call.party(message.user_id).device
    if device == message.device:
        return call, ()
    if device is not None:
        raise Gone("Another device has accepted.")
    call = call.with_party(message.user_id, device=message.device, lost=False)
    elsewhere = CallEnded(call_id=call.id, reason="other_device", duration_s=0)
    effects: Effects = (emit(message.user_id, elsewhere, not_device=message.device),)
    if call.peer(message.user_id).device is None:
        return call, effects
    call, started = _begin(call, now, rules)
    return call, (RecordStarted(now), *effects, *started)  # what is told stands in a row


def accept_again(call: Call, message: Accept, _now: int, _rules: Rules) -> Result:
    if call.party(message.user_id).device != message.device:
        raise Gone("Another device has accepted.")
    return call, ()


def _begin(call: Call, now: int, rules: Rules) -> Result:
    """Begin a new epoch, in which both clients make a new peer connection."""
    call = replace(call, epoch=call.epoch + 1)
    if call.live_at is not None:
        call = grace.pause(call, now, rules)
    elif call.state is State.OFFERED or not grace.somebody_lost(call):  # else a lost peer would get more time
        call = replace(call, state=State.CONNECTING, deadline=now + rules.connect_s * 1000)
    return call, (
        *(Start(p.user_id, p.device, call.epoch) for p in call.parties),
        *_to_both(call, _state_of(call)),
    )


def _state_of(call: Call) -> CallState:
    return CallState(
        call_id=call.id,
        state=call.state.value,  # type: ignore[arg-type]  # only ever told of started calls
        deadline=rfc3339(call.deadline) if call.deadline else None,
        live_at=rfc3339(call.live_at) if call.live_at else None,
    )


def connected(call: Call, message: Connected, now: int, rules: Rules) -> Result:
    _require_device(call, message.user_id, message.device)
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
        deadline = live_at + rules.max_call_s * 1000
        call = replace(
            call, state=State.LIVE, live_at=live_at, live_since=now, away_since=None, deadline=deadline
        )
        return call, (*((RecordLive(now),) if first_time else ()), *_to_both(call, _state_of(call)))
    if not whole and call.state is State.LIVE:
        call = grace.pause(call, now, rules)
        return call, _to_both(call, _state_of(call))
    return call, ()


def _require_device(call: Call, user_id: str, device: str) -> None:
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
    return _begin(replace(call, restarts=call.restarts + 1), now, rules)


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
    return settled, effects or (() if here.deadline == call.deadline else _to_both(here, _state_of(here)))
