"""Whether a call may change as a message asks, and what follows.

Pure: `advance` takes the call, a message and the time, and returns the next call and the effects that
somebody else performs. The table at the end is the whole policy; docs/calls.md draws it.
"""

from collections.abc import Callable, Set
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from core.clock import rfc3339
from core.contract.base import Event
from core.contract.calls import CallEnded, CallState, DecisionAsked
from core.contract.connections import DecisionResult
from core.errors import AlreadyDecided, AppError, Conflict, Expired, Forbidden, Gone, RateLimited, StaleEpoch
from core.ticket import Ticket
from core.vocabulary import EndReason
from signaling import grace, reporting
from signaling.call import ACTIVE, STARTED, Call, Party, Rules, State, decider_for
from signaling.decision import agreed
from signaling.effects import (
    Connect,
    Effects,
    Judge,
    RecordClosed,
    RecordEnded,
    RecordLive,
    RecordStarted,
    RecordVote,
    Requeue,
    Reserve,
    Start,
    emit,
)
from signaling.messages import (
    Accept,
    Back,
    Block,
    ByUser,
    Connected,
    Deadline,
    Decline,
    Hangup,
    Lost,
    Message,
    Moderate,
    Report,
    Restart,
    Silent,
    Skip,
    Vote,
)

DECIDABLE: frozenset[EndReason] = frozenset({"hung_up", "max_duration", "connection_lost"})
Result = tuple[Call, Effects]


def advance(call: Call, message: Message, now: int, rules: Rules) -> Result:
    """The next call and what to do. Raises the AppError to answer when the message has no place.

    An unchanged call with no effects means: nothing to do, all is well (a repeat, a timer that came early).
    """
    if isinstance(message, ByUser):
        call.party(message.user_id)
    if _repeated(call, message) or _early(call, message, now):
        return call, ()
    move = TRANSITIONS.get((call.state, type(message)))
    if move is None:
        raise _misplaced(call)
    return move.make(call, message, now, rules)


def _repeated(call: Call, message: Message) -> bool:
    """Whether this is the second copy of the message that ended the call: it gets the first answer."""
    if isinstance(message, Report):
        return message.user_id in call.reported_by
    return (
        isinstance(message, ByUser)
        and call.ended_by == message.user_id
        and call.reason in _ENDS.get(type(message), ())
    )


def _early(call: Call, message: Message, now: int) -> bool:
    """Whether a timer fired that has been set anew since."""
    return isinstance(message, Deadline) and (call.deadline is None or now < call.deadline)


def _misplaced(call: Call) -> AppError:
    """Why this message has no place now."""
    if call.state in ACTIVE:
        return Conflict("The call is not in a state for this.")
    return Expired("This offer has lapsed.") if call.reason == "no_answer" else Gone("This call has ended.")


def _to_both(call: Call, event: Event) -> Effects:
    return tuple(emit(p.user_id, event, device=p.device) for p in call.parties)


def _accept(call: Call, message: Accept, now: int, rules: Rules) -> Result:
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
    return call, (*effects, RecordStarted(now), *started)


def _accept_again(call: Call, message: Accept, _now: int, _rules: Rules) -> Result:
    if call.party(message.user_id).device != message.device:
        raise Gone("Another device has accepted.")
    return call, ()


def _begin(call: Call, now: int, rules: Rules) -> Result:
    """A new epoch: both make their peer connections anew."""
    call = replace(call, epoch=call.epoch + 1)
    if call.live_at is not None:
        call = grace.pause(call, now, rules)
    elif call.state is State.OFFERED or not grace.somebody_lost(call):  # nobody prolongs another's absence
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


def _connected(call: Call, message: Connected, now: int, rules: Rules) -> Result:
    _require_device(call, message.user_id, message.device)
    if message.epoch != call.epoch:
        raise StaleEpoch
    return _settle(
        grace.returned(call, message.user_id, now, rules, connected_epoch=message.epoch), now, rules
    )


def _settle(call: Call, now: int, rules: Rules) -> Result:
    """Live when both sides are here and connected at this epoch; otherwise waiting for that."""
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


def _restart(call: Call, message: Restart, now: int, rules: Rules) -> Result:
    party = call.party(message.user_id)
    if party.device != message.device and not party.lost:
        raise Conflict("Another of your devices has this call.")
    if message.epoch > call.epoch:
        raise StaleEpoch
    if message.epoch < call.epoch and party.device == message.device:
        return call, ()
    if call.restarts >= rules.max_restarts:
        # Not in this call any more, so: when its present time is up.
        raise RateLimited(
            "This call has been restarted too often.", retry_after_ms=max(1, (call.deadline or now) - now)
        )
    call = grace.returned(call, message.user_id, now, rules, device=message.device)
    return _begin(replace(call, restarts=call.restarts + 1), now, rules)


def _lost(call: Call, message: Lost, now: int, rules: Rules) -> Result:
    party = call.party(message.user_id)
    if party.device != message.device or party.lost:
        return call, ()
    return _settle(call.with_party(message.user_id, lost=True), now, rules)


def _back(call: Call, message: Back, now: int, rules: Rules) -> Result:
    party = call.party(message.user_id)
    if party.device != message.device or not party.lost:
        return call, ()
    here = grace.returned(call, message.user_id, now, rules)
    settled, effects = _settle(here, now, rules)
    return settled, effects or (() if here.deadline == call.deadline else _to_both(here, _state_of(here)))


def _decline(call: Call, message: Decline | Hangup, now: int, rules: Rules) -> Result:
    decliner, innocent = call.party(message.user_id), call.peer(message.user_id)
    return _end(call, "declined", message.user_id, now, rules, requeue=(innocent,), at_fault=(decliner,))


def _lapse(call: Call, _message: Deadline, now: int, rules: Rules) -> Result:
    """Nobody came in time: who was ready gets the old place back."""
    ready = tuple(p for p in call.parties if p.device is not None and not p.lost)
    silent = tuple(p for p in call.parties if p.device is None)
    return _end(call, "no_answer", None, now, rules, requeue=ready, at_fault=silent)


def _unheard(call: Call, message: Silent, now: int, rules: Rules) -> Result:
    """Who sleeps is at no fault, and is not queued again: the other keeps the place, and goes on at once."""
    if call.party(message.user_id).device is not None:
        return call, ()
    peer = call.peer(message.user_id)
    return _end(call, "no_answer", None, now, rules, requeue=() if peer.lost else (peer,))


def _hangup(call: Call, message: Hangup, now: int, rules: Rules) -> Result:
    return _end(call, "hung_up", message.user_id, now, rules)


def _give_up(call: Call, message: Hangup, now: int, rules: Rules) -> Result:
    """Whoever accepts and leaves before the media of either flowed has declined, only later."""
    quitter, peer = call.party(message.user_id), call.peer(message.user_id)
    quits = quitter.connected_epoch != call.epoch and not peer.lost
    return _end(call, "hung_up", quitter.user_id, now, rules, at_fault=(quitter,) if quits else ())


def _skip(call: Call, message: Skip, now: int, rules: Rules) -> Result:
    """The one who skips queues anew, at the end; an innocent whose offer this was gets the old place back."""
    ticket = call.party(message.user_id).ticket
    if ticket is None:
        raise Conflict("Only a matched call can be skipped.")
    call = call.with_party(message.user_id, ticket=replace(ticket, id=message.ticket_id, joined_at=now))
    innocent = (call.peer(message.user_id),) if call.state is State.OFFERED else ()
    return _end(
        call, "skipped", message.user_id, now, rules, requeue=(*innocent, call.party(message.user_id))
    )


def _report(call: Call, message: Report, now: int, rules: Rules) -> Result:
    """A hang-up to the other, whatever that means in this state."""
    hang_up = TRANSITIONS[call.state, Hangup].make
    return reporting.ending(*hang_up(call, Hangup(message.user_id), now, rules), message, now)


def _report_undecided(call: Call, message: Report, now: int, _rules: Rules) -> Result:
    return reporting.deciding(call, message, now)


def _block(call: Call, message: Block, now: int, rules: Rules) -> Result:
    return _end(call, "blocked", message.user_id, now, rules)


def _moderate(call: Call, message: Moderate, now: int, rules: Rules) -> Result:
    """Whoever was offered somebody who is banned by now keeps the old place."""
    peer = call.peer(message.user_id)
    innocent = (peer,) if call.state is State.OFFERED and not peer.lost else ()
    return _end(call, "moderated", None, now, rules, requeue=innocent)


def _never_connected(call: Call, _message: Deadline, now: int, rules: Rules) -> Result:
    """Where one was ready and the other was not, it is told whose fault it is. Otherwise it is nobody's."""
    for party in call.parties:
        peer = call.peer(party.user_id)
        if _missing(party, call) > _missing(peer, call):
            ready = () if peer.lost else (peer,)
            return _end(call, "media_failed", None, now, rules, requeue=ready, at_fault=(party,))
    return _end(call, "media_failed", None, now, rules)


def _missing(party: Party, call: Call) -> Set[str]:
    """What this side still owed to a call that was to connect."""
    owed = {"presence": party.lost, "media": party.connected_epoch != call.epoch}
    return {name for name, missing in owed.items() if missing}


def _too_long(call: Call, _message: Deadline, now: int, rules: Rules) -> Result:
    return _end(call, "max_duration", None, now, rules)


def _never_back(call: Call, _message: Deadline, now: int, rules: Rules) -> Result:
    return _end(call, "connection_lost", None, now, rules)


def _end(
    call: Call,
    reason: EndReason,
    by: str | None,
    now: int,
    rules: Rules,
    *,
    requeue: tuple[Party, ...] = (),
    at_fault: tuple[Party, ...] = (),
) -> Result:
    """The end for both: recorded first, so that both are free before they hear of it.

    A place is there before its user hears of it, and is offered to others after that: the next offer never
    comes before the end of this call. Last comes what nobody waits for. `at_fault` counts in matches alone:
    friends may decline each other.
    """
    counts = call.state in STARTED
    decidable = call.origin == "match" and call.live_at is not None and reason in DECIDABLE
    deadline = now + rules.decision_s * 1000 if decidable else None
    state = State.DECIDING if decidable else State.CLOSED
    faulted = tuple(p.user_id for p in at_fault) if call.origin == "match" else ()
    call = replace(
        grace.stop_talk(call, now),
        state=state,
        reason=reason,
        ended_by=by,
        ended_at=now,
        deadline=deadline,
        at_fault=faulted,
    )
    queued = {p.user_id: p.ticket for p in requeue if p.ticket is not None}
    return call, (
        RecordEnded(reason, call.left_by, call.duration_s, now, deadline, faulted),
        *(Reserve(ticket) for ticket in queued.values()),
        *(emit(p.user_id, _ended_for(call, p, queued.get(p.user_id), rules)) for p in call.parties),
        *(Requeue(ticket) for ticket in queued.values()),
        *(Judge(p.user_id) for p in call.parties if counts),
    )


def _ended_for(call: Call, party: Party, ticket: Ticket | None, rules: Rules) -> CallEnded:
    decision = None
    if call.state is State.DECIDING and call.deadline is not None:
        has_a_say = decider_for(call, party.user_id, rules) != "peer"
        decision = DecisionAsked(you_decide=has_a_say, deadline=rfc3339(call.deadline))
    return CallEnded(
        call_id=call.id,
        reason=call.reason or "hung_up",
        duration_s=call.duration_s,
        decision=decision,
        ticket=ticket.view() if ticket else None,
    )


def _vote(call: Call, message: Vote, now: int, rules: Rules) -> Result:
    if not call.is_open_to(message.user_id):
        raise Gone("This call is not open to decide.")
    if decider_for(call, message.user_id, rules) == "peer":
        raise Forbidden("It is not for you to decide.")
    before = call.party(message.user_id).vote
    if before is not None:
        if before != message.connect:
            raise AlreadyDecided
        return call, ()
    call = call.with_party(message.user_id, vote=message.connect)
    recorded = RecordVote(message.user_id, message.connect, message.feedback, now)
    first, second = call.parties
    if call.reported_by or not agreed(
        rules.policy, (first.card.gender, second.card.gender), (first.vote, second.vote)
    ):
        return call, (recorded,)
    call = replace(call, state=State.CLOSED, outcome="connected", deadline=None)
    return call, (recorded, Connect(message.connection_id, message.room_id, now))


def _vote_late(call: Call, message: Vote, _now: int, rules: Rules) -> Result:
    if call.outcome is None:
        raise Gone("This call is not open to decide.")
    if decider_for(call, message.user_id, rules) == "peer":
        raise Forbidden("It is not for you to decide.")
    before = call.party(message.user_id).vote
    if before is None:
        raise Expired("The time to decide has passed.")
    if before != message.connect:
        raise AlreadyDecided
    return call, ()


def _undecided(call: Call, _message: Deadline, now: int, _rules: Rules) -> Result:
    """A refusal, a report and a time-out look the same: whoever does not know yet is told now."""
    asked = [p.user_id for p in call.parties if call.is_open_to(p.user_id)]
    call = replace(call, state=State.CLOSED, outcome="not_connected", deadline=None)
    result = DecisionResult(call_id=call.id, outcome="not_connected")
    return call, (RecordClosed("not_connected", now), *(emit(user_id, result) for user_id in asked))


def _part(call: Call, message: Block, now: int, rules: Rules) -> Result:
    """Blocked while the decision was open: there will be none; a report has seen to that without a word."""
    if not call.is_open_to(message.user_id):
        return call, ()
    return _undecided(call, Deadline(), now, rules)


class Move(Struct, frozen=True):
    """What makes the change, and the states it may lead to."""

    make: Callable[[Call, Any, int, Rules], Result]
    to: tuple[State, ...]


_ENDS: dict[type[Message], tuple[EndReason, ...]] = {
    Decline: ("declined",),
    Hangup: ("hung_up", "declined"),
    Skip: ("skipped",),
    Block: ("blocked",),
}

_S = State
_OVER = (_S.CLOSED,)
_OVER_OR_OPEN = (_S.DECIDING, _S.CLOSED)
_WAITING = (_S.CONNECTING, _S.RECONNECTING)

TRANSITIONS: dict[tuple[State, type[Message]], Move] = {
    (_S.OFFERED, Accept): Move(_accept, (_S.OFFERED, _S.CONNECTING)),
    (_S.OFFERED, Decline): Move(_decline, _OVER),
    (_S.OFFERED, Hangup): Move(_decline, _OVER),
    (_S.OFFERED, Skip): Move(_skip, _OVER),
    (_S.OFFERED, Report): Move(_report, _OVER),
    (_S.OFFERED, Block): Move(_block, _OVER),
    (_S.OFFERED, Moderate): Move(_moderate, _OVER),
    (_S.OFFERED, Lost): Move(_lost, (_S.OFFERED,)),
    (_S.OFFERED, Back): Move(_back, (_S.OFFERED,)),
    (_S.OFFERED, Silent): Move(_unheard, (_S.OFFERED, _S.CLOSED)),
    (_S.OFFERED, Deadline): Move(_lapse, _OVER),
    (_S.CONNECTING, Deadline): Move(_never_connected, _OVER),
    (_S.LIVE, Deadline): Move(_too_long, (_S.DECIDING, _S.CLOSED)),
    (_S.RECONNECTING, Deadline): Move(_never_back, (_S.DECIDING, _S.CLOSED)),
    (_S.DECIDING, Vote): Move(_vote, _OVER_OR_OPEN),
    (_S.DECIDING, Report): Move(_report_undecided, (_S.DECIDING,)),
    (_S.DECIDING, Block): Move(_part, _OVER_OR_OPEN),
    (_S.DECIDING, Moderate): Move(_undecided, _OVER),
    (_S.DECIDING, Deadline): Move(_undecided, _OVER),
    (_S.CLOSED, Vote): Move(_vote_late, _OVER),
}
for _state in STARTED:
    _connecting = _S.CONNECTING if _state is _S.CONNECTING else _S.RECONNECTING
    TRANSITIONS |= {
        (_state, Accept): Move(_accept_again, (_state,)),
        (_state, Connected): Move(_connected, (_state, _S.LIVE)),
        (_state, Restart): Move(_restart, (_state, _connecting)),
        (_state, Lost): Move(_lost, (_state, _connecting)),
        (_state, Back): Move(_back, (_state, _S.LIVE)),
        (_state, Hangup): (
            Move(_give_up, _OVER) if _state is _S.CONNECTING else Move(_hangup, _OVER_OR_OPEN)
        ),
        (_state, Skip): Move(_skip, _OVER),
        (_state, Report): Move(_report, _OVER if _state is _S.CONNECTING else _OVER_OR_OPEN),
        (_state, Block): Move(_block, _OVER),
        (_state, Moderate): Move(_moderate, _OVER),
    }
